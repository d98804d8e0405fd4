//! A strict parser of event streams, written from the WHATWG standard and docs/PROTOCOL.md.
//!
//! The parser shares no code with the encoder, and panics where a stream breaks a promise.

/// An event as a client dispatches it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The event name; `message` if the stream gives none.
    pub kind: String,
    pub data: String,
    pub id: String,
}

/// The state of a stream whose bytes arrive in pieces of any size.
#[derive(Debug, Default)]
pub struct Parser {
    unread: Vec<u8>,
    event: Option<String>,
    data: Vec<String>,
    id: Option<String>,
    /// Bytes so far of the event that is being read.
    size: usize,
    pub comments: usize,
    pub retry: Option<u64>,
}

impl Parser {
    /// Returns the events that `bytes` complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Event> {
        self.unread.extend_from_slice(bytes);
        let mut events = Vec::new();
        let mut read = 0;
        while let Some(len) = self.unread[read..].iter().position(|&byte| byte == b'\n') {
            let line = self.unread[read..read + len].to_vec();
            read += len + 1;
            let line = String::from_utf8(line).expect("the stream is UTF-8");
            assert!(!line.contains('\r'), "the stream has only line feeds: {line:?}");
            self.size += len + 1;
            events.extend(self.line(&line));
        }
        self.unread.drain(..read);
        events
    }

    fn line(&mut self, line: &str) -> Option<Event> {
        if line.is_empty() {
            return Some(self.dispatch());
        }
        if line.starts_with(':') {
            assert_eq!(line, ":", "a comment is bare");
            assert!(self.data.is_empty(), "a comment is between events");
            self.comments += 1;
            self.size = 0;
            return None;
        }
        let (field, value) = line.split_once(": ").expect("a field has a value after one space");
        assert!(self.id.is_none(), "the id is the last field: {line:?}");
        match field {
            "event" => {
                assert!(
                    self.data.is_empty() && self.event.is_none(),
                    "the field event is the first and occurs once"
                );
                self.event = Some(value.to_owned());
            }
            "data" => self.data.push(value.to_owned()),
            "id" => self.id = Some(value.to_owned()),
            "retry" => {
                assert!(self.event.is_none() && self.data.is_empty(), "retry is between events");
                self.retry = Some(value.parse().expect("retry is a number"));
                self.size = 0;
            }
            _ => panic!("unknown field: {line:?}"),
        }
        None
    }

    fn dispatch(&mut self) -> Event {
        assert!(!self.data.is_empty(), "a blank line ends an event that has data");
        let size = std::mem::take(&mut self.size);
        assert!(size < 64 * 1024, "an event is smaller than 64 KiB, not {size} bytes");
        let id = self.id.take().expect("every event has an id");
        let is_id_char = |c: char| c.is_ascii_alphanumeric() || "._~-".contains(c);
        assert!(!id.is_empty() && id.chars().all(is_id_char), "an id is made of safe characters");
        Event {
            kind: self.event.take().unwrap_or_else(|| "message".to_owned()),
            data: std::mem::take(&mut self.data).join("\n"),
            id,
        }
    }
}
