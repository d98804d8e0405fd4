//! Parser for SOURCE arguments.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::follow::{Pattern, Target, WantedSource};

/// A parsed SOURCE argument.
#[derive(Clone, Debug)]
pub(crate) enum SourceArg {
    /// Standard input, with the name that was given for it.
    Input(Option<OsString>),
    /// A path or a glob.
    Files(WantedSource),
    /// A directory, which cannot be followed; the sentence suggests a glob.
    Directory(String),
}

/// Parses a SOURCE; an existing path is not searched for NAME= or wildcards.
pub(crate) fn parse_source(text: &OsStr) -> Result<SourceArg, String> {
    if is_input(text) {
        return Ok(SourceArg::Input(None));
    }
    if exists(text) {
        return path(None, text);
    }
    let Some((name, rest)) = split_name(text) else { return path_or_pattern(None, text) };
    if name.len() > 255 {
        return Err("the NAME before = may have at most 255 bytes".to_owned());
    }
    let name = Some(name.to_owned());
    if is_input(rest) {
        Ok(SourceArg::Input(name))
    } else if exists(rest) {
        path(name, rest)
    } else {
        path_or_pattern(name, rest)
    }
}

fn is_input(text: &OsStr) -> bool {
    text == "-" || text == "/dev/stdin"
}

fn exists(text: &OsStr) -> bool {
    Path::new(text).symlink_metadata().is_ok()
}

/// Splits at the first `=`; a name has no slash, so that `./a=b` is a path.
fn split_name(text: &OsStr) -> Option<(&OsStr, &OsStr)> {
    let bytes = text.as_bytes();
    let at = bytes.iter().position(|&byte| byte == b'=')?;
    let (name, rest) = (&bytes[..at], &bytes[at + 1..]);
    let is_name = !name.is_empty() && !name.contains(&b'/') && !rest.is_empty();
    is_name.then(|| (OsStr::from_bytes(name), OsStr::from_bytes(rest)))
}

fn path_or_pattern(name: Option<OsString>, text: &OsStr) -> Result<SourceArg, String> {
    if !Pattern::is_wild(text) {
        return path(name, text);
    }
    let directory = std::env::current_dir()
        .map_err(|error| format!("the current directory cannot be found: {error}"))?;
    let pattern = Pattern::within(&directory, text)
        .map_err(|error| format!("{} is not a glob: {error}", text.display()))?;
    Ok(SourceArg::Files(WantedSource { name, target: Target::Pattern(pattern) }))
}

fn path(name: Option<OsString>, text: &OsStr) -> Result<SourceArg, String> {
    let path = absolute(text)?;
    if path.is_dir() {
        let text = text.to_string_lossy();
        let glob = format!("{}/*.log", text.trim_end_matches('/'));
        let sentence = format!("{text} is a directory; to follow the files in it, give '{glob}'");
        return Ok(SourceArg::Directory(sentence));
    }
    if text.as_bytes().ends_with(b"/") {
        let text = text.to_string_lossy();
        let glob = format!("{}/*.log", text.trim_end_matches('/'));
        return Err(format!(
            "{text} is a directory that does not exist; to wait for files in it, give '{glob}'"
        ));
    }
    Ok(SourceArg::Files(WantedSource { name, target: Target::Path(path) }))
}

pub(super) fn absolute(text: &OsStr) -> Result<PathBuf, String> {
    std::path::absolute(text)
        .map_err(|error| format!("'{}' is not a path: {error}", text.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_precede_a_source() {
        let named = |text: &str| match parse_source(OsStr::new(text)).expect("a source") {
            SourceArg::Input(name) => (name, "-".to_owned()),
            SourceArg::Files(WantedSource { name, target: Target::Path(path) }) => {
                (name, path.file_name().expect("a name").to_string_lossy().into_owned())
            }
            SourceArg::Files(WantedSource { name, .. }) => (name, "*".to_owned()),
            SourceArg::Directory(sentence) => (None, sentence),
        };
        let name = |text: &str| Some(OsString::from(text));
        assert_eq!(named("-"), (None, "-".to_owned()));
        assert_eq!(named("ci=-"), (name("ci"), "-".to_owned()));
        assert_eq!(named("api=x.log"), (name("api"), "x.log".to_owned()));
        assert_eq!(named("api=x/*.log"), (name("api"), "*".to_owned()));
        assert_eq!(named("./a=b.log"), (None, "a=b.log".to_owned()));
        assert_eq!(named("a=b=c.log"), (name("a"), "b=c.log".to_owned()));
    }
}
