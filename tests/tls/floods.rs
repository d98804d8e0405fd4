//! Floods of HTTP/2 frames: they end their own connection, or cost little.

use super::client::TlsClient;
use super::encrypted;
use super::http2::Http2;
use crate::harness::{Running, eventually};

/// Frames of one flood, many more than a client needs.
const FRAMES: u32 = 5000;

const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const CONTINUATION: u8 = 9;

/// Sends frames until the server closes the connection, or all are sent.
fn flood(ssetail: &Running, mut send: impl FnMut(&mut Http2, u32) -> bool) {
    let mut http2 = Http2::open(ssetail, 1 << 20);
    let _ = (0..FRAMES).all(|n| send(&mut http2, n));
}

#[test]
fn floods_of_frames_leave_the_server_and_its_memory_alone() {
    let ssetail = encrypted().start();
    let mut honest = Http2::open(&ssetail, 1 << 20);
    honest.get(1, "/sse");
    honest.wait_for("data: x", 1);
    let before = ssetail.memory("VmRSS");
    // Requests that are cancelled at once, also while their expressions wait to be compiled.
    for path in ["/sse", r"/sse?grep=x|\w{9}", "/sse?n=1&file=*"] {
        flood(&ssetail, |http2, n| {
            let stream = 2 * n + 1;
            http2.try_get(stream, path) && http2.try_send(RST_STREAM, 0, stream, &[0, 0, 0, 8])
        });
    }
    flood(&ssetail, |http2, _| http2.try_send(PING, 0, 0, &[7; 8]));
    flood(&ssetail, |http2, _| http2.try_send(SETTINGS, 0, 0, &[]));
    // A head that never ends.
    flood(&ssetail, |http2, n| {
        let kind = if n == 0 { 1 } else { CONTINUATION };
        http2.try_send(kind, 0, 1, &[0x40, 1, b'a', 1, b'b'].repeat(200))
    });
    // A stream that closes its window and never opens it.
    let mut closed = Http2::open(&ssetail, 0);
    (0..200).for_each(|n| closed.get(2 * n + 1, "/sse"));
    eventually("only the streams that are open are left", || {
        let mut client = TlsClient::get(&ssetail, "/metrics");
        client.wait_for("# EOF");
        let text = String::from_utf8_lossy(&client.received).into_owned();
        text.contains("\nssetail_open_streams 201\n")
    });
    ssetail.append("a.log", "after the floods\n");
    honest.wait_for("after the floods", 1);
    let grown = ssetail.memory("VmRSS").saturating_sub(before);
    assert!(grown < 64 * 1024, "memory grew by {grown} KiB");
}
