//! Event streams of one server, all read by one thread.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use flate2::{Decompress, FlushDecompress};
use hdrhistogram::Histogram;
use memchr::memchr;
use rustix::event::epoll::EventFlags;

use crate::Poll;
use crate::line::now;
use crate::reference::{Latencies, Reader, Reference};

/// Number of connections that are opened before the first response.
const AT_ONCE: usize = 100;
/// Number of bytes that are decoded at a time.
const DECODED: usize = 64 * 1024;
/// Largest number of bytes that a link carries while nothing is read.
const CARRIED: f64 = 256.0 * 1024.0;
/// Length of the header of gzip, without options.
const GZIP_HEADER: usize = 10;
/// Size of the reference in bytes from which on it forgets events that all clients have.
const REFERENCE: usize = 4 << 20;

/// A decoder of gzip, and the bytes of the header that are still to come.
struct Decoder {
    decompress: Decompress,
    header: usize,
}

/// A link that all streams share: no more bytes are read than it has carried.
struct Link {
    bytes_per_second: f64,
    /// Bytes that may be read.
    carried: f64,
    at: u64,
}

pub struct Streams {
    poll: Poll,
    link: Option<Link>,
    decoded: Vec<u8>,
    all: Vec<Stream>,
    reference: Reference,
    bytes: Vec<u8>,
    limit: usize,
    answered: usize,
    goal: u64,
    behind: usize,
    pub closed: usize,
    /// Number of lines received, over all clients.
    pub delivered: u64,
    /// Number of bytes of bodies received, over all clients.
    pub received: u64,
    /// Time of the last read, in nanoseconds since 1970.
    pub last: u64,
    /// Nanoseconds spent on reading and checking.
    pub busy: u64,
    pub latencies: Latencies,
}

struct Stream {
    socket: TcpStream,
    /// The head of the response until it is complete; then the start of a line with a size.
    head: Vec<u8>,
    is_answered: bool,
    /// Number of bytes left of this chunk.
    left: u64,
    /// Decodes the content of chunks, if it is gzip.
    decoder: Option<Box<Decoder>>,
    /// The beginning of the content, until its first event.
    preamble: Preamble,
    /// None if the stream is not checked.
    reader: Option<Reader>,
}

/// The comments and the reconnection time before the first event, which differ from client to
/// client.
#[derive(Default)]
struct Preamble {
    line: Vec<u8>,
    has_ended: bool,
}

impl Streams {
    /// Returns no streams yet, for a server that starts with the line `first`.
    pub fn new(first: u64) -> Self {
        Streams {
            poll: Poll::new(),
            link: None,
            decoded: Vec::with_capacity(DECODED),
            all: Vec::new(),
            reference: Reference::new(first),
            bytes: vec![0; 256 * 1024],
            limit: REFERENCE,
            answered: 0,
            goal: 0,
            behind: 0,
            closed: 0,
            delivered: 0,
            received: 0,
            last: now(),
            busy: 0,
            latencies: None,
        }
    }

    /// Opens `count` streams and waits for their responses.
    pub fn open(&mut self, port: u16, path: &str, headers: &str, count: usize, is_checked: bool) {
        let head = "host: localhost\r\naccept: text/event-stream\r\n";
        let request = format!("GET {path} HTTP/1.1\r\n{head}{headers}\r\n");
        for opened in 1..=count {
            let mut socket = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
            socket.write_all(request.as_bytes()).expect("a request");
            socket.set_nonblocking(true).expect("a socket");
            self.poll.add(&socket, self.all.len(), EventFlags::IN);
            let reader = is_checked.then(|| self.reference.reader());
            self.all.push(Stream {
                socket,
                head: Vec::new(),
                is_answered: false,
                left: 0,
                decoder: None,
                preamble: Preamble::default(),
                reader,
            });
            while self.answered + AT_ONCE * usize::from(opened < count) < self.all.len() {
                self.poll(100);
            }
        }
    }

    /// Reads no more than so many bytes a second, at all clients together.
    pub fn limit(&mut self, bytes_per_second: f64) {
        self.link = Some(Link { bytes_per_second, carried: 0.0, at: now() });
    }

    pub fn record(&mut self) {
        self.latencies = Some(Histogram::new_with_max(60_000_000_000, 3).expect("a histogram"));
    }

    /// Returns the bytes of the first events.
    pub fn first_events(&self) -> &[u8] {
        self.reference.bytes()
    }

    /// Returns the readers of the checked streams.
    pub fn readers(&self) -> impl Iterator<Item = &Reader> {
        self.all.iter().filter_map(|stream| stream.reader.as_ref())
    }

    /// Counts from now on the streams that lack lines before `goal`.
    pub fn aim(&mut self, goal: u64) {
        self.goal = goal;
        self.behind = self.readers().filter(|reader| reader.next() < goal).count();
    }

    /// Returns true if every stream has these lines.
    pub fn is_there(&self) -> bool {
        self.behind == 0
    }

    /// Reads until all lines before `goal` have come, or nothing has come for `patience` seconds.
    pub fn finish(&mut self, goal: u64, patience: u64) {
        self.aim(goal);
        let began = now();
        while !self.is_there() && now() < self.last.max(began) + patience * 1_000_000_000 {
            self.poll(0);
        }
    }

    /// Reads the bytes that have come; waits for at most `milliseconds`.
    pub fn poll(&mut self, milliseconds: i64) {
        let ready = self.poll.wait(milliseconds);
        if ready.is_empty() {
            return;
        }
        let began = now();
        for (key, _) in ready {
            self.read(key);
        }
        if self.reference.bytes().len() > self.limit {
            let all = self.all.iter().filter_map(|stream| match stream.reader {
                Some(Reader::Same { at, .. }) => Some(at),
                _ => None,
            });
            self.reference.forget_before(all.min().unwrap_or(0));
            self.limit = REFERENCE.max(self.reference.bytes().len() * 2);
        }
        self.busy += now() - began;
    }

    fn read(&mut self, key: usize) {
        let stream = &mut self.all[key];
        let room = self.link.as_mut().map_or(self.bytes.len(), Link::room).min(self.bytes.len());
        if room == 0 {
            return;
        }
        let len = match stream.socket.read(&mut self.bytes[..room]) {
            Ok(len) if len > 0 => len,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return,
            _ => {
                self.closed += 1;
                return self.poll.remove(&stream.socket);
            }
        };
        if let Some(link) = &mut self.link {
            link.carried -= len as f64;
        }
        let mut bytes = &self.bytes[..len];
        if !stream.is_answered {
            bytes = stream.take_head(bytes);
            self.answered += usize::from(stream.is_answered);
        }
        let Stream { head, left, decoder, preamble, reader, .. } = stream;
        let before = reader.as_ref().map_or(u64::MAX, Reader::next);
        let time = now();
        self.last = time;
        take_chunks(head, left, bytes, |payload| {
            if let Some(reader) = reader {
                self.received += payload.len() as u64;
                let mut take = |text: &[u8]| {
                    let kept;
                    let text = if preamble.has_ended {
                        text
                    } else {
                        kept = preamble.skip(text);
                        &kept
                    };
                    self.delivered += self.reference.take(reader, text, time, &mut self.latencies);
                };
                match decoder {
                    None => take(payload),
                    Some(decoder) => decoder.decode(payload, &mut self.decoded, take),
                }
            }
        });
        let after = reader.as_ref().map_or(u64::MAX, Reader::next);
        self.behind -= usize::from(before < self.goal && after >= self.goal);
    }
}

impl Link {
    /// How many bytes may be read now.
    fn room(&mut self) -> usize {
        let (before, now) = (self.at, now());
        self.at = now;
        let more = (now - before) as f64 / 1e9 * self.bytes_per_second;
        self.carried = (self.carried + more).min(CARRIED);
        self.carried.max(0.0) as usize
    }
}

impl Preamble {
    /// Returns the bytes that belong to events.
    fn skip(&mut self, text: &[u8]) -> Vec<u8> {
        self.line.extend_from_slice(text);
        while !self.has_ended {
            let Some(end) = memchr(b'\n', &self.line) else { return Vec::new() };
            if self.line.starts_with(b":") || self.line.starts_with(b"retry:") {
                self.line.drain(..=end);
            } else {
                self.has_ended = true;
            }
        }
        std::mem::take(&mut self.line)
    }
}

impl Decoder {
    /// Gives everything that can be decoded by now to `take`.
    fn decode(&mut self, payload: &[u8], decoded: &mut Vec<u8>, mut take: impl FnMut(&[u8])) {
        let skipped = self.header.min(payload.len());
        self.header -= skipped;
        let mut rest = &payload[skipped..];
        loop {
            let before = self.decompress.total_in();
            decoded.clear();
            self.decompress
                .decompress_vec(rest, decoded, FlushDecompress::Sync)
                .expect("right blocks of deflate");
            rest = &rest[(self.decompress.total_in() - before) as usize..];
            take(decoded);
            if rest.is_empty() && decoded.len() < decoded.capacity() {
                return;
            }
        }
    }
}

impl Stream {
    /// Returns the bytes after the head.
    fn take_head<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let had = self.head.len();
        self.head.extend_from_slice(bytes);
        let Some(end) = memchr::memmem::find(&self.head, b"\r\n\r\n") else { return b"" };
        let head = String::from_utf8_lossy(&self.head[..end]).to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 200"), "{head}");
        self.is_answered = true;
        self.left = if head.contains("transfer-encoding: chunked") { 0 } else { u64::MAX };
        self.decoder = head
            .contains("content-encoding: gzip")
            .then(|| Box::new(Decoder { decompress: Decompress::new(false), header: GZIP_HEADER }));
        self.head.clear();
        &bytes[end + 4 - had..]
    }
}

/// Passes the content of chunks to `take`; `size` is the start of a line with a size.
fn take_chunks(size: &mut Vec<u8>, left: &mut u64, mut bytes: &[u8], mut take: impl FnMut(&[u8])) {
    while !bytes.is_empty() {
        if *left > 0 {
            let (payload, rest) = bytes.split_at(bytes.len().min(*left as usize));
            take(payload);
            *left -= payload.len() as u64;
            bytes = rest;
        } else if let Some(end) = memchr(b'\n', bytes) {
            size.extend_from_slice(&bytes[..end]);
            // The line that ends the chunk before is empty.
            let text = std::str::from_utf8(size).expect("a size").trim();
            *left =
                if text.is_empty() { 0 } else { u64::from_str_radix(text, 16).expect("a size") };
            size.clear();
            bytes = &bytes[end + 1..];
        } else {
            size.extend_from_slice(bytes);
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preamble_is_skipped_wherever_it_is_cut() {
        let text = b":\nretry: 1873\n:\nevent: a\ndata: :\n\n:\n";
        for run in 1..=text.len() {
            let mut preamble = Preamble::default();
            let mut kept = Vec::new();
            for bytes in text.chunks(run) {
                kept.extend(if preamble.has_ended { bytes.to_vec() } else { preamble.skip(bytes) });
            }
            assert_eq!(kept, b"event: a\ndata: :\n\n:\n", "in runs of {run}");
        }
    }

    #[test]
    fn chunks_are_joined_wherever_they_are_cut() {
        let body = b"3\r\nabc\r\n10\r\n0123456789abcdef\r\n1\r\n!\r\n0\r\n\r\n";
        for run in 1..=body.len() {
            let (mut size, mut left, mut joined) = (Vec::new(), 0, Vec::new());
            for bytes in body.chunks(run) {
                take_chunks(&mut size, &mut left, bytes, |payload| {
                    joined.extend_from_slice(payload)
                });
            }
            assert_eq!(joined, b"abc0123456789abcdef!", "in runs of {run}");
        }
    }
}
