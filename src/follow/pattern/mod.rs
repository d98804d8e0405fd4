//! Patterns: globs over paths, as in bash with `globstar` and without `dotglob`.
//!
//! Braces are expanded first, so that a pattern is a list of words.
//! A word is split at its slashes, and each part is matched against the names in one directory.
//! `*` does not match a leading dot.
//! `**` matches directories at any depth, but follows no symbolic links; other parts follow them.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::spool_names::SpoolNames;

#[cfg(test)]
mod bash_globs;
mod braces;
mod name_pattern;

use crate::journal::STATE_FILES;
pub(crate) use braces::expand_braces;
pub(crate) use name_pattern::NamePattern;

/// Most bytes of all words of a pattern. Each word costs system calls in every walk; with a
/// quarter of it, `{1..10000}` before a name of usual length would be refused.
const MAX_WORD_BYTES: usize = 1 << 20;

/// A glob over absolute paths.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: PathBuf,
    words: Vec<Word>,
    excluded: Option<SpoolNames>,
    /// The directory of a journal, whose files do not match.
    state: Option<PathBuf>,
}

/// One word of a pattern, after the expansion of braces.
#[derive(Clone, Debug)]
pub(super) struct Word {
    /// The directory before the first part.
    pub(super) base: PathBuf,
    /// At least one part; the last one matches files.
    pub(super) parts: Vec<Part>,
}

/// The part of a word for the names in one directory.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Literal(OsString),
    Wild(NamePattern),
    /// `**`: this directory, and all directories below it.
    AnyDepth,
}

/// The error of a pattern that is too long, has too many braces, or stands for too many words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatternTooLarge;

impl Pattern {
    /// Returns true if `text` contains a character that may make it a pattern.
    #[must_use]
    pub fn is_wild(text: &OsStr) -> bool {
        text.as_bytes().iter().any(|byte| b"*?[{".contains(byte))
    }

    /// Parses an absolute path with globs in its components.
    pub fn new(path: &Path) -> Result<Self, PatternTooLarge> {
        Pattern::within(Path::new("/"), path.as_os_str())
    }

    /// Parses a glob; one that does not begin with a slash is relative to `directory`, whose name
    /// stands for itself.
    pub fn within(directory: &Path, glob: &OsStr) -> Result<Self, PatternTooLarge> {
        let words = expand_braces(glob.as_bytes(), MAX_WORD_BYTES).ok_or(PatternTooLarge)?;
        let mut known = HashSet::new();
        let words = words.iter().filter(|word| known.insert(*word));
        let words = words.filter_map(|word| Word::new(directory, word)).collect();
        let glob = Path::new(glob);
        let text = directory.join(glob.strip_prefix(".").unwrap_or(glob));
        Ok(Pattern { text, words, excluded: None, state: None })
    }

    /// Returns the pattern as it was given, as an absolute path.
    #[must_use]
    pub fn text(&self) -> &Path {
        &self.text
    }

    /// Returns the path that the pattern is, if it is nothing but one path.
    #[must_use]
    pub fn as_path(&self) -> Option<PathBuf> {
        match &self.words[..] {
            [word] => word.as_path(),
            _ => None,
        }
    }

    /// Returns the same pattern without the files of a spool.
    #[must_use]
    pub fn besides(self, spool: SpoolNames) -> Self {
        Pattern { excluded: Some(spool), ..self }
    }

    /// Iterates over the directories below which all matches are.
    #[cfg(feature = "cli")]
    pub(super) fn bases(&self) -> impl Iterator<Item = &Path> {
        self.words.iter().map(|word| &*word.base)
    }

    pub(super) fn words(&self) -> &[Word] {
        &self.words
    }

    /// Returns the same pattern without the files of a journal in `directory`.
    #[must_use]
    pub fn besides_state(self, directory: &Path) -> Self {
        Pattern { state: Some(directory.to_owned()), ..self }
    }

    /// Returns true if a file that matches is one of the spool or of the journal.
    pub(super) fn excludes(&self, path: &Path) -> bool {
        self.excluded.as_ref().is_some_and(|names| names.include(path))
            || self.state.as_ref().is_some_and(|directory| is_state_file(directory, path))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.display().fmt(f)
    }
}

impl fmt::Display for PatternTooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is too long, or its braces are too many or stand for too many words")
    }
}

impl std::error::Error for PatternTooLarge {}

impl Word {
    /// Parses a word; none if it matches only directories, because it ends with a slash or a dot.
    fn new(directory: &Path, word: &[u8]) -> Option<Self> {
        let word = unescape_slashes(word);
        if word.ends_with(b"/") || word.ends_with(b"/.") {
            return None;
        }
        let mut base = directory.to_owned();
        if word.starts_with(b"/") {
            base = PathBuf::from("/");
        }
        let components = word.split(|byte| *byte == b'/');
        let components = components.filter(|component| !component.is_empty() && *component != b".");
        let mut parts: Vec<Part> = components.map(Part::new).collect();
        parts.dedup_by(|a, b| matches!((a, b), (Part::AnyDepth, Part::AnyDepth)));
        if matches!(parts.last(), Some(Part::AnyDepth)) {
            parts.push(Part::Wild(NamePattern::new("*")));
        }
        let is_wild = |part: &Part| !matches!(part, Part::Literal(_));
        let first_wild = parts.iter().position(is_wild).unwrap_or(parts.len().checked_sub(1)?);
        base.extend(parts.drain(..first_wild).filter_map(|part| match part {
            Part::Literal(name) => Some(name),
            Part::Wild(_) | Part::AnyDepth => None,
        }));
        Some(Word { base, parts })
    }

    fn as_path(&self) -> Option<PathBuf> {
        match &self.parts[..] {
            [Part::Literal(name)] => Some(self.base.join(name)),
            _ => None,
        }
    }
}

impl Part {
    fn new(component: &[u8]) -> Self {
        if component == b"**" {
            return Part::AnyDepth;
        }
        let pattern = NamePattern::new(&String::from_utf8_lossy(component));
        if pattern.is_wild() { Part::Wild(pattern) } else { Part::Literal(unescape(component)) }
    }
}

/// Returns true if `path` is a file of the journal in `directory`.
fn is_state_file(directory: &Path, path: &Path) -> bool {
    let is_named = path.file_name().is_some_and(|name| STATE_FILES.iter().any(|own| name == *own));
    let is_inside = |parent: &Path| {
        parent
            .canonicalize()
            .is_ok_and(|parent| directory.canonicalize().is_ok_and(|d| d == parent))
    };
    is_named && path.parent().is_some_and(is_inside)
}

/// Removes the backslashes before slashes, which divide words all the same.
fn unescape_slashes(word: &[u8]) -> Vec<u8> {
    let mut unescaped = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some((first, after)) = rest.split_first() {
        let pair = if *first == b'\\' { after.first() } else { None };
        if pair != Some(&b'/') {
            unescaped.push(*first);
        }
        unescaped.extend(pair);
        rest = if pair.is_some() { &after[1..] } else { after };
    }
    unescaped
}

/// Removes the backslashes that stand before other bytes.
fn unescape(component: &[u8]) -> OsString {
    let mut name = Vec::with_capacity(component.len());
    let mut bytes = component.iter();
    while let Some(byte) = bytes.next() {
        name.extend(if *byte == b'\\' { bytes.next() } else { Some(byte) });
    }
    OsString::from_vec(name)
}
