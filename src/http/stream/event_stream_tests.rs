//! Which event streams the publishing thread sends itself.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};

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

/// No expression and no glob of a client may delay the reading of files.
#[tokio::test]
async fn the_publishing_thread_sends_no_filtered_stream() {
    let capacity = Capacity { lines: 10, bytes: 1 << 20, index_bytes: 0 };
    let (publisher, feed) = feed(Encoder::new(Epoch::from_random(1)), capacity, cutting(1000));
    let site = Arc::new(Site::new(feed, Registry::default(), "/sse"));
    for (query, expected) in [("", 1), ("n=0&ping", 1), ("grep=x", 0), ("file=*", 0), ("stop=x", 0)]
    {
        let parsed =
            Query::parse(query, &HeaderMap::new(), site.presentation, &site.time()).expect("valid");
        let permit = Arc::clone(&site.stream_permits).try_acquire_owned().expect("a permit");
        let mut stream = EventStream::new(Arc::clone(&site), parsed, Flow::default(), permit);
        let counted = Arc::new(Counted::default());
        let inline: Arc<dyn InlineStream> = Arc::<Counted>::clone(&counted);
        stream.set_inline(Arc::downgrade(&inline));
        let mut cx = Context::from_waker(Waker::noop());
        while Pin::new(&mut stream).poll_frame(&mut cx).is_ready() {}
        // Without a relay, every publication is sent inline, if that is allowed.
        let content = DraftContent::Lines(lines_of(1, 1));
        publisher.publish(vec![Draft { source: source(), content }]);
        assert_eq!(counted.0.load(Ordering::SeqCst), expected, "{query:?}");
    }
}
