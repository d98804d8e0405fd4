//! Event names: the names of sources on the wire.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fmt;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path};

/// Event names that have a meaning for `EventSource` or for ssetail.
const RESERVED: [&str; 4] = ["error", "open", "message", "ssetail"];

/// The name of a source, percent-encoded so that it cannot break an event stream.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(String);

/// Assigns names to paths; a name that was assigned once is never assigned to another path.
#[derive(Debug, Default)]
pub struct Names {
    owners: HashMap<Name, Box<Path>>,
}

impl Name {
    /// Makes the name of a source that is called `text`.
    ///
    /// A reserved name gets the prefix `./`.
    #[must_use]
    pub fn new(text: &OsStr) -> Self {
        let encoded = encode(text.as_bytes());
        if RESERVED.contains(&encoded.as_str()) {
            Name(format!("./{encoded}"))
        } else {
            Name(encoded)
        }
    }

    /// Returns a name from its form on the wire, or `None` if no name has that form.
    #[must_use]
    pub fn from_wire(text: &str) -> Option<Self> {
        let breaks = |character: char| character.is_control() || is_deceptive(character);
        (!text.is_empty() && !text.contains(breaks)).then(|| Name(text.to_owned()))
    }

    /// The form on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Names {
    /// Assigns to the absolute `path` its shortest suffix that no other path has.
    pub fn assign(&mut self, path: &Path) -> Name {
        let parts: Vec<&OsStr> = path
            .components()
            .filter_map(|part| match part {
                Component::Normal(part) => Some(part),
                _ => None,
            })
            .collect();
        let suffix = |depth: usize| Name::new(&parts[parts.len() - depth..].join(OsStr::new("/")));
        let name = (1..=parts.len())
            .map(suffix)
            .find(|name| self.owners.get(name).is_none_or(|owner| **owner == *path))
            .unwrap_or_else(|| Name::new(path.as_os_str()));
        self.owners.insert(name.clone(), path.into());
        name
    }

    /// Assigns to `path` the name that it had in an earlier run.
    pub fn reserve(&mut self, name: Name, path: &Path) {
        self.owners.entry(name).or_insert_with(|| path.into());
    }

    /// Lets another path have a name that was assigned to `path`.
    pub fn release(&mut self, name: &Name, path: &Path) {
        if self.owners.get(name).is_some_and(|owner| **owner == *path) {
            self.owners.remove(name);
        }
    }

    /// Returns the name that a command line asked for, also if another source has it.
    pub fn assign_explicit(&mut self, name: &OsStr) -> Name {
        let name = Name::new(name);
        self.owners.entry(name.clone()).or_insert_with(|| Path::new("").into());
        name
    }
}

/// Percent-encodes characters that would break the stream or make the name look like another one.
fn encode(bytes: &[u8]) -> String {
    let mut encoded = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character == '%' || character.is_control() || is_deceptive(character) {
                let mut utf8 = [0; 4];
                push_encoded(&mut encoded, character.encode_utf8(&mut utf8).as_bytes());
            } else {
                encoded.push(character);
            }
        }
        push_encoded(&mut encoded, chunk.invalid());
    }
    encode_outer_spaces(&encoded)
}

fn encode_outer_spaces(name: &str) -> String {
    let inner = name.trim_matches(' ');
    let leading = name.len() - name.trim_start_matches(' ').len();
    let trailing = name.len() - leading - inner.len();
    format!("{}{inner}{}", "%20".repeat(leading), "%20".repeat(trailing))
}

/// Bidirectional controls, line and paragraph separators, and the byte order mark: all invisible.
fn is_deceptive(character: char) -> bool {
    matches!(character,
        '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

fn push_encoded(encoded: &mut String, bytes: &[u8]) {
    for byte in bytes {
        let _ = write!(encoded, "%{byte:02X}");
    }
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    use super::*;

    fn name(bytes: &[u8]) -> String {
        Name::new(OsStr::from_bytes(bytes)).0
    }

    #[test]
    fn names_that_would_break_the_stream_are_encoded() {
        assert_eq!(name(b"build.log"), "build.log");
        assert_eq!(name("größe.log".as_bytes()), "größe.log");
        assert_eq!(name(b"a\nb"), "a%0Ab");
        assert_eq!(name(b"50%"), "50%25");
        assert_eq!(name(b" x  "), "%20x%20%20");
        assert_eq!(name(b"   "), "%20%20%20");
        assert_eq!(name(b"\xff.log"), "%FF.log");
        assert_eq!(name("a\u{202E}b".as_bytes()), "a%E2%80%AEb");
    }

    #[test]
    fn reserved_names_get_a_dot() {
        for reserved in RESERVED {
            assert_eq!(name(reserved.as_bytes()), format!("./{reserved}"));
        }
        assert_eq!(name(b"errors"), "errors");
    }

    #[test]
    fn a_new_path_gets_its_shortest_free_suffix() {
        let mut names = Names::default();
        let mut assign = |path: &str| names.assign(Path::new(path)).0;
        assert_eq!(assign("/a/x.log"), "x.log");
        assert_eq!(assign("/b/x.log"), "b/x.log");
        assert_eq!(assign("/c/b/x.log"), "c/b/x.log");
        assert_eq!(assign("/a/x.log"), "x.log");
        assert_eq!(assign("/a/error"), "./error");
        assert_eq!(assign("/b/error"), "b/error");
    }

    #[test]
    fn an_explicit_name_is_not_assigned_again() {
        let mut names = Names::default();
        assert_eq!(names.assign_explicit(OsStr::new("api")).0, "api");
        assert_eq!(names.assign(Path::new("/srv/api")).0, "srv/api");
    }

    #[test]
    fn a_released_name_is_assigned_again() {
        let mut names = Names::default();
        let name = names.assign(Path::new("/a/x.log"));
        names.release(&name, Path::new("/b/x.log"));
        assert_eq!(names.assign(Path::new("/b/x.log")).0, "b/x.log", "it has another owner");
        names.release(&name, Path::new("/a/x.log"));
        assert_eq!(names.assign(Path::new("/c/x.log")).0, "x.log");
    }

    proptest! {
        #[test]
        fn a_name_decodes_to_the_exact_bytes(bytes: Vec<u8>) {
            let encoded = encode(&bytes);
            prop_assert!(!encoded.contains(char::is_control));
            prop_assert_eq!(percent_decode_str(&encoded).collect::<Vec<u8>>(), bytes);
        }
    }
}
