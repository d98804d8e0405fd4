//! Patterns: globs over paths, and the files that match them.
//!
//! A pattern is split at its slashes, and each part is matched against the names in one directory,
//! as a shell does it.
//! `*` does not match a leading dot.
//! `**` matches directories at any depth, but follows no symbolic links; other parts follow them.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

use super::spool_names::SpoolNames;

/// A glob over absolute paths.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: PathBuf,
    /// The directory before the first part.
    base: PathBuf,
    parts: Vec<Part>,
    excluded: Option<SpoolNames>,
}

#[derive(Clone, Debug)]
enum Part {
    Literal(OsString),
    Wild {
        matcher: GlobMatcher,
        /// The glob begins with a dot, so that it matches hidden names.
        is_dotted: bool,
    },
    AnyDepth,
}

impl Pattern {
    /// Whether `path` contains a character that makes it a pattern.
    #[must_use]
    pub fn is_wild(path: &OsStr) -> bool {
        path.as_bytes().iter().any(|byte| b"*?[{".contains(byte))
    }

    /// Returns the pattern as it was given.
    #[must_use]
    pub fn text(&self) -> &Path {
        &self.text
    }

    /// Parses an absolute path with globs in its components; fails if one of them is not a glob.
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
                    let matcher = glob.compile_matcher();
                    parts.push(Part::Wild { matcher, is_dotted: is_hidden(name) });
                }
                other if parts.is_empty() => base.push(other),
                other => parts.push(Part::Literal(other.as_os_str().to_owned())),
            }
        }
        if matches!(parts.last(), Some(Part::AnyDepth)) {
            let matcher = globset::Glob::new("*")?.compile_matcher();
            parts.push(Part::Wild { matcher, is_dotted: false });
        }
        Ok(Pattern { text: path.to_owned(), base, parts, excluded: None })
    }

    /// Returns the same pattern without the files of a spool.
    #[must_use]
    pub fn besides(self, spool: SpoolNames) -> Self {
        Pattern { excluded: Some(spool), ..self }
    }

    /// Returns the files that match now, sorted.
    #[must_use]
    pub fn expand(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        expand(&self.base, &self.parts, &mut files);
        files.sort();
        files.dedup();
        files.retain(|file| !self.excluded.as_ref().is_some_and(|names| names.include(file)));
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
        Part::Literal(name) => expand_path(directory.join(name), rest, found),
        Part::Wild { matcher, is_dotted } => {
            for entry in entries(directory) {
                let name = entry.file_name();
                if matcher.is_match(&name) && (*is_dotted || !is_hidden(&name)) {
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

/// Adds `path` if no parts are left, and else the files below it that match the rest.
fn expand_path(path: PathBuf, rest: &[Part], found: &mut Vec<PathBuf>) {
    if !rest.is_empty() {
        expand(&path, rest, found);
    } else if fs::metadata(&path).is_ok_and(|metadata| !metadata.is_dir()) {
        found.push(path);
    }
}

/// Whether an entry, or the target of a symbolic link, is not a directory.
fn is_file(entry: &fs::DirEntry) -> bool {
    match entry.file_type() {
        Ok(kind) if kind.is_symlink() => {
            fs::metadata(entry.path()).is_ok_and(|metadata| !metadata.is_dir())
        }
        Ok(kind) => !kind.is_dir(),
        Err(_) => false,
    }
}

/// Returns the entries of a directory; none if it does not exist or is not readable.
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
    fn a_pattern_matches_the_same_files_as_in_a_shell() {
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
