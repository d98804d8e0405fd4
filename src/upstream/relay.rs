//! The relay: from the events of a server to the batches of its sources.

mod forgetting;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use super::child::{Child, Counts};
use super::notice::{Notice, end_json, gap_json};
use super::parser::StreamEvent;
use crate::event::{
    ControlEvent, Cutting, ExactLine, GapReason, Lines, Name, Source, SourceChange,
};
use crate::feed::{Draft, DraftContent, Publisher};
use crate::follow::{Registry, SourceKind, SourceState, wall_clock};
use crate::journal::{JournalNote, Progress};

/// Most sources of one server of which something can be read; events of further ones belong to the
/// server itself. A server that names every event differently takes this much memory.
const MAX_SOURCES: usize = 4096;

/// Longest name of a source in bytes; events with a longer one belong to the server itself.
const MAX_NAME: usize = 1024;

/// Memory of a draft without its text, in bytes. With half the value, a step of short events takes
/// more memory than it counts.
const DRAFT_BYTES: usize = 256;

/// Most bytes of unfinished lines of one server. If there are more, they are published as parts, as
/// if nothing more of them would come soon. Twice the value doubles the memory that a server takes
/// which finishes no line; with half of it, filters see less of many long lines.
const MAX_HELD: usize = 32 << 20;

/// A source, and the point at which it goes on.
#[derive(Clone, Debug)]
pub(super) struct KnownSource {
    pub(super) source: Arc<Source>,
    pub(super) progress: Progress,
}

/// Publishes the events of one server.
#[derive(Debug)]
pub(super) struct Relay {
    /// The server itself first, then its sources.
    children: Vec<Child>,
    /// By the name that the server uses: the index of the source.
    by_name: HashMap<Box<[u8]>, usize>,
    /// Places of sources that others can take.
    forgotten: Forgotten,
    /// The name and the index of the last event.
    last: (Vec<u8>, usize),
    /// A part of a line has come since the last publication.
    has_parts: bool,
    /// The server is an ssetail.
    pub(super) is_ssetail: bool,
    /// The lineage of the server, if it has told a new one that was not taken yet.
    pub(super) new_lineage: Option<String>,
    kind: SourceKind,
    /// The text by which the journal knows the server.
    key: String,
    cutting: Cutting,
    publisher: Publisher,
    registry: Registry,
    /// Drafts that will be published in one step.
    drafts: Vec<Draft>,
    /// About the memory of the drafts, in bytes.
    drafted: usize,
    /// By the index of the source: lines in the drafts.
    counts: HashMap<usize, Counts>,
    /// The newest position in the journal.
    noted: String,
    state: SourceState,
}

/// The places of the sources that were forgotten.
#[derive(Debug, Default)]
struct Forgotten {
    places: Vec<usize>,
    /// The time of the last look for such sources.
    looked: Option<Instant>,
}

impl Relay {
    /// Makes the relay of the server that is source `head`.
    ///
    /// `known` are its sources of an earlier run, with the names that the server uses; the journal
    /// knows the server by `key`.
    pub(super) fn new(
        head: KnownSource,
        known: Vec<(String, KnownSource)>,
        (kind, key): (SourceKind, String),
        cutting: Cutting,
        publisher: Publisher,
        registry: Registry,
    ) -> Self {
        let noted = head.progress.position.clone().unwrap_or_default();
        let mut relay = Relay {
            children: vec![Child::new(head.source, head.progress, &cutting)],
            by_name: HashMap::new(),
            forgotten: Forgotten::default(),
            last: (Vec::new(), 0),
            is_ssetail: false,
            has_parts: false,
            new_lineage: None,
            kind,
            key,
            cutting,
            publisher,
            registry,
            drafts: Vec::new(),
            drafted: 0,
            counts: HashMap::new(),
            noted,
            state: SourceState::Waiting,
        };
        for (name, KnownSource { source, progress }) in known {
            relay.by_name.insert(name.into_bytes().into(), relay.children.len());
            relay.children.push(Child::new(source, progress, &relay.cutting));
        }
        relay
    }

    /// Takes one event; it is published by [`publish`](Relay::publish).
    pub(super) fn take(&mut self, event: StreamEvent<'_>) {
        if self.is_ssetail && event.name == b"ssetail" {
            return self.take_notice(Notice::parse(event.data));
        }
        let index = self.source_of(event.name);
        let exact = self.is_ssetail.then(|| ExactLine::parse(event.data)).flatten();
        match exact {
            Some(line) => {
                if self.children[index].begins_batch(line.time) {
                    self.cut(index, Child::cut);
                }
                self.has_parts |= line.more;
                self.children[index].push(&line, &self.cutting);
            }
            None => self.children[index].push_text(event.data, wall_clock()),
        }
    }

    /// Returns true if a part of a line has come since the last publication, and its rest has not.
    pub(super) fn awaits_rest(&self) -> bool {
        self.has_parts && self.held() > 0
    }

    /// Number of bytes that can be published, about those of memory.
    pub(super) fn pending(&self) -> usize {
        self.drafted + self.children.iter().map(Child::len).sum::<usize>()
    }

    /// Number of bytes of unfinished lines.
    fn held(&self) -> usize {
        self.children.iter().map(Child::held).sum()
    }

    /// Publishes the finished lines that were taken, together with the position behind them and with
    /// what is left of the unfinished ones.
    pub(super) fn publish(&mut self, position: &str) {
        let is_too_much = self.held() > MAX_HELD;
        for index in 0..self.children.len() {
            self.cut(index, if is_too_much { Child::cut_all } else { Child::cut });
            let notes = self.children[index].notes();
            notes.for_each(|note| self.draft(index, DraftContent::Note(note)));
        }
        self.has_parts = false;
        if position != self.noted {
            position.clone_into(&mut self.noted);
            let note = JournalNote::Position(self.noted.clone());
            self.draft(0, DraftContent::Note(note));
        }
        self.drafted = 0;
        let next = self.publisher.publish(std::mem::take(&mut self.drafts));
        for (index, counts) in self.counts.drain() {
            let source = &self.children[index].source;
            self.registry.add_lines(source, counts.lines, counts.bytes, next);
        }
        self.forget_sources();
    }

    /// Sets the state of the server, which is that of its sources unless it is live.
    pub(super) fn set_server_state(&mut self, state: SourceState) {
        self.state = state;
        for index in 0..self.children.len() {
            self.show_state(index);
        }
    }

    fn take_notice(&mut self, notice: Notice) {
        match notice {
            Notice::Gap { reason, lost, file } => {
                self.take_gap(reason, lost, file.as_deref());
            }
            Notice::Source { file, change } => {
                let index = self.source_of(file.as_bytes());
                let name = &self.children[index].source.name;
                let json = ControlEvent::Source { file: name, change }.to_json();
                self.control(index, json);
                self.set_state_of(index, state_after(change));
            }
            Notice::End { file, fields } => {
                let index = self.source_of(file.as_bytes());
                let json = end_json(&self.children[index].source.name, &fields);
                self.control(index, json);
                self.set_state_of(index, SourceState::Ended);
            }
            Notice::Lineage(epochs) => self.new_lineage = Some(epochs),
            Notice::Other => {}
        }
    }

    /// Publishes a gap between the events before and after it, of all sources of the server.
    fn take_gap(&mut self, reason: GapReason, lost: Option<u64>, file: Option<&str>) {
        for index in 0..self.children.len() {
            self.cut(index, Child::finish);
        }
        self.registry.add_gap(lost);
        let head = &self.children[0].source.name;
        let file = file.filter(|file| file.len() <= MAX_NAME);
        let file = file.and_then(|file| below(head, file.as_bytes()));
        let json = gap_json(file.as_ref().unwrap_or(head), reason, lost);
        self.draft(0, DraftContent::Control(json));
    }

    fn set_state_of(&mut self, index: usize, state: SourceState) {
        self.children[index].state = state;
        self.show_state(index);
    }

    fn show_state(&self, index: usize) {
        let child = &self.children[index];
        let state = if self.state == SourceState::Live { child.state } else { self.state };
        self.registry.update(&child.source, |status| status.state = state);
    }

    fn control(&mut self, index: usize, json: String) {
        self.cut(index, Child::finish);
        self.draft(index, DraftContent::Control(json));
    }

    fn draft(&mut self, index: usize, content: DraftContent) {
        let source = Arc::clone(&self.children[index].source);
        self.drafted += DRAFT_BYTES;
        self.drafts.push(Draft { source, content });
    }

    /// Turns the lines of a source into drafts, as `cut` does.
    fn cut(
        &mut self,
        index: usize,
        cut: fn(&mut Child, &Cutting, &mut dyn FnMut(Lines)) -> Counts,
    ) {
        let child = &mut self.children[index];
        let (source, drafts) = (Arc::clone(&child.source), &mut self.drafts);
        let added = cut(child, &self.cutting, &mut |lines| {
            drafts.push(Draft { source: Arc::clone(&source), content: DraftContent::Lines(lines) });
        });
        if added == Counts::default() {
            return;
        }
        let counts = self.counts.entry(index).or_default();
        counts.lines += added.lines;
        counts.bytes += added.bytes;
        self.drafted += added.bytes as usize + DRAFT_BYTES;
    }

    /// Returns the index of the source that the server calls `name`.
    fn source_of(&mut self, name: &[u8]) -> usize {
        if self.last.0 == name {
            return self.last.1;
        }
        let index = match self.by_name.get(name) {
            Some(&index) => index,
            None => self.add(name),
        };
        name.clone_into(&mut self.last.0);
        self.last.1 = index;
        index
    }

    fn add(&mut self, name: &[u8]) -> usize {
        // Another server gives no name to most of its events, or the one that stands for none.
        let is_head = name.is_empty() || (!self.is_ssetail && name == b"message");
        let is_too_long = name.len() > MAX_NAME;
        let head = &self.children[0].source.name;
        let Some(full) = below(head, name).filter(|_| !is_head && !is_too_long) else { return 0 };
        let Some(index) = self.free_place() else { return 0 };
        let source = self.registry.add(self.kind.clone(), full);
        let child = Child::new(source, Progress::default(), &self.cutting);
        if index < self.children.len() {
            self.children[index] = child;
        } else {
            self.children.push(child);
        }
        self.show_state(index);
        self.by_name.insert(name.into(), index);
        let path = child_path(&self.key, &String::from_utf8_lossy(name));
        self.draft(index, DraftContent::Note(JournalNote::Path(path)));
        index
    }
}

/// The path by which the journal finds a source of a server again.
pub(super) fn child_path(key: &str, name: &str) -> std::path::PathBuf {
    format!("{key}#{name}").into()
}

/// Returns the name of what the server `head` calls `name`.
pub(crate) fn below(head: &Name, name: &[u8]) -> Option<Name> {
    let name = String::from_utf8_lossy(name);
    let name = name.strip_prefix("./").unwrap_or(&name);
    let full = format!("{}/{name}", head.as_str());
    let encoded = || Name::new(full.as_ref());
    (!name.is_empty()).then(|| Name::from_wire(&full).unwrap_or_else(encoded))
}

pub(crate) fn state_after(change: SourceChange) -> SourceState {
    match change {
        SourceChange::Removed => SourceState::Removed,
        SourceChange::Unreadable => SourceState::Unreadable,
        SourceChange::Appeared | SourceChange::Rotated | SourceChange::Truncated => {
            SourceState::Live
        }
    }
}
