//! What many peers are sent, in memory from which the kernel sends it without copying.
//!
//! A `write` copies its bytes into each socket. Pages of a file are sent as they are, whoever
//! else is being sent them: so bytes that are asked for again and again are written into a file
//! that is nothing but memory (`memfd_create(2)`), once, and then go out by `sendfile(2)`.
//!
//! Pages may still be on their way to a slow peer when their file is gone. They are never changed:
//! every file is written once, and none is used again.

use std::collections::VecDeque;
use std::fmt;
use std::io::IoSlice;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::pwritev;
use rustix::process::{Resource, getrlimit};

/// Fewer bytes are copied sooner than found.
const LEAST: usize = 8 * 1024;
/// Bytes that only the first few want are not worth a file.
const POPULAR: u32 = 3;
/// How much is remembered, each with a descriptor,
const ITEMS: usize = 16;
/// and how many bytes at the most.
const CAPACITY: usize = 4 * 1024 * 1024;

/// Bytes that were asked for lately, the oldest first.
#[derive(Debug, Default)]
pub(in crate::http) struct Pages(Mutex<VecDeque<Item>>);

struct Item {
    /// Also keeps others from having its address.
    bytes: Bytes,
    asked: u32,
    file: Option<Arc<PageFile>>,
}

/// A file without a name.
#[derive(Debug)]
pub(in crate::http) struct PageFile {
    file: OwnedFd,
    len: usize,
}

impl Pages {
    /// A file with `bytes`, within `wrapped`, which is what of them goes to every peer.
    ///
    /// None if they are to be copied; which is also sooner done than waiting for somebody else.
    pub(in crate::http) fn find(
        &self,
        bytes: &Bytes,
        wrapped: &[IoSlice<'_>],
    ) -> Option<Arc<PageFile>> {
        // Those that are nobody else's will not be asked for again.
        if bytes.len() < LEAST || bytes.is_unique() {
            return None;
        }
        let mut items = self.0.try_lock().ok()?;
        let is_it = |item: &&mut Item| {
            (item.bytes.as_ptr(), item.bytes.len()) == (bytes.as_ptr(), bytes.len())
        };
        let Some(item) = items.iter_mut().rev().find(is_it) else {
            items.push_back(Item { bytes: bytes.clone(), asked: 1, file: None });
            while items.len() > ITEMS || size(&items) > CAPACITY {
                items.pop_front();
            }
            return None;
        };
        item.asked += 1;
        if item.asked == POPULAR {
            item.file = PageFile::new(wrapped).map(Arc::new);
        }
        item.file.clone()
    }
}

fn size(items: &VecDeque<Item>) -> usize {
    items.iter().map(|item| item.bytes.len()).sum()
}

impl PageFile {
    /// None where the system has no such files, or not so large ones, or no more descriptors.
    fn new(slices: &[IoSlice<'_>]) -> Option<Self> {
        let len = slices.iter().map(|slice| slice.len()).sum();
        // Who writes past the limit of a file's size is killed.
        if getrlimit(Resource::Fsize).current.is_some_and(|limit| limit < len as u64) {
            return None;
        }
        let file = memfd_create("events", MemfdFlags::CLOEXEC).ok()?;
        let written = pwritev(&file, slices, 0).ok()?;
        (written == len).then_some(PageFile { file, len })
    }

    /// How many bytes it has.
    pub(in crate::http) fn len(&self) -> usize {
        self.len
    }
}

impl AsFd for PageFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Item").field("len", &self.bytes.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use rustix::pipe::{SpliceFlags, pipe, splice};

    use super::*;

    /// Bytes that somebody else has, too.
    fn bytes(fill: u8, len: usize) -> (Bytes, Bytes) {
        let bytes = Bytes::from(vec![fill; len]);
        (bytes.clone(), bytes)
    }

    /// Asks as a peer does.
    fn ask(pages: &Pages, bytes: &Bytes) -> Option<Arc<PageFile>> {
        pages.find(bytes, &[IoSlice::new(b"<"), IoSlice::new(bytes), IoSlice::new(b">")])
    }

    fn asked(pages: &Pages, bytes: &Bytes) -> Arc<PageFile> {
        (0..POPULAR).find_map(|_| ask(pages, bytes)).expect("a file")
    }

    fn read(file: &PageFile) -> Vec<u8> {
        let mut read = vec![0; file.len()];
        let len = rustix::io::pread(file, &mut read, 0).expect("read");
        assert_eq!(len, read.len());
        read
    }

    #[test]
    fn bytes_that_several_want_get_a_file() {
        let pages = Pages::default();
        let ((shared, _held), (others, _too)) = (bytes(b'a', LEAST), bytes(b'b', LEAST));
        for _ in 1..POPULAR {
            assert!(ask(&pages, &shared).is_none(), "too early");
            assert!(ask(&pages, &others).is_none(), "too early");
        }
        for bytes in [&shared, &others, &shared] {
            let file = ask(&pages, bytes).expect("a file");
            assert_eq!(read(&file), [b"<", &bytes[..], b">"].concat());
        }
    }

    #[test]
    fn bytes_of_one_peer_and_few_bytes_are_copied() {
        let pages = Pages::default();
        let (few, _held) = bytes(b'b', LEAST - 1);
        for _ in 0..2 * POPULAR {
            let own = Bytes::from(vec![b'a'; LEAST]);
            assert!(ask(&pages, &own).is_none());
            assert!(ask(&pages, &few).is_none());
        }
        assert!(pages.0.lock().expect("whole").is_empty());
    }

    #[test]
    fn what_somebody_is_being_sent_stays_when_it_is_forgotten() {
        let pages = Pages::default();
        let (first, held) = bytes(b'a', LEAST);
        let file = asked(&pages, &first);
        let (from, to) = pipe().expect("a pipe");
        splice(&*file, Some(&mut 0), &to, None, LEAST, SpliceFlags::empty()).expect("spliced");
        drop((file, first));
        for n in 0..3 * ITEMS {
            let (other, _held) = bytes(n as u8, LEAST + n);
            asked(&pages, &other);
        }
        assert!(held.is_unique(), "it is forgotten");
        let mut sent = vec![0; LEAST];
        rustix::io::read(&from, &mut sent).expect("read");
        assert_eq!(sent, [b"<", &held[1..]].concat(), "what was on its way has changed");
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let pages = Pages::default();
        for n in 0..100 {
            let (large, _held) = bytes(n, CAPACITY / 3);
            asked(&pages, &large);
            let items = pages.0.lock().expect("whole");
            assert!(size(&items) <= CAPACITY, "{} bytes", size(&items));
        }
        let (too_large, _held) = bytes(b'x', CAPACITY + 1);
        assert!((0..2 * POPULAR).all(|_| ask(&pages, &too_large).is_none()));
    }
}
