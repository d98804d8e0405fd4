//! Runs every command of README.md, in order.
//!
//! A line that starts ssetail runs in the background, and the next lines connect to it.
//! A block with indented lines is one command.
//! The test changes only the ports of a command.

use std::io::Read;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process_group};

use crate::harness::DEADLINE;

/// Texts of which each client prints one.
const EVENTS: [&str; 4] = ["retry", "Compiling", "Finished", "error["];

/// A block of README.md: its language, and its lines.
pub type Block = (String, Vec<String>);

/// Returns the blocks of README.md, in order.
pub fn blocks() -> Vec<Block> {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"));
    let mut blocks: Vec<Block> = Vec::new();
    let mut inside = false;
    for line in readme.expect("a file").lines() {
        if let Some(language) = line.strip_prefix("```") {
            inside = !inside;
            if inside {
                blocks.push((language.to_owned(), Vec::new()));
            }
        } else if inside {
            blocks.last_mut().expect("a block").1.push(line.to_owned());
        }
    }
    blocks
}

/// A running command, and its output so far.
struct Shell {
    child: Child,
    output: Receiver<Vec<u8>>,
    printed: String,
}

impl Shell {
    fn start(command: &str, directory: &Path) -> Self {
        let binary = Path::new(env!("CARGO_BIN_EXE_ssetail")).parent().expect("a directory");
        let path = format!("{}:{}", binary.display(), std::env::var("PATH").expect("a path"));
        let (mut output, writer) = std::io::pipe().expect("a pipe");
        let child = Command::new("bash")
            .args(["-c", command])
            .current_dir(directory)
            .env("PATH", path)
            .env("CURL_HOME", directory)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(writer.try_clone().expect("a pipe"))
            .stderr(writer)
            .spawn()
            .expect("bash starts");
        let (sender, received) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = output.read(&mut bytes) {
                let _ = sender.send(bytes[..read].to_vec());
            }
        });
        Shell { child, output: received, printed: String::new() }
    }

    fn wait_for(&mut self, name: &str, matches: impl FnMut(&str) -> bool) {
        assert!(self.prints(matches), "no {name} in {:?}", self.printed);
    }

    /// Waits for output that matches; returns false if there is none until the deadline or the end.
    fn prints(&mut self, mut matches: impl FnMut(&str) -> bool) -> bool {
        let deadline = Instant::now() + DEADLINE;
        while !matches(&self.printed) {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(bytes) = self.output.recv_timeout(left) else { return false };
            self.printed.push_str(&String::from_utf8_lossy(&bytes));
        }
        true
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }
}

/// Creates the directory in which a reader would run the commands.
fn workshop() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        std::fs::write(path, text).expect("written");
    };
    file("Makefile", "all:\n\t@echo Compiling foo v0.1.0\n");
    // The progress meter of curl would be printed between the lines.
    file(".curlrc", "no-progress-meter\n");
    file("build.log", "Compiling foo v0.1.0\n");
    file("logs/deep/a.log", "a line\n");
    directory
}

/// Replaces the port of a command.
fn on_port(command: &str, port: &str) -> String {
    command
        .replace("cargo run --release --", "ssetail")
        .replace("localhost:8088", &format!("localhost:{port}"))
}

#[test]
fn every_command_works_as_printed() {
    let directory = workshop();
    let mut server: Option<(Shell, String)> = None;
    let mut client: Option<Shell> = None;
    let mut commands = 0;
    for (language, lines) in blocks() {
        match language.as_str() {
            "text" => check_output(&lines, server.as_mut(), client.as_mut()),
            "sh" => {
                for line in commands_of(&lines) {
                    commands += 1;
                    let port = server.as_ref().map_or("8088", |(_, port)| port).to_owned();
                    let line = on_port(&line, &port);
                    if line.contains("ssetail") {
                        client = None;
                        server = Some(start_server(&line, directory.path()));
                    } else if line.contains("curl ") {
                        client = Some(start_client(&line, directory.path()));
                    } else {
                        let mut shell = Shell::start(&line, directory.path());
                        assert!(shell.child.wait().expect("the command ends").success(), "{line}");
                    }
                }
            }
            _ => {}
        }
    }
    assert!(commands >= 8, "the README has commands");
}

/// Returns the commands of a block.
fn commands_of(lines: &[String]) -> Vec<String> {
    if lines.iter().any(|line| line.starts_with(' ')) {
        return vec![lines.join("\n")];
    }
    lines.iter().filter(|line| *line != "tests/run").cloned().collect()
}

/// Starts a client and waits for an event. A read that ends is repeated until it has one, because
/// ssetail may not have read the line yet that the command before has written.
fn start_client(line: &str, directory: &Path) -> Shell {
    let is_event = |printed: &str| EVENTS.iter().any(|text| printed.contains(text));
    let deadline = Instant::now() + DEADLINE;
    loop {
        let mut shell = Shell::start(line, directory);
        if shell.prints(is_event) {
            return shell;
        }
        let is_empty_read = line.contains("follow=0") && shell.printed.is_empty();
        assert!(is_empty_read && Instant::now() < deadline, "{line}: {:?}", shell.printed);
    }
}

fn start_server(line: &str, directory: &Path) -> (Shell, String) {
    let line = line.replace("--port 9000", "").replacen("ssetail", "ssetail --port 0", 1);
    let mut shell = Shell::start(&line, directory);
    shell.wait_for("an address", |printed| {
        let is_complete =
            |text| printed.split_once(text).is_some_and(|(_, rest)| rest.contains('\n'));
        is_complete("following ") || is_complete("waiting for ")
    });
    let (_, rest) = shell.printed.split_once("listening on http://127.0.0.1:").expect("an address");
    let port = rest.split('/').next().expect("a port").to_owned();
    (shell, port)
}

/// Checks that the output is that of README.md, apart from ports, epochs and reconnection times.
fn check_output(
    lines: &[String],
    server: Option<&mut (Shell, String)>,
    client: Option<&mut Shell>,
) {
    let (server, port) = server.expect("a server was started");
    let expected = lines.join("\n").replace("8088", port);
    if let Some(client) = client {
        client.wait_for("all of the output", |printed| {
            let epoch = printed.split_once("id: ").map_or("", |(_, id)| &id[..6.min(id.len())]);
            let retry = printed.lines().find(|line| line.starts_with("retry: ")).unwrap_or("");
            let expected = expected.replace("k3f9q2", epoch).replace("retry: 2000", retry);
            printed.trim_end().ends_with(expected.trim_end())
        });
    } else {
        assert!(server.printed.contains(&expected), "{}", server.printed);
    }
}
