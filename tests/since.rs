//! Files that begin at a time: `--since` (docs/PROTOCOL.md, "Times of lines").

use std::time::{SystemTime, UNIX_EPOCH};

use crate::harness::{Running, Ssetail, append, numbered};

/// Two hours ahead of UTC in summer, one in winter.
const ZONE: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

const LOG: &str = "\
started
2026-11-25 10:00:00,000 INFO one
2026-11-25 11:00:00,000 ERROR two
  at two
2026-11-25 12:00:00,000 INFO three
";

fn following(log: &str, since: &str) -> Running {
    Ssetail::new().file("a.log", log).env("TZ", ZONE).args(["a.log", "--since", since]).start()
}

/// Returns the last words of all lines that are published, `end` excluded.
fn published(ssetail: &Running) -> Vec<String> {
    ssetail.append("a.log", "end\n");
    let mut events = ssetail.events("/sse");
    let lines = std::iter::from_fn(|| events.next().map(|event| event.data));
    let words = lines.map(|line| line.rsplit(' ').next().expect("a word").to_owned());
    words.take_while(|word| word != "end").collect()
}

#[test]
fn a_file_begins_with_its_first_line_at_or_after_a_time() {
    for (since, expected) in [
        ("2026-11-25", &["one", "two", "two", "three"][..]),
        ("2026-11-25 10:30", &["two", "two", "three"]),
        ("2026-11-25T10:00:00Z", &["two", "two", "three"]),
        ("2026-11-25T11:00:00+01:00", &["two", "two", "three"]),
        ("2026-11-25 11:00:01", &["three"]),
        ("2026-11-26", &[]),
    ] {
        assert_eq!(published(&following(LOG, since)), expected, "{since}");
    }
}

#[test]
fn a_duration_is_so_long_ago() {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    let ago = |seconds: u64| elapsed.as_secs() - seconds;
    let log = format!("{} old\n{} new\n {{}}\n", ago(86_400), ago(3600));
    assert_eq!(published(&following(&log, "6h")), ["new", "{}"]);
    let environment = Ssetail::new().file("a.log", &log).env("SSETAIL_SINCE", "2d").arg("a.log");
    assert_eq!(published(&environment.start()), ["old", "new", "{}"]);
}

#[test]
fn a_line_in_range_is_found_in_a_large_file() {
    let line = |n: u64| format!("{} {n} {}\n", 1_764_000_000 + n, "x".repeat(80));
    let log: String = (0..100_000).map(line).collect();
    let ssetail = following(&log, "2025-11-25T19:00:01Z");
    let first = ssetail.events("/sse?n=all").take(1);
    let expected = line(1_764_097_201 - 1_764_000_000);
    assert_eq!(first[0].data, expected.trim_end());
}

#[test]
fn an_unfinished_line_is_published_when_it_is_finished() {
    let ssetail = following("2026-11-25 10:00:00 one\n2026-11-25 11:00:00 unfin", "2026-11-26");
    ssetail.append("a.log", "ished\n");
    assert_eq!(published(&ssetail), ["unfinished"]);
}

#[test]
fn a_file_without_times_is_read_in_full_if_it_has_changed_since() {
    assert_eq!(published(&following("one\ntwo\n", "1h")), ["one", "two"]);
    assert_eq!(published(&following("one\ntwo\n", "2199-01-01")), Vec::<String>::new());
}

#[test]
fn files_that_appear_later_and_standard_input_are_read_in_full() {
    let mut ssetail = Ssetail::new().piped().args(["*.log", "-", "--since", "2199-01-01"]).start();
    ssetail.append("later.log", LOG);
    assert_eq!(ssetail.events("/sse?file=later.log").lines(5).len(), 5);
    ssetail.input(LOG);
    assert_eq!(ssetail.events("/sse?file=stdin").lines(5).len(), 5);
}

#[test]
fn a_file_of_an_earlier_run_goes_on_where_it_was() {
    let mut first = Ssetail::new()
        .file("a.log", numbered("line", 0..5))
        .args(["a.log", "--state", "state", "-n", "2"])
        .start();
    assert_eq!(first.events("/sse").lines(2), ["line 3", "line 4"]);
    first.stop();
    append(&first.path("a.log"), "line 5\n");
    let args = ["a.log", "--state", "state", "--since", "2199-01-01"];
    let second = Ssetail::after(&mut first).args(args).start();
    assert_eq!(second.events("/sse").lines(3), ["line 3", "line 4", "line 5"]);
}

#[test]
fn a_bad_time_is_refused_with_the_accepted_forms() {
    let (status, message) = Ssetail::new().args(["a.log", "--since", "soon"]).fail();
    assert_eq!(status, 2);
    assert!(message.contains("expected a time, e.g. 10m (ago), 14:00"), "{message}");
    for other in ["-n1", "--from-start"] {
        let (status, message) = Ssetail::new().args(["a.log", "--since", "1h", other]).fail();
        assert_eq!(status, 2);
        assert!(message.contains("cannot be used with"), "{message}");
    }
}
