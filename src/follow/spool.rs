//! The spool: what standard input brings, kept on disk, so that it has a log too.
//!
//! `FILE` is written; `FILE.1` is what was written before it, `FILE.2` before that, and so on.
//! One after the other, the segments of a run are the bytes of its standard input.
//! What an earlier run has left in `FILE` becomes `FILE.1` in the same way.
//! With a capacity, segments are an eighth of it, and the oldest are removed, so that all of
//! them together stay within it.

use std::collections::VecDeque;
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use memchr::memrchr;

use crate::event::{Location, Log};

/// How many segments share the capacity.
const SEGMENTS: u64 = 8;

/// The writing side.
#[derive(Debug)]
pub struct Spool {
    names: SpoolNames,
    capacity: u64,
    /// How much of standard input has been written, all segments together.
    written: u64,
    segments: Arc<Segments>,
    failed: bool,
}

/// What its files are called: a path, and this path with numbers.
#[derive(Clone, Debug)]
pub struct SpoolNames(PathBuf);

/// The segments of this run, oldest first; never empty.
///
/// They are open, so that they can be read whatever becomes of their names.
#[derive(Debug)]
struct Segments {
    segments: Mutex<VecDeque<Segment>>,
    /// Where the oldest segment begins; the index asks for it, and must not wait for the lock.
    oldest: AtomicU64,
}

#[derive(Clone, Debug)]
struct Segment {
    file: Arc<File>,
    /// Where in standard input it begins.
    first: u64,
}

impl Spool {
    /// Begins to write; without `capacity` it grows for ever.
    pub fn create(names: SpoolNames, capacity: Option<u64>) -> io::Result<Self> {
        let capacity = capacity.unwrap_or(u64::MAX);
        names.make_room()?;
        names.limit(capacity - capacity / SEGMENTS)?;
        let first = Segment { file: names.create()?, first: 0 };
        let segments =
            Arc::new(Segments { segments: Mutex::new([first].into()), oldest: AtomicU64::new(0) });
        Ok(Spool { names, capacity, written: 0, segments, failed: false })
    }

    /// Appends `bytes`; tells whether older ones had to go.
    ///
    /// After an error nothing more is written.
    pub(super) fn write(&mut self, mut bytes: &[u8]) -> io::Result<bool> {
        let mut has_dropped = false;
        while !bytes.is_empty() && !self.failed {
            let (file, room) = self.newest();
            let fits = fitting(bytes, room, self.segment_size());
            let step = if fits == 0 {
                self.begin_segment().map(|dropped| has_dropped |= dropped)
            } else {
                file.write_all_at(&bytes[..fits], self.segment_size() - room)
            };
            self.failed = step.is_err();
            step?;
            self.written += fits as u64;
            bytes = &bytes[fits..];
        }
        Ok(has_dropped)
    }

    /// The place of `bytes`, which standard input brought at `offset`, if they were written.
    pub(super) fn place(&self, bytes: &[u8], offset: u64) -> Option<Location> {
        let is_written = offset + bytes.len() as u64 <= self.written;
        is_written.then(|| Location::of(bytes, self.segments.clone(), offset))
    }

    pub(super) fn names(&self) -> &SpoolNames {
        &self.names
    }

    fn segment_size(&self) -> u64 {
        self.capacity / SEGMENTS
    }

    /// The segment that is written, and how much room it has.
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

/// How much of `bytes` a segment with so much room takes: whole lines, unless one is longer than
/// the segment.
fn fitting(bytes: &[u8], room: u64, segment_size: u64) -> usize {
    let cut = usize::try_from(room).unwrap_or(usize::MAX);
    match bytes.get(..cut).map(|fitting| memrchr(b'\n', fitting)) {
        None => bytes.len(),
        Some(Some(end)) => end + 1,
        Some(None) if room == segment_size => cut,
        Some(None) => 0,
    }
}

impl Segments {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Segment>> {
        self.segments.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The segment that holds the byte at `offset`, and where the next one begins.
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
            let (here, rest) = bytes.split_at_mut(len);
            segment.file.read_exact_at(here, offset - segment.first)?;
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
}

impl SpoolNames {
    /// The names of a spool that writes to `path`, an absolute one.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        SpoolNames(path)
    }

    /// Whether `path` is one of them.
    #[must_use]
    pub fn include(&self, path: &Path) -> bool {
        let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
        let (Some(own), Some(other)) = (name(&self.0), name(path)) else { return false };
        let is_number =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_named = other
            .strip_prefix(&own)
            .is_some_and(|rest| rest.is_empty() || rest.strip_prefix('.').is_some_and(is_number));
        is_named && directory(&self.0) == directory(path)
    }

    fn number(&self, n: usize) -> PathBuf {
        let mut name = self.0.clone().into_os_string();
        if n > 0 {
            name.push(format!(".{n}"));
        }
        name.into()
    }

    /// The first number without a file.
    fn free(&self, from: usize) -> usize {
        let mut n = from;
        while self.number(n).symlink_metadata().is_ok() {
            n += 1;
        }
        n
    }

    /// What stands in the way is kept, as the segment before; unless it is not ours to move.
    fn make_room(&self) -> io::Result<()> {
        let metadata = match self.0.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            metadata => metadata?,
        };
        if !metadata.is_file() {
            return Err(io::Error::other("there is something that is not a file"));
        }
        if let Err(TryLockError::WouldBlock) = File::open(&self.0)?.try_lock() {
            return Err(io::Error::other("another ssetail writes to it"));
        }
        if metadata.len() == 0 { fs::remove_file(&self.0) } else { self.shift() }
    }

    /// Gives every segment the next number; where one is missing, those after it stay.
    fn shift(&self) -> io::Result<()> {
        (0..self.free(0)).rev().try_for_each(|n| fs::rename(self.number(n), self.number(n + 1)))
    }

    /// Removes the oldest, until what is left takes no more than `capacity`.
    fn limit(&self, capacity: u64) -> io::Result<()> {
        let mut size = 0;
        for n in 1..self.free(1) {
            size += self.number(n).symlink_metadata()?.len();
            if size > capacity {
                return (n..self.free(n)).rev().try_for_each(|n| fs::remove_file(self.number(n)));
            }
        }
        Ok(())
    }

    fn create(&self) -> io::Result<Arc<File>> {
        let file =
            File::options().read(true).write(true).create_new(true).mode(0o600).open(&self.0)?;
        // Where there are no locks, nobody else is kept out.
        let _ = file.try_lock();
        Ok(Arc::new(file))
    }
}

impl fmt::Display for SpoolNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

/// The directory of a file, by the name that leads there directly.
fn directory(path: &Path) -> Option<PathBuf> {
    path.parent().and_then(|parent| parent.canonicalize().ok())
}

#[cfg(test)]
mod tests {
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
        fn what_is_kept_is_what_was_written_and_fits(
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
    fn what_earlier_runs_have_left_counts() {
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

    #[test]
    fn only_its_own_names_are_meant() {
        let directory = tempfile::tempdir().expect("a directory");
        let names = names(&directory);
        let is_own = |name: &str| names.include(&directory.path().join(name));
        assert!(is_own("spool") && is_own("spool.1") && is_own("spool.12"));
        assert!(!is_own("spool.log") && !is_own("spool1") && !is_own("a/spool"));
        assert!(!is_own("spool."));
    }
}
