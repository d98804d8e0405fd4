//! Decodes the gzip member (RFC 1952) of an answer, as its bytes arrive.
//!
//! Pure: bytes in, bytes out; the text does not depend on how the bytes are cut.

use bytes::{Buf as _, Bytes};
use flate2::{Decompress, FlushDecompress};

/// Most bytes that are decoded at a time, which is also the size of the buffer for them.
///
/// Twice the value takes twice the buffer for each server; with half of it, a flood is parsed in twice
/// as many pieces.
const PIECE: usize = 64 * 1024;

/// Base-2 logarithm of the largest distance to which a block may refer: that of RFC 1951.
///
/// A larger value does not exist; with a smaller one, members of usual servers are refused.
const WINDOW_BITS: u8 = 15;

/// The decoder of one member.
#[derive(Debug)]
pub(super) struct GzipDecoder {
    inflate: Decompress,
    buffer: Box<[u8]>,
    /// The last piece has filled the buffer, so that there may be more without further bytes.
    was_full: bool,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Within,
    Ended,
    Damaged,
}

/// The bytes are no gzip, or their checksum is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Damaged;

impl GzipDecoder {
    pub(super) fn new() -> Self {
        GzipDecoder {
            inflate: Decompress::new_gzip(WINDOW_BITS),
            buffer: vec![0; PIECE].into(),
            was_full: false,
            state: State::Within,
        }
    }

    /// Takes bytes from the front of `rest`, and returns the next piece of the text; an empty one if
    /// the text of all bytes was returned, or the member has ended.
    ///
    /// The text before a damage is returned first.
    pub(super) fn next_piece(&mut self, rest: &mut Bytes) -> Result<&[u8], Damaged> {
        match self.state {
            State::Damaged => return Err(Damaged),
            State::Ended => return Ok(&[]),
            State::Within => {}
        }
        let mut len = 0;
        while len == 0 && self.state == State::Within && (self.was_full || !rest.is_empty()) {
            let (read, written) = (self.inflate.total_in(), self.inflate.total_out());
            let result = self.inflate.decompress(rest, &mut self.buffer, FlushDecompress::Sync);
            let taken = (self.inflate.total_in() - read) as usize;
            rest.advance(taken);
            len = (self.inflate.total_out() - written) as usize;
            self.was_full = len == self.buffer.len();
            self.state = match result {
                Ok(flate2::Status::StreamEnd) => State::Ended,
                // Bytes that are not taken would be offered for ever.
                Ok(_) if taken > 0 || len > 0 || rest.is_empty() => State::Within,
                Ok(_) | Err(_) => State::Damaged,
            };
        }
        if len == 0 && self.state == State::Damaged {
            Err(Damaged)
        } else {
            Ok(&self.buffer[..len])
        }
    }

    /// Returns true after the last byte of the member, whose checksum was right.
    pub(super) fn has_ended(&self) -> bool {
        self.state == State::Ended
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Returns the members' bytes up to the end of each text, and the bytes behind the last one.
    fn compressed(texts: &[Vec<u8>]) -> (Vec<Vec<u8>>, Vec<u8>) {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        let parts = texts.iter().map(|text| {
            encoder.write_all(text).expect("memory");
            encoder.flush().expect("memory");
            std::mem::take(encoder.get_mut())
        });
        let parts = parts.collect();
        (parts, encoder.finish().expect("memory"))
    }

    /// Decodes everything that `bytes` allow.
    fn decode(decoder: &mut GzipDecoder, bytes: &[u8]) -> Result<Vec<u8>, Damaged> {
        let (mut rest, mut text) = (Bytes::copy_from_slice(bytes), Vec::new());
        loop {
            let piece = decoder.next_piece(&mut rest)?;
            assert!(piece.len() <= PIECE);
            if piece.is_empty() {
                return Ok(text);
            }
            text.extend(piece);
        }
    }

    fn text() -> impl Strategy<Value = Vec<u8>> {
        let random = vec(any::<u8>(), 0..2000);
        let long = (1..300_000usize).prop_map(|len| b"2026 a line of a log\n".repeat(len / 20));
        prop_oneof![random, long]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn each_text_can_be_read_as_soon_as_its_bytes_are_there(
            texts in vec(text(), 1..6),
            size in prop_oneof![Just(1usize), 1..5000usize, Just(usize::MAX)],
        ) {
            let (parts, end) = compressed(&texts);
            let mut decoder = GzipDecoder::new();
            for (part, text) in parts.iter().zip(&texts) {
                let mut read = Vec::new();
                for cut in part.chunks(size) {
                    read.extend(decode(&mut decoder, cut).expect("gzip"));
                }
                prop_assert!(&read == text, "{} of {} bytes", read.len(), text.len());
                prop_assert!(!decoder.has_ended());
            }
            for cut in end.chunks(size) {
                prop_assert_eq!(decode(&mut decoder, cut).expect("gzip"), b"");
            }
            prop_assert!(decoder.has_ended());
        }
    }

    #[test]
    fn the_text_before_a_damage_is_returned_and_nothing_behind_the_end() {
        let (parts, end) = compressed(&[b"one\n".to_vec()]);
        let mut decoder = GzipDecoder::new();
        // A block of a type that does not exist.
        let mut rest = Bytes::from([&parts[0][..], &[7; 32]].concat());
        assert_eq!(decoder.next_piece(&mut rest), Ok(&b"one\n"[..]));
        assert_eq!(decoder.next_piece(&mut rest), Err(Damaged));
        assert_eq!(decoder.next_piece(&mut Bytes::new()), Err(Damaged));

        let mut decoder = GzipDecoder::new();
        let whole = [&parts[0][..], &end].concat();
        assert_eq!(decode(&mut decoder, &[&whole[..], b"more"].concat()), Ok(b"one\n".to_vec()));
        assert!(decoder.has_ended());
        assert_eq!(decode(&mut decoder, b"more"), Ok(Vec::new()));
    }

    #[test]
    fn bytes_that_are_no_gzip_and_wrong_checksums_and_lengths_are_damages() {
        let (parts, end) = compressed(&[b"one\n".to_vec()]);
        let whole = [&parts[0][..], &end].concat();
        for damaged in [0, 1, 2, whole.len() - 8, whole.len() - 1] {
            let mut bytes = whole.clone();
            bytes[damaged] ^= 0x55;
            assert_eq!(decode(&mut GzipDecoder::new(), &bytes), Err(Damaged), "byte {damaged}");
        }
        assert_eq!(decode(&mut GzipDecoder::new(), b"data: x\n\n"), Err(Damaged));
    }
}
