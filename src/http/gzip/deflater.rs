//! Compresses texts to blocks of deflate (RFC 1951).

use std::fmt;

use flate2::{Compress, Compression, FlushCompress};

/// Level of compression, from 1 to 9.
///
/// Measured with events of an access log, one line or 200 lines a block: level 1 makes 5.1 or 6.4
/// times fewer bytes at 300 MB/s or more, level 2 makes 5.3 or 8.3 times fewer at 59 or 216 MB/s.
const LEVEL: u32 = 1;

/// Largest number of bytes of a stored block.
const STORED: usize = 0xFFFF;

/// A stored block without bytes, after which decoders hand out everything before it.
const EMPTY_BLOCK: [u8; 5] = [0, 0, 0, 0xFF, 0xFF];

/// A compressor, whose blocks may refer to the last 32 KiB that it has compressed.
pub(super) struct Deflater(Compress);

impl Deflater {
    /// Number of bytes of text to which a block may refer.
    pub(super) const WINDOW: u64 = 32 * 1024;

    pub(super) fn new() -> Self {
        Deflater(Compress::new(Compression::new(LEVEL), false))
    }

    /// Forgets everything that was compressed.
    pub(super) fn reset(&mut self) {
        self.0.reset();
    }

    /// Returns `text` as blocks that end at a byte, so that a decoder can read all of them at once.
    pub(super) fn deflate(&mut self, text: &[u8]) -> Vec<u8> {
        let mut blocks = Vec::with_capacity(text.len() / 4 + 64);
        let mut rest = text;
        loop {
            let read = self.0.total_in();
            if self.0.compress_vec(rest, &mut blocks, FlushCompress::Sync).is_err() {
                debug_assert!(false, "the compressor is used as its documentation says");
                // Later blocks must not refer to a text that the peers do not get from it.
                self.reset();
                return stored(text);
            }
            rest = &rest[(self.0.total_in() - read) as usize..];
            if rest.is_empty() && blocks.len() < blocks.capacity() {
                blocks.shrink_to_fit();
                return blocks;
            }
            blocks.reserve(blocks.capacity());
        }
    }
}

impl fmt::Debug for Deflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deflater").finish_non_exhaustive()
    }
}

/// Returns `text` as blocks that are not compressed.
pub(super) fn stored(text: &[u8]) -> Vec<u8> {
    let mut blocks = Vec::with_capacity(text.len() + 2 * EMPTY_BLOCK.len());
    for part in text.chunks(STORED) {
        let len = part.len() as u16;
        blocks.push(0);
        blocks.extend(len.to_le_bytes());
        blocks.extend((!len).to_le_bytes());
        blocks.extend(part);
    }
    blocks.extend(EMPTY_BLOCK);
    blocks
}

#[cfg(test)]
mod tests {
    use flate2::{Decompress, FlushDecompress};
    use proptest::prelude::*;

    use super::*;

    fn text() -> impl Strategy<Value = Vec<u8>> {
        let random = proptest::collection::vec(any::<u8>(), 0..2000);
        let long = (1..150_000usize).prop_map(|len| b"2026 a line of a log\n".repeat(len / 20));
        prop_oneof![random, long]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn each_text_can_be_read_as_soon_as_its_blocks_are_there(
            texts in proptest::collection::vec((text(), any::<bool>(), any::<bool>()), 1..6),
        ) {
            let (mut deflater, mut decoder) = (Deflater::new(), Decompress::new(false));
            for (text, is_stored, is_reset) in texts {
                if is_reset || is_stored {
                    deflater.reset();
                }
                let blocks = if is_stored { stored(&text) } else { deflater.deflate(&text) };
                let mut read = Vec::with_capacity(text.len() + 1);
                decoder.decompress_vec(&blocks, &mut read, FlushDecompress::Sync).expect("deflate");
                prop_assert!(read == text, "{} of {} bytes", read.len(), text.len());
            }
        }
    }
}
