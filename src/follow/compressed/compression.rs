//! The formats of compressed files, by the ending of their names.

use std::io::{self, BufRead as _, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;
use lz4_flex::frame::FrameDecoder;
use lzma_rust2::XzReader;

use super::dictionary::LARGEST_DICTIONARY;
use super::raw_bytes::RawBytes;
use super::zstd::ZstdReader;

/// A format of compressed files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Compression {
    Gzip,
    Zstd,
    Xz,
    Bzip2,
    Lz4,
}

/// A decoder, which returns the text of a file from its start on.
pub(super) type Decoder = Box<dyn Read + Send>;

impl Compression {
    /// Each format, and the ending that its programs give to names.
    pub(in super::super) const ENDINGS: [(&[u8], Compression); 5] = [
        (b".gz", Compression::Gzip),
        (b".zst", Compression::Zstd),
        (b".xz", Compression::Xz),
        (b".bz2", Compression::Bzip2),
        (b".lz4", Compression::Lz4),
    ];

    /// Returns the format that the name of a file tells.
    pub(in super::super) fn of(path: &Path) -> Option<Self> {
        Some(Compression::split(path.file_name()?.as_bytes())?.1)
    }

    /// Splits the ending of a compressed file from its name; none if it has no such ending.
    pub(in super::super) fn split(name: &[u8]) -> Option<(&[u8], Self)> {
        let mut endings = Compression::ENDINGS.into_iter();
        endings.find_map(|(ending, format)| Some((name.strip_suffix(ending)?, format)))
    }

    /// Returns a decoder of the file that `raw` reads.
    pub(super) fn decoder(self, raw: RawBytes) -> Decoder {
        match self {
            Compression::Gzip => Box::new(MultiGzDecoder::new(raw)),
            Compression::Zstd => Box::new(ZstdReader::new(raw)),
            Compression::Bzip2 => Box::new(MultiBzDecoder::new(raw)),
            Compression::Lz4 => Box::new(Lz4Frames(FrameDecoder::new(raw))),
            Compression::Xz => Box::new(SmallReads(XzReader::new_mem_limit(
                raw,
                true,
                // In KiB, with the tables of the decoder.
                (LARGEST_DICTIONARY as u32 >> 10) + 1024,
            ))),
        }
    }
}

/// The frames of an LZ4 file, one after the other.
struct Lz4Frames(FrameDecoder<RawBytes>);

impl Read for Lz4Frames {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.0.read(bytes)?;
            // A frame has ended; another one may follow.
            if read > 0 || self.0.get_mut().fill_buf()?.is_empty() {
                return Ok(read);
            }
        }
    }
}

/// A reader that is asked for few bytes at a time, because the bytes of a read that fails are lost.
struct SmallReads<R>(R);

/// Number of bytes at a time. Twice as many lose twice as many before a damaged place.
const SMALL: usize = 4096;

impl<R: Read> Read for SmallReads<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let len = bytes.len().min(SMALL);
        self.0.read(&mut bytes[..len])
    }
}
