//! The spool: files that hold the bytes of standard input, so that they can be read again.
//!
//! New bytes are appended to `FILE`; `FILE.1` holds the bytes before those, `FILE.2` the bytes
//! before those of `FILE.1`, and so on.
//! The segments of a run, from the oldest to the newest, are the bytes of its standard input.
//! The `FILE` of an earlier run becomes `FILE.1` in the same way.
//! With a capacity, each segment has an eighth of it, and the oldest segments are removed so that
//! the sum of all sizes stays within it.
//! With a redaction, the spool gets the redacted bytes, which are cut without redacting them again.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use memchr::memrchr;

use super::spool_names::SpoolNames;
use crate::event::{Location, Log};

/// Number of segments that share the capacity, which is also the part of it that one removal drops.
/// Twice as many segments mean twice as many renames for each new one.
const SEGMENTS: u64 = 8;

/// The writing side of a spool.
#[derive(Debug)]
pub struct Spool {
    names: SpoolNames,
    capacity: u64,
    /// Number of bytes written in this run.
    written: u64,
    segments: Arc<Segments>,
    has_failed: bool,
}

/// The segments of this run, oldest first; never empty.
///
/// Their files are open, so that renaming or removing them does not matter.
#[derive(Debug)]
struct Segments {
    kept: Mutex<VecDeque<Segment>>,
    /// Offset of the oldest segment; the index reads it without a lock.
    oldest: AtomicU64,
    /// The bytes are redacted.
    is_redacted: AtomicBool,
}

#[derive(Clone, Debug)]
struct Segment {
    file: Arc<File>,
    /// Offset of its first byte in standard input.
    first: u64,
}

impl Spool {
    /// Creates the first segment; `capacity` is in bytes, and none means no limit.
    ///
    /// Fails if `names` are taken by something that is not an earlier spool.
    pub fn create(names: SpoolNames, capacity: Option<u64>) -> io::Result<Self> {
        let capacity = capacity.unwrap_or(u64::MAX);
        names.shift_earlier()?;
        names.limit(capacity - capacity / SEGMENTS)?;
        let first = Segment { file: names.create()?, first: 0 };
        let segments = Arc::new(Segments {
            kept: Mutex::new([first].into()),
            oldest: AtomicU64::new(0),
            is_redacted: AtomicBool::new(false),
        });
        Ok(Spool { names, capacity, written: 0, segments, has_failed: false })
    }

    /// Declares that all bytes that are written are redacted.
    pub(super) fn mark_redacted(&self) {
        self.segments.is_redacted.store(true, Ordering::Release);
    }

    /// Appends `bytes`; returns whether the oldest segment was removed.
    ///
    /// After an error nothing more is written.
    pub(super) fn write(&mut self, mut bytes: &[u8]) -> io::Result<bool> {
        let mut has_dropped = false;
        while !bytes.is_empty() && !self.has_failed {
            let (file, free) = self.newest();
            let len = fitting(bytes, free, self.segment_size());
            let step = if len == 0 {
                self.begin_segment().map(|dropped| has_dropped |= dropped)
            } else {
                file.write_all_at(&bytes[..len], self.segment_size() - free)
            };
            self.has_failed = step.is_err();
            step?;
            self.written += len as u64;
            bytes = &bytes[len..];
        }
        Ok(has_dropped)
    }

    /// Returns the location of `bytes`, which stand at `offset` in standard input; none if they
    /// were not written.
    pub(super) fn locate(&self, bytes: &[u8], offset: u64) -> Option<Location> {
        let is_written = offset + bytes.len() as u64 <= self.written;
        is_written.then(|| Location::of(bytes, self.segments.clone(), offset))
    }

    pub(super) fn names(&self) -> &SpoolNames {
        &self.names
    }

    fn segment_size(&self) -> u64 {
        self.capacity / SEGMENTS
    }

    /// Returns the newest segment, and the number of bytes that can be added to it.
    fn newest(&self) -> (Arc<File>, u64) {
        let segments = self.segments.lock();
        let newest = &segments[segments.len() - 1];
        (newest.file.clone(), self.segment_size() - (self.written - newest.first))
    }

    fn begin_segment(&mut self) -> io::Result<bool> {
        let rest = self.capacity - self.segment_size();
        self.names.shift()?;
        self.names.limit(rest)?;
        let newest = Segment { file: self.names.create()?, first: self.written };
        let mut segments = self.segments.lock();
        segments.push_back(newest);
        let before = segments[0].first;
        while self.written - segments[0].first > rest {
            segments.pop_front();
        }
        let oldest = segments[0].first;
        self.segments.oldest.store(oldest, Ordering::Release);
        Ok(oldest > before)
    }
}

/// Returns the number of leading `bytes` that go into a segment with `free` bytes left.
///
/// They are whole lines, unless a line is longer than `segment_size`.
fn fitting(bytes: &[u8], free: u64, segment_size: u64) -> usize {
    let most = usize::try_from(free).unwrap_or(usize::MAX);
    match bytes.get(..most).map(|fitting| memrchr(b'\n', fitting)) {
        None => bytes.len(),
        Some(Some(end)) => end + 1,
        Some(None) if free == segment_size => most,
        Some(None) => 0,
    }
}

impl Segments {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Segment>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the segment that holds the byte at `offset`, and the offset of the next segment.
    fn find(&self, offset: u64) -> Option<(Segment, u64)> {
        let segments = self.lock();
        let after = segments.partition_point(|segment| segment.first <= offset);
        let segment = segments.get(after.checked_sub(1)?)?;
        Some((segment.clone(), segments.get(after).map_or(u64::MAX, |next| next.first)))
    }
}

impl Log for Segments {
    fn read_exact_at(&self, mut bytes: &mut [u8], mut offset: u64) -> io::Result<()> {
        while !bytes.is_empty() {
            let (segment, next) = self.find(offset).ok_or(io::ErrorKind::NotFound)?;
            let len = bytes.len().min(usize::try_from(next - offset).unwrap_or(usize::MAX));
            let (first, rest) = bytes.split_at_mut(len);
            segment.file.read_exact_at(first, offset - segment.first)?;
            (bytes, offset) = (rest, next);
        }
        Ok(())
    }

    fn oldest(&self) -> u64 {
        self.oldest.load(Ordering::Acquire)
    }

    fn is_file(&self) -> bool {
        false
    }

    fn is_redacted(&self) -> bool {
        self.is_redacted.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn names(directory: &tempfile::TempDir) -> SpoolNames {
        SpoolNames::new(directory.path().join("spool"))
    }

    fn sizes(names: &SpoolNames) -> Vec<u64> {
        let size = |n| fs::metadata(names.number(n)).expect("a file").len();
        (0..names.free(0)).map(size).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_segments_hold_the_newest_bytes_within_the_capacity(
            writes in vec("[ab\n]{0,60}", 0..60), capacity in 64u64..400,
        ) {
            let directory = tempfile::tempdir().expect("a directory");
            let mut spool = Spool::create(names(&directory), Some(capacity)).expect("created");
            let mut all = Vec::new();
            for text in &writes {
                let oldest = spool.segments.oldest();
                let has_dropped = spool.write(text.as_bytes()).expect("written");
                all.extend_from_slice(text.as_bytes());
                prop_assert_eq!(has_dropped, spool.segments.oldest() > oldest);
                prop_assert!(sizes(&spool.names).iter().sum::<u64>() <= capacity);
            }
            let oldest = spool.segments.oldest() as usize;
            prop_assert!(all.len() - oldest >= all.len().min(capacity as usize / 2));
            for at in oldest..all.len() {
                let mut bytes = vec![0; all.len() - at];
                spool.segments.read_exact_at(&mut bytes, at as u64).expect("kept");
                prop_assert_eq!(&bytes, &all[at..]);
            }
            if oldest > 0 {
                let before = spool.segments.read_exact_at(&mut [0], oldest as u64 - 1);
                prop_assert!(before.is_err());
            }
            let files = (0..spool.names.free(0)).rev();
            let kept: Vec<u8> =
                files.flat_map(|n| fs::read(spool.names.number(n)).expect("a file")).collect();
            prop_assert_eq!(kept, &all[oldest..]);
        }
    }

    #[test]
    fn segments_end_with_lines() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut spool = Spool::create(names(&directory), Some(800)).expect("created");
        spool.write("0123456\n".repeat(50).as_bytes()).expect("written");
        assert_eq!(sizes(&spool.names), [16, 96, 96, 96, 96]);
        spool.write(&[b'x'; 250]).expect("written");
        assert_eq!(sizes(&spool.names), [50, 100, 100, 16, 96, 96, 96, 96]);
    }

    #[test]
    fn segments_of_earlier_runs_count_towards_the_capacity() {
        let directory = tempfile::tempdir().expect("a directory");
        for run in 0..30 {
            let mut spool = Spool::create(names(&directory), Some(800)).expect("created");
            spool.write(format!("run {run:096}").as_bytes()).expect("written");
        }
        assert_eq!(sizes(&names(&directory)), [100; 8]);
        let mut spool = Spool::create(names(&directory), None).expect("created");
        spool.write(&[b'x'; 5000]).expect("written");
        assert_eq!(sizes(&spool.names)[..3], [5000, 100, 100]);
    }
}
