//! Redaction of standard input before it is spooled: from bytes as they were written to the bytes of
//! the same lines without what must not be kept.

use std::collections::VecDeque;
use std::io::Read as _;

use crate::event::{Carry, Cutting, End, TextEncoding};

/// The byte order mark of UTF-8, in which decoded text is kept.
const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Bytes on their way to the spool.
#[derive(Debug)]
pub(super) struct RedactedInput {
    cutting: Cutting,
    carry: Carry,
    /// The unfinished line as it was written.
    rest: Vec<u8>,
    /// Redacted bytes that were not taken yet.
    ready: VecDeque<u8>,
    has_ended: bool,
}

impl RedactedInput {
    pub(super) fn new(cutting: Cutting) -> Self {
        let (carry, rest, ready) = (Carry::default(), Vec::new(), VecDeque::new());
        RedactedInput { cutting, carry, rest, ready, has_ended: false }
    }

    /// Returns whether there is something to take, or nothing will ever be added.
    pub(super) fn is_ready(&self) -> bool {
        self.has_ended || !self.ready.is_empty()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Adds bytes as they were written.
    pub(super) fn push(&mut self, new: &[u8]) {
        let splitter = &self.cutting.splitter;
        let is_unfinished =
            self.carry.encoding.is_some() && splitter.is_unfinished(&self.rest, new);
        self.rest.extend_from_slice(new);
        if !is_unfinished {
            self.redact(End::Open);
        }
    }

    /// Redacts the unfinished line, to which nothing will be added.
    pub(super) fn finish(&mut self) {
        self.redact(End::Finished);
        self.has_ended = true;
    }

    /// Moves redacted bytes to `space`; returns their number.
    pub(super) fn take(&mut self, space: &mut [u8]) -> usize {
        // Reading from a queue cannot fail, and returns less than there is.
        let mut len = 0;
        while let Ok(taken @ 1..) = self.ready.read(&mut space[len..]) {
            len += taken;
        }
        len
    }

    fn redact(&mut self, end: End) {
        if self.carry.encoding.is_none() {
            match TextEncoding::detect(&self.rest) {
                None if end == End::Open => return,
                None => {}
                Some((encoding, mark)) => {
                    self.carry.encoding = Some(encoding);
                    self.rest.drain(..mark);
                    self.ready.extend(UTF8_MARK.iter().filter(|_| mark > 0));
                }
            }
        }
        let mut out = Vec::new();
        let used = self.cutting.redact(&self.rest, &mut self.carry, end, &mut out);
        self.rest.drain(..used);
        self.ready.extend(out);
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::event::Redaction;

    /// Returns what is kept of some writes.
    fn kept(writes: &[Vec<u8>]) -> Vec<u8> {
        let redaction = Redaction::new(&["b+".to_owned()], false).expect("an expression");
        let mut input = RedactedInput::new(Cutting { redaction, ..Cutting::default() });
        let (mut kept, mut space) = (Vec::new(), [0; 7]);
        let mut take = |input: &mut RedactedInput| loop {
            match input.take(&mut space) {
                0 => break,
                len => kept.extend_from_slice(&space[..len]),
            }
        };
        for write in writes {
            input.push(write);
            take(&mut input);
        }
        input.finish();
        take(&mut input);
        kept
    }

    #[test]
    fn lines_are_kept_without_matches() {
        assert_eq!(kept(&[b"abba\n\nb\r\nno".to_vec()]), b"a[redacted]a\n\n[redacted]\r\nno");
    }

    #[test]
    fn utf16_is_kept_as_utf8() {
        let utf16: Vec<u8> = "\u{FEFF}éb\nb".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(kept(&[utf16]), "\u{FEFF}é[redacted]\n[redacted]".as_bytes());
        assert_eq!(kept(&["\u{FEFF}b".into()]), "\u{FEFF}[redacted]".as_bytes());
    }

    proptest! {
        #[test]
        fn the_kept_bytes_do_not_depend_on_the_writes(
            writes in vec(vec(prop_oneof![
                Just(b'\n'), Just(b'a'), Just(b'b'), Just(0xFE), Just(0xFF), Just(0),
            ], 0..9), 0..9),
        ) {
            prop_assert_eq!(kept(&writes), kept(&[writes.concat()]));
        }
    }
}
