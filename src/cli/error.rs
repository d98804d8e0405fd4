//! Corrects the hints of clap that mislead.

use std::path::Path;

use clap::Command;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

/// Returns `error` of `command` with a hint that fits the arguments of this process.
pub(super) fn with_better_hint(mut error: Error, command: &mut Command) -> Error {
    let Some(flag) = unknown_flag(&error) else { return error };
    if let Some(lines) = std::env::args_os().find_map(|arg| obsolete_lines(arg.to_str()?, &flag)) {
        let sentence =
            format!("-{lines} is not a flag; for the last {lines} lines, give -n {lines}");
        return command.error(ErrorKind::UnknownArgument, sentence);
    }
    if error.get(ContextKind::SuggestedArg).is_none() {
        // clap suggests `-- FLAG`, which is a command.
        error.remove(ContextKind::Suggested);
        if Path::new(&flag).exists() {
            let sentence = format!("{flag} is not a flag; to follow the file, give ./{flag}");
            return command.error(ErrorKind::UnknownArgument, sentence);
        }
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

/// Returns the number of lines in the obsolete syntax of tail(1), e.g. `-50`.
///
/// clap reports only the first digit as the unknown `flag`, e.g. `-5`.
fn obsolete_lines(arg: &str, flag: &str) -> Option<String> {
    let lines = arg.strip_prefix('-').filter(|_| arg.starts_with(flag))?;
    let is_number = !lines.is_empty() && lines.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| lines.to_owned())
}
