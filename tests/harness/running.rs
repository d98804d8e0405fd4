//! The running program.

use std::io::{BufRead as _, BufReader, PipeReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdin, ExitStatus};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

use tempfile::TempDir;

use super::{
    DEADLINE, Events, Response, Signal, append, client, eventually, send_signal, wait_for_exit,
};

/// The program while it runs; killed and reaped when dropped.
pub struct Running {
    pub directory: TempDir,
    pub url: String,
    child: Child,
    stdin: Option<ChildStdin>,
    _unread_stdout: Option<PipeReader>,
    stderr_lines: Receiver<String>,
    /// The part of standard error that was waited for.
    pub stderr: String,
}

impl Running {
    pub fn new(mut child: Child, directory: TempDir, unread_stdout: Option<PipeReader>) -> Self {
        let (lines, stderr_lines) = channel();
        if let Some(pipe) = child.stderr.take() {
            std::thread::spawn(move || read_lines(pipe, &lines));
        }
        Running {
            directory,
            url: String::new(),
            stdin: child.stdin.take(),
            _unread_stdout: unread_stdout,
            child,
            stderr_lines,
            stderr: String::new(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn append(&self, name: &str, text: impl AsRef<[u8]>) {
        append(&self.path(name), text);
    }

    pub fn rename(&self, from: &str, to: &str) {
        std::fs::rename(self.path(from), self.path(to)).expect("the file can be renamed");
    }

    /// Writes to standard input.
    pub fn input(&mut self, text: impl AsRef<[u8]>) {
        let stdin = self.stdin.as_mut().expect("standard input is a pipe");
        stdin.write_all(text.as_ref()).expect("standard input can be written");
    }

    pub fn close_input(&mut self) {
        self.stdin = None;
    }

    pub fn take_input(&mut self) -> ChildStdin {
        self.stdin.take().expect("standard input is a pipe")
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Returns host and port of the printed URL.
    pub fn address(&self) -> &str {
        let (_, rest) = self.url.split_once("://").expect("a URL");
        rest.split('/').next().expect("an address")
    }

    pub fn port(&self) -> &str {
        self.address().rsplit(':').next().expect("a port")
    }

    /// Sends SIGTERM, and waits for the end.
    pub fn stop(&mut self) {
        self.signal(Signal::TERM);
        self.wait();
    }

    /// Sends SIGKILL, if the program has not ended yet.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Changes files while the program is stopped, so that it sees only the result.
    pub fn while_stopped(&self, change: impl FnOnce()) {
        self.signal(Signal::STOP);
        eventually("all threads stop", || {
            let tasks = std::fs::read_dir(format!("/proc/{}/task", self.pid())).expect("running");
            tasks.flatten().all(|task| {
                let status = std::fs::read_to_string(task.path().join("status"));
                status.unwrap_or_default().contains("State:\tT")
            })
        });
        change();
        self.signal(Signal::CONT);
    }

    pub fn signal(&self, signal: Signal) {
        send_signal(&self.child, signal);
    }

    /// Waits for the line of standard error that contains `text`.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) -> String {
        if let Some(line) = self.stderr.lines().find(|line| line.contains(text)) {
            return line.to_owned();
        }
        let deadline = Instant::now() + DEADLINE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(line) = self.stderr_lines.recv_timeout(left) else {
                panic!("{text:?} is not in standard error:\n{}", self.stderr);
            };
            self.stderr.push_str(&line);
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Returns all of standard error of a program that has ended.
    pub fn rest_of_stderr(&mut self) -> &str {
        while let Ok(line) = self.stderr_lines.recv_timeout(DEADLINE) {
            self.stderr.push_str(&line);
        }
        &self.stderr
    }

    /// Waits for the end.
    #[track_caller]
    pub fn wait(&mut self) -> ExitStatus {
        wait_for_exit(&mut self.child)
    }

    /// Waits for the end; returns the exit code and standard error.
    pub fn end(mut self) -> (i32, String) {
        let status = self.wait();
        self.rest_of_stderr();
        (status.code().expect("the program exits"), std::mem::take(&mut self.stderr))
    }

    pub fn get(&self, path: &str) -> Response {
        client::get(self.address(), path, &[])
    }

    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
        client::request(self.address(), method, path, headers)
    }

    /// Opens an event stream.
    pub fn events(&self, path: &str) -> Events {
        Events::open(self.address(), path, &[])
    }

    /// Opens an event stream that resumes after the event with this id.
    pub fn events_after(&self, path: &str, id: &str) -> Events {
        Events::open(self.address(), path, &[("last-event-id", id)])
    }

    /// Returns the value of a metric.
    pub fn metric(&self, name: &str) -> u64 {
        let metrics = self.get("/metrics").body;
        let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("no {name} in {metrics}")).parse().expect("a number")
    }

    /// Returns the number of open descriptors.
    pub fn descriptors(&self) -> usize {
        let directory = std::fs::read_dir(format!("/proc/{}/fd", self.pid()));
        directory.expect("the program runs").count()
    }

    /// Returns whether a deleted file of this name is open.
    pub fn holds_deleted(&self, name: &str) -> bool {
        let files = std::fs::read_dir(format!("/proc/{}/fd", self.pid()));
        let files = files.expect("the program runs").flatten();
        let mut targets = files.filter_map(|file| std::fs::read_link(file.path()).ok());
        let deleted = format!("/{name} (deleted)");
        targets.any(|target| target.display().to_string().ends_with(&deleted))
    }

    /// Returns a number of `/proc/PID/status`, in KiB.
    pub fn memory(&self, key: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()));
        let status = status.expect("the program runs");
        let line = status.lines().find(|line| line.starts_with(key)).expect("the key exists");
        line.split_whitespace().nth(1).expect("a value").parse().expect("a number")
    }
}

impl Drop for Running {
    #[expect(clippy::print_stderr, reason = "standard error shows why a test failed")]
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            self.stderr.extend(self.stderr_lines.try_iter());
            eprintln!("standard error of the program:\n{}", self.stderr);
        }
    }
}

fn read_lines(stderr: ChildStderr, lines: &Sender<String>) {
    let mut stderr = BufReader::new(stderr);
    let mut line = Vec::new();
    while stderr.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        let _ = lines.send(String::from_utf8_lossy(&std::mem::take(&mut line)).into_owned());
    }
}
