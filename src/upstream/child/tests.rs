//! Unit tests of the lines of one source.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use regex::bytes::RegexSet;

use super::*;
use crate::event::{LineFilter, Name, Redaction, Splitter, Stream};

/// A published part: its text, whether another part follows, and the stream.
type Part = (String, bool, Option<Stream>);

fn new_child(progress: Progress, cutting: &Cutting) -> Child {
    let name = Name::from_wire("web1/a.log").expect("a name");
    Child::new(Arc::new(Source { id: 0, name }), progress, cutting)
}

fn child() -> Child {
    new_child(Progress::default(), &Cutting::default())
}

fn line(bytes: &[u8], more: bool) -> ExactLine<'_> {
    let bytes = bytes.into();
    ExactLine { time: 5, bytes, more, is_chunk: false, stream: None, stated: None }
}

fn parts(lines: &Lines) -> Vec<Part> {
    let part = |at| {
        let line = lines.line(at).expect("a line");
        (String::from_utf8_lossy(line.bytes).into_owned(), line.more, line.stream())
    };
    (0..lines.spans.len()).map(part).collect()
}

/// Publishes what can be published.
fn publish(child: &mut Child, cutting: &Cutting) -> Vec<Part> {
    let mut published = Vec::new();
    child.cut(cutting, &mut |lines| published.extend(parts(&lines)));
    published
}

/// Publishes everything.
fn publish_all(child: &mut Child, cutting: &Cutting) -> Vec<Part> {
    let mut published = Vec::new();
    child.finish(cutting, &mut |lines| published.extend(parts(&lines)));
    published
}

fn hiding(expression: &str) -> Cutting {
    let hidden = RegexSet::new([expression]).expect("an expression");
    Cutting { filter: LineFilter::new(RegexSet::empty(), hidden), ..Cutting::default() }
}

#[test]
fn a_line_that_is_not_finished_is_held_back() {
    let (mut child, cutting) = (child(), Cutting::default());
    child.push(&line(b"abc", true), &cutting);
    assert_eq!((child.len(), child.held(), child.is_ready(&cutting)), (0, 3, false));
    assert_eq!(publish(&mut child, &cutting), []);
    child.push(&line(b"def", false), &cutting);
    assert_eq!((child.len(), child.held(), child.is_ready(&cutting)), (7, 0, true));
    assert_eq!(publish(&mut child, &cutting), [("abcdef".to_owned(), false, None)]);
}

#[test]
fn a_line_whose_rest_will_not_come_is_published_as_a_part() {
    let (mut child, cutting) = (child(), Cutting::default());
    let stdout = Some(Stream::Stdout);
    child.push(&line(b"abc", true), &cutting);
    child.push(&ExactLine { stream: stdout, ..line(b"one", true) }, &cutting);
    let published = publish_all(&mut child, &cutting);
    assert_eq!(published.last(), Some(&("one".to_owned(), true, stdout)));
    assert_eq!(published[0].0, "abc");
    assert_eq!(child.held(), 0);
}

#[test]
fn a_line_behind_a_gap_continues_none_before_it() {
    let (mut child, cutting) = (child(), hiding("secret"));
    child.push(&line(b"a secret that goes on", true), &cutting);
    assert_eq!(publish_all(&mut child, &cutting), []);
    child.push(&line(b"another line", false), &cutting);
    let mut continued = Vec::new();
    child.cut(&cutting, &mut |lines| {
        continued.extend(lines.spans.iter().map(|span| span.continued));
    });
    assert_eq!(continued, [false]);
}

#[test]
fn statements_of_container_runtimes_stay_with_their_messages() {
    let (mut child, cutting) = (child(), Cutting::default());
    let (stdout, stderr) = (Some(Stream::Stdout), Some(Stream::Stderr));
    for line in [
        line(b"plain", false),
        ExactLine { stream: stdout, stated: Some(7), ..line(b"one ", true) },
        ExactLine { stream: stderr, ..line(b"two", false) },
        ExactLine { stream: stdout, stated: Some(8), ..line(b"three", false) },
        line(b"", false),
    ] {
        child.push(&line, &cutting);
    }
    let mut seen = Vec::new();
    child.cut(&cutting, &mut |lines| {
        seen.extend((0..lines.spans.len()).map(|at| {
            let line = lines.line(at).expect("a line");
            let stated = line.envelope.and_then(|envelope| envelope.time);
            let text = String::from_utf8_lossy(line.bytes).into_owned();
            (text, line.stream(), stated, line.more, line.continues)
        }));
    });
    let expected = [
        ("plain", None, None, false, false),
        ("two", stderr, None, false, false),
        ("one three", stdout, Some(7), false, false),
        ("", None, None, false, false),
    ];
    assert_eq!(seen, expected.map(|(text, a, b, c, d)| (text.to_owned(), a, b, c, d)));
}

#[test]
fn the_parts_of_a_message_are_judged_together() {
    let message = |bytes, more| ExactLine { stated: Some(7), ..line(bytes, more) };
    let redaction = Redaction::new(&["se+cret".to_owned()], false).expect("an expression");
    for cutting in [hiding("drop this"), Cutting { redaction, ..Cutting::default() }] {
        let mut child = child();
        child.push(&message(b"a sec", true), &cutting);
        assert_eq!(publish(&mut child, &cutting), []);
        child.push(&message(b"ret drop", true), &cutting);
        child.push(&message(b" this", false), &cutting);
        let is_redacted = !cutting.redaction.is_empty();
        let expected = is_redacted.then(|| ("a [redacted] drop this".to_owned(), false, None));
        assert_eq!(publish(&mut child, &cutting), Vec::from_iter(expected));
    }
}

#[test]
fn a_private_key_is_hidden_over_a_restart() {
    let redaction = Redaction::new(&[], true).expect("expressions");
    let cutting = Cutting { redaction, ..Cutting::default() };
    let (mut child, mut progress) = (child(), Progress::default());
    let lines =
        ["-----BEGIN PRIVATE KEY-----", "MIIEvQ", "IBADAN", "-----END PRIVATE KEY-----", "x"];
    let mut published = Vec::new();
    for text in lines {
        child.push(&line(text.as_bytes(), false), &cutting);
        published.extend(publish(&mut child, &cutting).into_iter().map(|(text, ..)| text));
        note(&mut progress, &mut child);
        child = new_child(progress.clone(), &cutting);
    }
    assert_eq!(published, ["[redacted]", "[redacted]", "[redacted]", "[redacted]", "x"]);
}

/// Does what the journal does with the notes of a source.
fn note(progress: &mut Progress, child: &mut Child) {
    for note in child.notes() {
        match note {
            JournalNote::Carry(carry) => progress.carry = Some(carry),
            JournalNote::Rest { kept, added } => {
                progress.rest.truncate(kept);
                progress.rest.extend(added);
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Rules with short sections, which hide, redact or keep everything.
fn any_cutting() -> impl Strategy<Value = Cutting> {
    let splitter = Splitter { max_line: 5, section: 12, binary: false };
    let redaction = Redaction::new(&["b+".to_owned()], false).expect("an expression");
    select(vec![Cutting::default(), hiding("ab"), Cutting { redaction, ..Cutting::default() }])
        .prop_map(move |cutting| Cutting { splitter, ..cutting })
}

fn any_stream() -> impl Strategy<Value = Option<Stream>> {
    select(vec![None, Some(Stream::Stdout), Some(Stream::Stderr)])
}

proptest! {
    #[test]
    fn lines_do_not_depend_on_when_they_are_published_and_on_restarts(
        events in vec(("[abé]{0,9}", any::<bool>(), any_stream(), 0..4), 0..30),
        cutting in any_cutting(), is_container: bool,
    ) {
        let (mut whole, mut child) = (child(), child());
        let (mut published, mut progress) = (Vec::new(), Progress::default());
        for (text, more, stream, then) in &events {
            let stream = stream.filter(|_| is_container);
            let stated = is_container.then_some(7);
            let line = ExactLine { stream, stated, ..line(text.as_bytes(), *more) };
            whole.push(&line, &cutting);
            child.push(&line, &cutting);
            if *then > 0 {
                published.extend(publish(&mut child, &cutting));
                note(&mut progress, &mut child);
            }
            if *then > 2 {
                child = new_child(progress.clone(), &cutting);
            }
        }
        published.extend(publish_all(&mut child, &cutting));
        prop_assert_eq!(published, publish_all(&mut whole, &cutting));
    }

    #[test]
    fn joined_parts_are_the_lines(
        parts in vec((vec(prop_oneof![Just(b'a'), Just(b'\r'), any::<u8>()], 0..6), any::<bool>()), 0..30),
    ) {
        let (mut child, mut expected) = (child(), Vec::new());
        for (bytes, more) in &parts {
            let bytes: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != b'\n').collect();
            child.push(&line(&bytes, *more), &Cutting::default());
            expected.extend(&bytes);
            expected.extend((!more).then_some(b'\n'));
        }
        let mut got = Vec::new();
        child.finish(&Cutting::default(), &mut |lines| {
            for at in 0..lines.spans.len() {
                let line = lines.line(at).expect("a line");
                got.extend(line.bytes);
                got.extend((!line.more).then_some(b'\n'));
            }
        });
        prop_assert_eq!(got, expected);
    }
}
