//! Bytes of several batches that are sent together, without copying them into one buffer.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, Bytes, BytesMut};

/// Largest number of bytes in each of two parts that are joined by copying.
///
/// Copying a small part costs less than one more slice in a vectored write. With twice the number,
/// more bytes are copied for every stream.
const SMALL: usize = 4 * 1024;

/// A queue of shared byte strings that is read as one buffer.
#[derive(Clone, Debug, Default)]
pub(in crate::http) struct Gathered {
    /// None of them is empty.
    parts: VecDeque<Bytes>,
}

impl Gathered {
    /// Appends `bytes`; returns false if they are empty, or were joined to the last part because both
    /// are small and `may_join` allows it.
    pub(super) fn push(&mut self, bytes: Bytes, may_join: bool) -> bool {
        if bytes.is_empty() {
            return false;
        }
        if may_join
            && bytes.len() <= SMALL
            && let Some(last) = self.parts.back_mut().filter(|last| last.len() <= SMALL)
        {
            let mut joined = BytesMut::from(std::mem::take(last));
            joined.extend_from_slice(&bytes);
            *last = joined.freeze();
            return false;
        }
        self.parts.push_back(bytes);
        true
    }

    /// Removes the first part.
    pub(super) fn pop(&mut self) -> Option<Bytes> {
        self.parts.pop_front()
    }

    /// Number of bytes in all parts.
    pub(in crate::http) fn len(&self) -> usize {
        self.parts.iter().map(Bytes::len).sum()
    }

    pub(in crate::http) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }
}

impl From<Bytes> for Gathered {
    fn from(bytes: Bytes) -> Self {
        let mut gathered = Gathered::default();
        gathered.push(bytes, false);
        gathered
    }
}

impl Buf for Gathered {
    fn remaining(&self) -> usize {
        self.len()
    }

    fn chunk(&self) -> &[u8] {
        self.parts.front().map_or(&[], |part| part)
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let pairs = slices.iter_mut().zip(&self.parts);
        pairs.map(|(slice, part)| *slice = IoSlice::new(part)).count()
    }

    fn advance(&mut self, mut count: usize) {
        while count > 0 {
            let Some(first) = self.parts.front_mut() else { return };
            let step = count.min(first.len());
            first.advance(step);
            if first.is_empty() {
                self.parts.pop_front();
            }
            count -= step;
        }
    }
}
