//! The gzip member (RFC 1952) that one peer gets.

use bytes::Bytes;

use crate::event::{Batch, Checksum, Deflated, Seq};

/// The header: deflate, no name, no time, the fastest compression, an unknown system.
const HEADER: [u8; 10] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 4, 255];

/// The last block, without a text.
const LAST_BLOCK: [u8; 2] = [3, 0];

/// The parts of a member that were not sent yet.
#[derive(Debug, Default)]
pub(in crate::http) struct Member {
    has_begun: bool,
    has_ended: bool,
}

/// The text that a peer has decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::http) struct Decoded {
    checksum: Checksum,
    run: Run,
}

/// Consecutive events whose whole text is the last that a peer has decoded; none if `next` is zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::http) struct Run {
    /// Seq of the first of them.
    pub(in crate::http) since: Seq,
    /// Seq of the event behind the last of them.
    next: Seq,
}

impl Member {
    /// Returns `blocks` with everything that has to be sent before them.
    pub(in crate::http) fn send(&mut self, blocks: Bytes) -> Bytes {
        if std::mem::replace(&mut self.has_begun, true) {
            return blocks;
        }
        [&HEADER[..], &blocks].concat().into()
    }

    /// Returns the end of the member for a peer that has `decoded`; none if it was returned before.
    pub(in crate::http) fn end(&mut self, decoded: Decoded) -> Option<Bytes> {
        if std::mem::replace(&mut self.has_ended, true) {
            return None;
        }
        let Checksum { crc, len } = decoded.checksum;
        let end = [&LAST_BLOCK[..], &crc.to_le_bytes(), &len.to_le_bytes()].concat();
        Some(self.send(end.into()))
    }
}

impl Decoded {
    /// Appends the bytes `text`, after which the last that the peer has decoded is `run`.
    pub(in crate::http) fn push(&mut self, text: &[u8], run: Run) {
        self.checksum.push(text);
        self.run = run;
    }

    /// Appends a deflated batch, after which the last that the peer has decoded is `run`.
    pub(in crate::http) fn append(&mut self, deflated: &Deflated, run: Run) {
        self.checksum.append(&deflated.checksum);
        self.run = run;
    }

    /// Returns the run with `batch` at its end.
    pub(in crate::http) fn run_with(&self, batch: &Batch) -> Run {
        let since = if self.run.next == batch.first() { self.run.since } else { batch.first() };
        Run { since, next: batch.next() }
    }
}
