//! New feeds: empty, or with the history of earlier runs.

use std::sync::Arc;

use super::handle::Feed;
use super::publisher::Publisher;
use super::refill::refill;
use super::reload::Reloader;
use super::shared::Shared;
use super::state::FeedState;
use super::writer::Writer;
use crate::event::{Cutting, Encoder, Source};
use crate::journal::Journal;
use crate::store::{Capacity, History, Messages};

/// Makes an empty feed, whose events get IDs from `encoder`.
///
/// `cutting` must be the rules by which the published lines are cut: evicted lines are read and cut
/// again.
#[must_use]
pub fn feed(encoder: Encoder, capacity: Capacity, cutting: Cutting) -> (Publisher, Feed) {
    resume(encoder, capacity, cutting, History::empty(capacity), None)
}

/// Makes an empty feed of messages of a stream, for which the source `head` stands.
///
/// The other parameters are those of [`feed`].
#[must_use]
pub fn feed_of_messages(
    encoder: Encoder,
    capacity: Capacity,
    cutting: Cutting,
    head: Arc<Source>,
) -> (Publisher, Feed) {
    let (publisher, feed) = self::feed(encoder, capacity, cutting);
    let mut state = feed.shared.lock();
    state.ring.set_sparse();
    state.messages = Some(Messages::new(head));
    drop(state);
    (publisher, feed)
}

/// Makes a feed that continues after `history`, and writes records of all events to `journal`.
///
/// The other parameters are those of [`feed`].
#[must_use]
pub fn resume(
    encoder: Encoder,
    capacity: Capacity,
    cutting: Cutting,
    history: History,
    mut journal: Option<Journal>,
) -> (Publisher, Feed) {
    if let Some(journal) = &mut journal {
        journal.set_epoch(encoder.epoch());
    }
    let History { mut index, next } = history;
    let encoder = Arc::new(encoder);
    let ring = refill(capacity, next, &mut index, &cutting);
    let meter = Arc::clone(ring.meter());
    let writer = Writer::new(next, meter, journal);
    let reloader = Reloader::new(cutting, Arc::clone(&encoder));
    let state = FeedState::new(ring, index);
    let shared = Arc::new(Shared::new(writer, state, reloader, encoder));
    (Publisher::new(Arc::clone(&shared)), Feed::new(shared))
}
