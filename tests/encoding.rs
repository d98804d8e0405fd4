//! The encoder, checked with the independent parser: every format returns the lines.

use std::ffi::OsStr;
use std::sync::Arc;

use base64::Engine as _;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;
use ssetail::event::{
    Batch, Carry, Cutting, Encoder, End, Epoch, EventId, Format, Grep, Medium, Name, Position,
    Presentation, Scan, ScanRange, Selection, Source, Splitter,
};

use crate::parser::{Event, Parser};

const FORMATS: [Format; 5] =
    [Format::Text, Format::Json, Format::Base64, Format::Buffer, Format::Exact];

fn encoder() -> Encoder {
    Encoder::new(Epoch::from_random(7))
}

fn batch(bytes: &[u8], max_line: usize) -> Batch {
    let splitter = Splitter { max_line, ..Splitter::default() };
    let cutting = Cutting { splitter, ..Cutting::default() };
    let cut = cutting.cut(bytes, &mut Carry::default(), End::Finished);
    let lines = cut.0.expect("lines");
    let source = Source { id: 0, name: Name::new(OsStr::new("a b.log")) };
    Batch::of_lines(Arc::new(source), 1, lines, Arc::default())
}

fn encode(batch: &Batch, format: Format, start: Position) -> Vec<Event> {
    let bytes = encoder().encode_from(
        batch,
        Presentation { medium: Medium::Events, format, named: true },
        start,
        batch.next(),
    );
    Parser::default().feed(&bytes)
}

/// Returns the bytes of a line, or of a part; exact in all formats but text.
fn content(event: &Event, format: Format) -> Vec<u8> {
    let base64 =
        |text: &str| base64::engine::general_purpose::STANDARD.decode(text).expect("base64");
    match format {
        Format::Text => event.data.clone().into_bytes(),
        Format::Base64 => base64(&event.data),
        Format::Exact => {
            let words: Vec<&str> = event.data.splitn(3, ' ').collect();
            assert_eq!(words[0], "0", "the time of reading");
            match words[1].as_bytes()[0] {
                b't' => words[2].into(),
                flag => {
                    assert_eq!(flag, b'b');
                    base64(words[2])
                }
            }
        }
        Format::Json => {
            let json: Value = serde_json::from_str(&event.data).expect("JSON");
            let message = json["message"].as_str().expect("text").to_owned();
            json["base64"].as_str().map_or(message.into_bytes(), base64)
        }
        Format::Buffer => {
            let json: Value = serde_json::from_str(&event.data).expect("JSON");
            assert_eq!(json["message"]["type"], "Buffer");
            let bytes = json["message"]["data"].as_array().expect("bytes");
            bytes.iter().map(|byte| byte.as_u64().expect("a byte") as u8).collect()
        }
    }
}

/// Returns the data of a line in the text format (docs/PROTOCOL.md, "Formats").
fn as_text(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line).into_owned();
    let text = text.strip_suffix('\r').unwrap_or(&text);
    text.replace('\r', "\n")
}

fn tricky_line() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        4 => any::<u8>(), 2 => Just(b'\r'), 1 => Just(b' '), 1 => Just(b':'), 1 => Just(0), 3 => b'a'..=b'z',
    ];
    prop_oneof![
        vec(byte.prop_filter("in a line", |&byte| byte != b'\n'), 0..40),
        "\\PC{0,20}".prop_map(String::into_bytes),
        Just("\u{FEFF}a\u{2028}b\u{2029}\u{B}\u{C}🦀".as_bytes().to_vec()),
    ]
}

fn joined(lines: &[Vec<u8>]) -> Vec<u8> {
    lines.iter().flat_map(|line| [line, &b"\n"[..]].concat()).collect()
}

proptest! {
    #[test]
    fn every_format_returns_the_lines(lines in vec(tricky_line(), 1..20)) {
        let batch = batch(&joined(&lines), 1000);
        for format in FORMATS {
            let events = encode(&batch, format, Position::before(1));
            prop_assert_eq!(events.len(), lines.len());
            for (event, line) in events.iter().zip(&lines) {
                prop_assert_eq!(&event.kind, "a b.log");
                if format == Format::Text {
                    prop_assert_eq!(&event.data, &as_text(line));
                } else {
                    prop_assert_eq!(&content(event, format), line);
                }
            }
        }
    }

    #[test]
    fn plain_text_and_ndjson_return_every_byte(lines in vec(tricky_line(), 1..20)) {
        let batch = batch(&joined(&lines), 1000);
        let by = |medium| {
            let text = Presentation { medium: Medium::Events, format: Format::Text, named: false };
            encoder().encode(&batch, text.with_medium(medium))
        };
        prop_assert_eq!(&by(Medium::Plain)[..], joined(&lines));
        let objects = String::from_utf8(by(Medium::JsonLines).to_vec()).expect("UTF-8");
        prop_assert_eq!(objects.lines().count(), lines.len());
        for (i, (object, line)) in objects.lines().zip(&lines).enumerate() {
            let json: Value = serde_json::from_str(object).expect("JSON");
            let id = encoder().id(Position::before(i as u64 + 2)).to_string();
            prop_assert_eq!(json["id"].as_str(), Some(&*id));
            let event = Event { kind: String::new(), data: object.to_owned(), id };
            prop_assert_eq!(&content(&event, Format::Json), line);
        }
    }

    #[test]
    fn ids_are_the_seqs(lines in vec(tricky_line(), 1..20), start in 1u64..20) {
        let batch = batch(&joined(&lines), 1000);
        let events = encode(&batch, Format::Text, Position::before(start));
        let ids: Vec<_> = events.iter().map(|event| {
            EventId::parse(event.id.as_bytes()).expect("our id").position.next - 1
        }).collect();
        prop_assert_eq!(ids, (start..=lines.len() as u64).collect::<Vec<_>>());
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// A client that resumes after any piece gets exactly the remaining pieces.
    #[test]
    fn long_lines_come_in_pieces_that_can_be_resumed_after(
        len in 20_000usize..200_000, filler in prop_oneof![Just(b'\r'), Just(0), Just(0xff), Just(b'x')],
    ) {
        let line = vec![filler; len];
        let batch = batch(&joined(std::slice::from_ref(&line)), 1 << 20);
        for format in FORMATS.into_iter().filter(|&format| format != Format::Text) {
            let events = encode(&batch, format, Position::before(1));
            let pieces: Vec<_> = events.iter().map(|event| content(event, format)).collect();
            prop_assert!(pieces.concat() == line);
            for (i, event) in events.iter().enumerate().take(3) {
                let position = EventId::parse(event.id.as_bytes()).expect("our id").position;
                if i + 1 < events.len() {
                    let rest = encode(&batch, format, position);
                    let rest: Vec<_> = rest.iter().map(|event| content(event, format)).collect();
                    prop_assert!([pieces[..=i].concat(), rest.concat()].concat() == line);
                } else {
                    prop_assert_eq!(position, Position::before(2));
                }
            }
        }
        encode(&batch, Format::Text, Position::before(1));
    }
}

#[test]
fn every_part_but_the_last_is_marked() {
    let batch = batch(b"abcdefghij\nk\n", 4);
    let more = |format| -> Vec<bool> {
        let events = encode(&batch, format, Position::before(1));
        let json = |event: &Event| serde_json::from_str::<Value>(&event.data).expect("JSON");
        events.iter().map(|event| json(event)["more"] == true).collect()
    };
    assert_eq!(more(Format::Json), [true, true, false, false]);
    assert_eq!(more(Format::Buffer), [true, true, false, false]);
}

#[test]
fn the_bytes_of_an_event_are_those_of_the_protocol() {
    let batch = batch(b"Compiling foo v0.1.0\n\n", 1000);
    let named = Presentation { medium: Medium::Events, format: Format::Text, named: true };
    let bytes = encoder().encode(&batch, named);
    assert_eq!(
        bytes,
        "event: a b.log\ndata: Compiling foo v0.1.0\nid: 000007-1\n\n\
         event: a b.log\ndata: \nid: 000007-2\n\n",
    );
    let unnamed = Presentation { medium: Medium::Events, format: Format::Json, named: false };
    let bytes = encoder().encode_from(&batch, unnamed, Position::before(2), 3);
    assert_eq!(bytes, "data: {\"file\":\"a b.log\",\"message\":\"\",\"time\":0}\nid: 000007-2\n\n",);
}

#[test]
fn a_batch_is_encoded_once_for_each_presentation() {
    let batch = batch(b"a\nb\n", 1000);
    let presentation = Presentation { medium: Medium::Events, format: Format::Json, named: true };
    let first = batch.encoded(&encoder(), presentation);
    let second = batch.encoded(&encoder(), presentation);
    assert_eq!(first.as_ptr(), second.as_ptr());
    let other = Presentation { medium: Medium::Events, format: Format::Text, named: true };
    assert_ne!(first, batch.encoded(&encoder(), other));
}

#[test]
fn matches_that_are_encoded_in_steps_are_those_of_one_step() {
    let lines = (0..400).map(|n| format!("{n} {}\n", "x".repeat(n * 37 % 900)));
    let batch = batch(lines.collect::<String>().as_bytes(), 100);
    let presentation = Presentation::default();
    let grep = Grep::new(&["7", "!x{800}"], 1 << 20).expect("expressions");
    let stop = Grep::new(&["^40 "], 1 << 20).expect("an expression");
    let (grep, stop) = (Some(Arc::new(grep)), Some(Arc::new(stop)));
    for (stop, end) in [(None, batch.next()), (None, batch.first() + 100), (stop, batch.next())] {
        let selection = Selection { grep: grep.clone(), stop, ..Selection::default() };
        let encode = |start, may_go_on: bool| {
            let scan = Scan::of(&batch, ScanRange { start, end }, &selection, None, || may_go_on);
            let bytes = encoder().encode_sections(&batch, presentation, start, &scan.sections);
            (scan, bytes)
        };
        let (whole, bytes) = encode(Position::before(1), true);
        assert_eq!(whole.is_stopped, selection.stop.is_some());
        assert_eq!(whole.reached < Position::before(end), whole.is_stopped);
        let (mut joined, mut reached, mut steps) = (Vec::new(), Position::before(1), 0);
        while reached < whole.reached {
            let (matches, bytes) = encode(reached, false);
            assert!(matches.reached > reached);
            assert_eq!(
                matches.is_stopped,
                selection.stop.is_some() && matches.reached == whole.reached
            );
            joined.extend_from_slice(&bytes);
            (reached, steps) = (matches.reached, steps + 1);
        }
        assert_eq!(joined, bytes);
        assert!(steps > 10, "{steps}");
    }
}

#[test]
fn a_selection_stops_after_all_parts_of_the_line() {
    let batch = batch(b"one\ntwelve\nthree\n", 3);
    let stop = Grep::new(&["el"], 1 << 20).expect("an expression");
    let selection = Selection { stop: Some(Arc::new(stop)), ..Selection::default() };
    let scan = |start, end| {
        let range = ScanRange { start: Position::before(start), end };
        Scan::of(&batch, range, &selection, None, || true)
    };
    for start in 1..=3 {
        let matches = scan(start, batch.next());
        assert_eq!((matches.reached, matches.is_stopped), (Position::before(4), true), "{start}");
        let (start, sections) = (Position::before(start), &matches.sections);
        let bytes = encoder().encode_sections(&batch, Presentation::default(), start, sections);
        assert_eq!(Parser::default().feed(&bytes).len() as u64, 4 - start.next);
    }
    let matches = scan(1, 3);
    assert_eq!((matches.reached, matches.is_stopped), (Position::before(3), false));
    assert!(!scan(4, batch.next()).is_stopped);
}
