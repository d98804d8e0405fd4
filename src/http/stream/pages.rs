//! What many peers are sent, in memory from which the kernel sends it without copying.
//!
//! A `write` copies its bytes into each socket. Pages of a file are sent as they are, whoever
//! else is being sent them: so bytes that are asked for again and again are written into a file
//! that is nothing but memory (`memfd_create(2)`), once, and then go out by `sendfile(2)`.
//!
//! A page may still be on its way to a slow peer when its place is given to other bytes. It is
//! never changed: a place is emptied before it is used again, by which the file gets new pages
//! there, while the old ones belong to whoever is being sent them.

use std::collections::VecDeque;
use std::fmt;
use std::io::IoSlice;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use rustix::fs::{FallocateFlags, MemfdFlags, fallocate, memfd_create};
use rustix::io::pwritev;
use rustix::process::{Resource, getrlimit};
use slab::Slab;

/// Fewer bytes are copied sooner than found.
const LEAST: usize = 8 * 1024;
/// The most bytes in one place, which begins at a multiple of so many.
const PLACE: usize = 256 * 1024;
/// How many places there are.
const PLACES: usize = 64;
/// The most that is remembered, which leaves places for what is still being sent,
const ITEMS: usize = PLACES / 2;
/// and how many bytes that may be.
const CAPACITY: usize = 4 * 1024 * 1024;
/// Bytes that only the first few want are not worth a place.
const POPULAR: u32 = 3;

/// Bytes that were asked for lately.
#[derive(Debug, Default)]
pub(in crate::http) struct Pages(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The oldest first.
    items: VecDeque<Item>,
    held: usize,
    memory: Option<Arc<Memory>>,
    /// This system has no such memory.
    is_refused: bool,
}

struct Item {
    /// Also keeps others from having its address.
    bytes: Bytes,
    asked: u32,
    extent: Option<Arc<Extent>>,
}

/// A file without a name.
#[derive(Debug)]
struct Memory {
    file: OwnedFd,
    places: Mutex<Slab<()>>,
}

/// Bytes in that file, which stay there for as long as this is held.
#[derive(Debug)]
pub(in crate::http) struct Extent {
    memory: Arc<Memory>,
    place: usize,
    len: usize,
}

impl Pages {
    /// Where `bytes` are, within `wrapped`, which is what of them goes to every peer.
    ///
    /// None if they are to be copied; which is also sooner done than waiting for somebody else.
    pub(in crate::http) fn find(
        &self,
        bytes: &Bytes,
        wrapped: &[IoSlice<'_>],
    ) -> Option<Arc<Extent>> {
        // Those that are nobody else's will not be asked for again.
        if bytes.len() < LEAST || bytes.is_unique() {
            return None;
        }
        let mut state = self.0.try_lock().ok()?;
        let is_it = |item: &&mut Item| {
            (item.bytes.as_ptr(), item.bytes.len()) == (bytes.as_ptr(), bytes.len())
        };
        let State { items, held, memory, is_refused } = &mut *state;
        let Some(item) = items.iter_mut().rev().find(is_it) else {
            let bytes = bytes.clone();
            *held += bytes.len();
            items.push_back(Item { bytes, asked: 1, extent: None });
            while items.len() > ITEMS || *held > CAPACITY {
                *held -= items.pop_front().map_or(0, |item| item.bytes.len());
            }
            return None;
        };
        item.asked += 1;
        if item.asked == POPULAR && !*is_refused {
            let memory = match memory {
                Some(memory) => Some(memory),
                None => Memory::new().map(|new| memory.insert(Arc::new(new))),
            };
            *is_refused = memory.is_none();
            item.extent = memory.and_then(|memory| memory.put(wrapped)).map(Arc::new);
        }
        item.extent.clone()
    }
}

impl Memory {
    fn new() -> Option<Self> {
        // Who writes past the limit of a file's size is killed.
        let limit = getrlimit(Resource::Fsize).current;
        if limit.is_some_and(|limit| limit < (PLACES * PLACE) as u64) {
            return None;
        }
        let file = memfd_create("events", MemfdFlags::CLOEXEC).ok()?;
        Some(Memory { file, places: Mutex::default() })
    }

    fn put(self: &Arc<Self>, slices: &[IoSlice<'_>]) -> Option<Extent> {
        let len = slices.iter().map(|slice| slice.len()).sum();
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if len > PLACE || places.len() == PLACES {
            return None;
        }
        let place = places.insert(());
        drop(places);
        let extent = Extent { memory: Arc::clone(self), place, len };
        let written = pwritev(&self.file, slices, extent.offset()).ok()?;
        (written == len).then_some(extent)
    }
}

impl Extent {
    /// Where it begins in the file.
    pub(in crate::http) fn offset(&self) -> u64 {
        (self.place * PLACE) as u64
    }

    /// How many bytes it has.
    pub(in crate::http) fn len(&self) -> usize {
        self.len
    }
}

impl AsFd for Extent {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.memory.file.as_fd()
    }
}

impl Drop for Extent {
    fn drop(&mut self) {
        let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        // A place that cannot be emptied is not used again.
        if fallocate(&self.memory.file, flags, self.offset(), PLACE as u64).is_ok() {
            let places = self.memory.places.lock();
            places.unwrap_or_else(PoisonError::into_inner).remove(self.place);
        }
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

    fn bytes(fill: u8, len: usize) -> Bytes {
        Bytes::from(vec![fill; len])
    }

    /// Asks as a peer does.
    fn ask(pages: &Pages, bytes: &Bytes) -> Option<Arc<Extent>> {
        pages.find(bytes, &[IoSlice::new(b"<"), IoSlice::new(bytes), IoSlice::new(b">")])
    }

    fn asked(pages: &Pages, bytes: &Bytes) -> Arc<Extent> {
        (0..POPULAR).find_map(|_| ask(pages, bytes)).expect("an extent")
    }

    fn read(extent: &Extent) -> Vec<u8> {
        let mut read = vec![0; extent.len()];
        let len = rustix::io::pread(extent, &mut read, extent.offset()).expect("read");
        assert_eq!(len, read.len());
        read
    }

    #[test]
    fn bytes_that_several_want_get_a_place() {
        let pages = Pages::default();
        let (shared, others) = (bytes(b'a', LEAST), bytes(b'b', LEAST));
        let _held = (shared.clone(), others.clone());
        for _ in 1..POPULAR {
            assert!(ask(&pages, &shared).is_none(), "too early");
            assert!(ask(&pages, &others).is_none(), "too early");
        }
        for bytes in [&shared, &others, &shared] {
            let extent = ask(&pages, bytes).expect("an extent");
            assert_eq!(read(&extent), [b"<", &bytes[..], b">"].concat());
        }
    }

    #[test]
    fn bytes_of_one_peer_and_few_bytes_are_copied() {
        let pages = Pages::default();
        let (own, few) = (bytes(b'a', LEAST), bytes(b'b', LEAST - 1));
        let _held = few.clone();
        for _ in 0..2 * POPULAR {
            assert!(ask(&pages, &own).is_none());
            assert!(ask(&pages, &few).is_none());
        }
    }

    #[test]
    fn what_somebody_is_being_sent_stays_while_places_are_used_again() {
        let pages = Pages::default();
        let first = bytes(b'a', LEAST);
        let _held = first.clone();
        let extent = asked(&pages, &first);
        let mut places = std::collections::HashSet::new();
        for n in 0..5 * PLACES {
            let other = bytes(n as u8, LEAST + n);
            let _held = other.clone();
            places.insert(asked(&pages, &other).offset());
        }
        assert!(places.len() <= PLACES, "{} places", places.len());
        assert!(!places.contains(&extent.offset()));
        assert_eq!(read(&extent), [b"<", &first[..], b">"].concat());
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let pages = Pages::default();
        for n in 0..100 {
            let large = bytes(n, PLACE - 2);
            let _held = large.clone();
            asked(&pages, &large);
            let state = pages.0.lock().expect("whole");
            assert!(state.held <= CAPACITY, "{} bytes", state.held);
        }
        let too_large = bytes(b'x', PLACE);
        let _held = too_large.clone();
        assert!((0..2 * POPULAR).all(|_| ask(&pages, &too_large).is_none()));
    }

    #[test]
    fn an_emptied_place_has_other_pages() {
        let memory = Arc::new(Memory::new().expect("a file"));
        let old = memory.put(&[IoSlice::new(&[1; 8192])]).expect("a place");
        let (from, to) = pipe().expect("a pipe");
        let mut offset = old.offset();
        splice(&old, Some(&mut offset), &to, None, 8192, SpliceFlags::empty()).expect("spliced");
        let place = old.offset();
        drop(old);
        let new = memory.put(&[IoSlice::new(&[2; 8192])]).expect("a place");
        assert_eq!(new.offset(), place, "it is the same place");
        let mut sent = [0; 8192];
        rustix::io::read(&from, &mut sent).expect("read");
        assert_eq!(sent, [1; 8192], "what was on its way has changed");
    }
}
