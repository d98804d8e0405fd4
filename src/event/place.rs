//! Places of batches in a stream of messages, from which every reader of the stream makes the same
//! IDs.

use super::{Check, Epoch};

/// The place of a batch in a stream of messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessagePlace {
    /// The name of the stream in IDs.
    pub epoch: Epoch,
    /// The sequence that the stream has given to the message.
    pub sequence: u64,
    /// Distinguishes the message from another one that once had the same sequence.
    pub check: Check,
}
