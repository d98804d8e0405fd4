//! Figures about the streams that a program publishes to and reads from, for `/metrics`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::message::Outgoing;

/// A number that threads add to and read.
#[derive(Debug, Default)]
pub struct Figure(AtomicU64);

impl Figure {
    /// Adds to the number.
    pub(super) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// Replaces the number.
    pub(super) fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// The number.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Figures of one program; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Figures(Arc<Values>);

/// The values of [`Figures`].
#[derive(Debug, Default)]
pub struct Values {
    /// Messages that the stream has acknowledged.
    pub messages: Figure,
    /// Events in these messages.
    pub events: Figure,
    /// Bytes of the lines in these messages.
    pub bytes: Figure,
    /// Seq of the event behind the newest one that the stream has acknowledged.
    pub published: Figure,
    /// Messages of which only the stream itself could tell whether it has them.
    pub doubts: Figure,
    /// Times that the stream had lost messages that it had acknowledged.
    pub lost_tails: Figure,
    /// Connections after the first one.
    pub reconnects: Figure,
    /// Messages that a node has read.
    pub read_messages: Figure,
    /// Messages that a node has not read yet.
    pub unread_messages: Figure,
    /// Messages that did not follow the one before them of the same host.
    pub chain_breaks: Figure,
    /// Times that a node has begun to read anew.
    pub consumers: Figure,
}

impl std::ops::Deref for Figures {
    type Target = Values;

    fn deref(&self) -> &Values {
        &self.0
    }
}

impl Figures {
    /// Counts a message that the stream has acknowledged.
    pub(super) fn note_published(&self, message: &Outgoing) {
        self.messages.add(1);
        self.events.add(message.events);
        self.bytes.add(message.bytes);
        self.published.set(message.last.next());
    }
}
