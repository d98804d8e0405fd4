//! Requests to one server, and the recording of its responses.

use std::path::Path;

use super::normal::Normalizer;
use crate::harness::client::Connection;
use crate::harness::{Running, Ssetail};

/// The part of a response that is recorded.
#[derive(Clone, Copy)]
pub enum Until<'a> {
    /// Status line and headers.
    Head,
    /// The response ends, or the connection.
    End,
    /// The event with this seq, in base 36.
    Seq(&'a str),
    /// The nth blank line, which ends the nth event.
    Event(usize),
    /// The nth line.
    Line(usize),
}

/// A running server, and the recording so far.
pub struct Exchange {
    pub ssetail: Running,
    name: &'static str,
    normalizer: Normalizer,
    recording: String,
}

impl Exchange {
    /// Starts the program with these files and arguments.
    pub fn start(name: &'static str, prepare: impl FnOnce(Ssetail) -> Ssetail) -> Self {
        let ssetail = prepare(Ssetail::running(&binary(), &["--port", "0"])).start();
        let directory = ssetail.directory.path().canonicalize().expect("the directory exists");
        let normalizer = Normalizer::new(&directory, ssetail.port());
        Exchange { ssetail, name, normalizer, recording: String::new() }
    }

    /// Notes the `--reconnect-delay` of the server, in milliseconds.
    pub fn with_reconnect_delay(mut self, delay: u64) -> Self {
        self.normalizer.reconnect_delay = delay;
        self
    }

    pub fn get(&mut self, path: &str, until: Until) -> Vec<u8> {
        self.request("GET", path, &[], until)
    }

    /// Sends a request, records its response, and returns the recorded part of the body.
    pub fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        until: Until,
    ) -> Vec<u8> {
        let mut request = format!("{method} {path} HTTP/1.1\r\n");
        if !headers.iter().any(|(name, _)| *name == "host") {
            request.push_str("host: localhost\r\n");
        }
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        self.send(&format!("{request}\r\n"), until)
    }

    /// Sends these bytes, and records the response.
    pub fn send(&mut self, request: &str, until: Until) -> Vec<u8> {
        let connection = Connection::send(self.ssetail.address(), request);
        self.record(request, connection, until)
    }

    /// Opens a stream that is recorded later.
    pub fn open(&self, path: &str) -> (String, Connection) {
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        let connection = Connection::send(self.ssetail.address(), &request);
        (request, connection)
    }

    /// Records the response to a request that was sent.
    pub fn record(&mut self, request: &str, mut connection: Connection, until: Until) -> Vec<u8> {
        let body = read_body(&mut connection, until);
        let end = match until {
            Until::End if connection.ended => "complete",
            Until::End => "aborted",
            _ => "open",
        };
        let response = self.normalizer.response(&connection.head, &body);
        let request = self.normalizer.text(request.trim_end().as_bytes());
        self.recording.push_str(&format!(
            "=== {}\n{response}\n--- {end}\n\n",
            request.replace("\\x0d\n", "\n=== ")
        ));
        body
    }

    /// Compares the recording with the committed one, or replaces that.
    pub fn finish(self) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        let path = path.join(self.name).with_extension("txt");
        if is_blessing() {
            std::fs::write(&path, &self.recording).expect("the recording can be written");
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        let is_same = committed == self.recording;
        assert!(is_same, "{}", difference(&path, &committed, &self.recording));
    }
}

/// Returns the binary that is tested.
fn binary() -> String {
    let built = env!("CARGO_BIN_EXE_ssetail").to_owned();
    std::env::var("SSETAIL_GOLDEN_BINARY").unwrap_or(built)
}

/// Only the recordings of a named binary are kept, not those of the build that is tested.
fn is_blessing() -> bool {
    ["SSETAIL_BLESS", "SSETAIL_GOLDEN_BINARY"]
        .iter()
        .all(|variable| std::env::var_os(variable).is_some())
}

fn read_body(connection: &mut Connection, until: Until) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        if let Some(end) = end_of(&body, until) {
            body.truncate(end);
            return body;
        }
        match connection.read() {
            Some(bytes) => body.extend(bytes),
            None if matches!(until, Until::End) => return body,
            None => panic!("the response ended after {}", String::from_utf8_lossy(&body)),
        }
    }
}

/// Returns the end of the recorded part, if the body has it.
fn end_of(body: &[u8], until: Until) -> Option<usize> {
    let nth = |text: &[u8], n: usize| {
        let start = memchr::memmem::find_iter(body, text).nth(n - 1)?;
        Some(start + text.len())
    };
    match until {
        Until::Head => Some(0),
        Until::End => None,
        Until::Seq(seq) => nth(format!("-{seq}\n\n").as_bytes(), 1)
            .or_else(|| nth(format!("-{seq}\"}}\n").as_bytes(), 1)),
        Until::Event(count) => nth(b"\n\n", count),
        Until::Line(count) => nth(b"\n", count),
    }
}

/// Returns a text that names the first line that differs.
fn difference(path: &Path, committed: &str, recorded: &str) -> String {
    let mut lines = committed.lines().zip(recorded.lines()).enumerate();
    let first = lines.find(|(_, (committed, recorded))| committed != recorded);
    let shown = match first {
        Some((i, (committed, recorded))) => {
            format!("line {}:\n  expected {committed}\n  got      {recorded}", i + 1)
        }
        None => "one is longer".to_owned(),
    };
    format!("the responses are not those of {}: {shown}\nall:\n{recorded}", path.display())
}
