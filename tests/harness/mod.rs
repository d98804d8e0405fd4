//! Starts the built program, talks to it as a peer would, and takes it away again.
//!
//! Everything that waits does so for something observable, and not for ever.

pub mod client;
pub mod nginx;
pub mod peer;
pub mod proxy;
pub mod screen;

use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, PipeReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

pub use client::{Events, Response};
pub use screen::Screen;
use tempfile::TempDir;

/// How long anything may take before a test gives up.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// A directory for the files of one test, and a command line to be started in it.
pub struct Ssetail {
    directory: TempDir,
    command: Command,
    unread: Option<PipeReader>,
}

/// The program, running; killed and reaped when dropped.
pub struct Running {
    pub directory: TempDir,
    pub url: String,
    child: Child,
    stdin: Option<ChildStdin>,
    _unread: Option<PipeReader>,
    stderr: Receiver<String>,
    /// What it has said so far.
    pub said: String,
}

impl Ssetail {
    pub fn new() -> Self {
        Ssetail::running(env!("CARGO_BIN_EXE_ssetail"), &["--port", "0"])
    }

    /// By way of another program.
    pub fn running(program: &str, args: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let mut command = Command::new(program);
        command
            .current_dir(directory.path())
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .args(args);
        Ssetail { directory, command, unread: None }
    }

    /// As started by a script, which ends with `exec "$0" "$@"`.
    pub fn through(mut self, script: &str) -> Self {
        let mut command = Command::new("bash");
        command.args(["-c", script]).arg(self.command.get_program()).args(self.command.get_args());
        command.current_dir(self.directory.path()).env_clear();
        command.envs(self.command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        self.command = command;
        self
    }

    /// Among the files that one has left which was stopped or killed.
    pub fn after(before: &mut Running) -> Self {
        before.kill();
        let empty = tempfile::tempdir().expect("a directory");
        let mut ssetail = Ssetail::new();
        ssetail.directory = std::mem::replace(&mut before.directory, empty);
        ssetail.command.current_dir(ssetail.directory.path());
        ssetail
    }

    pub fn stdin(mut self, stdin: impl Into<Stdio>) -> Self {
        self.command.stdin(stdin);
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        write(&self.directory.path().join(name), content);
        self
    }

    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// What it says goes there, and is not seen.
    pub fn stderr(mut self, stderr: impl Into<Stdio>) -> Self {
        self.command.stderr(stderr);
        self
    }

    /// Standard input is a pipe that the test writes to.
    pub fn piped(mut self) -> Self {
        self.command.stdin(Stdio::piped());
        self
    }

    /// Standard output is a full pipe.
    pub fn stdout_stuck(mut self) -> Self {
        let (unread, mut stdout) = std::io::pipe().expect("a pipe");
        stdout.write_all(&vec![0; 65536]).expect("written");
        self.unread = Some(unread);
        self.command.stdout(stdout);
        self
    }

    /// Starts it on a terminal of so many columns, as what its output and its errors go to.
    pub fn on_screen(mut self, columns: u16) -> Screen {
        if !self.command.get_envs().any(|(name, _)| name == "TERM") {
            self.command.env("TERM", "xterm");
        }
        Screen::start(self.command, columns, Some(self.directory))
    }

    /// Starts it, and waits for its address.
    pub fn start(self) -> Running {
        let mut running = self.spawn();
        let line = running.wait_for("listening on ");
        let url = line.split("listening on ").nth(1).expect("an address");
        url.trim().trim_end_matches('/').clone_into(&mut running.url);
        running
    }

    /// Starts it, and waits for its end; gives the status and what it said.
    pub fn fail(self) -> (i32, String) {
        self.spawn().end()
    }

    pub fn spawn(mut self) -> Running {
        let mut child = self.command.spawn().expect("the program starts");
        let (lines, received) = channel();
        let stderr = child.stderr.take();
        std::thread::spawn(move || {
            let Some(stderr) = stderr else { return };
            let mut stderr = BufReader::new(stderr);
            let mut line = Vec::new();
            while stderr.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                let _ =
                    lines.send(String::from_utf8_lossy(&std::mem::take(&mut line)).into_owned());
            }
        });
        Running {
            directory: self.directory,
            url: String::new(),
            stdin: child.stdin.take(),
            _unread: self.unread,
            child,
            stderr: received,
            said: String::new(),
        }
    }
}

impl Running {
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn append(&self, name: &str, text: impl AsRef<[u8]>) {
        append(&self.path(name), text);
    }

    pub fn rename(&self, from: &str, to: &str) {
        std::fs::rename(self.path(from), self.path(to)).expect("renamed");
    }

    /// Writes to standard input.
    pub fn input(&mut self, text: impl AsRef<[u8]>) {
        self.stdin.as_mut().expect("open").write_all(text.as_ref()).expect("written");
    }

    pub fn close_input(&mut self) {
        self.stdin = None;
    }

    pub fn take_input(&mut self) -> ChildStdin {
        self.stdin.take().expect("open")
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn address(&self) -> &str {
        let (_, rest) = self.url.split_once("://").expect("an address");
        rest.split('/').next().expect("an address")
    }

    /// Ends as a signal asks it to; its files stay.
    pub fn stop(&mut self) {
        self.signal("-TERM");
        self.wait();
    }

    /// Ends without knowing it, if it has not ended yet.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// The line of stderr that holds `text`.
    pub fn wait_for(&mut self, text: &str) -> String {
        if let Some(line) = self.said.lines().find(|line| line.contains(text)) {
            return line.to_owned();
        }
        let deadline = Instant::now() + DEADLINE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(line) = self.stderr.recv_timeout(left) else {
                panic!("it did not say {text:?} but:\n{}", self.said);
            };
            self.said.push_str(&line);
            if line.contains(text) {
                return line;
            }
        }
    }

    /// An answer that ends.
    pub fn get(&self, path: &str) -> Response {
        client::get(self.address(), path, &[])
    }

    /// The figure of this name among its metrics.
    pub fn figure(&self, name: &str) -> u64 {
        let figures = self.get("/metrics").body;
        let line = figures.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in {figures}")).parse().expect("a number")
    }

    /// How many descriptors it has open.
    pub fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.pid())).expect("alive").count()
    }

    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
        client::request(self.address(), method, path, headers)
    }

    /// An event stream.
    pub fn events(&self, path: &str) -> Events {
        Events::open(self.address(), path, &[])
    }

    /// An event stream that goes on after `id`.
    pub fn events_after(&self, path: &str, id: &str) -> Events {
        Events::open(self.address(), path, &[("last-event-id", id)])
    }

    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([name, &self.pid().to_string()]).status();
        assert!(status.expect("kill runs").success());
    }

    /// Its exit status, once it has ended.
    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status;
            }
            assert!(Instant::now() < deadline, "it did not end");
            pause();
        }
    }

    /// Waits for its end; gives the status and all that it said.
    pub fn end(mut self) -> (i32, String) {
        let status = self.wait();
        while let Ok(line) = self.stderr.recv() {
            self.said.push_str(&line);
        }
        (status.code().expect("an exit code"), std::mem::take(&mut self.said))
    }

    /// A figure of `/proc/PID/status`, in KiB.
    pub fn memory(&self, key: &str) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("alive");
        let line = status.lines().find(|line| line.starts_with(key)).expect("a figure");
        line.split_whitespace().nth(1).expect("a number").parse().expect("a number")
    }
}

impl Drop for Running {
    #[expect(clippy::print_stderr, reason = "what the program said helps to see why a test failed")]
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            self.said.extend(self.stderr.try_iter());
            eprintln!("it said:\n{}", self.said);
        }
    }
}

pub fn write(path: &Path, content: impl AsRef<[u8]>) {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).expect("made");
    }
    std::fs::write(path, content).expect("written");
}

pub fn append(path: &Path, text: impl AsRef<[u8]>) {
    let mut file = OpenOptions::new().append(true).create(true).open(path).expect("opened");
    file.write_all(text.as_ref()).expect("written");
}

/// Waits until `condition` holds.
pub fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !condition() {
        assert!(Instant::now() < deadline, "never: {what}");
        pause();
    }
}

/// What a command prints.
pub fn output_of(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output();
    let output = output.unwrap_or_else(|_| panic!("{program} runs; tests/run installs it"));
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

/// Between two looks at a condition.
pub fn pause() {
    std::thread::sleep(Duration::from_millis(5));
}

/// `prefix 0`, `prefix 1`, … each with its newline.
pub fn numbered(prefix: &str, numbers: std::ops::Range<usize>) -> String {
    numbers.map(|n| format!("{prefix} {n}\n")).collect()
}
