//! The parameter `file`: names of sources, and globs over them.

use std::cell::RefCell;

use crate::event::Source;
use crate::follow::{NamePattern, expand_braces};

/// Most bytes that the braces of all values may add. A client chooses them, so its memory is
/// bounded: with twice as many, each stream can take twice the memory, about 256 KiB.
const EXPANDED: usize = 1 << 13;

/// Names of sources, and globs over them; every one lets its sources through.
#[derive(Clone, Debug, Default)]
pub struct NameFilter {
    values: Vec<Value>,
    /// Number of bytes that braces have added.
    expanded: usize,
    /// The results for sources, by their ID: comparing takes up to a millisecond for each name, and
    /// is done for each batch, also while the feed is locked.
    results: RefCell<Vec<Option<bool>>>,
}

#[derive(Clone, Debug)]
struct Value {
    text: String,
    /// The words of a glob; empty for a name.
    patterns: Vec<NamePattern>,
}

/// The error of a glob that is too long, or whose braces stand for too many words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GlobTooLarge;

impl NameFilter {
    /// Adds a name or a glob, whose `*` also matches `/`.
    pub(super) fn add(&mut self, text: &str) -> Result<(), GlobTooLarge> {
        let mut patterns = Vec::new();
        if is_glob(text) {
            let own = text.len() + 1;
            let words = expand_braces(text.as_bytes(), own + EXPANDED - self.expanded);
            let words = words.ok_or(GlobTooLarge)?;
            let bytes: usize = words.iter().map(|word| word.len() + 1).sum();
            self.expanded += bytes.saturating_sub(own);
            let pattern = |word: &Vec<u8>| NamePattern::new(&String::from_utf8_lossy(word));
            patterns = words.iter().map(pattern).collect();
        }
        self.values.push(Value { text: text.to_owned(), patterns });
        Ok(())
    }

    /// Makes each value that is a name, according to `is_name`, match this name only.
    pub(super) fn prefer_names(&mut self, is_name: impl Fn(&str) -> bool) {
        for value in self.values.iter_mut().filter(|value| is_name(&value.text)) {
            value.patterns = Vec::new();
        }
    }

    /// Returns true if `source` is let through; compares its name once.
    #[must_use]
    pub fn wants(&self, source: &Source) -> bool {
        let mut results = self.results.borrow_mut();
        if results.len() <= source.id {
            results.resize(source.id + 1, None);
        }
        *results[source.id].get_or_insert_with(|| self.lets_through(source.name.as_str()))
    }

    /// Returns true if a source with this name is let through.
    fn lets_through(&self, name: &str) -> bool {
        self.values.iter().any(|value| {
            value.text == name || value.patterns.iter().any(|pattern| pattern.matches(name))
        })
    }
}

/// Returns true if a value may be more than a name.
pub(super) fn is_glob(text: &str) -> bool {
    text.contains(['*', '?', '[', '{', '\\'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(texts: &[&str]) -> NameFilter {
        let mut filter = NameFilter::default();
        texts.iter().try_for_each(|text| filter.add(text)).expect("few words");
        filter
    }

    #[test]
    fn globs_match_characters_and_slashes() {
        let globs = filter(&["?.log", "*/{a,b}.txt", r"\*"]);
        let names = ["é.log", "x/y/a.txt", "ab.log", "*", "x", "?.log"];
        let through = names.map(|name| globs.lets_through(name));
        assert_eq!(through, [true, true, false, true, false, true]);
    }

    #[test]
    fn a_value_that_is_a_name_is_no_glob() {
        let mut names = filter(&["[app] 1.log", "*.log"]);
        assert!(names.lets_through("[app] 1.log") && names.lets_through("a 1.log"));
        names.prefer_names(|name| name == "[app] 1.log");
        assert!(names.lets_through("[app] 1.log") && names.lets_through("a 1.log"));
        names.prefer_names(|name| name == "*.log");
        assert!(!names.lets_through("a 1.log") && names.lets_through("*.log"));
    }

    #[test]
    fn the_words_of_all_values_are_bounded() {
        assert!(NameFilter::default().add("{1..9999}").is_err());
        let mut filter = filter(&["{1..1000}", "{1..1000}"]);
        assert!(filter.add("{1..1000}").is_err());
        assert!(filter.add(&"long".repeat(10_000)).is_ok());
        assert!(filter.add(&"[".repeat(10_000)).is_err());
    }
}
