//! Publications and notes, the input of the journal.

use std::path::PathBuf;
use std::sync::Arc;

use super::record::Checkpoint;
use crate::event::{Batch, Log, Seq, Source};

/// An entry of the journal that is not an event.
#[derive(Clone, Debug)]
pub enum JournalNote {
    /// The path under which a source is followed.
    Path(PathBuf),
    /// The progress of reading a file.
    Checkpoint(Arc<dyn Log>, Checkpoint),
    /// The position up to which the log of another program was read, such as its last event ID.
    ///
    /// It replaces the position of the same source that was noted before.
    Position(String),
    /// The source is not followed any more.
    Forgotten,
}

/// Events and notes that are published in one step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Publication<'a> {
    pub(crate) batches: &'a [Arc<Batch>],
    pub(crate) notes: &'a [(Arc<Source>, JournalNote)],
    /// Seq of the first event.
    pub(crate) first: Seq,
}
