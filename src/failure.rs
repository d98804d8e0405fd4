//! Why the program ended other than as asked.

use std::fmt;

use crate::status::escape;

/// Why the program ended other than as asked.
#[derive(Debug)]
pub enum Failure {
    /// The command line cannot be meant.
    Usage(String),
    /// It could not run.
    Run(anyhow::Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(sentence) => f.write_str(&escape(sentence)),
            Failure::Run(error) => f.write_str(&escape(&format!("{error:#}"))),
        }
    }
}

impl std::error::Error for Failure {}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Failure::Run(error)
    }
}
