//! Corrects the hints of clap that mislead.

use std::path::Path;

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};
use clap::{Arg, Command};

/// Returns `error` of `command` with a hint that fits the arguments of this process.
pub(super) fn with_better_hint(error: Error, command: &mut Command) -> Error {
    let mut error = with_variables(error, command);
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

/// Names the environment variables from which the values of an error come, in place of the flags.
fn with_variables(mut error: Error, command: &Command) -> Error {
    for kind in [ContextKind::InvalidArg, ContextKind::PriorArg] {
        let Some(ContextValue::String(shown)) = error.get(kind) else { continue };
        // clap shows a flag as `--port <PORT>`.
        let long = shown.strip_prefix("--").and_then(|flag| flag.split(' ').next());
        let arg = command.get_arguments().find(|arg| long.is_some() && arg.get_long() == long);
        if let Some(variable) = arg.filter(|arg| !is_given(arg)).and_then(Arg::get_env)
            && std::env::var_os(variable).is_some()
        {
            let name = variable.to_string_lossy().into_owned();
            error.insert(kind, ContextValue::String(name));
        }
    }
    error
}

/// Returns true if an argument of this process may be the flag.
fn is_given(flag: &Arg) -> bool {
    let long = flag.get_long().map(|long| format!("--{long}")).unwrap_or_default();
    std::env::args_os().skip(1).any(|arg| {
        let arg = arg.to_string_lossy();
        let is_short =
            |short| arg.starts_with('-') && !arg.starts_with("--") && arg.contains(short);
        arg == long
            || arg.starts_with(&format!("{long}="))
            || flag.get_short().is_some_and(is_short)
    })
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
