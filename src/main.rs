//! Parses the command line, runs, and prints an error as one line.

use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;

use ssetail::{Cli, Failure};

#[expect(clippy::print_stderr, reason = "the one error line")]
fn main() -> ExitCode {
    let cli = Cli::from_command_line();
    if let Some(text) = ssetail::manual(&cli) {
        return print(&text);
    }
    let Err(failure) = ssetail::run(cli) else { return ExitCode::SUCCESS };
    if let Failure::Child(status) = failure {
        return ExitCode::from(u8::try_from(status).unwrap_or(1));
    }
    eprintln!("ssetail: {failure}");
    match failure {
        Failure::Usage(_) => ExitCode::from(2),
        Failure::Command { status, .. } => ExitCode::from(status),
        Failure::Run(_) | Failure::Child(_) => ExitCode::FAILURE,
    }
}

/// Prints a text; a reader that has closed the pipe, such as a pager, is no error.
#[expect(clippy::print_stderr, reason = "the one error line")]
fn print(text: &[u8]) -> ExitCode {
    let mut stdout = std::io::stdout();
    match stdout.write_all(text).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            eprintln!("ssetail: cannot write to standard output: {error}");
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}
