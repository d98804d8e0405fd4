//! The patterns of a walk, as states that it is in at a directory.
//!
//! A state is one part of one word: its number says which names of a directory match, and the
//! next number is the state in the directories below.
//! A walk visits each directory once, with all states that it has there.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::Arc;

use super::super::pattern::{Part, Pattern};

/// The states of a directory, in ascending order; directories share them.
pub(super) type States = Arc<[u32]>;

/// All patterns of a walk.
#[derive(Debug)]
pub(super) struct WalkRules {
    patterns: Vec<Pattern>,
    parts: Vec<PatternPart>,
    roots: Vec<(PathBuf, States)>,
}

#[derive(Debug)]
struct PatternPart {
    part: Part,
    /// Index of the pattern.
    pattern: u32,
    /// It matches files, not directories.
    is_last: bool,
    /// Its word has no wildcard.
    is_named: bool,
}

/// The kind of an entry, as its directory has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum EntryKind {
    Directory,
    /// A symbolic link, or something that the file system does not tell.
    Link,
    Other,
    /// Unknown: the name is no entry that was listed, but a part without wildcards.
    Named,
}

impl EntryKind {
    /// Returns true if the name may lead to something else later without a change of the directory.
    pub(super) fn is_open(self) -> bool {
        matches!(self, EntryKind::Link | EntryKind::Named)
    }
}

/// A pattern that a name matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Match {
    /// Index of the pattern.
    pub(super) pattern: u32,
    /// The name is a word of the pattern that has no wildcard.
    pub(super) is_named: bool,
}

impl WalkRules {
    pub(super) fn new(patterns: Vec<Pattern>) -> Self {
        let mut parts = Vec::new();
        let mut roots: HashMap<PathBuf, Vec<u32>> = HashMap::new();
        for (pattern, word) in patterns
            .iter()
            .enumerate()
            .flat_map(|(index, p)| p.words().iter().map(move |w| (index, w)))
        {
            roots.entry(word.base.clone()).or_default().push(parts.len() as u32);
            parts.extend(word.parts.iter().enumerate().map(|(at, part)| PatternPart {
                part: part.clone(),
                pattern: pattern as u32,
                is_last: at + 1 == word.parts.len(),
                is_named: matches!(&word.parts[..], [Part::Literal(_)]),
            }));
        }
        let mut rules = WalkRules { patterns, parts, roots: Vec::new() };
        let roots = roots.into_iter().map(|(base, states)| (base, rules.closure(states)));
        rules.roots = roots.collect();
        rules.roots.sort();
        rules
    }

    /// The directories at which the words begin, sorted, with their states.
    pub(super) fn roots(&self) -> &[(PathBuf, States)] {
        &self.roots
    }

    /// Returns the pattern with this index.
    pub(super) fn pattern(&self, index: usize) -> &Pattern {
        &self.patterns[index]
    }

    /// Returns a pattern of a directory with these states, for a message.
    pub(super) fn first_pattern(&self, states: &States) -> Option<&Pattern> {
        let first = self.parts.get(*states.first()? as usize)?;
        self.patterns.get(first.pattern as usize)
    }

    /// Returns true if a walk has to know the names in a directory.
    pub(super) fn need_names(&self, states: &States) -> bool {
        states.iter().any(|state| !matches!(self.part(*state).part, Part::Literal(_)))
    }

    /// Returns the names that parts without wildcards have in a directory.
    pub(super) fn literals<'a>(&'a self, states: &'a States) -> impl Iterator<Item = &'a OsStr> {
        states.iter().filter_map(|state| match &self.part(*state).part {
            Part::Literal(name) => Some(&**name),
            Part::Wild(_) | Part::AnyDepth => None,
        })
    }

    /// Returns the states that a walk has below the entry `name`, and the patterns that match it.
    pub(super) fn step(
        &self,
        states: &States,
        name: &OsStr,
        kind: EntryKind,
    ) -> (Vec<u32>, Vec<Match>) {
        let is_hidden = name.as_bytes().starts_with(b".");
        let text = name.to_string_lossy();
        let (mut below, mut matches) = (Vec::new(), Vec::new());
        for &state in states.iter() {
            let part = self.part(state);
            let is_match = match &part.part {
                Part::AnyDepth => {
                    if kind == EntryKind::Directory && !is_hidden {
                        below.push(state);
                    }
                    false
                }
                Part::Literal(literal) => literal == name,
                Part::Wild(pattern) => {
                    kind != EntryKind::Named
                        && (!is_hidden || pattern.starts_with('.'))
                        && pattern.matches(&text)
                }
            };
            if is_match && part.is_last && kind != EntryKind::Directory {
                matches.push(Match { pattern: part.pattern, is_named: part.is_named });
            } else if is_match && !part.is_last && kind != EntryKind::Other {
                below.push(state + 1);
            }
        }
        matches.dedup_by(|next: &mut Match, kept| {
            kept.is_named |= next.pattern == kept.pattern && next.is_named;
            next.pattern == kept.pattern
        });
        (below, matches)
    }

    /// Adds the states that `**` implies: it matches no directory, too.
    ///
    /// Returns `parent` if the states are the same, because equal states are shared.
    pub(super) fn below(&self, states: Vec<u32>, parent: &States) -> States {
        let states = self.closure(states);
        if states == *parent { Arc::clone(parent) } else { states }
    }

    fn closure(&self, mut states: Vec<u32>) -> States {
        for at in 0..states.len() {
            if matches!(self.part(states[at]).part, Part::AnyDepth) {
                states.push(states[at] + 1);
            }
        }
        states.sort_unstable();
        states.dedup();
        states.into()
    }

    fn part(&self, state: u32) -> &PatternPart {
        &self.parts[state as usize]
    }
}
