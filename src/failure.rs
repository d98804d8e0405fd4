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
    /// The child process that does the work has failed with this exit status, and has said why.
    Child(i32),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(sentence) => f.write_str(&escape(sentence)),
            Failure::Run(error) => f.write_str(&escape(&format!("{error:#}"))),
            Failure::Child(status) => write!(f, "the child process has exit status {status}"),
        }
    }
}

impl std::error::Error for Failure {}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Failure::Run(error)
    }
}
