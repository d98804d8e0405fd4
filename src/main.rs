//! Reads the command line, runs, and says in one line what went wrong.

use std::process::ExitCode;

use clap::Parser;
use ssetail::{Cli, Failure};

#[expect(clippy::print_stderr, reason = "the one error line")]
fn main() -> ExitCode {
    let cli = Cli::parse();
    match ssetail::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(sentence)) => {
            eprintln!("ssetail: {sentence}");
            ExitCode::from(2)
        }
        Err(Failure::Run(error)) => {
            eprintln!("ssetail: {error:#}");
            ExitCode::FAILURE
        }
    }
}
