//! The store: batches in memory, and the index of those that were evicted.
//!
//! Plain values that take no lock and know no clock and no async.
//! The [`Ring`] holds the newest batches.
//! The [`Index`] holds the byte ranges of evicted batches, so that they can be read again from
//! their [`Log`](crate::event::Log); only [`IndexEntry::reload`] and the finder of contexts do that, and so do I/O.

mod capacity;
mod context;
mod entry;
mod extent;
mod history;
mod index;
mod message_log;
mod messages;
mod ring;
#[cfg(test)]
pub(crate) mod samples;
mod tails;
mod varint;

pub use capacity::Capacity;
pub(crate) use context::ContextFinder;
pub(crate) use entry::EntryContent;
pub use entry::IndexEntry;
pub(crate) use extent::Extent;
pub use history::History;
pub use index::{Index, Lookup};
pub use message_log::{MessageGroup, MessageLog, ReadMessages};
pub use messages::{Era, Found, Messages, Resolved};
pub use ring::Ring;
pub(crate) use tails::Tails;
pub(crate) use varint::{push_number, take_number};
