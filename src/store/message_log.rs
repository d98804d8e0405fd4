//! The log of messages: a stream from which they can be read again.

use std::fmt;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use crate::event::Batch;

/// The batches of messages, or `None` if they cannot be read.
pub type ReadMessages = Pin<Box<dyn Future<Output = Option<Vec<Arc<Batch>>>> + Send>>;

/// A stream of messages.
pub trait MessageLog: Send + Sync + fmt::Debug {
    /// Sequence of the oldest message that the stream still has.
    fn oldest(&self) -> u64;

    /// Returns about the number of bytes of a message.
    fn message_size(&self) -> u64;

    /// Reads the messages with these sequences; the number of a message is its sequence plus `shift`.
    ///
    /// The future waits for a server that does not answer.
    fn read(&self, sequences: Range<u64>, shift: u64, meter: Arc<AtomicUsize>) -> ReadMessages;

    /// Finds the first message among `sequences` that the stream has received at or after `time`, in
    /// milliseconds since 1970; the end of the range if there is none.
    fn first_since(
        &self,
        sequences: Range<u64>,
        time: i64,
    ) -> Pin<Box<dyn Future<Output = u64> + Send>>;
}

/// Consecutive messages of a stream.
#[derive(Clone, Debug)]
pub struct MessageGroup {
    /// The stream.
    pub log: Arc<dyn MessageLog>,
    /// The sequences of the messages.
    pub sequences: Range<u64>,
    /// Difference between the numbers of the messages and their sequences.
    pub shift: u64,
}
