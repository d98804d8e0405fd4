//! Runs every command of README.md, and of the recipes for scripts, in order.
//!
//! A line that starts ssetail runs in the background, and the next lines connect to it.
//! A block with indented lines is one command.
//! The test changes only the ports of a command.

use std::path::Path;
use std::time::Instant;

use crate::documents::{Block, blocks};
use crate::harness::DEADLINE;
use crate::shell::Shell;

/// Texts of which each client prints one.
const EVENTS: [&str; 4] = ["retry", "Compiling", "Finished", "error["];

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
    assert!(run(&blocks("README.md")) >= 8, "the README has commands");
}

#[test]
fn every_command_for_scripts_works_as_printed() {
    assert!(run(&blocks("docs/recipes/scripts.md")) >= 6, "the page has commands");
}

/// Runs the commands of these blocks, and returns their number.
fn run(blocks: &[Block]) -> usize {
    let directory = workshop();
    let mut server: Option<(Shell, String)> = None;
    let mut client: Option<Shell> = None;
    let mut commands = 0;
    for block in blocks {
        match block.language.as_str() {
            "text" => check_output(&block.text, server.as_mut(), client.as_mut()),
            "sh" => {
                for line in commands_of(&block.text) {
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
    commands
}

/// Returns the commands of a block.
fn commands_of(text: &str) -> Vec<String> {
    if text.contains("\n ") {
        return vec![text.to_owned()];
    }
    text.lines().filter(|line| *line != "tests/run").map(ToOwned::to_owned).collect()
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

/// Checks that the output is the printed one, apart from ports, epochs and reconnection times.
fn check_output(text: &str, server: Option<&mut (Shell, String)>, client: Option<&mut Shell>) {
    let (server, port) = server.expect("a server was started");
    let expected = text.replace("8088", port);
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
