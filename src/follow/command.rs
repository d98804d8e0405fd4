//! A command, whose output is a stream.

use std::io::{self, PipeReader};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::byte_stream::ByteStream;
use crate::event::CommandExit;
use crate::system::{
    ForwardedSignal, NewTerminal, PseudoTerminal, Ready, TerminalSize, signal_name,
    wait_until_ended, with_descriptor_limit,
};

/// Most bytes that are read after the command has ended. A terminal of Linux holds less than a
/// quarter of it; a process that the command has left behind may write without an end.
const MAX_REST: usize = 64 * 1024;

/// A command that is to run in a terminal of its own.
#[derive(Debug)]
pub(crate) struct CommandSetup {
    pub(crate) command: Command,
    /// The standard input of the command.
    pub(crate) stdin: Stdio,
    /// The size of its terminal.
    pub(crate) size: TerminalSize,
    /// Soft limit of open descriptors; none is no limit.
    pub(crate) descriptors: Option<u64>,
}

/// The reason for which a command was not started.
#[derive(Debug)]
pub(crate) enum CommandError {
    /// There is no terminal, or no thread.
    System(io::Error),
    /// The program does not exist or cannot be executed.
    Program(io::Error),
}

/// A process that runs in a terminal of its own; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct CommandProcess(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    terminal: PseudoTerminal,
    /// The process, until it was waited for: its number may then be that of another process.
    child: Mutex<Option<Child>>,
    exit: watch::Sender<Option<CommandExit>>,
}

/// The output of a command, which ends when the command has ended.
///
/// The end does not wait for other processes that have the terminal open.
#[derive(Debug)]
pub(crate) struct CommandOutput {
    /// The program as it was given.
    program: PathBuf,
    process: CommandProcess,
    /// Closed when the command has ended.
    ended: PipeReader,
    /// Number of bytes that were read after the end.
    rest: usize,
}

impl CommandOutput {
    /// Starts a command.
    pub(crate) fn start(setup: CommandSetup) -> Result<Self, CommandError> {
        let CommandSetup { command, stdin, size, descriptors } = setup;
        let program = command.get_program().into();
        let terminal = NewTerminal::open(size).map_err(CommandError::System)?;
        let (ended, is_running) = io::pipe().map_err(CommandError::System)?;
        let started = with_descriptor_limit(descriptors, || terminal.start(command, stdin));
        let (terminal, child) = started.map_err(CommandError::Program)?;
        let id = child.id();
        let (child, exit) = (Mutex::new(Some(child)), watch::Sender::new(None));
        let process = CommandProcess(Arc::new(Shared { terminal, child, exit }));
        let waiting = process.clone();
        let wait = move || {
            // An error means that nobody may wait for children, because SIGCHLD is ignored.
            let _ = wait_until_ended(id);
            waiting.take_exit();
            drop(is_running);
        };
        let thread = std::thread::Builder::new().name("command".to_owned()).spawn(wait);
        thread.map_err(CommandError::System)?;
        Ok(CommandOutput { program, process, ended, rest: 0 })
    }

    pub(super) fn program(&self) -> &Path {
        &self.program
    }

    pub(crate) fn process(&self) -> &CommandProcess {
        &self.process
    }
}

impl CommandProcess {
    /// Sends a signal to the command and the processes of its group; returns false if it has ended,
    /// or does not accept signals of this user.
    pub(crate) fn send_signal(&self, signal: ForwardedSignal) -> bool {
        let child = self.lock();
        child.as_ref().is_some_and(|child| self.0.terminal.send_signal(child.id(), signal))
    }

    /// Changes the size of the terminal.
    pub(crate) fn resize(&self, size: TerminalSize) {
        self.0.terminal.resize(size);
    }

    /// Returns the way in which the command has ended; none while it runs.
    pub(crate) fn exit(&self) -> Option<CommandExit> {
        self.0.exit.borrow().clone()
    }

    /// Waits until the command has ended.
    pub(crate) async fn ended(&self) {
        // The sender is part of the process, so that it cannot be dropped meanwhile.
        let _ = self.0.exit.subscribe().wait_for(Option::is_some).await;
    }

    /// Takes the status of the process, which has ended; 1 if it is not known.
    fn take_exit(&self) {
        let mut child = self.lock();
        let status = child.take().and_then(|mut child| child.wait().ok());
        self.0.exit.send_replace(Some(status.map_or(CommandExit::Status(1), exit_of)));
    }

    fn lock(&self) -> MutexGuard<'_, Option<Child>> {
        self.0.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn exit_of(status: ExitStatus) -> CommandExit {
    match status.signal() {
        Some(number) => CommandExit::Signal { name: signal_name(number), number },
        None => {
            CommandExit::Status(status.code().and_then(|code| code.try_into().ok()).unwrap_or(1))
        }
    }
}

impl ByteStream for CommandOutput {
    fn description(&self) -> String {
        "the output of the command".to_owned()
    }

    fn wait(&self, stop: &PipeReader) -> Ready {
        self.process.0.terminal.wait(&self.ended, stop)
    }

    fn read(&mut self, space: &mut [u8]) -> io::Result<Option<usize>> {
        // In this order: what the command has written before its end is read.
        let has_ended = self.process.exit().is_some();
        let left = if has_ended { MAX_REST - self.rest } else { usize::MAX };
        let most = space.len().min(left);
        let len = self.process.0.terminal.read(&mut space[..most])?;
        if has_ended {
            self.rest += len;
        }
        Ok((len > 0 || has_ended).then_some(len))
    }

    fn exit(&self) -> Option<CommandExit> {
        self.process.exit()
    }
}
