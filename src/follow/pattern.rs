//! Globs: which files match now.
//!
//! A pattern is taken apart at its slashes and held against one directory at a
//! time, as a shell does: `*` does not match a leading dot, `**` goes into
//! directories but not through symbolic links, any other part follows them.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

use super::spool::SpoolNames;

/// A glob over paths.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: PathBuf,
    base: PathBuf,
    parts: Vec<Part>,
    besides: Option<SpoolNames>,
}

#[derive(Clone, Debug)]
enum Part {
    Literal(OsString),
    /// The names it matches, and whether a leading dot was written out.
    Wild(GlobMatcher, bool),
    AnyDepth,
}

impl Pattern {
    /// Whether `path` holds a character that makes it a pattern.
    #[must_use]
    pub fn is_wild(path: &OsStr) -> bool {
        path.as_bytes().iter().any(|byte| b"*?[{".contains(byte))
    }

    /// The pattern as it was given.
    #[must_use]
    pub fn text(&self) -> &Path {
        &self.text
    }

    /// A pattern over absolute paths.
    pub fn new(path: &Path) -> Result<Self, globset::Error> {
        let mut base = PathBuf::new();
        let mut parts = Vec::new();
        for component in path.components() {
            match component {
                Component::Normal(name) if name == "**" => parts.push(Part::AnyDepth),
                Component::Normal(name) if Pattern::is_wild(name) => {
                    let glob = GlobBuilder::new(&name.to_string_lossy())
                        .literal_separator(true)
                        .backslash_escape(true)
                        .build()?;
                    let dotted = name.as_bytes().starts_with(b".");
                    parts.push(Part::Wild(glob.compile_matcher(), dotted));
                }
                other if parts.is_empty() => base.push(other),
                other => parts.push(Part::Literal(other.as_os_str().to_owned())),
            }
        }
        if matches!(parts.last(), Some(Part::AnyDepth)) {
            parts.push(Part::Wild(globset::Glob::new("*")?.compile_matcher(), false));
        }
        Ok(Pattern { text: path.to_owned(), base, parts, besides: None })
    }

    /// The same, without the files of a spool.
    #[must_use]
    pub fn besides(self, spool: SpoolNames) -> Self {
        Pattern { besides: Some(spool), ..self }
    }

    /// The files that match now, sorted.
    #[must_use]
    pub fn expand(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        expand(&self.base, &self.parts, &mut files);
        files.sort();
        files.dedup();
        files.retain(|file| !self.besides.as_ref().is_some_and(|names| names.include(file)));
        files
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.display().fmt(f)
    }
}

fn expand(directory: &Path, parts: &[Part], found: &mut Vec<PathBuf>) {
    let Some((part, rest)) = parts.split_first() else { return };
    match part {
        Part::Literal(name) => reach(directory.join(name), rest, found),
        Part::Wild(glob, dotted) => {
            for entry in entries(directory) {
                let name = entry.file_name();
                if glob.is_match(&name) && (*dotted || !is_hidden(&name)) {
                    match rest {
                        [] if is_file(&entry) => found.push(entry.path()),
                        [] => {}
                        rest => expand(&entry.path(), rest, found),
                    }
                }
            }
        }
        Part::AnyDepth => {
            expand(directory, rest, found);
            for entry in entries(directory) {
                let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
                if is_directory && !is_hidden(&entry.file_name()) {
                    expand(&entry.path(), parts, found);
                }
            }
        }
    }
}

/// `path` matches so far: it is a result, or a directory for what is left of the pattern.
fn reach(path: PathBuf, rest: &[Part], found: &mut Vec<PathBuf>) {
    if !rest.is_empty() {
        expand(&path, rest, found);
    } else if fs::metadata(&path).is_ok_and(|metadata| !metadata.is_dir()) {
        found.push(path);
    }
}

/// A link is what it leads to; for anything else no further look is needed.
fn is_file(entry: &fs::DirEntry) -> bool {
    match entry.file_type() {
        Ok(kind) if kind.is_symlink() => {
            fs::metadata(entry.path()).is_ok_and(|metadata| !metadata.is_dir())
        }
        Ok(kind) => !kind.is_dir(),
        Err(_) => false,
    }
}

/// A directory that is not there, or not readable, has no entries yet.
fn entries(directory: &Path) -> Vec<fs::DirEntry> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    entries.filter_map(Result::ok).collect()
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_bytes().starts_with(b".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str) -> Vec<String> {
        let root = tempfile::tempdir().expect("a directory");
        for file in ["a.log", "b.txt", ".c.log", "x/d.log", "x/y/e.log", ".git/f.log", "[g].log"] {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            fs::write(path, "").expect("written");
        }
        std::os::unix::fs::symlink(root.path().join("x"), root.path().join("link"))
            .expect("linked");
        let pattern = Pattern::new(&root.path().join(pattern)).expect("a pattern");
        let strip = |path: &PathBuf| {
            path.strip_prefix(root.path()).expect("below").to_string_lossy().into_owned()
        };
        pattern.expand().iter().map(strip).collect()
    }

    #[test]
    fn it_matches_what_a_shell_matches() {
        assert_eq!(matches("*.log"), ["[g].log", "a.log"]);
        assert_eq!(matches("?.{log,txt}"), ["a.log", "b.txt"]);
        assert_eq!(matches(".*.log"), [".c.log"]);
        assert_eq!(matches("*/d.log"), ["link/d.log", "x/d.log"]);
        assert_eq!(matches("**/*.log"), ["[g].log", "a.log", "x/d.log", "x/y/e.log"]);
        assert_eq!(matches("x/**"), ["x/d.log", "x/y/e.log"]);
        assert_eq!(matches("[[]g].log"), ["[g].log"]);
        assert!(matches("none/*.log").is_empty());
    }
}
