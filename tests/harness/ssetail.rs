//! The command line of a test, and the directory in which it is started.

use std::ffi::OsStr;
use std::io::{PipeReader, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::screen::Input;
use super::{Running, Screen, write};

/// A command line of ssetail, and a directory for the files of one test.
pub struct Ssetail {
    directory: TempDir,
    command: Command,
    unread_stdout: Option<PipeReader>,
}

impl Ssetail {
    /// Returns the built program, which takes a free port.
    pub fn new() -> Self {
        Ssetail::running(env!("CARGO_BIN_EXE_ssetail"), &["--port", "0"])
    }

    /// Returns another program, such as one that starts ssetail.
    pub fn running(program: &str, args: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("a directory can be created");
        let mut command = Command::new(program);
        command.args(args);
        isolate(&mut command, &directory);
        Ssetail { directory, command, unread_stdout: None }
    }

    /// Starts the program by a shell script, which ends with `exec "$0" "$@"`.
    pub fn through(mut self, script: &str) -> Self {
        let mut command = Command::new("bash");
        command.args(["-c", script]).arg(self.command.get_program()).args(self.command.get_args());
        isolate(&mut command, &self.directory);
        command.envs(self.command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        self.command = command;
        self
    }

    /// Kills a running program, and returns a command line with its directory.
    pub fn after(before: &mut Running) -> Self {
        before.kill();
        let empty = tempfile::tempdir().expect("a directory can be created");
        let mut ssetail = Ssetail::new();
        ssetail.directory = std::mem::replace(&mut before.directory, empty);
        ssetail.command.current_dir(ssetail.directory.path());
        ssetail
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

    pub fn stdin(mut self, stdin: impl Into<Stdio>) -> Self {
        self.command.stdin(stdin);
        self
    }

    /// Writes standard output to a file in the directory of the test.
    pub fn stdout_to(mut self, name: &str) -> Self {
        self.command.stdout(std::fs::File::create(self.path(name)).expect("created"));
        self
    }

    /// Replaces standard error, so that the test does not see it.
    pub fn stderr(mut self, stderr: impl Into<Stdio>) -> Self {
        self.command.stderr(stderr);
        self
    }

    /// Makes standard input a pipe that the test writes to.
    pub fn piped(self) -> Self {
        self.stdin(Stdio::piped())
    }

    /// Makes standard output a pipe that is full and that nobody reads.
    pub fn with_full_stdout(mut self) -> Self {
        let (reader, mut stdout) = std::io::pipe().expect("a pipe can be created");
        stdout.write_all(&vec![0; 65536]).expect("the pipe can be filled");
        self.unread_stdout = Some(reader);
        self.command.stdout(stdout);
        self
    }

    /// Starts the program with its output and its errors on a terminal.
    pub fn on_screen(mut self, columns: u16) -> Screen {
        if !self.command.get_envs().any(|(name, _)| name == "TERM") {
            self.command.env("TERM", "xterm");
        }
        Screen::start(self.command, columns, Input::Command, self.directory)
    }

    /// Starts the program on a terminal, which is its standard input too.
    pub fn at_keyboard(mut self, columns: u16) -> Screen {
        self.command.env("TERM", "xterm");
        Screen::start(self.command, columns, Input::Terminal, self.directory)
    }

    /// Starts the program, and waits until it prints its address.
    pub fn start(self) -> Running {
        let mut running = self.spawn();
        let line = running.wait_for("listening on ");
        let url = line.split("listening on ").nth(1).expect("an address");
        url.trim().trim_end_matches('/').clone_into(&mut running.url);
        running
    }

    /// Runs the program to its end; returns its exit code and its standard error.
    pub fn fail(self) -> (i32, String) {
        self.spawn().end()
    }

    pub fn spawn(mut self) -> Running {
        let child = self.command.spawn().expect("the program starts");
        Running::new(child, self.directory, self.unread_stdout)
    }
}

/// Gives a command an empty environment, no standard input, and standard error that can be read.
fn isolate(command: &mut Command, directory: &TempDir) {
    command.current_dir(directory.path()).env_clear();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
}
