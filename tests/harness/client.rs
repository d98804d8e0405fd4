//! An HTTP/1.1 client that shows the bytes of a response as they came.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use flate2::write::GzDecoder;

use super::DEADLINE;
use crate::parser::{Event, Parser};

/// A complete response.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// A connection and the response that is being read from it.
pub struct Connection {
    pub socket: TcpStream,
    unread: Vec<u8>,
    /// Status line and headers, as they came.
    pub head: String,
    pub status: u16,
    pub headers: Vec<(String, String)>,
    chunked: bool,
    length: Option<usize>,
    /// Decodes the body, if it is compressed with gzip.
    decoder: Option<GzDecoder<Vec<u8>>>,
    /// Number of bytes of the body, as they came.
    pub received: usize,
    /// The response was complete; false if only the connection ended.
    pub ended: bool,
}

/// An event stream that is read event by event.
pub struct Events {
    pub connection: Connection,
    pub parser: Parser,
    ready: std::collections::VecDeque<Event>,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }
}

fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

pub fn get(address: &str, path: &str, headers: &[(&str, &str)]) -> Response {
    request(address, "GET", path, headers)
}

pub fn request(address: &str, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut connection = Connection::open(address, method, path, headers);
    let mut body = Vec::new();
    if method != "HEAD" {
        while let Some(bytes) = connection.read() {
            body.extend(bytes);
        }
    }
    Response {
        status: connection.status,
        headers: connection.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    }
}

/// Returns the body of a response that is read through a Unix socket.
pub fn get_through_socket(socket: &Path, path: &str) -> String {
    let mut socket = UnixStream::connect(socket).expect("the server accepts");
    socket.set_read_timeout(Some(DEADLINE)).expect("a timeout can be set");
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).expect("the request can be sent");
    let mut response = String::new();
    socket.read_to_string(&mut response).expect("the response ends");
    let (_, body) = response.split_once("\r\n\r\n").expect("a head");
    body.to_owned()
}

impl Connection {
    pub fn open(address: &str, method: &str, path: &str, headers: &[(&str, &str)]) -> Self {
        let mut head = format!("{method} {path} HTTP/1.1\r\n");
        if !headers.iter().any(|(name, _)| *name == "host") {
            head.push_str(&format!("host: {address}\r\n"));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        Connection::send(address, &format!("{head}\r\n"))
    }

    /// Sends bytes as they are, and reads the head of the response.
    pub fn send(address: &str, head: &str) -> Self {
        Connection::over(TcpStream::connect(address).expect("the server accepts"), head)
    }

    /// Sends bytes through `socket` as they are, and reads the head of the response.
    pub fn over(socket: TcpStream, head: &str) -> Self {
        socket.set_read_timeout(Some(Duration::from_millis(100))).expect("a timeout can be set");
        let mut connection = Connection {
            socket,
            unread: Vec::new(),
            head: String::new(),
            status: 0,
            headers: Vec::new(),
            chunked: false,
            length: None,
            decoder: None,
            received: 0,
            ended: false,
        };
        connection.socket.write_all(head.as_bytes()).expect("the request can be sent");
        connection.read_head();
        connection
    }

    fn read_head(&mut self) {
        let end = loop {
            if let Some(end) = self.unread.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end;
            }
            let filled = self.fill();
            assert!(filled, "no response but {:?}", String::from_utf8_lossy(&self.unread));
        };
        let rest = self.unread.split_off(end + 4);
        let head = String::from_utf8(std::mem::replace(&mut self.unread, rest)).expect("ASCII");
        self.head.clone_from(&head);
        let mut lines = head.lines();
        let status = lines.next().expect("a status line");
        self.status = status.split(' ').nth(1).expect("a status").parse().expect("a number");
        let header = |line: &str| {
            let (name, value) = line.split_once(':').expect("a header");
            (name.to_ascii_lowercase(), value.trim().to_owned())
        };
        self.headers = lines.filter(|line| !line.is_empty()).map(header).collect();
        let coding = find(&self.headers, "content-encoding");
        self.decoder = (coding == Some("gzip")).then(|| GzDecoder::new(Vec::new()));
        self.chunked = find(&self.headers, "transfer-encoding") == Some("chunked");
        self.length =
            find(&self.headers, "content-length").map(|len| len.parse().expect("a number"));
        if self.status == 204 {
            self.length = Some(0);
        }
    }

    /// Returns everything that follows the head, as it comes, to the end of the connection.
    pub fn text_to_end(&mut self) -> String {
        while self.fill() {}
        String::from_utf8_lossy(&std::mem::take(&mut self.unread)).into_owned()
    }

    /// Reads some bytes of the body, decoded; `None` at the end of the connection or the response.
    pub fn read(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(bytes) = self.take() {
                self.received += bytes.len();
                let bytes = self.decode(bytes);
                if !bytes.is_empty() {
                    return Some(bytes);
                }
            } else if self.ended || !self.fill() {
                return None;
            }
        }
    }

    /// Decodes everything that can be decoded of `bytes` and of those before; checks the trailer at
    /// the end of the body.
    fn decode(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        let Some(decoder) = &mut self.decoder else { return bytes };
        decoder.write_all(&bytes).and_then(|()| decoder.flush()).expect("gzip");
        if self.ended {
            decoder.try_finish().expect("a right trailer");
        }
        std::mem::take(decoder.get_mut())
    }

    /// Checks the trailer of a gzip body that ended with its connection.
    #[track_caller]
    pub fn finish_gzip(&mut self) {
        let decoder = self.decoder.take().expect("a body in gzip");
        decoder.finish().expect("a right trailer");
    }

    /// Takes the bytes of the body that have arrived.
    fn take(&mut self) -> Option<Vec<u8>> {
        if self.ended {
            return None;
        }
        if let Some(left) = self.length {
            let bytes: Vec<u8> = self.unread.drain(..left.min(self.unread.len())).collect();
            self.length = Some(left - bytes.len());
            self.ended = left == bytes.len();
            return (!bytes.is_empty()).then_some(bytes);
        }
        if !self.chunked {
            let bytes = std::mem::take(&mut self.unread);
            return (!bytes.is_empty()).then_some(bytes);
        }
        let line = self.unread.windows(2).position(|bytes| bytes == b"\r\n")?;
        let size = std::str::from_utf8(&self.unread[..line]).expect("a size");
        let size = usize::from_str_radix(size, 16).expect("a size");
        if self.unread.len() < line + 2 + size + 2 {
            return None;
        }
        let chunk = self.unread[line + 2..line + 2 + size].to_vec();
        self.unread.drain(..line + 2 + size + 2);
        self.ended = size == 0;
        Some(chunk)
    }

    /// Reads from the socket; returns false at the end of the connection.
    fn fill(&mut self) -> bool {
        let deadline = Instant::now() + DEADLINE;
        let mut bytes = vec![0; 65536];
        loop {
            match self.socket.read(&mut bytes) {
                Ok(0) => return false,
                Ok(read) => {
                    self.unread.extend_from_slice(&bytes[..read]);
                    return true;
                }
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    assert!(Instant::now() < deadline, "no byte came within {DEADLINE:?}");
                }
                Err(_) => return false,
            }
        }
    }
}

impl Events {
    pub fn open(address: &str, path: &str, headers: &[(&str, &str)]) -> Self {
        let connection = Connection::open(address, "GET", path, headers);
        assert_eq!(connection.status, 200);
        let kind = find(&connection.headers, "content-type");
        assert_eq!(kind, Some("text/event-stream; charset=utf-8"));
        Events { connection, parser: Parser::default(), ready: std::collections::VecDeque::new() }
    }

    /// Returns the next event; `None` when the connection or the response has ended.
    pub fn next(&mut self) -> Option<Event> {
        // Heartbeats keep the socket busy, so the wait for an event has its own deadline.
        let deadline = Instant::now() + DEADLINE;
        while self.ready.is_empty() {
            assert!(Instant::now() < deadline, "no event came within {DEADLINE:?}");
            let bytes = self.connection.read()?;
            self.ready.extend(self.parser.feed(&bytes));
        }
        self.ready.pop_front()
    }

    pub fn take(&mut self, count: usize) -> Vec<Event> {
        (0..count).map(|_| self.next().expect("an event")).collect()
    }

    /// Returns the data of the next events.
    pub fn data(&mut self, count: usize) -> Vec<String> {
        self.take(count).into_iter().map(|event| event.data).collect()
    }

    /// Returns the data of the next lines, without control events.
    pub fn lines(&mut self, count: usize) -> Vec<String> {
        let mut lines = Vec::new();
        while lines.len() < count {
            let event = self.next().expect("an event");
            if event.kind != "ssetail" {
                lines.push(event.data);
            }
        }
        lines
    }

    /// Returns the next control event of this type; skips all other events.
    pub fn control(&mut self, kind: &str) -> serde_json::Value {
        loop {
            let event = self.next().expect("an event");
            if event.kind == "ssetail" {
                let json: serde_json::Value = serde_json::from_str(&event.data).expect("JSON");
                if json["type"] == kind {
                    return json;
                }
            }
        }
    }

    /// Returns all events until the stream ends or is aborted.
    pub fn rest(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.next()).collect()
    }

    /// Reads until the stream has had `count` comments.
    pub fn until_comments(&mut self, count: usize) {
        while self.parser.comments < count {
            let bytes = self.connection.read().expect("the stream has not ended");
            self.ready.extend(self.parser.feed(&bytes));
        }
    }
}
