//! Errors that end the program.

use std::fmt;

use crate::status::escape;

/// Error that ends the program; displayed as one line without control characters.
#[derive(Debug)]
pub enum Failure {
    /// Invalid command line: exit status 2.
    Usage(String),
    /// Any other error: exit status 1.
    Run(anyhow::Error),
    /// The command has not been started: exit status 127 if its program does not exist, 126 if it
    /// cannot be executed.
    Command {
        /// The exit status.
        status: u8,
        /// The reason.
        sentence: String,
    },
    /// The command, or the child process that does the work, has this exit status; if it has
    /// failed, it has said why.
    Child(i32),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(sentence) | Failure::Command { sentence, .. } => {
                f.write_str(&escape(sentence))
            }
            Failure::Run(error) => f.write_str(&escape(&format!("{error:#}"))),
            Failure::Child(status) => write!(f, "the child process has exit status {status}"),
        }
    }
}

impl std::error::Error for Failure {}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        error.downcast().unwrap_or_else(Failure::Run)
    }
}
