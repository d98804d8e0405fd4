//! Parses the command line, runs, and prints an error as one line.

use std::io::Write as _;
use std::process::ExitCode;

use ssetail::{Cli, Failure};

#[expect(clippy::print_stderr, reason = "the one error line")]
fn main() -> ExitCode {
    let cli = Cli::from_command_line();
    if let Some(text) = ssetail::manual(&cli) {
        // The write fails if the reader, e.g. a pager, has closed the pipe.
        let _ = std::io::stdout().write_all(&text);
        return ExitCode::SUCCESS;
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
