//! Redaction with `--redact` and `--redact-secrets`, and filters of coloured lines
//! (docs/PROTOCOL.md, "Redaction").

use std::fs;

use crate::harness::{Ssetail, eventually};

const TINY_RING: [&str; 4] = ["--replay", "10", "--replay-bytes", "64KiB"];
const CARDS: [&str; 2] = ["--redact", "(?P<keep>card=)[0-9]+"];

/// Lines with a card number each.
fn payments(numbers: std::ops::Range<usize>) -> String {
    numbers.map(|n| format!("{n} paid with card=4000{n:08} by a\n")).collect()
}

#[test]
fn an_empty_expression_is_refused() {
    let (status, stderr) = Ssetail::new().args(["-", "--redact", ""]).fail();
    assert_eq!(status, 2);
    assert!(stderr.contains("--redact needs an expression"), "{stderr}");
}

#[test]
fn no_format_and_no_search_shows_what_was_removed() {
    let ssetail = Ssetail::new().file("a.log", payments(0..5000));
    let ssetail = ssetail.args(["a.log", "-n", "+1"]).args(CARDS).args(TINY_RING).start();
    let all = ssetail.events("/sse?n=all").take(5000);
    assert_eq!(all[4999].data, "4999 paid with card=[redacted] by a");
    for format in ["text", "json", "buffer", "base64"] {
        let events = ssetail.events(&format!("/sse?n=all&format={format}")).take(5000);
        assert!(events.iter().all(|event| !event.data.contains("4000000")), "{format}");
    }
    let found = |grep: &str| {
        let found = ssetail.events(&format!("/sse?n=all&follow=0&grep={grep}")).rest();
        found.into_iter().filter(|event| event.kind == "a.log").count()
    };
    assert_eq!((found("card=4"), found("^7%20.*redacted")), (0, 1));
    let object = &ssetail.events("/sse?n=all&format=json").take(2)[1];
    let offset = payments(0..1).len();
    assert!(object.data.contains(&format!("\"offset\":{offset}")), "{}", object.data);
    assert_eq!(ssetail.events_after("/sse", &all[100].id).take(4899), all[101..]);
}

#[test]
fn other_expressions_begin_another_run() {
    let args = ["a.log", "--state", "state"];
    let mut first = Ssetail::new().file("a.log", payments(0..3)).args(args).args(CARDS).start();
    let all = first.events("/sse").take(3);
    first.stop();
    let mut same = Ssetail::after(&mut first).args(args).args(CARDS).start();
    assert_eq!(same.events_after("/sse", &all[0].id).take(2), all[1..]);
    same.stop();
    let journal = fs::read(same.path("state/journal")).expect("a journal");
    assert!(!String::from_utf8_lossy(&journal).contains("card="), "the expression is not kept");
    let other = Ssetail::after(&mut same).args(args).args(["--redact", "[0-9]{12}"]).start();
    assert_eq!(other.events_after("/sse", &all[0].id).control("gap")["reason"], "restart");
}

#[test]
fn a_key_is_removed_although_reading_begins_inside_of_it() {
    let key =
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nAAAA\nBBBB\n-----END RSA PRIVATE KEY-----\nend\n";
    let ssetail = Ssetail::new().file("a.log", format!("begin\n{key}"));
    let ssetail = ssetail.args(["a.log", "-n", "3", "--redact-secrets"]).start();
    assert_eq!(ssetail.events("/sse").data(3), ["[redacted]", "[redacted]", "end"]);
}

#[test]
fn the_spool_holds_no_secret() {
    let mut ssetail = Ssetail::new().piped().args(["-", "--spool", "spool", "--tee"]);
    ssetail = ssetail.args(CARDS).args(["--redact", "[a-d]{3}"]).args(TINY_RING);
    let mut ssetail = ssetail.through("exec \"$0\" \"$@\" >copy").piped().start();
    let text = payments(0..5000) + "long card=" + &"4".repeat(3 << 20) + " end\nunfinished card=12";
    ssetail.input(&text[..30]);
    ssetail.input(&text[30..]);
    ssetail.close_input();
    let all = ssetail.events("/sse?n=all").take(5000);
    for (n, event) in all.iter().enumerate() {
        // `[redacted]` itself matches an expression, but is not redacted again.
        assert_eq!(event.data, format!("{n} paid with card=[redacted] by a"));
    }
    let mut rest = ssetail.events_after("/sse", &all[4999].id);
    let long = std::iter::from_fn(|| rest.next()).find(|event| event.data.contains("unfinished"));
    assert_eq!(long.expect("an event").data, "unfinished card=[redacted]");
    let spool = fs::read_to_string(ssetail.path("spool")).expect("a spool");
    assert!(!spool.contains("card=4") && !spool.contains("44444"), "{}", spool.len());
    assert!(spool.ends_with("unfinished card=[redacted]"));
    let copy = || fs::read(ssetail.path("copy")).expect("a copy");
    eventually("standard input is copied byte for byte", || copy() == text.as_bytes());
    assert_eq!(ssetail.events_after("/sse", &all[0].id).take(4999), all[1..]);
}

#[test]
fn the_spool_of_a_container_has_its_form() {
    let ssetail = Ssetail::new().piped().args(["-", "--spool", "spool", "--decode", "docker"]);
    let mut ssetail = ssetail.args(CARDS).start();
    let line = r#"{"log":"\"card=12\"\n","stream":"stderr","time":"2026-11-25T19:00:01Z"}"#;
    ssetail.input(format!("{line}\n"));
    assert_eq!(ssetail.events("/sse?n=all").data(1), ["\"card=[redacted]\""]);
    let spool = fs::read_to_string(ssetail.path("spool")).expect("a spool");
    assert_eq!(spool, line.replace("12\\", "[redacted]\\") + "\n");
}

#[test]
fn expressions_that_cannot_be_used_end_the_start_and_are_not_shown() {
    let (status, message) =
        Ssetail::new().args(["a.log", "--redact", "x", "--redact", "hunter2("]).fail();
    assert_eq!(status, 2);
    assert!(message.contains("expression 2 of --redact"), "{message}");
    assert!(message.contains("unclosed group") && !message.contains("hunter2"), "{message}");
    let (status, message) = Ssetail::new().args(["a.log", "--redact", r"\w{900}{900}"]).fail();
    assert_eq!(status, 2);
    assert!(message.contains("bytes of memory") || message.contains("size limit"), "{message}");
    for flags in [&["--redact", "hunter2"][..], &["--redact-secrets"]] {
        let (status, message) = Ssetail::new().args(["a.log", "--binary"]).args(flags).fail();
        assert_eq!(status, 2);
        assert!(message.contains("--binary") && !message.contains("hunter2"), "{message}");
    }
}

#[test]
fn filters_see_coloured_lines_as_a_terminal_shows_them() {
    let log = "\x1b[2m12:00:00\x1b[0m \x1b[32mINFO\x1b[0m listening\n\
               \x1b[36mDEBUG\x1b[0m poll\r\n\
               DEBUG plain\n\
               \x1b[1m\x1b[31mERROR\x1b[0m\x1b[K failed\x1b[0m\r\n\
               \x1b]8;;http://localhost/DEBUG\x1b\\link\x1b]8;;\x1b\\\n";
    let ssetail = Ssetail::new().file("a.log", log).args(["a.log", "--exclude", "^DEBUG"]).start();
    let shown = ssetail.events("/sse").data(3);
    assert!(
        shown[0].ends_with(" listening") && shown[1].contains("ERROR") && shown[2].contains("link")
    );
    let include = ["a.log", "--include", "^ERROR failed$", "--include", "^link$"];
    let ssetail = Ssetail::new().file("a.log", log).args(include).start();
    assert_eq!(ssetail.events("/sse").data(2), shown[1..]);
    assert_eq!(ssetail.events("/sse?grep=^link$&n=all").data(1), shown[2..]);
    let found = ssetail.events("/sse?grep=localhost&n=all&follow=0").rest();
    assert!(found.iter().all(|event| event.kind == "ssetail"), "{found:?}");
}

/// A private key whose file is rotated in the middle of it, and its lines without their secret.
const KEY: [&str; 2] =
    ["-----BEGIN PRIVATE KEY-----\nMIIE\nAAAA\n", "BBBB\n-----END PRIVATE KEY-----\nend\n"];
const WITHOUT_SECRET: [&str; 6] =
    ["[redacted]", "[redacted]", "[redacted]", "[redacted]", "[redacted]", "end"];

#[test]
fn a_key_that_a_rotation_cuts_is_removed_in_both_files() {
    let args = ["a.log", "--redact-secrets", "--state", "state", "--linger", "100ms"];
    let mut first = Ssetail::new().file("a.log", KEY[0]).args(args).start();
    let mut events = first.events("/sse");
    events.lines(3);
    first.rename("a.log", "a.log.1");
    first.append("a.log", "");
    assert_eq!(events.control("source")["change"], "rotated");
    // Deleted files are closed when their linger is over.
    std::fs::remove_file(first.path("a.log.1")).expect("removed");
    eventually("the rotated file is closed", || !first.holds_deleted("a.log.1"));
    first.kill();
    let second = Ssetail::after(&mut first).args(args).start();
    second.append("a.log", KEY[1]);
    assert_eq!(second.events("/sse?n=3").lines(3), WITHOUT_SECRET[3..]);
}

#[test]
fn a_key_in_two_files_of_rotated_history_is_removed_in_both() {
    for name in ["a.log.2", "a.log.1"] {
        let ssetail = Ssetail::new().file("a.log.3", "begin\n").file(name, KEY[0]);
        let next = if name == "a.log.2" { "a.log.1" } else { "a.log" };
        let ssetail = ssetail.file("a.log", "last\n").file(next, KEY[1]);
        let ssetail = ssetail.args(["a.log", "--from-start", "--redact-secrets"]).start();
        assert_eq!(ssetail.events("/sse").lines(7)[1..], WITHOUT_SECRET, "{name}");
    }
}
