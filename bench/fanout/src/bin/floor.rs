//! The lower bound: the smallest program that follows a file and sends its lines to many clients.
//!
//! One thread with inotify, read and send, and a few bytes around each line; no HTTP library, no
//! resuming, no rotation, no limits. `floor FILE [keep]`; with `keep` every client gets all lines
//! from the first one on, from memory, which is the upper bound of a replay.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};

use fanout::{Poll, announce};
use rustix::event::epoll::EventFlags;
use rustix::fs::inotify;

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
const LISTENER: usize = usize::MAX;
const CHANGES: usize = usize::MAX - 1;

struct Client {
    stream: TcpStream,
    /// Number of bytes sent; none before the request.
    sent: Option<u64>,
    full: bool,
}

/// Events that some client still lacks.
#[derive(Default)]
struct Log {
    bytes: Vec<u8>,
    start: u64,
    lines: u64,
    /// The start of a line whose newline has not come.
    rest: Vec<u8>,
}

impl Log {
    fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }

    fn add(&mut self, mut read: &[u8]) {
        while let Some(at) = memchr::memchr(b'\n', read) {
            self.lines += 1;
            self.bytes.extend_from_slice(b"data: ");
            self.bytes.append(&mut self.rest);
            self.bytes.extend_from_slice(&read[..at]);
            self.bytes.extend_from_slice(b"\nid: ");
            push_number(&mut self.bytes, self.lines);
            self.bytes.extend_from_slice(b"\n\n");
            read = &read[at + 1..];
        }
        self.rest.extend_from_slice(read);
    }

    fn drop_before(&mut self, sent: u64) {
        if sent == self.end() {
            self.bytes.clear();
            self.start = sent;
        } else if sent - self.start > 1 << 24 {
            self.bytes.drain(..(sent - self.start) as usize);
            self.start = sent;
        }
    }
}

impl Client {
    /// Reads the request; returns false if the client has gone.
    fn ask(&mut self, from: u64) -> bool {
        let mut request = [0; 4096];
        match self.stream.read(&mut request) {
            Ok(0) => return false,
            Ok(read) if self.sent.is_none() && request[..read].ends_with(b"\r\n\r\n") => {
                self.sent = Some(from);
                self.stream.write_all(HEAD).is_ok()
            }
            Ok(_) => true,
            Err(error) => error.kind() == ErrorKind::WouldBlock,
        }
    }

    fn send(&mut self, log: &Log) {
        let Some(sent) = &mut self.sent else { return };
        while !self.full && *sent < log.end() {
            let at = (*sent - log.start) as usize;
            let to = log.bytes.len().min(at + (1 << 20));
            match self.stream.write(&log.bytes[at..to]) {
                Ok(written) => *sent += written as u64,
                Err(_) => self.full = true,
            }
        }
    }
}

fn main() {
    let path = std::env::args().nth(1).expect("floor FILE [keep]");
    let keep = std::env::args().nth(2).is_some();
    let mut file = File::open(&path).expect("a file");
    let changes = inotify::init(inotify::CreateFlags::NONBLOCK).expect("inotify");
    inotify::add_watch(&changes, &*path, inotify::WatchFlags::MODIFY).expect("inotify");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a listener");
    let mut poll = Poll::new();
    poll.add(&listener, LISTENER, EventFlags::IN);
    poll.add(&changes, CHANGES, EventFlags::IN);
    announce(&listener);

    let mut clients: Vec<Option<Client>> = Vec::new();
    let mut log = Log::default();
    let mut bytes = vec![0; 256 * 1024];
    loop {
        for (key, flags) in poll.wait(60_000) {
            if key == LISTENER {
                while let Ok((stream, _)) = listener.accept() {
                    stream.set_nonblocking(true).and(stream.set_nodelay(true)).expect("a socket");
                    let flags = EventFlags::IN | EventFlags::OUT | EventFlags::ET;
                    poll.add(&stream, clients.len(), flags);
                    clients.push(Some(Client { stream, sent: None, full: false }));
                }
            } else if key == CHANGES {
                let _ = rustix::io::read(&changes, &mut [0u8; 4096]);
                read_all(&mut file, &mut bytes, &mut log, |log| {
                    clients.iter_mut().flatten().for_each(|client| client.send(log));
                    if !keep {
                        let asked = clients.iter().flatten().filter_map(|client| client.sent);
                        let sent = asked.min().unwrap_or(log.end());
                        log.drop_before(sent);
                    }
                });
            } else if let Some(client) = &mut clients[key] {
                let from = if keep { log.start } else { log.end() };
                if flags.contains(EventFlags::IN) && !client.ask(from) {
                    clients[key] = None;
                    continue;
                }
                client.full &= !flags.contains(EventFlags::OUT);
                client.send(&log);
            }
        }
    }
}

fn read_all(file: &mut File, bytes: &mut [u8], log: &mut Log, mut then: impl FnMut(&mut Log)) {
    loop {
        let read = file.read(bytes).expect("a file that can be read");
        log.add(&bytes[..read]);
        then(log);
        if read < bytes.len() {
            return;
        }
    }
}

fn push_number(bytes: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    while at == digits.len() || number > 0 {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    bytes.extend_from_slice(&digits[at..]);
}
