//! Which event streams the publishing thread sends itself, how much a frame has, and
//! which bytes streams share.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::Body as _;
use hyper::HeaderMap;

use super::EventStream;
use crate::event::{Encoder, Epoch};
use crate::feed::{Draft, DraftContent, InlineStream, feed};
use crate::follow::Registry;
use crate::http::socket::Flow;
use crate::http::{Query, Site};
use crate::store::Capacity;
use crate::store::samples::{cutting, lines_of, source};

/// A stream that counts how often the publishing thread sends it.
#[derive(Default)]
struct Counted(AtomicUsize);

impl InlineStream for Counted {
    fn send_now(&self) -> bool {
        self.0.fetch_add(1, Ordering::SeqCst);
        true
    }
}

pub(super) fn stream_of(site: &Arc<Site>, query: &str, is_gzip: bool) -> EventStream {
    let parsed =
        Query::parse(query, &HeaderMap::new(), site.presentation, &site.time()).expect("valid");
    let permit = Arc::clone(&site.stream_permits).try_acquire_owned().expect("a permit");
    EventStream::new(Arc::clone(site), parsed, Flow::default(), permit, is_gzip)
}

/// No expression and no glob of a client, and no compressor, may delay the reading of files.
#[tokio::test]
async fn the_publishing_thread_sends_no_filtered_and_no_compressed_stream() {
    let capacity = Capacity { lines: 10, bytes: 1 << 20, index_bytes: 0 };
    let (publisher, feed) = feed(Encoder::new(Epoch::from_random(1)), capacity, cutting(1000));
    let site = Arc::new(Site::new(feed, Registry::default(), "/sse"));
    for (query, is_gzip, expected) in [
        ("", false, 1),
        ("n=0&ping", false, 1),
        ("grep=x", false, 0),
        ("file=*", false, 0),
        ("stop=x", false, 0),
        ("", true, 0),
    ] {
        let mut stream = stream_of(&site, query, is_gzip);
        let counted = Arc::new(Counted::default());
        let inline: Arc<dyn InlineStream> = Arc::<Counted>::clone(&counted);
        stream.set_inline(Arc::downgrade(&inline));
        let mut cx = Context::from_waker(Waker::noop());
        while Pin::new(&mut stream).poll_frame(&mut cx).is_ready() {}
        // Without a relay, every publication is sent inline, if that is allowed.
        let content = DraftContent::Lines(lines_of(1, 1));
        publisher.publish(vec![Draft { source: source(), content }]);
        assert_eq!(counted.0.load(Ordering::SeqCst), expected, "{query:?} {is_gzip}");
    }
}

/// The text that is compressed for one peer alone must not delay other streams.
#[tokio::test]
async fn a_frame_that_is_compressed_for_one_peer_has_few_events() {
    let capacity = Capacity { lines: 20_000, bytes: 4 << 20, index_bytes: 0 };
    let (publisher, feed) = feed(Encoder::new(Epoch::from_random(1)), capacity, cutting(1000));
    let site = Arc::new(Site::new(feed, Registry::default(), "/sse"));
    for n in 0..100 {
        let content = DraftContent::Lines(lines_of(n * 100 + 1, 100));
        publisher.publish(vec![Draft { source: source(), content }]);
    }
    let mut stream = stream_of(&site, "n=all&grep=.", true);
    let mut cx = Context::from_waker(Waker::noop());
    let (mut most, mut all) = (0, 0);
    let deadline = Instant::now() + Duration::from_secs(20);
    while all < 10_000 {
        assert!(Instant::now() < deadline, "{all} events");
        // Pending where the time of searching is over.
        let _ = Pin::new(&mut stream).poll_frame(&mut cx);
        // A frame is counted when the next one is asked for.
        let sent = site.traffic.events.get();
        (most, all) = (most.max(sent - all), sent);
    }
    // An event has more than 16 bytes.
    assert!(most < 2048 + 100, "{most} events");
}

#[tokio::test]
async fn bytes_are_compressed_once_for_all_clients() {
    let capacity = Capacity { lines: 20_000, bytes: 4 << 20, index_bytes: 0 };
    let (publisher, feed) = feed(Encoder::new(Epoch::from_random(1)), capacity, cutting(1000));
    let site = Arc::new(Site::new(feed, Registry::default(), "/sse"));
    let mut streams = [(); 3].map(|()| stream_of(&site, "n=0", true));
    let mut cx = Context::from_waker(Waker::noop());
    let mut parts_of = |stream: &mut EventStream| {
        let mut parts = Vec::new();
        while let Poll::Ready(Some(Ok(frame))) = Pin::new(&mut *stream).poll_frame(&mut cx) {
            let mut frame = frame.into_data().expect("data");
            parts.extend(std::iter::from_fn(|| frame.pop()));
        }
        parts
    };
    for stream in &mut streams {
        assert_eq!(parts_of(stream).len(), 1, "the preamble");
    }
    for n in 0..200 {
        let content = DraftContent::Lines(lines_of(n * 50 + 1, 50));
        publisher.publish(vec![Draft { source: source(), content }]);
        let parts: Vec<Vec<Bytes>> = streams.iter_mut().map(&mut parts_of).collect();
        let places: Vec<Vec<*const u8>> =
            parts.iter().map(|parts| parts.iter().map(|part| part.as_ptr()).collect()).collect();
        assert_eq!(places[0].len(), 1, "batch {n}");
        assert!(places.iter().all(|place| *place == places[0]), "batch {n}: {places:?}");
    }
}
