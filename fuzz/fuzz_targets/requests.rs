//! Requests: each one gets a status that docs/PROTOCOL.md lists, and a body that can be polled.
//!
//! The input is the head of an HTTP/1.1 request, as it comes from the network.

#![no_main]

use std::pin::pin;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Waker};

use http::Request;
use http_body::Body;
use libfuzzer_sys::fuzz_target;
use ssetail::event::{Cutting, Encoder, Epoch};
use ssetail::feed::feed;
use ssetail::follow::Registry;
use ssetail::http::Site;
use ssetail::store::Capacity;
use tokio::runtime::Runtime;

/// Largest number of headers that hyper accepts by default.
const HEADERS: usize = 100;
/// Statuses of docs/PROTOCOL.md that a site returns; the others come from hyper.
const STATUSES: [u16; 12] = [200, 204, 303, 304, 308, 400, 401, 403, 404, 405, 431, 503];
/// Frames that are polled of a body; an event stream has no last one.
const FRAMES: usize = 4;

struct Server {
    site: Arc<Site>,
    runtime: Runtime,
}

static SERVER: LazyLock<Server> = LazyLock::new(|| {
    let encoder = Encoder::new(Epoch::from_random(1));
    let (publisher, feed) = feed(encoder, Capacity::default(), Cutting::default());
    // Without a publisher the feed would close, and every stream end at once.
    std::mem::forget(publisher);
    let site = Site { prefix: "/logs".to_owned(), ..Site::new(feed, Registry::default(), "/sse") };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    Server { site: Arc::new(site), runtime: runtime.expect("a runtime") }
});

fuzz_target!(|head: &[u8]| {
    let Some(request) = parse(head) else { return };
    let _runtime = SERVER.runtime.enter();
    let response = SERVER.runtime.block_on(SERVER.site.respond(&request));
    assert!(STATUSES.contains(&response.status().as_u16()), "{}", response.status());
    let mut body = pin!(response.into_body());
    for _ in 0..FRAMES {
        let frame = body.as_mut().poll_frame(&mut Context::from_waker(Waker::noop()));
        if !matches!(frame, Poll::Ready(Some(Ok(_)))) {
            break;
        }
    }
});

/// The request that hyper would make of `head`; none if it would refuse it.
fn parse(head: &[u8]) -> Option<Request<()>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    if !parsed.parse(head).ok()?.is_complete() {
        return None;
    }
    let mut request = Request::builder().method(parsed.method?).uri(parsed.path?);
    for header in parsed.headers.iter() {
        request = request.header(header.name, header.value);
    }
    request.body(()).ok()
}
