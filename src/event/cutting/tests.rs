use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use regex::bytes::{Regex, RegexSet};

use super::*;
use crate::event::{Stream, strip};

/// A published part: its text, whether another follows, its envelope and the offset of its line.
type Part = (String, bool, Option<Envelope>, u64);

/// Numbers of cards, and well-known secrets; compiled once, because that takes milliseconds.
static REDACTION: LazyLock<Redaction> =
    LazyLock::new(|| Redaction::new(&["card=[0-9]+".to_owned()], true).expect("expressions"));

fn cutting(container: Option<ContainerFormat>, exclude: &[&str]) -> Cutting {
    Cutting {
        splitter: Splitter { max_line: 50, binary: false, section: 64 },
        container,
        redaction: REDACTION.clone(),
        filter: LineFilter::new(RegexSet::empty(), RegexSet::new(exclude).expect("expressions")),
    }
}

/// Cuts `chunks` one after the other, as a reader does; every batch is cut again alone.
fn parts(cutting: &Cutting, encoding: TextEncoding, chunks: &[Vec<u8>]) -> Vec<Part> {
    let mut carry = Carry { encoding: Some(encoding), ..Carry::default() };
    let (mut rest, mut offset, mut parts) = (Vec::new(), 0, Vec::new());
    for (index, chunk) in chunks.iter().chain([&Vec::new()]).enumerate() {
        let end = if index == chunks.len() { End::Finished } else { End::Open };
        rest.extend_from_slice(chunk);
        loop {
            let (lines, used) = cutting.cut(&rest, &mut carry, end);
            if let Some(lines) = &lines {
                assert_same_again(cutting, lines, &rest[..used], carry);
                parts.extend(published(lines, offset));
            }
            rest.drain(..used);
            offset += used as u64;
            if used == 0 {
                break;
            }
        }
        assert!(rest.len() <= cutting.splitter.longest_rest());
    }
    assert!(rest.is_empty());
    parts
}

fn published(lines: &Lines, offset: u64) -> Vec<Part> {
    let mut line_start = 0;
    let mut parts = Vec::new();
    for (index, (line, span)) in lines.from(0).zip(&lines.spans).enumerate() {
        if !span.continued {
            let origin = lines.origin.as_ref();
            line_start =
                offset + u64::from(origin.map_or(span.start, |origin| origin.starts[index]));
        }
        let text = String::from_utf8_lossy(line.bytes).into_owned();
        parts.push((text, line.more, line.envelope, line_start));
    }
    parts
}

/// Asserts that the used bytes become the same lines when they are read again.
fn assert_same_again(cutting: &Cutting, lines: &Lines, used: &[u8], after: Carry) {
    let mut carry = lines.carry;
    let (again, len) = cutting.cut(used, &mut carry, lines.end);
    let again = again.expect("lines");
    assert_eq!((len, carry), (used.len(), after));
    assert_eq!((&again.bytes, &again.spans), (&lines.bytes, &lines.spans));
    assert_eq!(again.envelopes, lines.envelopes);
}

fn texts(parts: &[Part]) -> Vec<&str> {
    parts.iter().map(|(text, ..)| &**text).collect()
}

fn docker(log: &str, stream: &str) -> String {
    format!("{{\"log\":\"{log}\",\"stream\":\"{stream}\",\"time\":\"2026-11-25T19:00:01Z\"}}\n")
}

fn cri(stream: &str, tag: &str, message: &str) -> String {
    format!("2026-11-25T19:00:01Z {stream} {tag} {message}\n")
}

#[test]
fn the_first_part_decides_for_each_stream() {
    let cutting = cutting(Some(ContainerFormat::Cri), &["^hide"]);
    let text = [
        cri("stdout", "P", "hide 1 "),
        cri("stderr", "P", "show 1 "),
        cri("stdout", "P", "show? "),
        "hide this\n".to_owned(),
        "neither\n".to_owned(),
        cri("stderr", "F", "hide?"),
        cri("stdout", "F", "show?"),
        cri("stdout", "F", "show 2"),
    ];
    let all = parts(&cutting, TextEncoding::Utf8, &text.map(String::into_bytes));
    let shown: Vec<_> = all.iter().map(|(text, more, ..)| (&**text, *more)).collect();
    assert_eq!(shown, [("show 1 ", true), ("neither", false), ("hide?", false), ("show 2", false)]);
    assert_eq!(all[0].2.expect("an envelope").stream, Some(Stream::Stderr));
    assert_eq!((all[1].2, all[0].3), (None, 38));
}

#[test]
fn a_long_message_comes_in_parts() {
    let cutting = Cutting {
        splitter: Splitter { max_line: 4, ..Splitter::default() },
        ..cutting(Some(ContainerFormat::Docker), &[])
    };
    let first = docker("abcdefgh", "stdout");
    let second_at = first.len() as u64;
    let text = first + &docker("ij\\n", "stdout");
    let all = parts(&cutting, TextEncoding::Utf8, &[text.into_bytes()]);
    let shown: Vec<_> =
        all.iter().map(|(text, more, _, offset)| (&**text, *more, *offset)).collect();
    assert_eq!(shown, [("abcd", true, 0), ("efgh", true, 0), ("ij", false, second_at)]);
}

#[test]
fn a_secret_is_removed_before_anything_sees_it() {
    let cutting = cutting(None, &["card="]);
    let text = b"a card=1234\nb\n".to_vec();
    assert_eq!(texts(&parts(&cutting, TextEncoding::Utf8, &[text])), ["a [redacted]", "b"]);
}

#[test]
fn a_key_in_the_output_of_a_container_is_removed_from_its_stream_only() {
    let cutting = cutting(Some(ContainerFormat::Cri), &[]);
    let text = [
        cri("stdout", "F", "-----BEGIN RSA PRIVATE KEY-----"),
        cri("stderr", "F", "no key"),
        cri("stdout", "F", "MIIE"),
        cri("stdout", "F", "-----END RSA PRIVATE KEY-----"),
        cri("stdout", "F", "after"),
    ];
    let all = parts(&cutting, TextEncoding::Utf8, &[text.concat().into_bytes()]);
    assert_eq!(texts(&all), ["[redacted]", "no key", "[redacted]", "[redacted]", "after"]);
}

#[test]
fn a_match_of_a_whole_window_hides_the_rest_of_its_line() {
    let cutting = cutting(None, &[]);
    let text = format!("{} token={} seen\nnext\n", "x".repeat(50), "a".repeat(200));
    let all = parts(&cutting, TextEncoding::Utf8, &[text.into_bytes()]).into_iter();
    let joined: String = all.map(|(text, more, ..)| text + if more { "" } else { "\n" }).collect();
    assert!(!joined.contains("aaa") && joined.ends_with("[redacted]\nnext\n"), "{joined}");
}

#[test]
fn the_state_behind_some_lines_is_found() {
    let cutting = cutting(None, &[]);
    assert!(cutting.looks_back() && !Cutting::default().looks_back());
    let before = b"of a line\n-----BEGIN PRIVATE KEY-----\nMIIE\n";
    let mut carry = cutting.carry_behind(before, Carry::default(), End::Open);
    let (lines, _) = cutting.cut(b"AAAA\n", &mut carry, End::Open);
    assert_eq!(&*lines.expect("lines").bytes, b"[redacted]\n");
}

/// Lines of containers and others, with secrets, colours and parts.
fn any_line() -> impl Strategy<Value = String> {
    let text = "[ab1=\x1bm\\[é]{0,20}|(a|b)*card=[0-9]{0,90}b?|-----(BEGIN|END) PRIVATE KEY-----";
    (text, select(&["stdout", "stderr"][..]), select(&["F", "P"][..]), 0..3).prop_map(
        |(text, stream, tag, form)| match form {
            0 => text + "\n",
            1 => cri(stream, tag, &text),
            _ => {
                let text = text.replace('\x1b', "\\u001b");
                docker(&(text + if tag == "F" { "\\n" } else { "" }), stream)
            }
        },
    )
}

fn encoded(text: &str, encoding: TextEncoding) -> Vec<u8> {
    match encoding {
        TextEncoding::Utf8 => text.into(),
        TextEncoding::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        TextEncoding::Utf16Be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
    }
}

fn any_container() -> impl Strategy<Value = Option<ContainerFormat>> {
    select(&[None, Some(ContainerFormat::Docker), Some(ContainerFormat::Cri)][..])
}

fn any_encoding() -> impl Strategy<Value = TextEncoding> {
    select(&[TextEncoding::Utf8, TextEncoding::Utf16Le, TextEncoding::Utf16Be][..])
}

/// Cuts `bytes` into pieces of the given lengths, and the rest.
fn pieces(mut bytes: &[u8], lens: &[usize]) -> Vec<Vec<u8>> {
    let mut pieces = Vec::new();
    for len in lens.iter().chain([&bytes.len()]) {
        let (piece, rest) = bytes.split_at((*len).min(bytes.len()));
        pieces.push(piece.to_vec());
        bytes = rest;
    }
    pieces
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn lines_do_not_depend_on_how_they_arrive(
        lines in vec(any_line(), 0..12), lens in vec(0usize..90, 0..20),
        section in select(&[64usize, 4096][..]),
        container in any_container(), encoding in any_encoding(),
    ) {
        let cutting = cutting(container, &["^b"]);
        let splitter = Splitter { section, ..cutting.splitter };
        let cutting = Cutting { splitter, ..cutting };
        let bytes = encoded(&lines.concat(), encoding);
        let whole = parts(&cutting, encoding, std::slice::from_ref(&bytes));
        prop_assert_eq!(&parts(&cutting, encoding, &pieces(&bytes, &lens)), &whole);
        let secret = Regex::new("card=[0-9]").expect("an expression");
        for (text, ..) in whole.iter().filter(|(.., envelope, _)| envelope.is_some()) {
            prop_assert!(!secret.is_match(&strip(text.as_bytes())), "{text}");
        }
    }

    /// No bytes of a number behind `card=` are published, whatever the length of the line.
    #[test]
    fn no_secret_is_published(
        before in "[ab ]{0,800}", number in "[0-9]{1,1200}", after in "([ab ]|card=[1-9]){0,700}",
        encoding in any_encoding(),
    ) {
        let cutting = cutting(None, &[]);
        let splitter = Splitter { section: 512, ..cutting.splitter };
        let cutting = Cutting { splitter, ..cutting };
        let bytes = encoded(&format!("{before}card={number}{after}\n"), encoding);
        let text: String = texts(&parts(&cutting, encoding, &[bytes])).concat();
        let published = text.replace("[redacted]", "");
        prop_assert!(!published.contains(|c: char| c.is_ascii_digit()), "{text}");
    }

    /// The bytes that are kept of an input become the lines that would have been published without a
    /// spool.
    #[test]
    fn redacted_bytes_become_the_same_lines(
        lines in vec(any_line(), 0..8), container in any_container(),
    ) {
        let cutting = cutting(container, &["^b"]);
        let splitter = Splitter { section: 4096, ..cutting.splitter };
        let cutting = Cutting { splitter, ..cutting };
        let text = lines.concat().into_bytes();
        let mut kept = Vec::new();
        let used = cutting.redact(&text, &mut Carry::default(), End::Finished, &mut kept);
        prop_assert_eq!(used, text.len());
        prop_assert!(!String::from_utf8_lossy(&kept).contains("card=0"));
        let again = cutting.clone().without_redaction();
        let texts = |cutting: &Cutting, text: &[u8]| -> Vec<_> {
            let parts = parts(cutting, TextEncoding::Utf8, &[text.to_vec()]);
            parts.into_iter().map(|(text, more, envelope, _)| (text, more, envelope)).collect()
        };
        prop_assert_eq!(texts(&again, &kept), texts(&cutting, &text));
    }
}
