//! A terminal, and the text that a person would see on it.

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZero;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use tempfile::TempDir;

use super::{DEADLINE, Signal, send_signal, wait_for_exit};

const ROWS: u16 = 24;

/// The standard input of a program on a terminal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// The standard input that the command has.
    Command,
    #[allow(dead_code, reason = "only the full tier types")]
    Terminal,
}

/// A program on a terminal; killed and reaped when dropped.
pub struct Screen {
    _directory: TempDir,
    child: Child,
    terminal: File,
    output: Receiver<Vec<u8>>,
    parser: vt100::Parser,
    /// All bytes that were taken so far.
    pub raw: String,
}

impl Screen {
    /// Starts a command with its output and its errors on a new terminal.
    pub fn start(mut command: Command, columns: u16, input: Input, directory: TempDir) -> Self {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&terminal).expect("granted");
        unlockpt(&terminal).expect("unlocked");
        let terminal = File::from(terminal);
        resize(&terminal, columns);
        let name = ptsname(&terminal, Vec::new()).expect("a name");
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let inside = File::from(rustix::fs::open(name, flags, Mode::empty()).expect("opened"));
        command.stdout(inside.try_clone().expect("a descriptor"));
        command.stderr(inside.try_clone().expect("a descriptor"));
        if input == Input::Terminal {
            command.stdin(inside);
        }
        let child = command.spawn().expect("the program starts");
        // The command holds descriptors that would keep the terminal open after the program's end.
        drop(command);
        let mut reader = terminal.try_clone().expect("a descriptor");
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = reader.read(&mut bytes) {
                let _ = sender.send(bytes[..read].to_vec());
            }
        });
        let parser = vt100::Parser::new(non_zero(ROWS), non_zero(columns), 0);
        Screen { _directory: directory, child, terminal, output, parser, raw: String::new() }
    }

    /// Returns the lines on the screen, without the empty ones at the end.
    pub fn lines(&self) -> Vec<String> {
        let screen = self.parser.screen();
        let rows = screen.rows(0, screen.size().1.get());
        let mut lines: Vec<String> = rows.map(|row| row.trim_end().to_owned()).collect();
        lines.truncate(lines.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1));
        lines
    }

    /// Waits until a line on the screen matches.
    #[track_caller]
    pub fn wait_for(&mut self, name: &str, matches: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Some(line) = self.lines().into_iter().find(|line| matches(line)) {
                return line;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(bytes) = self.output.recv_timeout(left) else {
                panic!("no {name} in:\n{}\nraw: {:?}", self.lines().join("\n"), self.raw);
            };
            self.take(&bytes);
        }
    }

    /// Returns host and port of the URL on the screen.
    #[track_caller]
    pub fn address(&mut self) -> String {
        let line = self.wait_for("address", |line| line.contains("://"));
        let (_, rest) = line.split_once("://").expect("an address");
        rest.split('/').next().expect("an address").to_owned()
    }

    /// Takes the bytes that have come so far.
    pub fn see(&mut self) {
        while let Ok(bytes) = self.output.try_recv() {
            self.take(&bytes);
        }
    }

    /// Changes the size, and tells the program, which is in no foreground group of this terminal.
    pub fn resize(&mut self, columns: u16) {
        resize(&self.terminal, columns);
        send_signal(&self.child, Signal::WINCH);
        self.parser.screen_mut().set_size(non_zero(ROWS), non_zero(columns));
    }

    /// Types these keys.
    #[allow(dead_code, reason = "only the full tier types")]
    pub fn send(&mut self, keys: &str) {
        self.terminal.write_all(keys.as_bytes()).expect("typed");
    }

    /// Writes to standard input, which must be a pipe.
    pub fn input(&mut self, bytes: &[u8]) {
        self.child.stdin.as_mut().expect("a pipe").write_all(bytes).expect("written");
    }

    /// Sends SIGTERM, waits for the end, and takes the rest of the output.
    pub fn stop(&mut self) -> ExitStatus {
        send_signal(&self.child, Signal::TERM);
        let status = wait_for_exit(&mut self.child);
        while let Ok(bytes) = self.output.recv_timeout(DEADLINE) {
            self.take(&bytes);
        }
        status
    }

    fn take(&mut self, bytes: &[u8]) {
        self.parser.process(bytes);
        self.raw.push_str(&String::from_utf8_lossy(bytes));
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn non_zero(size: u16) -> NonZero<u16> {
    NonZero::new(size).expect("a size is not zero")
}

fn resize(terminal: &File, columns: u16) {
    let size = Winsize { ws_row: ROWS, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(terminal, size).expect("resized");
}
