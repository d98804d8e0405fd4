//! A pseudo-terminal, and a command that runs in it.

use std::io::{self, PipeReader};
use std::os::fd::{AsFd as _, OwnedFd};
use std::process::{Child, Command, Stdio};

use pty_process::blocking::{Command as TerminalCommand, Pts, open};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, ioctl_fionbio};
use rustix::termios::{
    LocalModes, OptionalActions, OutputModes, Winsize, tcgetattr, tcgetpgrp, tcgetwinsize,
    tcsetattr, tcsetwinsize,
};

use super::process::{ForwardedSignal, process_id, send_group_signal};
use super::unix::Ready;

/// Size of a terminal, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TerminalSize {
    pub(crate) columns: u16,
    pub(crate) rows: u16,
}

/// The outside of a pseudo-terminal, where the output of its processes is read.
#[derive(Debug)]
pub(crate) struct PseudoTerminal {
    outside: OwnedFd,
    /// Keeps the terminal open when no process has it open: reading fails then.
    _inside: OwnedFd,
}

/// A pseudo-terminal in which nothing runs yet.
pub(crate) struct NewTerminal {
    terminal: PseudoTerminal,
    inside: Pts,
}

impl TerminalSize {
    /// Returns the size of the terminal of standard output, or none if it is no terminal or does
    /// not know its size.
    pub(crate) fn of_stdout() -> Option<Self> {
        let size = tcgetwinsize(io::stdout()).ok()?;
        let size = TerminalSize { columns: size.ws_col, rows: size.ws_row };
        (size.columns > 0 && size.rows > 0).then_some(size)
    }

    fn winsize(self) -> Winsize {
        Winsize { ws_row: self.rows, ws_col: self.columns, ws_xpixel: 0, ws_ypixel: 0 }
    }
}

impl NewTerminal {
    /// Opens a pseudo-terminal, which passes on what is written to it without changing a byte.
    pub(crate) fn open(size: TerminalSize) -> io::Result<Self> {
        let (outside, inside) = open().map_err(io::Error::other)?;
        let mut settings = tcgetattr(&inside)?;
        // Without this, `\n` becomes `\r\n`. The terminal that shows the output does the same.
        settings.output_modes -= OutputModes::OPOST;
        settings.local_modes -= LocalModes::ECHO;
        tcsetattr(&inside, OptionalActions::Now, &settings)?;
        tcsetwinsize(&inside, size.winsize())?;
        ioctl_fionbio(&outside, true)?;
        let terminal = PseudoTerminal {
            outside: outside.into(),
            _inside: inside.as_fd().try_clone_to_owned()?,
        };
        Ok(NewTerminal { terminal, inside })
    }

    /// Starts a command as the leader of a session of its own, with this terminal as its output.
    pub(crate) fn start(
        self,
        command: Command,
        stdin: Stdio,
    ) -> io::Result<(PseudoTerminal, Child)> {
        let child = TerminalCommand::from(command).stdin(stdin).spawn(self.inside);
        let child = child.map_err(|error| match error {
            pty_process::Error::Io(error) => error,
            pty_process::Error::Rustix(error) => error.into(),
        })?;
        Ok((self.terminal, child))
    }
}

impl PseudoTerminal {
    /// Waits until there is output, or the writing end of `ended` or of `stop` is closed.
    ///
    /// An error of poll(2) counts as output, whose next read reports it.
    pub(crate) fn wait(&self, ended: &PipeReader, stop: &PipeReader) -> Ready {
        let mut ready = [
            PollFd::new(&self.outside, PollFlags::IN),
            PollFd::new(ended, PollFlags::IN),
            PollFd::new(stop, PollFlags::IN),
        ];
        let polled = poll(&mut ready, None);
        if polled.is_ok() && !ready[2].revents().is_empty() { Ready::Stopped } else { Ready::Input }
    }

    /// Reads the output that is there; returns the number of bytes.
    pub(crate) fn read(&self, bytes: &mut [u8]) -> io::Result<usize> {
        let mut len = 0;
        while len < bytes.len() {
            // Linux returns at most 4 KiB at a time.
            match rustix::io::read(&self.outside, &mut bytes[len..]) {
                Ok(0) | Err(Errno::AGAIN) => break,
                Ok(read) => len += read,
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(len)
    }

    /// Changes the size, which the processes of the terminal are told by a signal.
    pub(crate) fn resize(&self, size: TerminalSize) {
        // A terminal has a size as long as it is open.
        let _ = tcsetwinsize(&self.outside, size.winsize());
    }

    /// Sends a signal to the processes that the keys of the terminal would interrupt, which are
    /// usually the group of the session's leader; returns false if none of them can get it.
    pub(crate) fn send_signal(&self, leader: u32, signal: ForwardedSignal) -> bool {
        let leader = process_id(leader);
        let is_key = matches!(signal, ForwardedSignal::Interrupt | ForwardedSignal::Quit);
        let foreground = tcgetpgrp(&self.outside).ok().filter(|_| is_key);
        // An error means that all processes of the group have ended, or are those of another user.
        let mut groups = [foreground, leader].into_iter().flatten();
        groups.any(|group| send_group_signal(group, signal).is_ok())
    }
}
