//! The text of an open compressed file: reads at any offset, by decoders that are kept.

use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::compression::Compression;
use super::cursor::{Cursor, Stop};
use super::decoders::Decoders;

/// Number of bytes at the start of a text that stay in memory, because the follower compares them at
/// every read.
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
        let mut cursor = covering.unwrap_or_else(|| self.cursor(file));
        if offset < HEAD as u64 && self.head.get().is_none() {
            self.read_head(&mut cursor)?;
        }
        let (read, stop) = cursor.read_at(bytes, offset);
        self.record(stop, &cursor)?;
        // Behind the end, only clients read.
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
