//! Publications and notes, the input of the journal.

use std::path::PathBuf;
use std::sync::Arc;

use super::record::Checkpoint;
use crate::event::{Batch, Carry, Log, Seq, Source};

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
    /// The state that the lines of such a log have left, if it is another one than before.
    Carry(Carry),
    /// Bytes that were received of such a log and are not published yet, because their lines are not
    /// finished: the first `kept` bytes of the rest that was noted before, and those that are `added`.
    Rest {
        /// Number of bytes that stay.
        kept: usize,
        /// Bytes behind them.
        added: Vec<u8>,
    },
    /// The source is not followed any more.
    Forgotten,
}

/// The point up to which the log of another program was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// The newest [`JournalNote::Position`].
    pub(crate) position: Option<String>,
    /// The newest [`JournalNote::Carry`].
    pub(crate) carry: Option<Carry>,
    /// See [`JournalNote::Rest`].
    pub(crate) rest: Vec<u8>,
}

impl Progress {
    /// Keeps the first `kept` bytes of the rest, and appends `added`; `None` if there are fewer.
    pub(super) fn set_rest(&mut self, kept: usize, added: &[u8]) -> Option<()> {
        (kept <= self.rest.len()).then(|| {
            self.rest.truncate(kept);
            self.rest.extend_from_slice(added);
        })
    }
}

/// Events and notes that are published in one step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Publication<'a> {
    pub(crate) batches: &'a [Arc<Batch>],
    pub(crate) notes: &'a [(Arc<Source>, JournalNote)],
    /// Seq of the first event.
    pub(crate) first: Seq,
}
