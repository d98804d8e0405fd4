//! The text of an open compressed file: reads at any offset, by decoders that are kept.

use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::compression::Compression;
use super::cursor::{Cursor, Stop};
use super::decoders::Decoders;

/// Number of bytes at the start of a text that stay in memory, because the follower compares them
/// at every read.
const HEAD: usize = 4096;

/// The text of a compressed file.
pub(in super::super) struct CompressedText {
    format: Compression,
    decoders: Arc<Decoders>,
    /// The number by which the decoders know the text.
    number: u64,
    /// The first bytes, once they were read.
    head: OnceLock<Box<[u8]>>,
    /// The end, once a decoder has reached it.
    end: OnceLock<TextEnd>,
    /// The cursor of the source, which no client disturbs.
    reading: Mutex<Option<Cursor>>,
    /// Held while a client reads, so that two reads of consecutive places use one decoder.
    rereading: Mutex<()>,
}

/// The end of a text.
#[derive(Clone, Debug)]
struct TextEnd {
    offset: u64,
    /// The reason why the rest of the file cannot be decoded.
    damage: Option<String>,
}

impl CompressedText {
    pub(in super::super) fn new(format: Compression, decoders: Arc<Decoders>) -> Self {
        CompressedText {
            format,
            number: decoders.number(),
            decoders,
            head: OnceLock::new(),
            end: OnceLock::new(),
            reading: Mutex::default(),
            rereading: Mutex::default(),
        }
    }

    /// The number of bytes of the text; none before a decoder has reached its end.
    pub(in super::super) fn len(&self) -> Option<u64> {
        self.end.get().map(|end| end.offset)
    }

    /// The reason why the text ends before the file, if it does.
    pub(in super::super) fn damage(&self) -> Option<&str> {
        self.end.get()?.damage.as_deref()
    }

    /// Fills `bytes` from `offset` on, for the source; fewer only at the end of the text.
    pub(in super::super) fn read_at(
        &self,
        file: &Arc<File>,
        bytes: &mut [u8],
        offset: u64,
    ) -> io::Result<usize> {
        if let Some(read) = self.read_known(bytes, offset) {
            return Ok(read);
        }
        let left = self.len().map_or(u64::MAX, |end| end - offset);
        let len = left.min(bytes.len() as u64) as usize;
        let bytes = &mut bytes[..len];
        let mut reading = lock(&self.reading);
        let covering = reading.take().filter(|cursor| cursor.covers(offset));
        let covering = covering.or_else(|| self.decoders.take(self.number, offset));
        let mut cursor = covering.unwrap_or_else(|| self.cursor(file));
        if offset < HEAD as u64 && self.head.get().is_none() {
            self.read_head(&mut cursor)?;
        }
        let (read, stop) = cursor.read_at(bytes, offset);
        self.record(stop, &cursor)?;
        // A text whose end is known is seldom read by its source, and keeps no decoder for it.
        if self.end.get().is_none() {
            *reading = Some(cursor);
        } else {
            self.decoders.park(cursor);
        }
        Ok(read)
    }

    /// Fills `bytes` from `offset` on, for a client.
    pub(in super::super) fn reread_exact_at(
        &self,
        file: &Arc<File>,
        bytes: &mut [u8],
        offset: u64,
    ) -> io::Result<()> {
        let _one_at_a_time = lock(&self.rereading);
        let parked = self.decoders.take(self.number, offset);
        let mut cursor = parked.unwrap_or_else(|| self.cursor(file));
        let (read, stop) = cursor.read_at(bytes, offset);
        self.record(stop, &cursor)?;
        self.decoders.park(cursor);
        if read < bytes.len() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }

    /// Returns the number of bytes if they are known without a decoder.
    fn read_known(&self, bytes: &mut [u8], offset: u64) -> Option<usize> {
        let end = self.len();
        if end.is_some_and(|end| offset >= end) {
            return Some(0);
        }
        let head = self.head.get()?;
        let known = head.get(offset as usize..)?;
        let is_whole = end == Some(head.len() as u64) || bytes.len() <= known.len();
        let len = bytes.len().min(known.len());
        bytes[..len].copy_from_slice(&known[..len]);
        is_whole.then_some(len)
    }

    fn read_head(&self, cursor: &mut Cursor) -> io::Result<()> {
        let mut head = vec![0; HEAD];
        let (read, stop) = cursor.read_at(&mut head, 0);
        self.record(stop, cursor)?;
        head.truncate(read);
        let _ = self.head.set(head.into_boxed_slice());
        Ok(())
    }

    fn cursor(&self, file: &Arc<File>) -> Cursor {
        Cursor::new(self.number, self.format, Arc::downgrade(file))
    }

    /// Records where the text ends; returns the error of a file that cannot be read now.
    fn record(&self, stop: Option<Stop>, cursor: &Cursor) -> io::Result<()> {
        let damage = match stop {
            None => return Ok(()),
            Some(Stop::Failure(error)) => return Err(error),
            Some(Stop::End) => None,
            Some(Stop::Damage(reason)) => Some(reason),
        };
        let _ = self.end.set(TextEnd { offset: cursor.position(), damage });
        Ok(())
    }
}

impl Drop for CompressedText {
    fn drop(&mut self) {
        self.decoders.forget(self.number);
    }
}

impl std::fmt::Debug for CompressedText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let CompressedText { format, end, .. } = self;
        f.debug_struct("CompressedText").field("format", format).field("end", end).finish()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    /// Returns a text of lines that do not repeat.
    fn plain(len: usize) -> Vec<u8> {
        let lines = (0_u64..).map(|n| format!("line {n} {:x}\n", n.wrapping_mul(0x9E37_79B9_7F4A)));
        lines.flat_map(String::into_bytes).take(len).collect()
    }

    fn compressed(text: &[u8]) -> (Arc<File>, CompressedText) {
        let mut file = tempfile::tempfile().expect("a file");
        let mut gzip = GzEncoder::new(&mut file, flate2::Compression::fast());
        gzip.write_all(text).and_then(|()| gzip.try_finish()).expect("written");
        drop(gzip);
        (Arc::new(file), CompressedText::new(Compression::Gzip, Arc::default()))
    }

    #[test]
    fn the_end_is_known_when_it_was_read() {
        let plain = plain(10_000);
        let (file, text) = compressed(&plain);
        let mut bytes = vec![0; 6000];
        assert_eq!(text.read_at(&file, &mut bytes, 0).expect("read"), 6000);
        assert_eq!(text.len(), None);
        assert_eq!(text.read_at(&file, &mut bytes, 6000).expect("read"), 4000);
        assert_eq!((text.len(), text.damage()), (Some(10_000), None));
        assert_eq!(text.read_at(&file, &mut bytes, 10_000).expect("read"), 0);
        assert_eq!(text.read_at(&file, &mut bytes, 9000).expect("read"), 1000);
        assert_eq!(bytes[..1000], plain[9000..]);
        assert!(text.reread_exact_at(&file, &mut bytes[..2], 9999).is_err());
    }

    #[test]
    fn reads_go_on_with_the_decoder_that_stands_there() {
        let plain = plain(8 << 20);
        let (file, text) = compressed(&plain);
        let mut bytes = vec![0; 256 * 1024];
        for offset in [0, 3 << 20, 5 << 20, 7 << 20] {
            text.reread_exact_at(&file, &mut bytes, offset).expect("read");
        }
        // Decoding again from the start takes another decoder, which replaces the oldest.
        assert!(text.decoders.take(text.number, 1 << 20).is_none());
        text.reread_exact_at(&file, &mut bytes, (7 << 20) - (256 << 10)).expect("read");
        assert!(bytes == plain[(7 << 20) - (256 << 10)..7 << 20]);
        let cursor = text.decoders.take(text.number, 7 << 20).expect("it is parked");
        assert_eq!(cursor.position(), (7 << 20) + (256 << 10));
        assert!(text.decoders.take(text.number, 0).is_none(), "there is one decoder");
    }

    #[test]
    fn a_file_that_was_closed_is_no_damage() {
        let (file, text) = compressed(&plain(1 << 20));
        let mut bytes = vec![0; 1 << 20];
        let other = Arc::new(file.try_clone().expect("cloned"));
        let mut cursor = text.cursor(&other);
        drop(other);
        let (read, stop) = cursor.read_at(&mut bytes, 0);
        // The decoder has some bytes already.
        assert!(read < bytes.len() && text.record(stop, &cursor).is_err());
        assert_eq!(text.len(), None);
        assert_eq!(text.read_at(&file, &mut bytes, 0).expect("read"), 1 << 20);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn all_reads_return_the_bytes_of_the_text(
            len in 0_usize..3_000_000,
            reads in proptest::collection::vec((0_usize..3_100_000, 1_usize..300_000, any::<bool>()), 1..12),
        ) {
            let plain = plain(len);
            let (file, text) = compressed(&plain);
            for (offset, wanted, is_client) in reads {
                let mut bytes = vec![0; wanted];
                let expected = &plain[offset.min(len)..(offset + wanted).min(len)];
                if is_client {
                    let read = text.reread_exact_at(&file, &mut bytes, offset as u64);
                    prop_assert_eq!(read.is_ok(), expected.len() == wanted);
                } else {
                    let read = text.read_at(&file, &mut bytes, offset as u64).expect("read");
                    prop_assert_eq!(read, expected.len());
                }
                if !is_client || expected.len() == wanted {
                    prop_assert!(bytes[..expected.len()] == *expected);
                }
            }
        }
    }
}
