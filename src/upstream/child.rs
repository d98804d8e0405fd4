//! One source of a server that is followed: its lines, until they are published.

use std::sync::Arc;

use crate::event::{Carry, Cutting, End, Envelope, ExactLine, Lines, Source, TextEncoding};
use crate::follow::SourceState;

/// Largest difference in milliseconds between the times at which the server has read the lines of a
/// batch.
///
/// A batch has one time. With twice the value, the time of a line is off by twice as much; with a
/// much smaller one, a history of lines that came one by one has a batch for each of them.
const SAME_TIME: u64 = 1000;

/// Most bytes of memory that a source without lines keeps. Twice the value doubles the memory of a
/// server with many sources; with half of it, memory is allocated more often.
const KEPT: usize = 64 << 10;

/// The lines of one source that were received and not published yet.
#[derive(Debug)]
pub(super) struct Child {
    pub(super) source: Arc<Source>,
    /// Its state on the server.
    pub(super) state: SourceState,
    /// The lines, with a line end behind each but an unfinished one.
    text: Vec<u8>,
    /// Statements of container runtimes about the messages in the text.
    marks: Vec<Mark>,
    /// The time at which the server has read the first of them.
    time: u64,
    carry: Carry,
    /// Another part of the last line will follow soon.
    pub(super) is_open: bool,
    /// By stream: the last message was a part.
    has_part: [bool; 3],
}

/// The statements of a container runtime about a message.
#[derive(Clone, Copy, Debug)]
struct Mark {
    /// Index of the first byte of the message in the text.
    start: u32,
    envelope: Option<Envelope>,
}

/// Lines that were published of one source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) lines: u64,
    pub(super) bytes: u64,
}

impl Child {
    pub(super) fn new(source: Arc<Source>) -> Self {
        let carry = Carry { encoding: Some(TextEncoding::Utf8), ..Carry::default() };
        Child {
            source,
            state: SourceState::Live,
            text: Vec::new(),
            marks: Vec::new(),
            time: 0,
            carry,
            is_open: false,
            has_part: [false; 3],
        }
    }

    /// Returns true if it has lines that are not published.
    pub(super) fn has_text(&self) -> bool {
        !self.text.is_empty()
    }

    /// Number of bytes that are not published.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Returns true if a line that was read at `time` does not belong to the same batch as the lines
    /// before it.
    pub(super) fn begins_batch(&self, time: u64) -> bool {
        self.has_text() && !self.is_open && self.time.abs_diff(time) > SAME_TIME
    }

    /// Adds a line, or a part of one.
    pub(super) fn push(&mut self, line: &ExactLine<'_>) {
        if self.text.is_empty() {
            self.time = line.time;
        }
        let envelope = line.has_envelope().then(|| self.envelope(line));
        if envelope.is_some() || !self.marks.is_empty() {
            self.marks.push(Mark { start: self.text.len() as u32, envelope });
        }
        self.text.extend_from_slice(&line.bytes);
        // A message that is a part is a section of its own, as the server has cut it.
        let is_whole = envelope.is_some() || !(line.more || line.is_chunk);
        if is_whole {
            self.text.push(b'\n');
        }
        self.is_open = !is_whole && !line.is_chunk;
    }

    fn envelope(&mut self, line: &ExactLine<'_>) -> Envelope {
        let index = line.stream.map_or(0, |stream| stream as usize + 1);
        let continues = std::mem::replace(&mut self.has_part[index], line.more);
        Envelope {
            stream: line.stream,
            time: line.stated,
            is_part: line.more,
            continues,
            level: None,
        }
    }

    /// Adds the lines of an event of another kind of server, whose text ends with `data`.
    pub(super) fn push_text(&mut self, data: &[u8], time: u64) {
        if self.text.is_empty() {
            self.time = time;
        }
        self.text.extend_from_slice(data);
        self.text.push(b'\n');
    }

    /// Begins another line: the rest of an unfinished one will not come.
    pub(super) fn begin_line(&mut self) {
        self.carry = self.carry.at_line_start();
        self.is_open = false;
        self.has_part = [false; 3];
    }

    /// Cuts all lines into batches; an unfinished line becomes a part of one.
    pub(super) fn cut(&mut self, cutting: &Cutting, mut take: impl FnMut(Lines)) -> Counts {
        let mut counts = Counts::default();
        let text = std::mem::take(&mut self.text);
        let end = if text.ends_with(b"\n") { End::Open } else { End::Part };
        let mut used = 0;
        while used < text.len() {
            let (lines, taken) = cutting.cut(&text[used..], &mut self.carry, end);
            if let Some(mut lines) = lines {
                self.add_envelopes(&mut lines, used);
                counts.lines += lines.spans.iter().filter(|span| !span.more).count() as u64;
                counts.bytes += lines.source_len() as u64;
                take(Lines { time: self.time, ..lines });
            }
            if taken == 0 {
                break;
            }
            used += taken;
        }
        self.marks.clear();
        self.text = text;
        self.text.drain(..used);
        // A server can have thousands of sources.
        self.text.shrink_to(KEPT);
        self.marks.shrink_to(KEPT / size_of::<Mark>());
        counts
    }

    /// Adds the statements about the messages in lines that were cut at `offset` of the text.
    fn add_envelopes(&self, lines: &mut Lines, offset: usize) {
        if self.marks.is_empty() || !lines.envelopes.is_empty() {
            return;
        }
        let index = |at: usize| match &lines.origin {
            Some(origin) => origin.starts[at],
            None => lines.spans[at].start,
        };
        let envelope = |at: usize| {
            let place = offset as u32 + index(at);
            let behind = self.marks.partition_point(|mark| mark.start <= place);
            behind.checked_sub(1).and_then(|mark| self.marks[mark].envelope)
        };
        lines.envelopes = (0..lines.spans.len()).map(envelope).collect();
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::event::{LineFilter, Name, Stream};

    fn child() -> Child {
        let name = Name::from_wire("web1/a.log").expect("a name");
        Child::new(Arc::new(Source { id: 0, name }))
    }

    fn line(bytes: &[u8], more: bool) -> ExactLine<'_> {
        let bytes = bytes.into();
        ExactLine { time: 5, bytes, more, is_chunk: false, stream: None, stated: None }
    }

    /// Publishes everything; returns each part, and whether another one of the same line follows.
    fn publish(child: &mut Child) -> Vec<(Vec<u8>, bool)> {
        let mut parts = Vec::new();
        child.cut(&Cutting::default(), |lines| {
            parts.extend((0..lines.spans.len()).map(|at| {
                let line = lines.line(at).expect("a line");
                (line.bytes.to_vec(), line.more)
            }));
        });
        parts
    }

    #[test]
    fn a_line_that_is_not_finished_is_published_as_a_part() {
        let mut child = child();
        child.push(&line(b"abc", true));
        assert!(child.is_open);
        assert_eq!(publish(&mut child), [(b"abc".to_vec(), true)]);
        child.push(&line(b"def", false));
        assert!(!child.is_open);
        assert_eq!(publish(&mut child), [(b"def".to_vec(), false)]);
    }

    #[test]
    fn a_line_behind_a_gap_continues_none_before_it() {
        let hidden = regex::bytes::RegexSet::new(["secret"]).expect("an expression");
        let filter = LineFilter::new(regex::bytes::RegexSet::empty(), hidden);
        let cutting = Cutting { filter, ..Cutting::default() };
        let mut child = child();
        child.push(&line(b"a secret that goes on", true));
        assert_eq!(child.cut(&cutting, |_| panic!("it is hidden")), Counts::default());
        child.begin_line();
        child.push(&line(b"another line", false));
        let mut continued = Vec::new();
        child.cut(&cutting, |lines| {
            continued.extend(lines.spans.iter().map(|span| span.continued));
        });
        assert_eq!(continued, [false]);
    }

    #[test]
    fn statements_of_container_runtimes_stay_with_their_messages() {
        let mut child = child();
        let (stdout, stderr) = (Some(Stream::Stdout), Some(Stream::Stderr));
        child.push(&line(b"plain", false));
        child.push(&ExactLine { stream: stdout, stated: Some(7), ..line(b"one", true) });
        child.push(&ExactLine { stream: stderr, ..line(b"two", false) });
        child.push(&ExactLine { stream: stdout, stated: Some(8), ..line(b"three", false) });
        let mut seen = Vec::new();
        child.cut(&Cutting::default(), |lines| {
            seen.extend((0..lines.spans.len()).map(|at| {
                let line = lines.line(at).expect("a line");
                let stated = line.envelope.and_then(|envelope| envelope.time);
                let text = String::from_utf8_lossy(line.bytes).into_owned();
                (text, line.stream(), stated, line.more, line.continues)
            }));
        });
        let expected = [
            ("plain", None, None, false, false),
            ("one", stdout, Some(7), true, false),
            ("two", stderr, None, false, false),
            ("three", stdout, Some(8), false, true),
        ];
        assert_eq!(seen, expected.map(|(text, a, b, c, d)| (text.to_owned(), a, b, c, d)));
    }

    proptest! {
        #[test]
        fn joined_parts_are_the_lines_wherever_they_are_published(
            parts in vec((vec(prop_oneof![Just(b'a'), Just(b'\r'), any::<u8>()], 0..6), any::<bool>(), any::<bool>()), 0..30),
        ) {
            let (mut child, mut got, mut expected) = (child(), Vec::new(), Vec::new());
            let mut add = |child: &mut Child| {
                for (part, more) in publish(child) {
                    got.extend(part);
                    got.extend((!more).then_some(b'\n'));
                }
            };
            for (bytes, more, is_published) in &parts {
                let bytes: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != b'\n').collect();
                child.push(&line(&bytes, *more));
                expected.extend(&bytes);
                expected.extend((!more).then_some(b'\n'));
                if *is_published {
                    add(&mut child);
                }
            }
            add(&mut child);
            prop_assert_eq!(got, expected);
        }
    }
}
