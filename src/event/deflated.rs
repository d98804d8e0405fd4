//! The compressed text of a batch.

use bytes::Bytes;

use super::{PieceChecksum, Seq};

/// The text of a batch in one presentation, as blocks of deflate (RFC 1951).
///
/// The blocks may refer to the text of earlier events. A decoder can read them if the last thing
/// that it has read is the text of all events from `since` to the batch, with nothing in between.
#[derive(Clone, Debug)]
pub struct Deflated {
    /// The blocks, none of which ends the stream of deflate; they end at a byte.
    pub blocks: Bytes,
    /// The checksum of the text.
    pub checksum: PieceChecksum,
    /// Seq of the first event that the decoder must have read; that of the batch itself if the
    /// blocks refer to nothing before them.
    pub since: Seq,
}
