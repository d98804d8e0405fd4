//! Reads the command line, runs, and says in one line what went wrong.

use std::process::ExitCode;

use clap::Parser;
use ssetail::{Cli, Failure};

#[expect(clippy::print_stderr, reason = "the one error line")]
fn main() -> ExitCode {
    let cli = Cli::parse();
    let Err(failure) = ssetail::run(cli) else { return ExitCode::SUCCESS };
    eprintln!("ssetail: {failure}");
    match failure {
        Failure::Usage(_) => ExitCode::from(2),
        Failure::Run(_) => ExitCode::FAILURE,
    }
}
