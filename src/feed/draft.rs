//! Drafts: what publishers publish.

use std::sync::Arc;

use crate::event::{Lines, Source};
use crate::journal::JournalNote;

/// Something to publish, which has no seq yet.
#[derive(Debug)]
pub struct Draft {
    /// The source of the events.
    pub source: Arc<Source>,
    /// The events, or a note for the journal.
    pub content: DraftContent,
}

/// The content of a draft.
#[derive(Debug)]
pub enum DraftContent {
    /// Lines that were read together.
    Lines(Lines),
    /// The JSON of a [`ControlEvent`](crate::event::ControlEvent) for all clients.
    Control(String),
    /// A note that the journal writes together with the events of the same publication.
    Note(JournalNote),
}
