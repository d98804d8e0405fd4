//! Commands that people use: cargo, npm and pytest, and the keys of a terminal in tmux.

use std::path::Path;
use std::process::Command;

use crate::harness::{Events, Ssetail, client, eventually, output_of};

/// Returns ssetail with the environment that build tools need.
fn ssetail() -> Ssetail {
    let names = ["PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME"];
    let set = names.iter().filter_map(|name| Some((*name, std::env::var(name).ok()?)));
    set.fold(Ssetail::new(), |ssetail, (name, value)| ssetail.env(name, &value))
}

/// Returns the lines of a command that ends, and its exit status.
fn lines_of(ssetail: Ssetail, command: &[&str]) -> (Vec<String>, Option<i32>) {
    let mut running = ssetail.arg("--").args(command).start();
    running.wait_for("its output is served");
    let mut events = running.events("/sse?n=all");
    let mut lines = Vec::new();
    loop {
        let event = events.next().expect("an event");
        if event.kind == "ssetail" {
            break;
        }
        lines.push(event.data);
    }
    running.signal(crate::harness::Signal::TERM);
    (lines, running.wait().code())
}

#[track_caller]
fn assert_line(lines: &[String], matches: impl Fn(&str) -> bool) {
    assert!(lines.iter().any(|line| matches(line)), "{lines:#?}");
    assert!(!lines.iter().any(|line| line.ends_with('\r')), "{lines:#?}");
}

#[test]
fn cargo_keeps_its_colours_and_its_status() {
    let package =
        "[package]\nname = \"small\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n";
    let ssetail = ssetail().file("Cargo.toml", package).file("src/main.rs", "fn main() { x }\n");
    let (lines, status) = lines_of(ssetail, &["cargo", "build", "--offline"]);
    assert_eq!(status, Some(101));
    assert_line(&lines, |line| line.contains("\x1b[") && line.contains("error[E0425]"));
    assert_line(&lines, |line| line.contains("Compiling") && line.contains("\x1b["));
}

#[test]
fn npm_runs_scripts_on_the_terminal() {
    let script = "process.stdout.isTTY && console.log('columns ' + process.stdout.columns)";
    let package = r#"{"name":"small","scripts":{"tty":"node tty.js && exit 6"}}"#;
    let ssetail = ssetail().file("package.json", package).file("tty.js", script);
    let (lines, status) = lines_of(ssetail, &["npm", "run", "tty"]);
    assert_eq!(status, Some(6));
    assert_line(&lines, |line| line == "columns 120");
}

#[test]
fn pytest_keeps_its_colours_and_its_status() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pytest = root.join("tests/clients/.venv/bin/pytest");
    let test = "def test_good(): pass\ndef test_bad(): assert 1 == 2\n";
    let ssetail = ssetail().file("test_small.py", test);
    let (lines, status) = lines_of(ssetail, &[pytest.to_str().expect("text"), "test_small.py"]);
    assert_eq!(status, Some(1));
    assert_line(&lines, |line| line.contains("\x1b[31m") && line.contains("1 failed"));
}

/// A tmux server of its own; killed when dropped.
struct Tmux {
    directory: tempfile::TempDir,
}

impl Tmux {
    /// Starts a command in a window of 100 columns.
    fn start(command: &str) -> Self {
        let tmux = Tmux { directory: tempfile::tempdir().expect("a directory") };
        tmux.run(&["-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "30", command]);
        tmux
    }

    fn run(&self, args: &[&str]) -> String {
        let socket = self.directory.path().join("socket");
        let output = Command::new("tmux").arg("-S").arg(socket).args(args).output();
        let output = output.expect("tmux starts");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Returns the text of the window.
    fn screen(&self) -> String {
        self.run(&["capture-pane", "-p"])
    }

    #[track_caller]
    fn wait_for(&self, text: &str) {
        eventually(text, || self.screen().contains(text));
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.run(&["kill-server"]);
    }
}

#[test]
fn control_c_in_tmux_is_for_the_command_and_then_for_the_program() {
    assert!(output_of("tmux", &["-V"]).starts_with("tmux "));
    let binary = env!("CARGO_BIN_EXE_ssetail");
    let script = r#"trap "echo interrupted" INT; trap "stty size" WINCH; stty size; while :; do sleep 0.05; done"#;
    let script = script.replace("stty size", "stty size </dev/tty");
    let tmux =
        Tmux::start(&format!("{binary} --port 0 -- bash -c '{script}'; echo status $?; read line"));
    tmux.wait_for("30 100");
    let screen = tmux.screen();
    let (_, rest) = screen.split_once("http://").expect("an address");
    let address = rest.split('/').next().expect("an address").to_owned();
    let mut events = Events::open(&address, "/sse?n=all", &[]);
    assert_eq!(events.data(1), ["30 100"]);
    tmux.run(&["resize-window", "-x", "80", "-y", "30"]);
    assert_eq!(events.data(1), ["30 80"]);
    tmux.run(&["send-keys", "C-c"]);
    assert_eq!(events.data(1), ["interrupted"]);
    assert_eq!(client::get(&address, "/healthz", &[]).status, 200);
    tmux.run(&["send-keys", "C-c"]);
    tmux.wait_for("status 130");
}
