//! The sources of a journal, and the states that their lines leave.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::wanted::WantedJournal;
use crate::event::{Carry, Name, Source, TextEncoding};
use crate::follow::registry::Registry;
use crate::follow::source_status::{SourceKind, SourceState};
use crate::follow::update::Update;
use crate::journal::{JournalNote, Recovered};

/// Most units that are sources of their own: any user can make up names. Entries of others are
/// published as those of the journal.
const MAX_UNITS: usize = 1000;

/// Prefix of the path by which the state of a unit is found again.
const PATH: &str = "journal:#";

/// The sources of a journal.
#[derive(Debug)]
pub(super) struct Units {
    /// Entries of all units belong to the source of the journal.
    head: Arc<Source>,
    /// Each unit is a source of its own.
    are_split: bool,
    /// By the name of the unit.
    sources: HashMap<String, Arc<Source>>,
    /// By the ID of the source.
    states: HashMap<usize, State>,
}

/// The state that the lines of a source have left.
#[derive(Debug)]
struct State {
    carry: Carry,
    /// The one that the journal of this program has.
    noted: Carry,
    /// The path that the journal of this program does not have yet.
    path: Option<PathBuf>,
}

impl State {
    fn new(carry: Option<Carry>, path: Option<PathBuf>) -> Self {
        let first = Carry { encoding: Some(TextEncoding::Utf8), ..Carry::default() };
        let carry = carry.unwrap_or(first);
        State { carry, noted: carry, path }
    }
}

impl Units {
    /// Returns the sources of `wanted`: `head`, whose lines have left `carry`, and the units whose
    /// lines had left a state when the earlier run ended.
    pub(super) fn resume(
        wanted: &WantedJournal,
        head: &Arc<Source>,
        carry: Option<Carry>,
        registry: &Registry,
        recovered: &mut Recovered,
    ) -> Self {
        let mut units = Units {
            head: Arc::clone(head),
            are_split: wanted.splits_units(),
            sources: HashMap::new(),
            states: HashMap::from([(head.id, State::new(carry, None))]),
        };
        let known = if units.are_split { recovered.paths_with_carry(PATH) } else { Vec::new() };
        for unit in known {
            let source = units.add(&unit, registry);
            let progress = recovered.resume(&path_of(&unit), &source);
            units.states.insert(source.id, State::new(progress.carry, None));
        }
        units
    }

    /// Iterates over all sources.
    pub(super) fn sources(&self) -> impl Iterator<Item = &Arc<Source>> {
        self.sources.values().chain([&self.head])
    }

    /// Returns the source of the entries of `unit`.
    pub(super) fn source_of(&mut self, unit: &str, registry: &Registry) -> Arc<Source> {
        if !self.are_split {
            return Arc::clone(&self.head);
        }
        if let Some(source) = self.sources.get(unit) {
            return Arc::clone(source);
        }
        if self.sources.len() >= MAX_UNITS {
            return Arc::clone(&self.head);
        }
        let source = self.add(unit, registry);
        registry.update(&source, |status| status.state = SourceState::Live);
        source
    }

    fn add(&mut self, unit: &str, registry: &Registry) -> Arc<Source> {
        let kind = SourceKind::Journal(format!("journal:{unit}").into());
        let source = registry.add(kind, Name::new(unit.as_ref()));
        self.sources.insert(unit.to_owned(), Arc::clone(&source));
        self.states.insert(source.id, State::new(None, Some(path_of(unit))));
        source
    }

    /// Returns the state that the next lines of `source` change.
    pub(super) fn carry_of(&mut self, source: &Source) -> &mut Carry {
        &mut self.states.entry(source.id).or_insert_with(|| State::new(None, None)).carry
    }

    /// Returns what the journal of this program has to know about `source`.
    pub(super) fn notes(&mut self, source: &Source) -> Vec<Update> {
        let Some(state) = self.states.get_mut(&source.id) else { return Vec::new() };
        let carry = state.carry.settled();
        if std::mem::replace(&mut state.noted, carry) == carry {
            return Vec::new();
        }
        let path = state.path.take().map(JournalNote::Path);
        path.into_iter().chain([JournalNote::Carry(carry)]).map(Update::Note).collect()
    }
}

fn path_of(unit: &str) -> PathBuf {
    format!("{PATH}{unit}").into()
}
