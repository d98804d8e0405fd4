//! What is said where clap would give a hint that misleads.

use std::path::Path;

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

use super::Cli;

/// The same mistake, in words that help.
pub(super) fn explain(mut error: Error) -> Error {
    let Some(flag) = unknown_flag(&error) else { return error };
    if let Some(lines) = std::env::args_os().find_map(|arg| lines_of(arg.to_str()?, &flag)) {
        let sentence =
            format!("-{lines} is not a flag; for the last {lines} lines, give -n {lines}");
        return Cli::command().error(ErrorKind::UnknownArgument, sentence);
    }
    // Only what is there can have been meant by a SOURCE that looks like a flag.
    if error.get(ContextKind::SuggestedArg).is_none() && !Path::new(&flag).exists() {
        error.remove(ContextKind::Suggested);
    }
    error
}

fn unknown_flag(error: &Error) -> Option<String> {
    match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(flag)) if error.kind() == ErrorKind::UnknownArgument => {
            Some(flag.clone())
        }
        _ => None,
    }
}

/// As tail(1) once took them: `-50`, of which clap has understood as far as `flag`, `-5`.
fn lines_of(arg: &str, flag: &str) -> Option<String> {
    let lines = arg.strip_prefix('-').filter(|_| arg.starts_with(flag))?;
    let is_number = !lines.is_empty() && lines.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| lines.to_owned())
}
