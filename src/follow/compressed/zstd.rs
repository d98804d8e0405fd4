//! The text of a Zstandard file: the frames in it, one after the other.
//!
//! A decoder keeps the last bytes of an unfinished frame to itself, as many as later bytes can
//! refer to. If a frame is damaged, its blocks before that place are decoded again and the frame is
//! finished there, so that these bytes come out too.

use std::io::{self, BufRead as _, Read};

use ruzstd::decoding::errors::{FrameDecoderError, FrameHeaderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::dictionary::LARGEST_DICTIONARY;
use super::raw_bytes::RawBytes;

/// A last block without bytes, and a checksum, which is read if the frame should have one.
const LAST_BLOCK: [u8; 7] = [1, 0, 0, 0, 0, 0, 0];

/// A reader of the text.
pub(super) struct ZstdReader {
    raw: RawBytes,
    frame: FrameDecoder,
    /// A frame has begun, and its bytes have not all been returned.
    is_inside: bool,
    /// Offset of the frame in the file.
    start: u64,
    /// Number of bytes of the frame that were returned.
    returned: u64,
    /// The error behind the last bytes of a damaged frame.
    damage: Option<io::Error>,
}

impl ZstdReader {
    pub(super) fn new(raw: RawBytes) -> Self {
        let frame = decoder();
        ZstdReader { raw, frame, is_inside: false, start: 0, returned: 0, damage: None }
    }

    /// Begins the next frame with text; returns false at the end of the file.
    fn begin(&mut self) -> io::Result<bool> {
        loop {
            if self.raw.fill_buf()?.is_empty() {
                return Ok(false);
            }
            (self.start, self.returned) = (self.raw.position(), 0);
            match self.frame.init(&mut self.raw) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => self.raw.seek(self.raw.position() + u64::from(length)),
                Err(error) => return Err(readable(&error)),
            }
        }
    }

    /// Decodes blocks until there are bytes to return, or the frame ends.
    fn decode(&mut self) -> Result<(), FrameDecoderError> {
        while self.frame.can_collect() == 0 && !self.frame.is_finished() {
            self.frame.decode_blocks(&mut self.raw, BlockDecodingStrategy::UptoBlocks(1))?;
        }
        Ok(())
    }

    /// Finishes the frame behind its last good block.
    fn finish_damaged(&mut self) -> Result<(), FrameDecoderError> {
        let blocks = self.frame.blocks_decoded();
        self.raw.seek(self.start);
        self.frame = decoder();
        self.frame.init(&mut self.raw)?;
        let mut left = self.returned;
        while self.frame.blocks_decoded() < blocks {
            self.frame.decode_blocks(&mut self.raw, BlockDecodingStrategy::UptoBlocks(1))?;
            self.skip(&mut left);
        }
        self.frame.decode_blocks(&LAST_BLOCK[..], BlockDecodingStrategy::UptoBlocks(1))?;
        self.skip(&mut left);
        Ok(())
    }

    /// Drops bytes that were returned already.
    fn skip(&mut self, left: &mut u64) {
        let mut bytes = [0; 4096];
        while *left > 0 {
            let len = bytes.len().min(*left as usize);
            match self.frame.read(&mut bytes[..len]) {
                Ok(read) if read > 0 => *left -= read as u64,
                _ => return,
            }
        }
    }

    /// Compares the checksum of a frame that has ended.
    fn check(&self) -> io::Result<()> {
        let stated = self.frame.get_checksum_from_data();
        if stated.is_some() && stated != self.frame.get_calculated_checksum() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "its checksum is wrong"));
        }
        Ok(())
    }
}

impl Read for ZstdReader {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.is_inside {
                if let Some(damage) = self.damage.take() {
                    return Err(damage);
                }
                self.is_inside = self.begin()?;
                if !self.is_inside {
                    return Ok(0);
                }
            }
            if let Err(error) = self.decode() {
                self.damage = Some(readable(&error));
                self.finish_damaged().map_err(|error| readable(&error))?;
            }
            let read = self.frame.read(bytes)?;
            self.returned += read as u64;
            if read > 0 {
                return Ok(read);
            }
            self.is_inside = false;
            if self.damage.is_none() {
                self.check()?;
            }
        }
    }
}

fn decoder() -> FrameDecoder {
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(LARGEST_DICTIONARY as u64);
    decoder
}

/// Returns the error with a sentence that a person can read.
fn readable(error: &FrameDecoderError) -> io::Error {
    let text = match error {
        FrameDecoderError::WindowSizeTooBig { .. } => "it needs more than 64 MiB of memory",
        FrameDecoderError::ReadFrameHeaderError(_)
        | FrameDecoderError::FrameHeaderError(FrameHeaderError::WindowTooSmall { .. }) => {
            "it is no Zstandard file"
        }
        FrameDecoderError::DictNotProvided { .. } => "it needs a dictionary",
        _ => "it is cut off or damaged",
    };
    io::Error::new(io::ErrorKind::InvalidData, text)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::sync::Arc;

    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    /// Returns the text before the first error, and whether there was one.
    fn read(compressed: &[u8]) -> (Vec<u8>, bool) {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), compressed).expect("written");
        let file = Arc::new(File::open(file.path()).expect("opened"));
        let raw = RawBytes::new(Arc::downgrade(&file), Arc::default());
        let mut text = Vec::new();
        let result = ZstdReader::new(raw).read_to_end(&mut text);
        (text, result.is_err())
    }

    fn text() -> Vec<u8> {
        (0..60_000_u32)
            .flat_map(|n| format!("line {n} {}\n", n.wrapping_mul(n)).into_bytes())
            .collect()
    }

    #[test]
    fn frames_are_read_one_after_the_other() {
        let text = text();
        let frame = compress_to_vec(&*text, CompressionLevel::Fastest);
        let skipped = [&0x184D_2A50_u32.to_le_bytes()[..], &3_u32.to_le_bytes(), b"xyz"].concat();
        let (all, is_damaged) = read(&[&*frame, &skipped, &frame].concat());
        assert!(all == [&*text, &text].concat() && !is_damaged);
    }

    #[test]
    fn all_blocks_before_a_damaged_place_are_returned() {
        let text = text();
        let frame = compress_to_vec(&*text, CompressionLevel::Fastest);
        let mut most = 0;
        for cut in [frame.len() / 4, frame.len() / 2, frame.len() - 5] {
            let (read, is_damaged) = read(&frame[..cut]);
            assert!(is_damaged && text.starts_with(&read), "cut at {cut}");
            // A block has 128 KiB at most.
            assert!(read.len() + 256 * 1024 > text.len() * cut / frame.len(), "{}", read.len());
            most = most.max(read.len());
        }
        assert!(most > text.len() / 2);
    }
}
