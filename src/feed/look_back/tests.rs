use std::future::poll_fn;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::event::{Encoder, Epoch, Grep, Lines, Location, Log, Position};
use crate::feed::{Backlog, Candidates, Draft, DraftContent, Feed, Read, Start, Subscriber, feed};
use crate::store::Capacity;
use crate::store::samples::{cutting, lines_of, source};

/// A file in memory that counts how often it is read.
#[derive(Debug, Default)]
struct Counting {
    bytes: Vec<u8>,
    reads: AtomicUsize,
}

impl Counting {
    fn reads(&self) -> usize {
        self.reads.load(Ordering::Relaxed)
    }
}

impl Log for Counting {
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let read = self.bytes.get(offset as usize..).and_then(|rest| rest.get(..bytes.len()));
        bytes.copy_from_slice(read.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

/// Publishes batches of 1000 lines, each the text of its seq, as lines of a file.
fn in_file(capacity: Capacity, batches: u64) -> (Feed, Arc<Counting>) {
    let batches: Vec<_> = (0..batches).map(|n| lines_of(1 + n * 1000, 1000)).collect();
    let bytes = batches.iter().flat_map(|lines| lines.bytes.to_vec()).collect();
    let log = Arc::new(Counting { bytes, ..Counting::default() });
    let (publisher, feed) = feed(Encoder::new(Epoch::from_random(0)), capacity, cutting(1000));
    let mut offset = 0;
    for lines in batches {
        let location = Some(Location::of(&lines.bytes, log.clone(), offset));
        offset += lines.bytes.len() as u64;
        let content = DraftContent::Lines(Lines { location, ..lines });
        publisher.publish(vec![Draft { source: source(), content }]);
    }
    (feed, log)
}

fn grep(expression: &str) -> Arc<Selection> {
    let grep = Grep::new(&[expression], 1 << 20).expect("an expression");
    Arc::new(Selection { grep: Some(Arc::new(grep)), ..Selection::default() })
}

/// Returns a subscriber to the newest lines that has found its start.
async fn begin(feed: &Feed, lines: u64, candidates: Candidates) -> Subscriber {
    let start = Start::New(Backlog::Newest(lines));
    let mut subscriber = feed.subscribe_among(start, candidates);
    let read = poll_fn(|cx| subscriber.poll_read(cx, |_| true)).await;
    assert!(matches!(read, Some(Read::Begin(at)) if at == subscriber.cursor()), "{read:?}");
    subscriber
}

#[tokio::test]
async fn entries_without_a_match_are_read_once() {
    let capacity = Capacity { lines: 1 << 20, bytes: 1000, index_bytes: 1 << 20 };
    let (feed, log) = in_file(capacity, 800);
    let entries = log.bytes.len().div_ceil(512 * 1024);
    assert!(entries > 7, "{entries} entries");
    let candidates = Candidates { selection: Some(grep("^40000[0-2]$")), before: None };
    let mut subscriber = begin(&feed, 5, candidates).await;
    assert_eq!(subscriber.cursor(), Position::before(400_000));
    let searches = log.reads();
    assert!((entries - 1..=entries + 1).contains(&searches), "{searches} of {entries}");
    subscriber.end_before_next();
    while poll_fn(|cx| subscriber.poll_read(cx, |_| true)).await.is_some() {}
    assert!(subscriber.is_at_end());
    assert_eq!(subscriber.cursor(), Position::before(800_001));
    assert!(log.reads() - searches <= 2, "{} reads after the search", log.reads() - searches);
}

#[tokio::test]
async fn a_search_ends_at_the_line_that_completes_it() {
    let capacity = Capacity { lines: 1 << 20, bytes: 1000, index_bytes: 1 << 20 };
    let (feed, log) = in_file(capacity, 800);
    let start = async |lines, selection, before| {
        begin(&feed, lines, Candidates { selection, before }).await.cursor().next
    };
    assert_eq!(start(3, Some(grep("7$")), None).await, 799_977);
    assert!(log.reads() <= 1, "the newest entry is enough");
    assert_eq!(start(3, Some(grep("7$")), Some(799_977)).await, 799_947);
    assert_eq!(start(3, Some(grep("7$")), Some(17)).await, 7, "there are no more");
    assert_eq!(start(3, Some(grep("none")), Some(17)).await, 17);
    let reads = log.reads();
    assert_eq!(start(5000, None, Some(10_000)).await, 5000);
    assert_eq!(start(5000, None, Some(1)).await, 1);
    assert_eq!(log.reads(), reads, "lines are counted without their files");
}

#[tokio::test]
async fn only_lines_that_can_be_read_are_found() {
    let capacity = Capacity { lines: 30, ..Capacity::DEFAULT };
    let (publisher, feed) = feed(Encoder::new(Epoch::from_random(0)), capacity, cutting(1000));
    for first in [1, 51] {
        let content = DraftContent::Lines(lines_of(first, 50));
        publisher.publish(vec![Draft { source: source(), content }]);
    }
    for (lines, expression, first) in [(2, "5$", 85), (100, "5$", 75), (100, "^6", 101)] {
        let candidates = Candidates { selection: Some(grep(expression)), before: None };
        let subscriber = begin(&feed, lines, candidates).await;
        assert_eq!(subscriber.cursor().next, first, "{lines} of {expression}");
    }
    let candidates = Candidates { selection: None, before: Some(81) };
    assert_eq!(begin(&feed, 100, candidates).await.cursor().next, 71);
}
