//! The reader of a journal: it starts journalctl again and again, and publishes its entries.

use std::io::PipeReader;
use std::sync::Arc;
use std::time::Instant;

use super::entry::Entry;
use super::journalctl::{Journalctl, Sentences};
use super::units::Units;
use super::wanted::WantedJournal;
use crate::event::{Cutting, End, Lines, Source};
use crate::follow::clock::wall_clock;
use crate::follow::retry::Retry;
use crate::follow::source_status::SourceState;
use crate::follow::start_at::StartAt;
use crate::follow::update::{Update, UpdatePublisher};
use crate::journal::JournalNote;
use crate::system::{Ready, is_stopped_within};

/// A journal, and the place in it from which it is read.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) wanted: WantedJournal,
    pub(super) source: Arc<Source>,
    /// The first entry, if there is no cursor.
    pub(super) start_at: StartAt,
    pub(super) cutting: Cutting,
    /// The position behind the last entry.
    pub(super) cursor: Option<String>,
    pub(super) units: Units,
}

/// Reads a journal and publishes its entries.
pub(super) struct JournalReader {
    journal: Place,
    output: UpdatePublisher,
    /// Number of entries that are skipped.
    skipped: u64,
    sentences: Sentences,
}

/// Entries of one source that follow each other.
struct Group {
    source: Arc<Source>,
    /// Lines in the form of [`ContainerFormat::Entry`](crate::event::ContainerFormat::Entry).
    lines: Vec<u8>,
}

impl JournalReader {
    pub(super) fn new(journal: Place, output: UpdatePublisher) -> Self {
        let skipped = match journal.start_at {
            StartAt::Line(line) if journal.cursor.is_none() => line.saturating_sub(1),
            _ => 0,
        };
        JournalReader { journal, output, skipped, sentences: Sentences::default() }
    }

    /// Tells the journal of this program what the source is.
    pub(super) fn note_path(&mut self) {
        let note = Update::Note(JournalNote::Path(self.journal.wanted.path()));
        self.output.publish(&self.journal.source, vec![note]);
    }

    /// Reads until it is stopped.
    pub(super) fn run(&mut self, stop: &PipeReader) {
        let mut retry = None;
        loop {
            let has_read = match self.start() {
                Ok(journalctl) => match self.read_all(journalctl, stop) {
                    None => return,
                    Some((has_read, sentence)) => {
                        self.report(&sentence, has_read || retry.is_none());
                        has_read
                    }
                },
                Err(error) => {
                    let sentence = match error.kind() {
                        std::io::ErrorKind::NotFound => {
                            "the systemd journal cannot be followed without the program journalctl"
                                .to_owned()
                        }
                        _ => format!("journalctl cannot be started: {error}"),
                    };
                    self.report(&sentence, retry.is_none());
                    false
                }
            };
            let now = Instant::now();
            let next = Retry::after(retry.filter(|_| !has_read), now);
            retry = Some(next);
            if is_stopped_within(stop, next.pause_from(now)) {
                return;
            }
        }
    }

    fn start(&self) -> std::io::Result<Journalctl> {
        let Place { wanted, start_at, cursor, .. } = &self.journal;
        let report = &self.output.report;
        Journalctl::start(wanted, start_at, cursor.as_deref(), &self.sentences, report)
    }

    /// Reports the end of journalctl; `is_new` is false if the same was reported before.
    fn report(&mut self, sentence: &str, is_new: bool) {
        self.set_state(SourceState::Unreadable);
        if is_new {
            self.output.report.say(sentence);
        }
    }

    fn set_state(&self, state: SourceState) {
        for source in self.journal.units.sources() {
            self.output.registry.update(source, |status| status.state = state);
        }
    }

    /// Reads until journalctl ends; returns whether it has printed an entry, and a sentence about
    /// its end. Returns none if it was stopped.
    fn read_all(
        &mut self,
        mut journalctl: Journalctl,
        stop: &PipeReader,
    ) -> Option<(bool, String)> {
        self.set_state(SourceState::Live);
        let mut has_read = false;
        loop {
            if journalctl.wait(stop) == Ready::Stopped {
                return None;
            }
            let is_open = match journalctl.read() {
                Ok(is_open) => is_open,
                Err(error) => {
                    return Some((has_read, format!("journalctl cannot be read: {error}")));
                }
            };
            has_read |= self.publish(&mut journalctl);
            if !is_open {
                let status = journalctl.ended();
                let status = status.map_or_else(|error| error.to_string(), |end| end.to_string());
                return Some((
                    has_read,
                    format!("journalctl has ended ({status}); it is started again"),
                ));
            }
        }
    }

    /// Publishes the entries that were read; returns false if there are none.
    fn publish(&mut self, journalctl: &mut Journalctl) -> bool {
        let mut groups: Vec<Group> = Vec::new();
        let mut cursor = None;
        let are_whole = journalctl.take_lines(|line| {
            let Some(entry) = Entry::parse(line) else { return };
            if self.skipped > 0 {
                self.skipped -= 1;
            } else {
                self.add(&entry, &mut groups);
            }
            cursor = Some(entry.cursor);
        });
        if !are_whole {
            let sentence = "an entry of the systemd journal is larger than 32 MiB and is left out";
            self.output.report.say_once(sentence);
        }
        let Some(cursor) = cursor else { return false };
        let time = wall_clock();
        let mut updates: Vec<(Arc<Source>, Vec<Update>)> =
            groups.into_iter().map(|group| self.cut(group, time)).collect();
        let note = Update::Note(JournalNote::Position(cursor.clone()));
        updates.push((Arc::clone(&self.journal.source), vec![note]));
        self.output.publish_together(updates);
        self.journal.cursor = Some(cursor);
        true
    }

    /// Adds an entry to the last group, or to a new one.
    fn add(&mut self, entry: &Entry, groups: &mut Vec<Group>) {
        let source = self.journal.units.source_of(&entry.unit, &self.output.registry);
        if groups.last().is_none_or(|last| last.source.id != source.id) {
            groups.push(Group { source, lines: Vec::new() });
        }
        if let Some(group) = groups.last_mut() {
            entry.push_lines(&mut group.lines, &self.journal.cutting);
        }
    }

    fn cut(&mut self, group: Group, time: u64) -> (Arc<Source>, Vec<Update>) {
        let Group { source, lines } = group;
        let carry = self.journal.units.carry_of(&source);
        let mut updates = Vec::new();
        let mut used = 0;
        loop {
            let (cut, taken) = self.journal.cutting.cut(&lines[used..], carry, End::Open);
            updates.extend(cut.map(|cut| Update::Lines(Lines { time, ..cut })));
            used += taken;
            if taken == 0 {
                break;
            }
        }
        updates.extend(self.journal.units.notes(&source));
        self.output.registry.update(&source, |status| status.offset += used as u64);
        (source, updates)
    }
}
