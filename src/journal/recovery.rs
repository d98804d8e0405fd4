//! The recovery: from the bytes of a journal to the state of earlier runs.
//!
//! Pure: bytes in, a value out.
//! Everything from the first unreadable record on is dropped.
//! No bytes cause a panic, or yield events that were not written.

use std::sync::Arc;

use super::block::{COMPLETE, HEADER, OLD_HEADERS, ParsedBlock, parse_block};
use super::issue::RecoveryIssue;
use super::missing::MissingLog;
use super::note::Progress;
use super::record::{ExtentRef, Record};
use super::recovered::{Recovered, RecoveredLog, RecoveredSource, path};
use crate::event::{Epoch, FileId, Location, Name, Seq, Source};
use crate::store::{EntryContent, Extent, Index, IndexEntry};

/// The properties of this run that are compared with those of the last one.
#[derive(Clone, Copy, Debug)]
pub(super) struct CurrentRun<'a> {
    /// Boot ID of the machine; empty if it is unknown, which counts as another boot.
    pub(super) boot: &'a str,
    /// Description of the [`Cutting`](crate::event::Cutting).
    pub(super) cutting: &'a str,
}

/// Reads `journal`; `None` if this version cannot read it.
pub(super) fn recover(
    journal: &[u8],
    index_bytes: usize,
    run: CurrentRun<'_>,
) -> Option<(Recovered, Vec<RecoveryIssue>)> {
    let mut recovered = Recovered::with_capacity(index_bytes);
    if journal.is_empty() {
        return Some((recovered, Vec::new()));
    }
    let mut headers = [HEADER].into_iter().chain(OLD_HEADERS);
    let after_header = headers.find_map(|header| journal.strip_prefix(header));
    let (state, blocks) = after_header?.split_first()?;
    let mut last_boot = String::new();
    let mut issues: Vec<_> = recovered.add_blocks(blocks, &mut last_boot).into_iter().collect();
    if *state != COMPLETE {
        issues.push(RecoveryIssue::Incomplete);
    }
    if !recovered.has_ended && (run.boot.is_empty() || last_boot != run.boot) {
        issues.push(RecoveryIssue::MachineStopped);
    }
    if recovered.cutting != run.cutting {
        issues.push(RecoveryIssue::OtherCutting);
        recovered.index = Index::new(index_bytes);
    }
    if issues.iter().any(|issue| !matches!(issue, RecoveryIssue::Torn(_))) {
        recovered.epoch = None;
    }
    Some((recovered, issues))
}

impl Recovered {
    /// Adds blocks up to the first one that cannot be read, and returns the reason for it.
    fn add_blocks(&mut self, mut blocks: &[u8], boot: &mut String) -> Option<RecoveryIssue> {
        while !blocks.is_empty() {
            blocks = match parse_block(blocks) {
                ParsedBlock::Complete { records, rest } if self.add_records(records, boot) => rest,
                ParsedBlock::Torn => return Some(RecoveryIssue::Torn(blocks.len())),
                ParsedBlock::Complete { .. } | ParsedBlock::Damaged => {
                    return Some(RecoveryIssue::Damaged(blocks.len()));
                }
            };
        }
        None
    }

    /// Adds the records of a block; returns false at the first one that is not valid.
    fn add_records(&mut self, mut records: &[u8], boot: &mut String) -> bool {
        while !records.is_empty() {
            let Some(record) = Record::take(&mut records) else { return false };
            if let Record::Begin { boot: last_boot, .. } = record {
                last_boot.clone_into(boot);
            }
            if self.add(record).is_none() {
                return false;
            }
        }
        true
    }

    /// Adds a record; `None` if it is not valid.
    fn add(&mut self, record: Record<'_>) -> Option<()> {
        self.has_ended = false;
        match record {
            Record::Begin { epoch, cutting, .. } => {
                self.epoch = Some(Epoch::parse(epoch)?);
                cutting.clone_into(&mut self.cutting);
            }
            Record::Pattern(text) => {
                self.patterns.insert(path(text));
            }
            Record::Source { id, name, path } => self.add_source(id, name, path)?,
            Record::Log { id, file, path } => self.add_log(id, file, path),
            Record::Checkpoint { log, source, checkpoint } => {
                self.sources.get(&source)?;
                self.logs.get_mut(&log)?.checkpoint = Some((source, checkpoint));
            }
            Record::Lines { extent, shapes } => self.add_lines(extent, shapes)?,
            Record::Control { source, first, json } => self.add_control(source, first, json)?,
            Record::Next(next) => {
                self.next = (next >= self.next).then_some(next)?;
            }
            Record::Position { source, text } => {
                self.sources.get_mut(&source)?.progress.position = Some(text.to_owned());
            }
            Record::Carry { source, carry } => {
                self.sources.get_mut(&source)?.progress.carry = Some(carry);
            }
            Record::Rest { source, kept, added } => {
                let progress = &mut self.sources.get_mut(&source)?.progress;
                progress.set_rest(usize::try_from(kept).ok()?, added)?;
            }
            Record::End => self.has_ended = true,
        }
        Some(())
    }

    fn add_source(&mut self, id: u64, name: &str, text: &[u8]) -> Option<()> {
        let source = Source { id: usize::try_from(id).ok()?, name: Name::from_wire(name)? };
        let (source, path) = (Arc::new(source), path(text));
        let new = RecoveredSource { source, path, now: None, progress: Progress::default() };
        let source = match self.sources.remove(&id) {
            Some(RecoveredSource { source, progress, .. }) => {
                RecoveredSource { source, progress, ..new }
            }
            None => new,
        };
        self.sources.insert(id, source);
        Some(())
    }

    fn add_log(&mut self, id: u64, file: FileId, text: &[u8]) {
        let path = path(text);
        let missing = Arc::new(MissingLog { file, path: path.clone() });
        let log = RecoveredLog { file, path, checkpoint: None, missing, now: None };
        self.logs.entry(id).or_insert(log);
    }

    fn add_lines(&mut self, extent: ExtentRef, shapes: &[u8]) -> Option<()> {
        let ExtentRef { source, first, log, offset, crc, carry, time } = extent;
        let source = Arc::clone(&self.sources.get(&source)?.source);
        let log = Arc::clone(&self.logs.get(&log)?.missing);
        let location = Location { log, offset, crc };
        let (extent, count) = Extent::recovered(location, carry, time, shapes.to_vec())?;
        self.add_entry(source, first, count, EntryContent::Extent(extent))
    }

    fn add_control(&mut self, source: u64, first: Seq, json: &str) -> Option<()> {
        let source = Arc::clone(&self.sources.get(&source)?.source);
        // JSON with control characters was not written by ssetail, and could break the stream.
        let is_valid = !json.contains(char::is_control);
        is_valid.then_some(())?;
        self.add_entry(source, first, 1, EntryContent::Control(json.into()))
    }

    fn add_entry(
        &mut self,
        source: Arc<Source>,
        first: Seq,
        count: u64,
        content: EntryContent,
    ) -> Option<()> {
        let entry = IndexEntry::recovered(source, first, count, content)?;
        if entry.first() < self.next {
            return None;
        }
        self.next = entry.next();
        self.index.push_entry(entry);
        Some(())
    }
}

#[cfg(test)]
mod tests;
