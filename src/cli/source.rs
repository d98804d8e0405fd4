//! Parser for SOURCE arguments.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::probe::Probe;
use crate::follow::{Pattern, Target, WantedSource};

/// A parsed SOURCE argument.
#[derive(Clone, Debug)]
pub(crate) enum SourceArg {
    /// Standard input, with the name that was given for it.
    Input(Option<OsString>),
    /// A path or a glob.
    Files(WantedSource),
    /// The URL of another server, with the name that was given for it.
    Upstream(Option<OsString>, String),
    /// The URL of a stream of a NATS server, with the name that was given for it.
    Stream(Option<OsString>, String),
    /// The systemd journal, or one of its units, with the name that was given for it.
    Journal(Option<OsString>, Option<String>),
    /// A directory or a device, which cannot be followed; the sentence says so, and suggests a glob.
    Refused(String),
}

/// Parses the SOURCE arguments; an existing path is not searched for NAME= or wildcards.
///
/// A path that does not answer soon counts as one that does not exist yet.
pub(crate) fn parse_sources(texts: &[OsString]) -> Result<Vec<SourceArg>, String> {
    let mut paths = Vec::new();
    for text in texts {
        let rest = split_name(text).map(|(_, rest)| rest);
        for part in [Some(&**text), rest].into_iter().flatten().filter(|part| !is_input(part)) {
            paths.push(absolute(part)?);
            paths.extend(Place::in_home(part).map(|place| place.path()));
        }
    }
    let probe = Probe::new(paths);
    texts.iter().map(|text| parse_source(text, &probe)).collect()
}

fn parse_source(text: &OsStr, probe: &Probe) -> Result<SourceArg, String> {
    if is_input(text) {
        return Ok(SourceArg::Input(None));
    }
    let whole = Place::given(text)?;
    if probe.at(&whole.path()).exists {
        return path(None, &whole, probe);
    }
    if let Some(source) = url(None, text) {
        return Ok(source);
    }
    if let Some(unit) = journal_unit(text) {
        return Ok(SourceArg::Journal(None, unit?));
    }
    let Some((name, rest)) = split_name(text) else { return path_or_pattern(None, text, probe) };
    if name.len() > 255 {
        return Err("the NAME before = may have at most 255 bytes".to_owned());
    }
    let name = Some(name.to_owned());
    if let Some(unit) = journal_unit(rest) {
        return Ok(SourceArg::Journal(name, unit?));
    }
    match url(name.clone(), rest) {
        Some(source) => Ok(source),
        None if is_input(rest) => Ok(SourceArg::Input(name)),
        None => path_or_pattern(name, rest, probe),
    }
}

/// Returns true if a SOURCE may be on a mount that hangs; touches no such file.
pub(crate) fn may_hang(texts: &[OsString]) -> bool {
    let parts = texts.iter().flat_map(|text| {
        let rest = split_name(text).map(|(_, rest)| rest);
        [Some(&**text), rest].into_iter().flatten()
    });
    let places = parts.flat_map(|part| [Place::given(part).ok(), Place::in_home(part)]);
    crate::follow::may_hang(places.flatten().flat_map(|place| {
        let pattern = Pattern::within(&place.directory, place.text).map(Target::Pattern);
        [Some(Target::Path(place.path())), pattern.ok()].into_iter().flatten()
    }))
}

/// Returns true if a SOURCE is standard input.
pub(crate) fn reads_input(texts: &[OsString]) -> bool {
    let rest = |text: &OsString| split_name(text).is_some_and(|(_, rest)| is_input(rest));
    texts.iter().any(|text| is_input(text) || rest(text))
}

/// A path or a glob, and the directory in which it is looked for.
struct Place<'a> {
    directory: PathBuf,
    text: &'a OsStr,
    /// The text with the part that stands for the directory, for messages.
    shown: &'a OsStr,
}

impl<'a> Place<'a> {
    /// The text as it was given, relative to the current directory.
    fn given(text: &'a OsStr) -> Result<Self, String> {
        let directory = std::env::current_dir()
            .map_err(|error| format!("the current directory cannot be found: {error}"))?;
        absolute(text).map(|_| Place { directory, text, shown: text })
    }

    /// The text after `~/`, which a shell leaves as it is in quotes.
    fn in_home(text: &'a OsStr) -> Option<Self> {
        let rest = text.as_bytes().strip_prefix(b"~/").filter(|rest| !rest.is_empty())?;
        let home = std::env::var_os("HOME").filter(|home| Path::new(home).is_absolute())?;
        Some(Place { directory: home.into(), text: OsStr::from_bytes(rest), shown: text })
    }

    fn path(&self) -> PathBuf {
        let path = self.directory.join(self.text);
        std::path::absolute(&path).unwrap_or(path)
    }
}

fn is_input(text: &OsStr) -> bool {
    text == "-" || text == "/dev/stdin"
}

/// Returns a SOURCE that is the URL of a server or of a stream.
fn url(name: Option<OsString>, text: &OsStr) -> Option<SourceArg> {
    let text = text.to_str()?;
    let scheme = text.split_once("://")?.0.to_ascii_lowercase();
    match &*scheme {
        "http" | "https" => Some(SourceArg::Upstream(name, text.to_owned())),
        "nats" | "tls" => Some(SourceArg::Stream(name, text.to_owned())),
        _ => None,
    }
}

/// Returns the unit of a SOURCE that is the systemd journal; no unit stands for all.
fn journal_unit(text: &OsStr) -> Option<Result<Option<String>, String>> {
    let unit = text.as_bytes().strip_prefix(b"journal:")?;
    let unit = std::str::from_utf8(unit).ok().filter(|unit| !unit.contains(char::is_control));
    Some(match unit {
        Some(unit) => Ok(Some(unit.to_owned()).filter(|unit| !unit.is_empty())),
        None => Err("the UNIT after journal: may have no control characters".to_owned()),
    })
}

/// Splits at the first `=`; a name has no slash, so that `./a=b` is a path.
fn split_name(text: &OsStr) -> Option<(&OsStr, &OsStr)> {
    let bytes = text.as_bytes();
    let at = bytes.iter().position(|&byte| byte == b'=')?;
    let (name, rest) = (&bytes[..at], &bytes[at + 1..]);
    let is_name = !name.is_empty() && !name.contains(&b'/') && !rest.is_empty();
    is_name.then(|| (OsStr::from_bytes(name), OsStr::from_bytes(rest)))
}

fn path_or_pattern(
    name: Option<OsString>,
    text: &OsStr,
    probe: &Probe,
) -> Result<SourceArg, String> {
    let given = Place::given(text)?;
    let exists = probe.at(&given.path()).exists;
    let place = Place::in_home(text).filter(|_| !exists).unwrap_or(given);
    if probe.at(&place.path()).exists || !Pattern::is_wild(place.text) {
        return path(name, &place, probe);
    }
    if text.as_bytes().ends_with(b"/") {
        return Err(format!(
            "'{0}' matches only directories; to follow the files in them, give '{0}*.log'",
            text.display()
        ));
    }
    let pattern = Pattern::within(&place.directory, place.text)
        .map_err(|error| format!("{} is not a glob: {error}", text.display()))?;
    let target = pattern.as_path().map_or(Target::Pattern(pattern), Target::Path);
    Ok(SourceArg::Files(WantedSource { name, target }))
}

fn path(name: Option<OsString>, place: &Place, probe: &Probe) -> Result<SourceArg, String> {
    let path = place.path();
    let text = place.shown.to_string_lossy();
    let glob = format!("{}/*.log", text.trim_end_matches('/'));
    if probe.at(&path).is_directory {
        let sentence = format!("{text} is a directory; to follow the files in it, give '{glob}'");
        return Ok(SourceArg::Refused(sentence));
    }
    if probe.at(&path).is_device {
        let sentence = format!("{text} is a device or a socket, which cannot be followed");
        return Ok(SourceArg::Refused(sentence));
    }
    if text.ends_with('/') {
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

    fn parse(text: &str) -> SourceArg {
        let mut parsed = parse_sources(&[text.into()]).expect("a source");
        parsed.pop().expect("one source")
    }

    #[test]
    fn a_glob_that_is_one_path_is_that_path() {
        for (text, path) in [("/none/{x}.log", "/none/{x}.log"), (r"/none/a\*.log", "/none/a*.log")]
        {
            let SourceArg::Files(WantedSource { target: Target::Path(parsed), .. }) = parse(text)
            else {
                panic!("{text} is no path");
            };
            assert_eq!(parsed, Path::new(path));
        }
    }

    #[test]
    fn a_name_may_precede_a_source() {
        let named = |text: &str| match parse(text) {
            SourceArg::Input(name) => (name, "-".to_owned()),
            SourceArg::Files(WantedSource { name, target: Target::Path(path) }) => {
                (name, path.file_name().expect("a name").to_string_lossy().into_owned())
            }
            SourceArg::Files(WantedSource { name, .. }) => (name, "*".to_owned()),
            SourceArg::Refused(sentence) => (None, sentence),
            SourceArg::Upstream(name, url) | SourceArg::Stream(name, url) => (name, url),
            SourceArg::Journal(name, unit) => (name, format!("unit {}", unit.unwrap_or_default())),
        };
        let name = |text: &str| Some(OsString::from(text));
        assert_eq!(named("-"), (None, "-".to_owned()));
        assert_eq!(named("ci=-"), (name("ci"), "-".to_owned()));
        assert_eq!(named("journal:"), (None, "unit ".to_owned()));
        assert_eq!(named("web=journal:nginx"), (name("web"), "unit nginx".to_owned()));
        assert_eq!(named("./journal:"), (None, "journal:".to_owned()));
        assert_eq!(named("api=x.log"), (name("api"), "x.log".to_owned()));
        assert_eq!(named("api=x/*.log"), (name("api"), "*".to_owned()));
        assert_eq!(named("./a=b.log"), (None, "a=b.log".to_owned()));
        let url = "https://web1:8088/?a=b";
        assert_eq!(named(url), (None, url.to_owned()));
        assert_eq!(named(&format!("web={url}")), (name("web"), url.to_owned()));
        assert_eq!(named("HTTP://web1"), (None, "HTTP://web1".to_owned()));
        assert_eq!(named("nats://web1/LOGS"), (None, "nats://web1/LOGS".to_owned()));
        assert_eq!(named("ftp://web1/x"), (None, "x".to_owned()));
        assert_eq!(named("a=b=c.log"), (name("a"), "b=c.log".to_owned()));
    }
}
