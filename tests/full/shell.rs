//! Commands that a reader of the documents would type, run by bash.

use std::io::Read;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process_group};

use crate::harness::DEADLINE;

/// A running command, and its output so far.
pub struct Shell {
    pub child: Child,
    output: Receiver<Vec<u8>>,
    pub printed: String,
}

impl Shell {
    /// Runs a command by bash in this directory, which finds the built program by its name.
    pub fn start(command: &str, directory: &Path) -> Self {
        Shell::start_with(command, directory, &[])
    }

    /// Runs a command with these further variables.
    pub fn start_with(command: &str, directory: &Path, variables: &[(&str, &str)]) -> Self {
        let binary = Path::new(env!("CARGO_BIN_EXE_ssetail")).parent().expect("a directory");
        let path = std::env::var("PATH").expect("a path");
        let path = format!("{}:{}:{path}", directory.join("bin").display(), binary.display());
        let (mut output, writer) = std::io::pipe().expect("a pipe");
        let child = Command::new("bash")
            .args(["-c", command])
            .current_dir(directory)
            .env("PATH", path)
            .env("CURL_HOME", directory)
            .envs(variables.iter().copied())
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

    /// Waits for output that matches.
    pub fn wait_for(&mut self, name: &str, matches: impl FnMut(&str) -> bool) {
        assert!(self.prints(matches), "no {name} in {:?}", self.printed);
    }

    /// Waits for output that matches; returns false if there is none until the deadline or the end.
    pub fn prints(&mut self, mut matches: impl FnMut(&str) -> bool) -> bool {
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
