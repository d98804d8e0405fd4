//! Any number of event streams of one server, read by one thread.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use hdrhistogram::Histogram;
use memchr::memchr;
use rustix::event::epoll::EventFlags;

use crate::Poll;
use crate::line::now;
use crate::reference::{Latencies, Reader, Reference};

/// How many connections are opened before any is answered.
const AT_ONCE: usize = 100;
/// Beyond so many bytes the reference forgets what all have.
const REFERENCE: usize = 4 << 20;

pub struct Streams {
    poll: Poll,
    all: Vec<Stream>,
    reference: Reference,
    bytes: Vec<u8>,
    limit: usize,
    answered: usize,
    goal: u64,
    behind: usize,
    pub closed: usize,
    /// Lines that came, at all clients.
    pub delivered: u64,
    /// Bytes of bodies that came, at all clients.
    pub received: u64,
    /// When anything came last.
    pub last: u64,
    /// Nanoseconds in which there was something to do.
    pub busy: u64,
    pub latencies: Latencies,
}

struct Stream {
    socket: TcpStream,
    /// The head, until it is whole; then the beginning of a line that tells a chunk's size.
    head: Vec<u8>,
    is_answered: bool,
    /// Bytes left of this chunk.
    left: u64,
    /// None if nobody looks at what it gets.
    reader: Option<Reader>,
}

impl Streams {
    /// None yet, of a server whose first line will be `first`.
    pub fn new(first: u64) -> Self {
        Streams {
            poll: Poll::new(),
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

    /// Opens `count` streams and waits until they are answered.
    pub fn open(&mut self, port: u16, path: &str, headers: &str, count: usize, is_checked: bool) {
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n");
        for opened in 1..=count {
            let mut socket = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
            socket.write_all(request.as_bytes()).expect("a request");
            socket.set_nonblocking(true).expect("a socket");
            self.poll.add(&socket, self.all.len(), EventFlags::IN);
            let reader = is_checked.then(|| self.reference.reader());
            self.all.push(Stream { socket, head: Vec::new(), is_answered: false, left: 0, reader });
            while self.answered + AT_ONCE * usize::from(opened < count) < self.all.len() {
                self.poll(100);
            }
        }
    }

    pub fn record(&mut self) {
        self.latencies = Some(Histogram::new_with_max(60_000_000_000, 3).expect("a histogram"));
    }

    /// The bytes of the first events.
    pub fn first_events(&self) -> &[u8] {
        self.reference.bytes()
    }

    /// Who is checked.
    pub fn readers(&self) -> impl Iterator<Item = &Reader> {
        self.all.iter().filter_map(|stream| stream.reader.as_ref())
    }

    /// Counts from now on who has not all lines before `goal`.
    pub fn aim(&mut self, goal: u64) {
        self.goal = goal;
        self.behind = self.readers().filter(|reader| reader.next() < goal).count();
    }

    /// Whether all have them.
    pub fn is_there(&self) -> bool {
        self.behind == 0
    }

    /// Reads until all are there, or nothing has come for `patience` seconds.
    pub fn finish(&mut self, goal: u64, patience: u64) {
        self.aim(goal);
        let began = now();
        while !self.is_there() && now() < self.last.max(began) + patience * 1_000_000_000 {
            self.poll(0);
        }
    }

    /// Takes what has come, after waiting no longer than `milliseconds` for it.
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
        let len = match stream.socket.read(&mut self.bytes) {
            Ok(len) if len > 0 => len,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return,
            _ => {
                self.closed += 1;
                return self.poll.remove(&stream.socket);
            }
        };
        let mut bytes = &self.bytes[..len];
        if !stream.is_answered {
            bytes = stream.take_head(bytes);
            self.answered += usize::from(stream.is_answered);
        }
        let Stream { head, left, reader, .. } = stream;
        let before = reader.as_ref().map_or(u64::MAX, Reader::next);
        let time = now();
        self.last = time;
        take_chunks(head, left, bytes, |payload| {
            if let Some(reader) = reader {
                self.received += payload.len() as u64;
                self.delivered += self.reference.take(reader, payload, time, &mut self.latencies);
            }
        });
        let after = reader.as_ref().map_or(u64::MAX, Reader::next);
        self.behind -= usize::from(before < self.goal && after >= self.goal);
    }
}

impl Stream {
    /// Gives what follows the head.
    fn take_head<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let had = self.head.len();
        self.head.extend_from_slice(bytes);
        let Some(end) = memchr::memmem::find(&self.head, b"\r\n\r\n") else { return b"" };
        let head = String::from_utf8_lossy(&self.head[..end]).to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 200"), "{head}");
        self.is_answered = true;
        self.left = if head.contains("transfer-encoding: chunked") { 0 } else { u64::MAX };
        self.head.clear();
        &bytes[end + 4 - had..]
    }
}

/// Gives what chunks hold to `take`; `size` is the beginning of a line that tells a size.
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
