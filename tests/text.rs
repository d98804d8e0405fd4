//! Text as other systems write it: line ends, byte order marks, UTF-16, and long lines with filters.

use serde_json::Value;

use crate::harness::{Running, Ssetail, client, eventually, write};

const PLAIN: &[(&str, &str)] = &[("accept", "text/plain")];

/// Returns `text` in UTF-16, the low byte first, without a byte order mark.
fn le(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// Returns `text` in UTF-16, the high byte first, without a byte order mark.
fn be(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

fn marked(text: &str) -> String {
    format!("\u{FEFF}{text}")
}

/// Waits until so many bytes of the first source are read.
fn wait_for_offset(ssetail: &Running, offset: usize) {
    eventually("the bytes are read", || {
        let sources: Value = serde_json::from_str(&ssetail.get("/sources").body).expect("JSON");
        sources[0]["offset"] == offset
    });
}

/// Returns the message and the offset of the next lines.
fn messages(ssetail: &Running, query: &str, count: usize) -> Vec<(String, u64)> {
    let data = ssetail.events(&format!("/sse?format=json{query}")).lines(count);
    let fields = |line: String| {
        let json: Value = serde_json::from_str(&line).expect("JSON");
        let message = json["message"].as_str().expect("text").to_owned();
        (message, json["offset"].as_u64().expect("a number"))
    };
    data.into_iter().map(fields).collect()
}

#[test]
fn filters_do_not_see_the_return_of_a_line_end() {
    let lines = "job 1 done\r\njob 2 failed\r\njob 3 done\r\n\r\n\r\r\nend\n";
    let start = |args: &[&str]| Ssetail::new().file("a.log", lines).arg("a.log").args(args).start();
    let included = start(&["--include", "done$|^end$"]);
    assert_eq!(included.events("/sse").data(3), ["job 1 done", "job 3 done", "end"]);
    let excluded = start(&["--exclude", "failed$", "--exclude", "^$"]);
    assert_eq!(excluded.events("/sse").data(4), ["job 1 done", "job 3 done", "\n", "end"]);
    let all = start(&[]);
    assert_eq!(
        all.events("/sse?grep=done%24|^end").data(3),
        ["job 1 done", "job 3 done", "end"],
        "grep"
    );
    assert_eq!(all.events("/sse?grep=^%24|^end").data(2), ["", "end"]);
    // A `\r` that is not at the end is a character of the line.
    assert_eq!(all.events("/sse?grep=^%5Cr%24|^end").data(2), ["\n", "end"]);
}

#[test]
fn chunks_of_a_binary_file_keep_returns_and_marks() {
    let ssetail = Ssetail::new()
        .file("a.bin", b"\xFF\xFEa\0\r\0".as_slice())
        .args(["a.bin", "--binary", "--from-start"])
        .start();
    assert_eq!(ssetail.events("/sse?grep=%5Cr.%24").data(1), ["//5hAA0A"]);
}

#[test]
fn a_byte_order_mark_is_not_in_the_first_line() {
    let first = marked("{\"n\":1}\n{\"n\":2}\n");
    let ssetail = Ssetail::new()
        .file("a.log", &first)
        .args(["a.log", "--include", r"^\{", "--linger", "500ms"])
        .start();
    let mut events = ssetail.events("/sse");
    assert_eq!(events.lines(2), ["{\"n\":1}", "{\"n\":2}"]);
    assert_eq!(messages(&ssetail, "", 2)[0], ("{\"n\":1}".to_owned(), 3));
    ssetail.rename("a.log", "a.log.1");
    write(&ssetail.path("a.log"), marked("{\"rotated\":1}\n"));
    assert_eq!(events.lines(1), ["{\"rotated\":1}"]);
    write(&ssetail.path("a.log"), marked("{\"truncated\":1}\n"));
    assert_eq!(events.lines(1), ["{\"truncated\":1}"]);
    ssetail.append("a.log", marked("{\"hidden\":1}\n{\"last\":1}\n"));
    assert_eq!(events.lines(1), ["{\"last\":1}"], "a later mark is a character of its line");
}

#[test]
fn a_byte_order_mark_may_come_in_two_writes_or_alone() {
    let ssetail = Ssetail::new()
        .file("a.log", b"\xEF".as_slice())
        .file("b.log", b"\xFF\xFE".as_slice())
        .args(["a.log", "b.log"])
        .start();
    let mut events = ssetail.events("/sse");
    wait_for_offset(&ssetail, 1);
    ssetail.append("a.log", b"\xBB");
    wait_for_offset(&ssetail, 2);
    ssetail.append("a.log", b"\xBFx\n");
    assert_eq!(events.lines(1), ["x"]);
    ssetail.append("b.log", le("y\n"));
    assert_eq!(events.lines(1), ["y"]);
}

#[test]
fn bytes_that_only_begin_like_a_mark_are_a_line() {
    let mut ssetail = Ssetail::new().args(["-", "--exit-on-eof"]).piped().start();
    let mut events = ssetail.events("/sse?format=base64");
    ssetail.input(b"\xEF\xBB");
    ssetail.close_input();
    assert_eq!(events.lines(1), ["77s="]);
}

#[test]
fn standard_input_may_begin_with_a_mark() {
    let mut ssetail = Ssetail::new().args(["-"]).piped().start();
    let mut events = ssetail.events("/sse");
    ssetail.input(marked("first\nsecond\n"));
    assert_eq!(events.lines(2), ["first", "second"]);
}

#[test]
fn utf16_is_decoded() {
    // U+010A has a byte 0A, and the crab is a surrogate pair.
    let text = "first line\r\nsecond Ċ line\n🦀\n";
    for encode in [le, be] {
        let ssetail = Ssetail::new().file("a.log", encode(&marked(text))).arg("a.log").start();
        assert_eq!(ssetail.events("/sse").data(3), ["first line", "second Ċ line", "🦀"]);
        let expected = [("first line\r", 2), ("second Ċ line", 26), ("🦀", 54)];
        let expected = expected.map(|(line, offset)| (line.to_owned(), offset));
        assert_eq!(messages(&ssetail, "", 3), expected);
        assert_eq!(ssetail.events("/sse?grep=line%24").data(2), ["first line", "second Ċ line"]);
        ssetail.append("a.log", &encode("appended")[..5]);
        wait_for_offset(&ssetail, 60 + 5);
        ssetail.append("a.log", &encode("appended\n")[5..]);
        assert_eq!(ssetail.events("/sse?grep=app").data(1), ["appended"]);
    }
}

#[test]
fn the_last_lines_of_utf16_are_counted_in_units() {
    let text = marked("one\ntwo Ċ ਊ\nthree\nfour\n");
    for encode in [le, be] {
        let start = |n: &str, content: &[u8]| {
            Ssetail::new().file("a.log", content).args(["a.log", "-n", n]).start()
        };
        let whole = encode(&text);
        assert_eq!(start("3", &whole).events("/sse").data(1), ["two Ċ ਊ"]);
        assert_eq!(start("9", &whole).events("/sse").data(1), ["one"]);
        assert_eq!(start("+3", &whole).events("/sse").data(2), ["three", "four"]);
        // The last line lacks one byte.
        let ssetail = start("1", &whole[..whole.len() - 1]);
        let mut events = ssetail.events("/sse");
        ssetail.append("a.log", &whole[whole.len() - 1..]);
        assert_eq!(events.data(1), ["four"]);
        let ssetail = start("0", &whole);
        let mut events = ssetail.events("/sse");
        ssetail.append("a.log", encode("new\n"));
        assert_eq!(events.data(1), ["new"]);
    }
}

#[test]
fn evicted_utf16_is_read_again() {
    let lines: Vec<String> = (0..5000).map(|n| format!("line {n} Ċ 🦀")).collect();
    let ssetail = Ssetail::new()
        .file("a.log", le(&marked(&(lines.join("\n") + "\n"))))
        .args(["a.log", "--from-start", "--replay-bytes", "64KiB", "--max-line", "12"])
        .start();
    let parts = ssetail.events("/sse?n=all").lines(10_000).concat();
    assert_eq!(parts, lines.concat());
}

#[test]
fn utf16_of_standard_input_is_read_again_from_the_spool() {
    let mut ssetail = Ssetail::new()
        .args(["-", "--spool", "spool", "--replay-bytes", "64KiB", "--spool-bytes", "8MiB"])
        .piped()
        .start();
    let lines: Vec<String> = (0..20_000).map(|n| format!("line {n} Ċ 🦀")).collect();
    let mut bytes = le(&marked(&(lines.join("\n") + "\nlast")));
    bytes.push(b'!');
    ssetail.input(&bytes);
    ssetail.close_input();
    let mut events = ssetail.events("/sse?n=all");
    assert_eq!(events.lines(20_000), lines);
    assert_eq!(events.lines(1), ["last\u{FFFD}"], "half of a unit is not dropped");
    assert!(std::fs::read(ssetail.path("spool")).expect("a spool").ends_with(&bytes[90_000..]));
}

#[test]
fn utf16_is_resumed_after_a_restart() {
    let mut ssetail = Ssetail::new()
        .file("a.log", le(&marked("one\ntwo\nthr")))
        .args(["a.log", "--from-start", "--state", "state"])
        .start();
    let mut events = ssetail.events("/sse");
    let first = events.take(2).remove(0);
    wait_for_offset(&ssetail, 24);
    ssetail.append("a.log", &le("ee\nfour\n")[..7]);
    assert_eq!(events.data(1), ["three"]);
    let mut ssetail = {
        let again = Ssetail::after(&mut ssetail).args(["a.log", "--state", "state"]);
        again.start()
    };
    ssetail.append("a.log", &le("ee\nfour\n")[7..]);
    let mut events = ssetail.events_after("/sse", &first.id);
    assert_eq!(events.data(3), ["two", "three", "four"]);
    ssetail.stop();
}

#[test]
fn a_file_may_be_replaced_by_one_in_another_encoding() {
    let ssetail = Ssetail::new().file("a.log", "old\n").arg("a.log").start();
    let mut events = ssetail.events("/sse");
    assert_eq!(events.lines(1), ["old"]);
    ssetail.rename("a.log", "a.log.1");
    write(&ssetail.path("a.log"), be(&marked("rotated é\n")));
    assert_eq!(events.lines(1), ["rotated é"]);
    write(&ssetail.path("a.log"), "utf-8 é\n");
    assert_eq!(events.lines(1), ["utf-8 é"]);
    write(&ssetail.path("a.log"), le(&marked("unfin")));
    wait_for_offset(&ssetail, 12);
    write(&ssetail.path("a.log"), "x\n");
    assert_eq!(events.lines(2), ["unfin", "x"]);
    // The bytes of the unfinished line are only in memory now.
    assert_eq!(ssetail.events("/sse").lines(5)[3..], ["unfin", "x"]);
}

#[test]
fn utf16_without_a_mark_is_reported_once() {
    let mut ssetail = Ssetail::new()
        .file("a.log", le("one\ntwo\n"))
        .file("b.log", "")
        .args(["a.log", "b.log", "--linger", "500ms"])
        .start();
    ssetail.wait_for("a.log looks like UTF-16 without a byte order mark");
    let mut events = ssetail.events("/sse");
    assert_eq!(events.lines(1), ["o\0n\0e\0"]);
    ssetail.append("a.log", le("three\n"));
    ssetail.append("b.log", be("four\n"));
    ssetail.wait_for("b.log looks like UTF-16 without a byte order mark");
    assert_eq!(ssetail.stderr.matches("looks like").count(), 2);
}

/// Two lines of 100 KB that differ only at their end, without the second newline.
fn long_lines() -> (String, String) {
    let body = "x".repeat(100_000);
    (format!("{body} level=error"), format!("{body} level=info"))
}

#[test]
fn filters_see_the_end_of_a_long_line() {
    let (error, info) = long_lines();
    let text = format!("{error}\n{info}\nend\n");
    let start = |args: &[&str]| Ssetail::new().file("a.log", &text).arg("a.log").args(args).start();
    let end = "end".to_owned();
    let included = start(&["--include", "level=error$", "--include", "^end"]);
    let lines = included.events("/sse").data(5);
    assert_eq!((lines[..4].concat(), &lines[4]), (error.clone(), &end));
    let excluded = start(&["--exclude", "level=info$"]);
    let lines = excluded.events("/sse").data(5);
    assert_eq!((lines[..4].concat(), &lines[4]), (error.clone(), &end));
    let all = start(&["--replay-bytes", "1KiB"]);
    let mut events = all.events("/sse?n=all&grep=level=info%24|^end");
    let parts = events.take(5);
    let data: String = parts[..4].iter().map(|event| event.data.as_str()).collect();
    assert_eq!((data, &parts[4].data), (info.clone(), &end));
    // A client that has the first part gets the other ones.
    let mut events = all.events_after("/sse?grep=level=info%24|^end", &parts[1].id);
    assert_eq!(events.data(3).concat(), info[65_536..].to_owned() + "end");
}

#[test]
fn a_long_line_is_seen_as_a_whole_however_it_is_written() {
    let (error, info) = long_lines();
    let ssetail =
        Ssetail::new().file("a.log", "").args(["a.log", "--include", "error$|^end"]).start();
    let mut events = ssetail.events("/sse");
    let mut written = 0;
    for line in [&info, &error] {
        for piece in format!("{line}\n").as_bytes().chunks(9000) {
            ssetail.append("a.log", piece);
            written += piece.len();
            wait_for_offset(&ssetail, written);
        }
    }
    ssetail.append("a.log", "end\n");
    assert_eq!(events.data(4).concat(), error);
    assert_eq!(events.data(1), ["end"]);
}

#[test]
fn a_line_over_the_bound_is_decided_by_its_first_mebibyte() {
    let line = format!("{}wanted{}late", "x".repeat((1 << 20) - 6), "y".repeat(3 << 20));
    let text = format!("{line}\n{}late\nend\n", "z".repeat(1 << 20));
    let args = ["a.log", "--include", "wanted|^end", "--from-start", "--replay-bytes", "64KiB"];
    let ssetail = Ssetail::new().file("a.log", &text).args(args).start();
    let count = line.len().div_ceil(32 << 10);
    let mut events = ssetail.events("/sse?n=all");
    assert!(events.data(count).concat() == line);
    assert_eq!(events.data(1), ["end"]);
    // grep decides each mebibyte on its own.
    let mut events = ssetail.events("/sse?n=all&grep=wanted|^end");
    assert!(events.data(32).concat() == line[..1 << 20]);
    assert_eq!(events.data(1), ["end"]);
    let memory = ssetail.memory("VmHWM:");
    assert!(memory < 100 << 10, "{memory} KiB");
}

#[test]
fn a_long_line_is_decided_once_over_a_restart() {
    let args = ["a.log", "--state", "state", "--exclude", "^hidden", "--include", "wanted$|^end"];
    let body = "x".repeat(100_000);
    let hidden = format!("hidden{}", "y".repeat(3 << 19));
    let mut ssetail = Ssetail::new().file("a.log", "").args(args).start();
    ssetail.append("a.log", &body);
    wait_for_offset(&ssetail, body.len());
    let mut ssetail = Ssetail::after(&mut ssetail).args(args).start();
    let mut events = ssetail.events("/sse");
    ssetail.append("a.log", " wanted\n");
    assert_eq!(events.data(4).concat(), format!("{body} wanted"));
    ssetail.append("a.log", &hidden);
    wait_for_offset(&ssetail, body.len() + 8 + hidden.len());
    let ssetail = Ssetail::after(&mut ssetail).args(args).start();
    ssetail.append("a.log", " wanted\nend\n");
    assert_eq!(ssetail.events("/sse").lines(5)[4], "end");
}

#[test]
fn plain_text_of_utf16_is_utf8() {
    let ssetail = Ssetail::new().file("a.log", le(&marked("é\r\nend\n"))).args(["a.log"]).start();
    let mut lines = client::Connection::open(ssetail.address(), "GET", "/sse", PLAIN);
    let mut bytes = Vec::new();
    while bytes.len() < 8 {
        bytes.extend(lines.read().expect("lines"));
    }
    assert_eq!(bytes, "é\r\nend\n".as_bytes());
}
