//! An HTTP/2 client that writes and reads frames.

use std::collections::HashSet;
use std::time::Instant;

use super::client::TlsClient;
use crate::harness::{DEADLINE, Running};

/// An HTTP/2 connection.
pub struct Http2 {
    client: TlsClient,
}

/// A frame (RFC 9113, section 4.1).
struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

/// The data frames of a connection until its end.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rest {
    pub bytes: usize,
    /// Number of streams that ended with `END_STREAM`.
    pub complete_streams: usize,
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const WINDOW_UPDATE: u8 = 8;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

impl Http2 {
    /// Opens a connection; the server may send `window` bytes on each stream.
    pub fn open(ssetail: &Running, window: u32) -> Self {
        let mut connection = Http2 { client: TlsClient::open(ssetail, &["h2"]) };
        connection.client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        let mut settings = vec![0, 4];
        settings.extend(window.to_be_bytes());
        connection.send(SETTINGS, 0, 0, &settings);
        connection.send(WINDOW_UPDATE, 0, 0, &(1u32 << 30).to_be_bytes());
        connection
    }

    pub fn get(&mut self, stream: u32, path: &str) {
        assert!(self.try_get(stream, path), "the request cannot be sent");
    }

    /// Sends a request that accepts gzip.
    pub fn get_gzip(&mut self, stream: u32, path: &str) {
        // `accept-encoding: gzip, deflate` is in the static table.
        let head = [head(path), vec![0x90]].concat();
        self.send(HEADERS, END_STREAM | END_HEADERS, stream, &head);
    }

    /// Returns false if the server has closed the connection.
    pub fn try_get(&mut self, stream: u32, path: &str) -> bool {
        self.try_send(HEADERS, END_STREAM | END_HEADERS, stream, &head(path))
    }

    fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        assert!(self.try_send(kind, flags, stream, payload), "the frame cannot be sent");
    }

    /// Returns false if the server has closed the connection.
    pub fn try_send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> bool {
        let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
        frame.extend([kind, flags]);
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        self.client.try_send(&frame)
    }

    /// Waits until `streams` streams have had a data frame that contains `text`.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str, streams: usize) {
        let deadline = Instant::now() + DEADLINE;
        let mut seen = HashSet::new();
        while seen.len() < streams {
            let frame = self.read().filter(|_| Instant::now() < deadline);
            let frame = frame.unwrap_or_else(|| panic!("{} streams have {text:?}", seen.len()));
            let payload = String::from_utf8_lossy(&frame.payload);
            if frame.kind == DATA && payload.contains(text) {
                seen.insert(frame.stream);
            }
        }
    }

    /// Reads until `stream` ends with `END_STREAM`; returns its body.
    #[track_caller]
    pub fn body(&mut self, stream: u32) -> String {
        String::from_utf8(self.bytes(stream)).expect("UTF-8")
    }

    /// Does the same, and returns the bytes of the body.
    #[track_caller]
    pub fn bytes(&mut self, stream: u32) -> Vec<u8> {
        let deadline = Instant::now() + DEADLINE;
        let mut body = Vec::new();
        loop {
            let frame = self.read().filter(|_| Instant::now() < deadline);
            let frame = frame.unwrap_or_else(|| panic!("stream {stream} does not end"));
            if frame.stream != stream || ![DATA, HEADERS].contains(&frame.kind) {
                continue;
            }
            if frame.kind == DATA {
                body.extend(frame.payload);
            }
            if frame.flags & END_STREAM != 0 {
                return body;
            }
        }
    }

    /// Reads until the server closes the connection.
    #[track_caller]
    pub fn rest(&mut self) -> Rest {
        let deadline = Instant::now() + DEADLINE;
        let mut rest = Rest::default();
        while let Some(frame) = self.read() {
            assert!(Instant::now() < deadline, "the server does not close the connection");
            if frame.kind == DATA {
                rest.bytes += frame.payload.len();
            }
            let is_end = [DATA, HEADERS].contains(&frame.kind) && frame.flags & END_STREAM != 0;
            rest.complete_streams += usize::from(is_end);
        }
        rest
    }

    /// Reads a frame; `None` at the end of the connection.
    #[track_caller]
    fn read(&mut self) -> Option<Frame> {
        let head = self.client.take(9)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        let payload = self.client.take(length as usize)?;
        Some(Frame { kind: head[3], flags: head[4], stream, payload })
    }
}

/// Returns the header block of a request.
fn head(path: &str) -> Vec<u8> {
    // `:method: GET` and `:scheme: https` are in the static table; the others are literals.
    let mut head = vec![0x82, 0x87, 0x04, path.len() as u8];
    head.extend(path.as_bytes());
    head.extend([0x01, 9]);
    head.extend(b"localhost");
    head
}
