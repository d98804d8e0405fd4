//! The clients of docs/recipes/clients.md, over a connection that breaks inside an event.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

use crate::documents::{read, recipe};
use crate::harness::{DEADLINE, Ssetail, write};
use crate::proxy::{Proxy, Target};
use crate::reverse_proxies::NODE_MODULES;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A running client; killed when dropped, with the processes that it has started.
struct Client {
    child: Child,
    lines: Receiver<String>,
}

impl Client {
    fn start(mut command: Command, directory: &Path) -> Self {
        let mut child = command
            .current_dir(directory)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the client starts; tests/run installs it");
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Client { child, lines }
    }

    #[track_caller]
    fn prints(&self, expected: &str) {
        let line = self.lines.recv_timeout(DEADLINE);
        assert_eq!(line.as_deref(), Ok(expected));
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }
}

/// Checks that the client prints every line once; `command` gets a directory and an address.
fn prints_every_line_once(command: impl FnOnce(&TempDir, &str) -> Command) {
    let ssetail = Ssetail::new().file("build.log", "one\n");
    let ssetail = ssetail.args(["build.log", "--reconnect-delay", "10ms"]).start();
    let proxy = Proxy::to(Target::Port(ssetail.address().to_owned()));
    let directory = tempfile::tempdir().expect("a directory");
    let client = Client::start(command(&directory, &proxy.address), directory.path());
    client.prints("build.log one");
    proxy.break_after([b"two".to_vec()]);
    ssetail.append("build.log", "two\n");
    client.prints("build.log two");
    assert_eq!(proxy.breaks_left(), 0, "the connection was broken");
    ssetail.append("build.log", "three\n");
    client.prints("build.log three");
}

/// Writes the recipe with another address to a file of the directory.
fn written(directory: &TempDir, name: &str, section: &str, language: &str, address: &str) {
    let text = recipe("clients.md", section, language).replace("localhost:8088", address);
    write(&directory.path().join(name), text);
}

#[test]
fn the_client_in_python_prints_every_line_once() {
    prints_every_line_once(|directory, address| {
        written(directory, "client.py", "Python", "python", address);
        let mut command = Command::new(format!("{ROOT}/tests/clients/.venv/bin/python"));
        command.arg("client.py");
        command
    });
}

#[test]
fn the_client_in_node_prints_every_line_once() {
    prints_every_line_once(|directory, address| {
        written(directory, "client.mjs", "Node", "js", address);
        symlink(NODE_MODULES, directory.path().join("node_modules")).expect("linked");
        let mut command = Command::new("node");
        command.arg("client.mjs");
        command
    });
}

#[test]
fn the_client_in_go_prints_every_line_once() {
    prints_every_line_once(|directory, address| {
        written(directory, "client.go", "Go", "go", address);
        // Outside of a module, and without the network.
        let build = Command::new("go")
            .args(["build", "-o", "client", "client.go"])
            .current_dir(directory)
            .envs([("GO111MODULE", "off"), ("GOTOOLCHAIN", "local")])
            .env("GOCACHE", format!("{ROOT}/target/go"))
            .output()
            .expect("go starts; tests/run installs it");
        assert!(build.status.success(), "{}", String::from_utf8_lossy(&build.stderr));
        Command::new(directory.path().join("client"))
    });
}

#[test]
fn the_client_in_rust_prints_every_line_once() {
    let source = read("tests/clients/rust/src/bin/recipe.rs");
    assert_eq!(recipe("clients.md", "Rust", "rust"), source.trim_end());
    prints_every_line_once(|_, address| {
        let mut command = Command::new(format!("{ROOT}/target/clients/debug/recipe"));
        command.arg(format!("http://{address}/sse"));
        command
    });
}
