use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::event::{Cutting, FileOffsets, Name, Source, Splitter};

fn source() -> Arc<Source> {
    Arc::new(Source { id: 0, name: Name::from_wire("a.log").expect("a name") })
}

fn batches(text: &[u8], max_line: usize) -> Vec<Batch> {
    let splitter = Splitter { max_line, ..Splitter::default() };
    let cutting = Cutting { splitter, ..Cutting::default() };
    let (mut carry, mut used, mut first, mut batches) = (Carry::default(), 0, 1, Vec::new());
    while used < text.len() {
        let (lines, taken) = cutting.cut(&text[used..], &mut carry, End::Finished);
        if let Some(lines) = lines {
            let offsets = FileOffsets::From(1000 + used as u64);
            let lines = Lines { offsets, ..lines };
            let batch = Batch::of_lines(source(), first, lines, Arc::default());
            let batch = batch.at(1000 + used as u64, std::sync::Weak::new());
            first = batch.next();
            batches.push(batch);
        }
        if taken == 0 {
            break;
        }
        used += taken;
    }
    batches
}

type Seen = (Vec<u8>, bool, bool, Option<u64>);

fn seen(lines: &Lines) -> Vec<Seen> {
    let line = |index| {
        let line = lines.line(index).expect("a line");
        (line.bytes.to_vec(), line.more, line.continues, line.offset)
    };
    (0..lines.spans.len()).map(line).collect()
}

proptest! {
    #[test]
    fn lines_are_read_as_they_were_written(
        text in vec(prop_oneof![Just(b'\n'), Just(b'\r'), any::<u8>()], 0..300),
        max_line in 1usize..20, limit in 1usize..2000,
    ) {
        let batches = batches(&text, max_line);
        let mut payloads = Vec::new();
        let mut payload = Vec::new();
        for batch in &batches {
            let mut first = 0;
            while first < batch.len() {
                let count = push_batch(&mut payload, batch, first, limit);
                first += count;
                if first < batch.len() {
                    payloads.push(std::mem::take(&mut payload));
                }
            }
        }
        payloads.push(payload);
        let mut got = Vec::new();
        for payload in payloads {
            let parts = parts(&payload.into()).expect("a payload");
            prop_assert!(parts.iter().all(|part| part.name == "a.log" && part.len() > 0));
            for part in &parts {
                let PartContent::Lines(lines, _) = &part.content else { panic!("no lines") };
                got.extend(seen(lines));
            }
        }
        let expected: Vec<Seen> =
            batches.iter().filter_map(Batch::lines).flat_map(seen).collect();
        prop_assert_eq!(got, expected);
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
        let _ = parts(&bytes.into());
    }

    #[test]
    fn envelopes_are_read_as_they_were_written(
        time: Option<i32>, level in proptest::option::of(0usize..7), is_part: bool,
        continues: bool, stream in 0_usize..3,
    ) {
        let stream = [None, Some(Stream::Stdout), Some(Stream::Stderr)][stream];
        let level = level.map(|level| Level::NAMES[level].1);
        let time = time.map(i64::from);
        let envelope = Envelope { stream, time, level, is_part, continues };
        let mut bytes = Vec::new();
        push_envelope(&mut bytes, Some(envelope));
        push_envelope(&mut bytes, None);
        let mut rest = &*bytes;
        let mut taken = Vec::new();
        while !rest.is_empty() {
            take_envelope(&mut rest, &mut taken).expect("an envelope");
        }
        prop_assert_eq!(taken, [Some(envelope), None]);
    }
}

#[test]
fn hidden_lines_do_not_leave_the_host() {
    let hidden = regex::bytes::RegexSet::new(["secret"]).expect("an expression");
    let filter = crate::event::LineFilter::new(regex::bytes::RegexSet::empty(), hidden);
    let cutting = Cutting { filter, ..Cutting::default() };
    let text = b"one\na secret\ntwo\nthree\n";
    let (lines, _) = cutting.cut(text, &mut Carry::default(), End::Open);
    let lines = Lines { offsets: FileOffsets::From(0), ..lines.expect("lines") };
    let batch = Batch::of_lines(source(), 1, lines, Arc::default());
    let mut payload = Vec::new();
    assert_eq!(push_batch(&mut payload, &batch, 0, 1 << 20), 3);
    assert!(!String::from_utf8_lossy(&payload).contains("secret"));
    let parts = parts(&payload.into()).expect("a payload");
    let PartContent::Lines(lines, _) = &parts[0].content else { panic!("no lines") };
    let offsets: Vec<_> = lines.from(0).map(|line| line.offset).collect();
    assert_eq!(offsets, [Some(0), Some(13), Some(17)]);
}

/// Returns a payload with one line of `len` bytes.
fn line(flags: u64, len: u64, more: u64, text: &[u8]) -> bytes::Bytes {
    line_at(0, flags, len, more, text)
}

fn line_at(offset: u64, flags: u64, len: u64, more: u64, text: &[u8]) -> bytes::Bytes {
    let mut payload = Vec::new();
    push_number(&mut payload, LINES);
    push_text(&mut payload, b"a.log");
    for number in [flags, 0, offset, 1, len << 2 | more] {
        push_number(&mut payload, number);
    }
    payload.extend_from_slice(text);
    payload.into()
}

#[test]
fn text_that_is_no_line_is_refused() {
    assert!(parts(&line(0, 3, 0, b"abc\n")).is_some());
    assert!(parts(&line(0, 3, MORE, b"abc")).is_some());
    assert!(parts(&line(CHUNKS, 3, 0, b"a\nc")).is_some());
    for payload in [
        line_at(u64::MAX - 3, 0, 3, 0, b"abc\n"),
        line(0, 3, 0, b"a\nc\n"),
        line(0, 3, MORE, b"a\nc"),
        line(0, 3, 0, b"abcd"),
        line(0, 3, 0, b"abc"),
    ] {
        assert!(parts(&payload).is_none(), "{payload:?}");
    }
}
