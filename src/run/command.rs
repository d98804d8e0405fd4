//! The command: its start, the signals that it gets, and the exit status that it leaves.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::supervisor;
use crate::event::Name;
use crate::failure::Failure;
use crate::follow::{CommandError, CommandOutput, CommandProcess, CommandSetup, InputCopies};
use crate::settings::CommandSettings;
use crate::system::{ForwardedSignal, TerminalSize};

/// Size of the command's terminal if standard output is none: wide enough for most lines.
const DEFAULT_SIZE: TerminalSize = TerminalSize { columns: 120, rows: 40 };

/// First letters of environment variables that the command does not get: it could print the
/// credentials and what is redacted.
const WITHHELD: [&str; 4] = ["SSETAIL_AUTH", "SSETAIL_REDACT", "SSETAIL_TO", supervisor::VARIABLE];

/// `TERM` of a command if it is not set: the page shows what such a terminal shows.
const DEFAULT_TERM: &str = "xterm-256color";

/// A command that runs and was not read yet.
pub(super) struct OpenedCommand {
    pub(super) name: Name,
    pub(super) copies: InputCopies,
    pub(super) output: CommandOutput,
}

/// The part of a command that gets signals.
pub(super) struct CommandControl {
    process: CommandProcess,
    /// The first signal, which only the command has got.
    first_signal: Option<ForwardedSignal>,
}

/// Starts the command.
pub(super) fn start(
    settings: &CommandSettings,
    copies: InputCopies,
    descriptors: Option<u64>,
) -> anyhow::Result<OpenedCommand> {
    let (program, arguments) = settings.arguments.split_first().context("no command")?;
    let output = CommandOutput::start(CommandSetup {
        command: command(program, arguments),
        stdin: if settings.gets_input { Stdio::inherit() } else { Stdio::null() },
        size: TerminalSize::of_stdout().unwrap_or(DEFAULT_SIZE),
        descriptors,
    });
    let output = match output {
        Ok(output) => output,
        Err(CommandError::System(error)) => {
            return Err(error).context("cannot open a terminal for the command");
        }
        Err(CommandError::Program(error)) => return Err(not_started(program, &error).into()),
    };
    Ok(OpenedCommand { name: settings.name.clone(), copies, output })
}

fn command(program: &OsStr, arguments: &[OsString]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    for (variable, _) in std::env::vars_os() {
        let text = variable.to_string_lossy();
        if WITHHELD.iter().any(|withheld| text.starts_with(withheld)) {
            command.env_remove(&variable);
        }
    }
    if std::env::var_os("TERM").is_none_or(|term| term.is_empty()) {
        command.env("TERM", DEFAULT_TERM);
    }
    command
}

/// Returns the error of a program that was not started, with the exit status that shells use.
fn not_started(program: &OsStr, error: &io::Error) -> Failure {
    let shown = program.display();
    let is_path = program.as_encoded_bytes().contains(&b'/');
    if error.kind() != io::ErrorKind::NotFound {
        return Failure::Command {
            status: 126,
            sentence: format!("{shown} cannot be run: {error}"),
        };
    }
    let sentence = match (is_path, Path::new(program).exists()) {
        (false, _) => {
            format!("{shown} is not a command: no directory of PATH has a program of this name")
        }
        (true, false) => format!("{shown} cannot be run: there is no such file"),
        (true, true) => {
            format!("{shown} cannot be run: the interpreter that it names does not exist")
        }
    };
    Failure::Command { status: 127, sentence }
}

impl CommandControl {
    /// Lets the size of the command's terminal follow that of standard output from now on.
    pub(super) fn new(process: CommandProcess) -> anyhow::Result<Self> {
        if TerminalSize::of_stdout().is_some() {
            tokio::spawn(follow_size(process.clone(), signal(SignalKind::window_change())?));
        }
        Ok(CommandControl { process, first_signal: None })
    }

    /// Passes a signal on; returns false if it is for this program: the command has ended, or has
    /// got a signal before.
    pub(super) fn pass(&mut self, signal: ForwardedSignal) -> bool {
        let is_passed = self.first_signal.is_none() && self.process.send_signal(signal);
        if is_passed {
            self.first_signal = Some(signal);
        }
        is_passed
    }

    /// Returns the signal after which this program stops when the command has ended: SIGTERM and
    /// SIGHUP mean both of them, and the keys of a terminal mean the command.
    pub(super) fn stop_signal(&self) -> Option<ForwardedSignal> {
        let means_both = |signal: &ForwardedSignal| {
            matches!(signal, ForwardedSignal::Terminate | ForwardedSignal::HangUp)
        };
        self.first_signal.filter(means_both)
    }

    /// Waits until the command has ended.
    pub(super) async fn ended(&self) {
        self.process.ended().await;
    }

    /// Returns the exit status of the command. If it still runs, its terminal is closed when this
    /// program ends, and the status is that of the signal that ends it.
    pub(super) fn exit_code(&self, signal: Option<ForwardedSignal>) -> i32 {
        match self.process.exit() {
            Some(exit) => exit.code(),
            None => signal.map_or(1, ForwardedSignal::exit_code),
        }
    }
}

async fn follow_size(process: CommandProcess, mut resized: Signal) {
    while resized.recv().await.is_some() {
        if let Some(size) = TerminalSize::of_stdout() {
            process.resize(size);
        }
    }
}
