//! The parser of event streams, as the WHATWG HTML standard describes it in section 9.2.
//!
//! Pure: bytes in, events out; the result does not depend on how the bytes are cut.

use memchr::memchr2;

/// Largest number of bytes of one event, with its comments; ssetail sends less than 64 KiB.
///
/// A server that never ends an event takes this much memory, and twice as much with twice the value.
const MAX_EVENT: usize = 8 << 20;

/// Largest length of a last event ID that is kept, in bytes; a longer one counts as none.
const MAX_ID: usize = 4096;

/// The state of an event stream of which some bytes have been read.
#[derive(Debug, Default)]
pub(super) struct EventParser {
    /// The unfinished line.
    line: Vec<u8>,
    /// The last byte ended a line by a `\r`, so that a `\n` belongs to it.
    after_return: bool,
    /// The stream has begun, so that a byte order mark would be text.
    has_begun: bool,
    name: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    id: Vec<u8>,
    /// The ID of the last complete event.
    last_id: Vec<u8>,
    /// The reconnection time in milliseconds, once the server has sent one.
    pub(super) retry: Option<u64>,
}

/// One event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StreamEvent<'a> {
    /// The value of `event`; empty if the server has sent none.
    pub(super) name: &'a [u8],
    /// The values of `data`, joined by line feeds.
    pub(super) data: &'a [u8],
}

/// An event is larger than any that is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLarge;

impl EventParser {
    /// A parser of a stream that continues after the event with this ID.
    pub(super) fn after(id: &str) -> Self {
        EventParser { id: id.into(), last_id: id.into(), ..EventParser::default() }
    }

    /// The ID of the last complete event; empty if there is none.
    pub(super) fn last_id(&self) -> &[u8] {
        &self.last_id
    }

    /// Parses the next bytes of the stream, and calls `take` with each event that they complete.
    pub(super) fn push(
        &mut self,
        mut bytes: &[u8],
        mut take: impl FnMut(StreamEvent<'_>),
    ) -> Result<(), TooLarge> {
        while !bytes.is_empty() {
            if std::mem::take(&mut self.after_return) && bytes[0] == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let Some(end) = memchr2(b'\n', b'\r', bytes) else {
                self.line.extend_from_slice(bytes);
                break;
            };
            self.after_return = bytes[end] == b'\r';
            if self.line.is_empty() {
                self.take_line(&bytes[..end], &mut take);
            } else {
                let mut line = std::mem::take(&mut self.line);
                line.extend_from_slice(&bytes[..end]);
                self.take_line(&line, &mut take);
                line.clear();
                self.line = line;
            }
            bytes = &bytes[end + 1..];
        }
        let size = self.line.len() + self.data.len() + self.name.len();
        if size > MAX_EVENT { Err(TooLarge) } else { Ok(()) }
    }

    fn take_line(&mut self, line: &[u8], take: &mut impl FnMut(StreamEvent<'_>)) {
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        let line = line.strip_prefix(b"\xEF\xBB\xBF").filter(|_| is_first).unwrap_or(line);
        if line.is_empty() {
            return self.end_event(take);
        }
        let (field, value) = match memchr::memchr(b':', line) {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &[][..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"event" => value.clone_into(&mut self.name),
            b"data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.data.push(b'\n');
                }
                self.data.extend_from_slice(value);
            }
            b"id" if value.contains(&0) => {}
            b"id" if value.len() > MAX_ID => self.id.clear(),
            b"id" => value.clone_into(&mut self.id),
            b"retry" if !value.is_empty() && value.iter().all(u8::is_ascii_digit) => {
                let number = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
                self.retry = Some(number.unwrap_or(u64::MAX));
            }
            _ => {}
        }
    }

    fn end_event(&mut self, take: &mut impl FnMut(StreamEvent<'_>)) {
        self.id.clone_into(&mut self.last_id);
        // An event whose data is empty is one only if it has the field.
        if std::mem::take(&mut self.has_data) {
            take(StreamEvent { name: &self.name, data: &self.data });
        }
        self.name.clear();
        self.data.clear();
        self.data.shrink_to(1 << 20);
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    /// An event, and the last event ID with it.
    type Parsed = (String, String, String);

    fn parse<'a>(cuts: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Parsed>, String, Option<u64>) {
        let mut parser = EventParser::default();
        let mut events: Vec<(String, String)> = Vec::new();
        let mut ids = Vec::new();
        for cut in cuts {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let take = |event: StreamEvent<'_>| events.push((text(event.name), text(event.data)));
            parser.push(cut, take).expect("small");
            ids.resize(events.len(), text(parser.last_id()));
        }
        let last = String::from_utf8_lossy(parser.last_id()).into_owned();
        let with_id = |((name, data), id)| (name, data, id);
        (events.into_iter().zip(ids).map(with_id).collect(), last, parser.retry)
    }

    fn of(text: &str) -> Vec<(String, String)> {
        let (events, ..) = parse([text.as_bytes()]);
        events.into_iter().map(|(name, data, _)| (name, data)).collect()
    }

    fn events(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(name, data)| ((*name).to_owned(), (*data).to_owned())).collect()
    }

    #[test]
    fn events_of_the_standard_are_parsed_as_it_says() {
        for (text, expected) in [
            ("data: YHOO\ndata: +2\ndata: 10\n\n", &[("", "YHOO\n+2\n10")][..]),
            (
                ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n",
                &[("", "first event"), ("", "second event")],
            ),
            ("data\n\ndata\ndata\n\ndata:", &[("", ""), ("", "\n")]),
            ("data:test\n\ndata: test\n\n", &[("", "test"), ("", "test")]),
            ("event: a\n\ndata: x\n\n", &[("", "x")]),
            ("event: a\ndata: x\r\rdata: y\r\n\r\n", &[("a", "x"), ("", "y")]),
            ("\u{FEFF}data: a\n\n\u{FEFF}data: b\n\n", &[("", "a")]),
            ("data : x\nfoo: y\n\n", &[]),
        ] {
            assert_eq!(of(text), events(expected), "{text:?}");
        }
    }

    #[test]
    fn ids_and_reconnection_times_are_kept() {
        let last = |text: &str| parse([text.as_bytes()]).1;
        assert_eq!(last("id: 1\ndata: x\n\nid: 2\n"), "1", "the second event is not complete");
        assert_eq!(last("id: 1\n\n"), "1");
        assert_eq!(last("id: 1\n\nid: 2\0\n\n"), "1");
        assert_eq!(last("id: 1\n\nid\n\n"), "");
        assert_eq!(last(&format!("id: {}\n\n", "x".repeat(MAX_ID + 1))), "");
        let retry = |text: &str| parse([text.as_bytes()]).2;
        assert_eq!(retry("retry: 1000\n"), Some(1000));
        assert_eq!(retry("retry: 1000\nretry: 1e3\nretry: -1\nretry:\n"), Some(1000));
        assert_eq!(retry("retry: 99999999999999999999999\n"), Some(u64::MAX));
    }

    #[test]
    fn an_event_without_an_end_is_refused() {
        let mut parser = EventParser::default();
        let mut push = |bytes: &[u8]| parser.push(bytes, |_| {});
        assert_eq!(push(&vec![b'x'; MAX_EVENT]), Ok(()));
        assert_eq!(push(b"x"), Err(TooLarge));
    }

    proptest! {
        #[test]
        fn events_do_not_depend_on_how_the_bytes_are_cut(
            pieces in vec(select(&[
                "data", ":", " ", "\n", "\r", "\r\n", "event: a\n", "id: 1\n", "id: 2\n\n",
                "data: x\n\n", "retry: 5\n", "\u{FEFF}", ": c\n", "é", "\0",
            ][..]), 0..40),
            lens in vec(1usize..9, 0..60),
        ) {
            let text = pieces.concat();
            let mut rest = text.as_bytes();
            let mut cuts = Vec::new();
            for len in lens.into_iter().chain([text.len()]) {
                let (cut, after) = rest.split_at(len.min(rest.len()));
                cuts.push(cut);
                rest = after;
            }
            let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
            // The ID is that of the last event of a push, which single bytes give for each event.
            let (single, last, retry) = parse(bytes);
            let (events, cut_last, cut_retry) = parse(cuts);
            let without_id = |events: Vec<Parsed>| -> Vec<(String, String)> {
                events.into_iter().map(|(name, data, _)| (name, data)).collect()
            };
            prop_assert_eq!((last, retry), (cut_last, cut_retry));
            prop_assert_eq!(without_id(single), without_id(events));
        }
    }
}
