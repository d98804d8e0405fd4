//! Reads that end by their own query (docs/PROTOCOL.md, "Reads that end").

mod newest;

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::client::Connection;
use crate::harness::{Running, Ssetail, eventually, numbered};

const NDJSON: (&str, &str) = ("accept", "application/x-ndjson");
const PLAIN: (&str, &str) = ("accept", "text/plain");

/// Reads a body to its end, which must be a clean one.
#[track_caller]
fn body(address: &str, query: &str, headers: &[(&str, &str)]) -> String {
    let path = format!("/sse?{query}");
    let mut connection = Connection::open(address, "GET", &path, headers);
    assert_eq!(connection.status, 200, "{query}");
    assert!(connection.head.contains("\r\nconnection: close\r\n"), "{}", connection.head);
    let mut body = Vec::new();
    while let Some(bytes) = connection.read() {
        body.extend(bytes);
    }
    assert!(connection.ended, "the body of {query} has no last chunk");
    String::from_utf8(body).expect("UTF-8")
}

/// Returns what follows the first two lines of an event stream.
#[track_caller]
fn events(address: &str, query: &str) -> String {
    let body = body(address, query, &[]);
    let rest = body.strip_prefix(":\nretry: ").and_then(|rest| rest.split_once('\n'));
    rest.expect("the first two lines").1.to_owned()
}

#[track_caller]
fn plain(address: &str, query: &str) -> String {
    body(address, query, &[PLAIN])
}

/// Returns the objects of an NDJSON body, and the last one, which tells of the end.
#[track_caller]
fn objects(address: &str, query: &str) -> (Vec<Value>, Value) {
    let body = body(address, query, &[NDJSON]);
    let mut objects: Vec<Value> =
        body.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let end = objects.pop().expect("an object");
    assert_eq!(end["type"], "end_of_read", "{body}");
    (objects, end)
}

/// Starts a server that has read these lines of `a.log`.
fn serving(lines: std::ops::Range<usize>) -> Running {
    let count = lines.len() as u64;
    let ssetail = Ssetail::new()
        .file("a.log", numbered("line", lines))
        .args(["a.log", "--from-start"])
        .start();
    wait_for_lines(&ssetail, count);
    ssetail
}

fn wait_for_lines(ssetail: &Running, count: u64) {
    eventually("all lines are read", || ssetail.metric("ssetail_lines_read_total") == count);
}

#[test]
fn a_read_without_follow_ends_after_what_is_there() {
    let ssetail = serving(0..3);
    assert_eq!(plain(ssetail.address(), "follow=0"), "line 0\nline 1\nline 2\n");
    let last = events(ssetail.address(), "follow=0&n=1");
    assert!(last.starts_with("event: a.log\ndata: line 2\nid: "), "{last}");
    assert!(last.ends_with("-3\n\n"), "{last}");
    let (lines, end) = objects(ssetail.address(), "follow=0&n=2");
    assert_eq!(lines[0]["message"], "line 1");
    assert_eq!((&end["id"], &end["reason"]), (&lines[1]["id"], &"complete".into()));
    for format in ["text", "json", "base64", "buffer", "exact"] {
        let all = events(ssetail.address(), &format!("follow=0&format={format}"));
        assert_eq!(all.matches("\ndata: ").count(), 3, "{all}");
    }
    ssetail.append("a.log", numbered("line", 3..5));
    wait_for_lines(&ssetail, 5);
    let id = end["id"].as_str().expect("an id");
    assert_eq!(
        plain(ssetail.address(), &format!("follow=0&last_event_id={id}")),
        "line 3\nline 4\n"
    );
    assert_eq!(
        body(ssetail.address(), "follow=0", &[PLAIN, ("last-event-id", id)]),
        "line 3\nline 4\n"
    );
}

/// The socket is often full, so that parts of a read are put back and read again.
#[test]
fn a_large_read_is_whole() {
    let wide = |n: usize| format!("{n:<99}\n");
    let text: String = (0..100_000).map(wide).collect();
    let ssetail = Ssetail::new()
        .file("a.log", &text)
        .args(["a.log", "--from-start", "--replay-bytes", "1MiB"])
        .start();
    wait_for_lines(&ssetail, 100_000);
    assert!(plain(ssetail.address(), "n=all&follow=0") == text);
    let until = plain(ssetail.address(), "n=all&stop=^77777+");
    assert!(until == text[..77_778 * 100], "{} bytes", until.len());
    let (lines, end) = objects(ssetail.address(), "n=all&stop=^77777+");
    assert_eq!((lines.len(), &end["id"]), (77_778, &lines[77_777]["id"]));
    let id = lines[66_666]["id"].as_str().expect("an id");
    let page = plain(ssetail.address(), &format!("n=60000&before={id}"));
    assert!(page == text[6666 * 100..66_666 * 100], "{} bytes", page.len());
}

#[test]
fn a_read_without_any_event_is_an_empty_body() {
    let ssetail = serving(0..3);
    assert_eq!(plain(ssetail.address(), "follow=0&n=0"), "");
    assert_eq!(events(ssetail.address(), "follow=0&n=0"), "");
    let (lines, end) = objects(ssetail.address(), "follow=0&grep=none");
    assert!(lines.is_empty(), "{lines:?}");
    assert!(end["id"].as_str().expect("an id").ends_with("-3"), "{end}");
    let id = end["id"].as_str().expect("an id").to_owned();
    assert_eq!(plain(ssetail.address(), &format!("follow=0&last_event_id={id}")), "");
    // A server that has published nothing has a position, too.
    let silent = Ssetail::new().file("b.log", "").arg("b.log").start();
    let (_, end) = objects(silent.address(), "follow=0");
    assert!(end["id"].as_str().expect("an id").ends_with("-0"), "{end}");
    // A client of HTTP/1.0 sees the end of the connection.
    let head = "GET /sse?follow=0 HTTP/1.0\r\nhost: localhost\r\naccept: text/plain\r\n\r\n";
    let mut old = Connection::send(ssetail.address(), head);
    let read: Vec<u8> = std::iter::from_fn(|| old.read()).flatten().collect();
    assert_eq!(read, b"line 0\nline 1\nline 2\n");
}

#[test]
fn a_read_that_ends_is_never_answered_204_and_counts_as_a_stream() {
    let mut ssetail = Ssetail::new().piped().args(["-", "--max-clients", "1"]).start();
    ssetail.input("one\n");
    ssetail.close_input();
    let mut events = ssetail.events("/sse");
    let id = loop {
        let event = events.next().expect("an event");
        if event.data.contains(r#""type":"end""#) {
            break event.id;
        }
    };
    let busy = ssetail.request("GET", "/sse?follow=0", &[NDJSON]);
    assert_eq!(busy.status, 503, "{}", busy.body);
    drop(events);
    // A stream may be closed before its last event is counted.
    let counts = |events| {
        ssetail.metric("ssetail_events_sent_total") == events
            && ssetail.metric("ssetail_open_streams") == 0
    };
    eventually("the line and the end are counted", || counts(2));
    let complete = |query: &str| ssetail.get(&format!("/sse?last_event_id={id}{query}")).status;
    assert_eq!(complete(""), 204);
    assert_eq!(complete("&follow=0"), 200);
    assert_eq!(complete("&wait=1ms"), 200);
    assert_eq!(plain(ssetail.address(), "follow=0"), "one\n");
    eventually("the line is counted", || counts(3));
}

#[test]
fn a_read_ends_when_its_time_is_over() {
    let ssetail = serving(0..2);
    let start = Instant::now();
    let (lines, end) = objects(ssetail.address(), "wait=300ms");
    assert!(start.elapsed() >= Duration::from_millis(300));
    assert_eq!((lines.len(), &end["reason"]), (2, &"time".into()));
    assert_eq!(end["id"], lines[1]["id"]);
    // A line that comes in the meantime is sent before the end, or to the next read.
    let mut events = ssetail.events("/sse?wait=1s&n=0");
    events.until_comments(1);
    ssetail.append("a.log", "later\n");
    let mut later = events.rest();
    assert!(events.connection.ended, "a clean end");
    wait_for_lines(&ssetail, 3);
    let last = later.last().map_or(end["id"].as_str().expect("an id"), |event| &event.id);
    later.extend(ssetail.events_after("/sse?follow=0", last).rest());
    assert_eq!(later.iter().map(|event| &*event.data).collect::<Vec<_>>(), ["later"]);
}

#[test]
fn a_long_poll_waits_for_the_first_events_only() {
    let ssetail = serving(0..2);
    // There is something, so that nothing is awaited.
    let (lines, end) = objects(ssetail.address(), "follow=0&wait=1h");
    assert_eq!((lines.len(), &end["reason"]), (2, &"complete".into()));
    let id = end["id"].as_str().expect("an id").to_owned();
    let poll = |rest: &str| format!("follow=0&wait=1h&last_event_id={id}{rest}");
    let address = ssetail.address();
    let (lines, end) = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| objects(address, &poll("&grep=[35]")));
        eventually("the poll waits", || ssetail.metric("ssetail_open_streams") == 1);
        ssetail.append("a.log", "line 2\n");
        wait_for_lines(&ssetail, 3);
        ssetail.append("a.log", "line 3\nline 4\n");
        waiting.join().expect("the poll ends")
    });
    assert_eq!((lines.len(), &lines[0]["message"]), (1, &"line 3".into()));
    assert_eq!(end["reason"], "complete");
    let (lines, end) = objects(ssetail.address(), &poll("&grep=none").replace("1h", "10ms"));
    assert_eq!((lines.len(), &end["reason"]), (0, &"time".into()));
}

#[test]
fn a_line_ends_a_read() {
    let ssetail = serving(0..10);
    let (lines, end) = objects(ssetail.address(), "stop=[57]");
    assert_eq!(lines.len(), 6);
    assert_eq!((&end["id"], &end["reason"]), (&lines[5]["id"], &"stop".into()));
    assert_eq!(plain(ssetail.address(), "stop=[57]&n=3"), "line 7\n");
    assert_eq!(plain(ssetail.address(), "stop=5&grep=[3-6]"), "line 3\nline 4\nline 5\n");
    // The line need not pass the filter.
    let (lines, end) = objects(ssetail.address(), "stop=5&grep=[346]");
    assert_eq!((lines.len(), &lines[1]["message"]), (2, &"line 4".into()));
    assert!(end["id"].as_str().expect("an id").ends_with("-6"), "{end}");
    assert_eq!(plain(ssetail.address(), "stop=none&follow=0&n=1"), "line 9\n");
    let mut events = ssetail.events("/sse?stop=done&n=0");
    events.until_comments(1);
    ssetail.append("a.log", "more\ndone\nlate\n");
    let rest: Vec<_> = events.rest().into_iter().map(|event| event.data).collect();
    assert_eq!(rest, ["more", "done"]);
    assert!(events.connection.ended, "a clean end");
    let (_, end) = objects(ssetail.address(), "stop=none&wait=50ms");
    assert_eq!(end["reason"], "time");
}

#[test]
fn a_page_of_history_ends_before_an_event() {
    let ssetail = Ssetail::new()
        .file("a.log", numbered("line", 0..20_000))
        .args(["a.log", "--from-start", "--replay-bytes", "64KiB"])
        .start();
    wait_for_lines(&ssetail, 20_000);
    let (lines, _) = objects(ssetail.address(), "follow=0&n=all");
    let id = |n: usize| lines[n]["id"].as_str().expect("an id");
    for n in [0, 1, 2, 9999, 10_000, 19_999] {
        let (page, end) = objects(ssetail.address(), &format!("before={}&n=2", id(n)));
        assert_eq!(page, lines[n.saturating_sub(2)..n], "{n}");
        assert_eq!(end["id"], if n == 0 { id(0).replace("-1", "-0") } else { id(n - 1).into() });
    }
    let page = plain(ssetail.address(), &format!("before={}&n=2&grep=77$", id(19_977)));
    assert_eq!(page, "line 19777\nline 19877\n");
    let all = plain(ssetail.address(), &format!("before={}&n=all&grep=00$", id(300)));
    assert_eq!(all, "line 0\nline 100\nline 200\n".replace("line 0\n", ""));
    let (none, end) = objects(ssetail.address(), &format!("before={}&n=0", id(300)));
    assert_eq!((none.len(), end["id"].as_str()), (0, Some(id(299))));
    let page = plain(ssetail.address(), &format!("before={}&n=5&last_event_id={}", id(3), id(1)));
    assert_eq!(page, "line 2\n");
}

#[test]
fn a_gap_counts_only_events_before_the_end() {
    let mut ssetail = Ssetail::new().piped().args(["-", "--replay", "10"]).start();
    ssetail.input(numbered("line", 0..40));
    wait_for_lines(&ssetail, 40);
    let (lines, end) = objects(ssetail.address(), "follow=0");
    assert_eq!((lines.len(), &lines[0]["message"]), (10, &"line 30".into()));
    let last = end["id"].as_str().expect("an id");
    let id = |n: &str| last.replace("-14", n);
    let page = format!("n=all&last_event_id={}&before={}", id("-5"), id("-k"));
    let (page, end) = objects(ssetail.address(), &page);
    assert_eq!((page.len(), &page[0]["type"], &page[0]["lost"]), (1, &"gap".into(), &14.into()));
    assert_eq!((&page[0]["id"], &end["id"]), (&id("-j").into(), &id("-j").into()));
    assert_eq!(
        plain(ssetail.address(), &format!("n=2&before={}", id("-12"))),
        "line 35\nline 36\n"
    );
    assert_eq!(plain(ssetail.address(), &format!("n=9&before={}", id("-w"))), "line 30\n");
}

#[test]
fn a_bad_limit_is_refused_with_the_accepted_values() {
    let ssetail = serving(0..3);
    for (query, accepted) in [
        ("follow=maybe", "follow=0"),
        ("wait=61m", "at most an hour"),
        ("wait=soon", "wait=15s"),
        ("stop=(", "regular expression"),
        ("stop=(a{1000}){1000}", "moderate size"),
        ("before=12&n=1", "of this run"),
        ("before=zzzzzz-1&n=1", "of this run"),
    ] {
        let answer = ssetail.get(&format!("/sse?{query}"));
        assert_eq!(answer.status, 400, "{query}");
        assert!(answer.body.contains(accepted) && answer.body.ends_with('\n'), "{}", answer.body);
    }
    let (lines, _) = objects(ssetail.address(), "follow=0");
    let last = lines[2]["id"].as_str().expect("an id");
    let answer = ssetail.get(&format!("/sse?before={last}"));
    assert!(answer.status == 400 && answer.body.contains("&n=100"), "{}", answer.body);
    let later = last.replace("-3", "-4");
    assert_eq!(ssetail.get(&format!("/sse?before={later}&n=1")).status, 400);
}

/// Another thread searches lines of this length.
#[test]
fn a_read_stops_after_a_long_line() {
    let line = |n: usize| format!("{n} {}\n", "a".repeat(3000));
    let ssetail = Ssetail::new()
        .file("a.log", (0..100).map(line).collect::<String>())
        .args(["a.log", "--from-start"])
        .start();
    wait_for_lines(&ssetail, 100);
    let numbers = |query: &str| -> Vec<usize> {
        let body = plain(ssetail.address(), query);
        body.lines().map(|line| line.split(' ').next().expect("n").parse().expect("n")).collect()
    };
    assert_eq!(numbers("n=all&stop=^70%20"), (0..=70).collect::<Vec<_>>());
    assert_eq!(
        numbers("n=all&stop=^70%20&grep=!^3"),
        [0, 1, 2].into_iter().chain(4..=29).chain(40..=70).collect::<Vec<_>>()
    );
    assert_eq!(numbers("n=all&stop=!^[0-9]%20"), (0..=10).collect::<Vec<_>>());
    assert_eq!(numbers("n=all&stop=none&follow=0"), (0..100).collect::<Vec<_>>());
}
