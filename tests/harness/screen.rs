//! A terminal, and what a person would see on it.

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

use super::{DEADLINE, pause};

const ROWS: u16 = 24;

/// A program on a terminal; killed and reaped when dropped.
pub struct Screen {
    directory: Option<TempDir>,
    child: Child,
    terminal: File,
    output: Receiver<Vec<u8>>,
    parser: vt100::Parser,
    /// All bytes that came so far.
    pub raw: String,
}

impl Screen {
    /// Its output and its errors go to the terminal, and it reads it, unless told otherwise.
    pub fn start(mut command: Command, columns: u16, directory: Option<TempDir>) -> Self {
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
        if directory.is_none() {
            command.stdin(inside);
        }
        let child = command.spawn().expect("the program starts");
        // What it holds of the terminal would keep it open after the program's end.
        drop(command);
        let mut reader = terminal.try_clone().expect("a descriptor");
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = reader.read(&mut bytes) {
                let _ = sender.send(bytes[..read].to_vec());
            }
        });
        let parser = vt100::Parser::new(some(ROWS), some(columns), 0);
        Screen { directory, child, terminal, output, parser, raw: String::new() }
    }

    /// What it shows, line by line, without the empty ones at the end.
    pub fn lines(&self) -> Vec<String> {
        let screen = self.parser.screen();
        let rows = screen.rows(0, screen.size().1.get());
        let mut lines: Vec<String> = rows.map(|row| row.trim_end().to_owned()).collect();
        lines.truncate(lines.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1));
        lines
    }

    /// Waits until a line that it shows is as wanted.
    #[track_caller]
    pub fn wait_for(&mut self, what: &str, is_it: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Some(line) = self.lines().into_iter().find(|line| is_it(line)) {
                return line;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(bytes) = self.output.recv_timeout(left) else {
                panic!("no {what} in:\n{}\nraw: {:?}", self.lines().join("\n"), self.raw);
            };
            self.take(&bytes);
        }
    }

    /// The address that it shows.
    #[track_caller]
    pub fn address(&mut self) -> String {
        let line = self.wait_for("address", |line| line.contains("://"));
        let (_, rest) = line.split_once("://").expect("an address");
        rest.split('/').next().expect("an address").to_owned()
    }

    /// Takes what has come so far.
    pub fn see(&mut self) {
        while let Ok(bytes) = self.output.try_recv() {
            self.take(&bytes);
        }
    }

    /// Keeps a directory for as long as the program runs.
    pub fn keep(&mut self, directory: TempDir) {
        self.directory = Some(directory);
    }

    pub fn resize(&mut self, columns: u16) {
        resize(&self.terminal, columns);
        self.parser.screen_mut().set_size(some(ROWS), some(columns));
    }

    /// Types.
    pub fn send(&mut self, keys: &str) {
        self.terminal.write_all(keys.as_bytes()).expect("typed");
    }

    /// Writes to its standard input, if that is a pipe.
    pub fn input(&mut self, bytes: &[u8]) {
        self.child.stdin.as_mut().expect("a pipe").write_all(bytes).expect("written");
    }

    /// Ends it as a signal would, and gives how it ended; all that it wrote is shown then.
    pub fn stop(&mut self) -> ExitStatus {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(status.expect("kill runs").success());
        let deadline = Instant::now() + DEADLINE;
        let status = loop {
            match self.child.try_wait().expect("a child") {
                Some(status) => break status,
                None => pause(),
            }
            assert!(Instant::now() < deadline, "it did not end");
        };
        while let Ok(bytes) = self.output.recv() {
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

fn some(size: u16) -> NonZero<u16> {
    NonZero::new(size).expect("not nothing")
}

fn resize(terminal: &File, columns: u16) {
    let size = Winsize { ws_row: ROWS, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(terminal, size).expect("resized");
}
