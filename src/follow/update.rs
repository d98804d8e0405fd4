//! Updates: everything that a source has to say, and where each of them goes.

use std::sync::Arc;

use super::registry::{ReadTotals, Registry};
use crate::event::{ControlEvent, Lines, Source, SourceChange};
use crate::feed::{Draft, DraftContent, Publisher};
use crate::journal::JournalNote;
use crate::report::Report;

/// One update of a source.
#[derive(Debug)]
pub(super) enum Update {
    /// Lines to publish.
    Lines(Lines),
    /// A change to publish as a control event.
    Change(SourceChange),
    /// A note for the journal.
    Note(JournalNote),
    /// A sentence to report.
    Say(String),
    /// A sentence to report once for all sources.
    SayOnce(&'static str),
    /// The text looks like UTF-16 and has no byte order mark.
    UnmarkedUtf16,
}

/// The destinations of updates: the feed, the report and the registry.
#[derive(Clone, Debug)]
pub(super) struct UpdatePublisher {
    pub(super) publisher: Publisher,
    pub(super) report: Report,
    pub(super) registry: Registry,
}

impl UpdatePublisher {
    /// Publishes the updates of a source in their order, as one step of the feed.
    pub(super) fn publish(&self, source: &Arc<Source>, updates: Vec<Update>) {
        self.publish_together(vec![(Arc::clone(source), updates)]);
    }

    /// Publishes the updates of several sources in their order, as one step of the feed.
    pub(super) fn publish_together(&self, groups: Vec<(Arc<Source>, Vec<Update>)>) {
        let mut drafts = Vec::new();
        let mut published = Vec::with_capacity(groups.len());
        for (source, updates) in groups {
            let totals = self.add_drafts(&source, updates, &mut drafts);
            published.push((source, totals));
        }
        let next = self.publisher.publish(drafts);
        for (source, totals) in published.iter().filter(|(_, totals)| totals.bytes > 0) {
            self.registry.add_lines(source, totals.lines, totals.bytes, next);
        }
    }

    /// Reports sentences, and adds the drafts of everything else; returns what the lines are.
    fn add_drafts(
        &self,
        source: &Arc<Source>,
        updates: Vec<Update>,
        drafts: &mut Vec<Draft>,
    ) -> ReadTotals {
        let mut totals = ReadTotals::default();
        for update in updates {
            let content = match update {
                Update::Lines(lines) => {
                    totals.lines += lines.spans.iter().filter(|span| !span.more).count() as u64;
                    totals.bytes += lines.source_len() as u64;
                    DraftContent::Lines(lines)
                }
                Update::Change(change) => {
                    let event = ControlEvent::Source { file: &source.name, change };
                    DraftContent::Control(event.to_json())
                }
                Update::Note(note) => DraftContent::Note(note),
                Update::Say(sentence) => {
                    self.report.say(&sentence);
                    continue;
                }
                Update::SayOnce(sentence) => {
                    self.report.say_once(sentence);
                    continue;
                }
                Update::UnmarkedUtf16 => {
                    self.report.say(&format!(
                        "{} looks like UTF-16 without a byte order mark, and is read as it is; \
                         write it as UTF-8, or with a mark",
                        source.name.as_str()
                    ));
                    continue;
                }
            };
            drafts.push(Draft { source: Arc::clone(source), content });
        }
        totals
    }
}
