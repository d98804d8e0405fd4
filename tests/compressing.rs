//! Event streams that are compressed with gzip (docs/PROTOCOL.md, "Compression").

use crate::harness::client::{Connection, Events};
use crate::harness::{Running, Ssetail, eventually, numbered};

const GZIP: (&str, &str) = ("accept-encoding", "gzip");

fn always(text: &str) -> Ssetail {
    Ssetail::new().file("a.log", text).args(["a.log", "--compress", "always"])
}

fn opened(ssetail: &Running, path: &str, headers: &[(&str, &str)]) -> Events {
    let headers = [&[GZIP], headers].concat();
    let events = Events::open(ssetail.address(), path, &headers);
    assert!(events.connection.head.contains("\r\ncontent-encoding: gzip\r\n"));
    events
}

/// Returns a whole body, which must end cleanly, and the number of bytes that have come for it.
#[track_caller]
fn body(ssetail: &Running, path: &str, headers: &[(&str, &str)]) -> (String, usize) {
    let mut connection = Connection::open(ssetail.address(), "GET", path, headers);
    let mut body = Vec::new();
    while let Some(bytes) = connection.read() {
        body.extend(bytes);
    }
    assert!(connection.ended, "{path} is aborted");
    (String::from_utf8(body).expect("UTF-8"), connection.received)
}

/// Returns the lines of an event stream behind the reconnection time, which differs.
fn behind_retry(body: &str) -> &str {
    body.split_once("retry: ").and_then(|(_, rest)| rest.split_once('\n')).expect("a retry").1
}

/// A line of an access log, which has something new and much that is not.
fn line(n: usize) -> String {
    let (host, path, size) = (n * 7919 % 251, n * 104_729 % 9973, n * 31 % 65_521);
    format!(
        "10.0.{host}.7 - - [27/Nov/2026:02:{:02}:{:02} +0000] \"GET /api/v1/orders/{path} HTTP/1.1\" \
         200 {size} \"-\" \"Mozilla/5.0 (X11; Linux x86_64)\"\n",
        n / 60 % 60,
        n % 60
    )
}

fn lines(numbers: std::ops::Range<usize>) -> String {
    numbers.map(line).collect()
}

#[test]
fn a_stream_is_compressed_where_the_flag_and_the_client_agree() {
    let coding = |ssetail: &Running, method: &str, accepted: &str| {
        let headers = [("accept-encoding", accepted)];
        let answer = Connection::open(ssetail.address(), method, "/sse", &headers);
        let find = |name: &str| answer.headers.iter().find(|(key, _)| key == name);
        (find("content-encoding").is_some(), find("vary").is_some())
    };
    let ssetail = always("x\n").start();
    assert_eq!(coding(&ssetail, "GET", "deflate, gzip;q=0.8, br"), (true, true));
    assert_eq!(coding(&ssetail, "HEAD", "gzip"), (true, true));
    assert_eq!(coding(&ssetail, "GET", "identity, gzip;q=0.8"), (false, true));
    assert_eq!(coding(&ssetail, "GET", "br"), (false, true));
    for args in [&["a.log"][..], &["a.log", "--compress", "never"]] {
        let ssetail = Ssetail::new().file("a.log", "x\n").args(args.iter().copied()).start();
        assert_eq!(coding(&ssetail, "GET", "gzip"), (false, false), "this machine, {args:?}");
    }
    for path in ["/sources", "/metrics", "/openapi.json", "/sse?n=x"] {
        let answer = ssetail.request("GET", path, &[GZIP]);
        assert_eq!(answer.header("content-encoding"), None, "{path} may have secrets");
    }
}

#[test]
fn every_event_can_be_decoded_as_soon_as_it_is_there() {
    let ssetail = always("").args(["--heartbeat", "40ms"]).start();
    let mut streams = Vec::new();
    let mut expected = Vec::new();
    for round in 0..30 {
        streams.push((opened(&ssetail, "/sse", &[]), 0));
        let text = lines(round * 20..round * 20 + 1 + round % 3 * 19);
        expected.extend(text.lines().map(str::to_owned));
        ssetail.append("a.log", &text);
        for (stream, read) in &mut streams {
            let behind = expected.len() - *read;
            assert_eq!(stream.data(behind), expected[*read..]);
            *read = expected.len();
        }
        if round % 10 == 9 {
            // A heartbeat is between the lines of each stream, at places of their own.
            for (stream, _) in &mut streams {
                let comments = stream.parser.comments;
                stream.until_comments(comments + 1);
            }
        }
    }
}

#[test]
fn lines_that_come_one_by_one_become_a_fraction() {
    let ssetail = always("").start();
    let (mut early, mut late) = (opened(&ssetail, "/sse?n=0", &[]), None);
    let mut before = 0;
    for n in 0..500 {
        ssetail.append("a.log", line(n));
        early.lines(1);
        if n == 250 {
            before = early.connection.received;
            late = Some(opened(&ssetail, "/sse?n=0", &[]));
            // So that the stream is there before the next line.
            late.as_mut().expect("opened").until_comments(1);
        }
        if let Some(late) = late.as_mut().filter(|_| n > 250) {
            late.lines(1);
        }
    }
    let text: usize = lines(251..500).len();
    let both = [early.connection.received - before, late.expect("opened").connection.received];
    for bytes in both {
        assert!(bytes * 3 < text, "{bytes} of {text} bytes, of {both:?}");
    }
}

#[test]
fn reads_that_end_have_the_text_of_plain_reads_in_every_form() {
    let text = format!("{}{}\n{}", lines(0..3000), "long ".repeat(40_000), lines(3000..3300));
    let ssetail = always(&text)
        .file("b.log", lines(0..700))
        .args(["b.log", "--from-start", "--replay", "100000", "--replay-bytes", "300KiB"])
        .start();
    eventually("read", || ssetail.metric("ssetail_lines_read_total") == 4001);
    for query in ["", "grep=orders/1", "grep=nothing", "file=b.log", "n=1500", "before=ID&n=70"] {
        for form in ["text", "json", "base64", "buffer", "json&unnamed"] {
            for accept in ["text/event-stream", "application/x-ndjson", "text/plain"] {
                let query = query.replace("ID", &id_of(&ssetail, 900));
                let path = format!("/sse?n=all&follow=0&{query}&format={form}");
                let (plain, _) = body(&ssetail, &path, &[("accept", accept)]);
                let (gzip, bytes) = body(&ssetail, &path, &[("accept", accept), GZIP]);
                let part = |text: &str| match accept {
                    "text/event-stream" => behind_retry(text).to_owned(),
                    _ => text.to_owned(),
                };
                assert!(part(&gzip) == part(&plain), "{path} as {accept}");
                if plain.len() > 100_000 && form != "base64" {
                    assert!(bytes * 3 < plain.len(), "{path} as {accept}: {bytes} bytes");
                }
            }
        }
    }
}

/// Returns the id of line `n` of all sources.
fn id_of(ssetail: &Running, n: usize) -> String {
    let mut events = ssetail.events("/sse?n=all");
    events.take(n).pop().expect("an event").id
}

#[test]
fn a_client_resumes_exactly_from_every_place() {
    let ssetail = always(&lines(0..400)).args(["--from-start", "--replay", "100"]).start();
    let all = ssetail.events("/sse?n=all").take(400);
    for n in (0..400).step_by(23) {
        let mut resumed = opened(&ssetail, "/sse", &[("last-event-id", &all[n].id)]);
        assert_eq!(resumed.take(399 - n), all[n + 1..], "after line {n}");
        drop(resumed);
        let mut live = opened(&ssetail, "/sse", &[("last-event-id", &all[399].id)]);
        live.until_comments(1);
    }
}

/// Returns a line of hexadecimal digits, which become half of their bytes at best, so that sockets are
/// full.
fn random_line(state: &mut u64) -> String {
    let mut digits = || {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        format!("{:016x}", *state ^ *state >> 31)
    };
    (0..60).map(|_| digits()).collect()
}

#[test]
fn the_trailer_is_right_for_clients_that_are_slow() {
    let mut state = 2;
    let lines: Vec<String> = (0..16_000).map(|_| random_line(&mut state)).collect();
    let ssetail = always(&(lines.join("\n") + "\n"))
        .args(["--from-start", "--replay", "100000", "--replay-bytes", "300KiB"])
        .start();
    eventually("read", || ssetail.metric("ssetail_lines_read_total") == 16_000);
    let path = "/sse?n=all&follow=0";
    let paths = [path, &format!("{path}&grep=."), &format!("{path}&grep=[0-7]{{9}}")];
    let slow = paths.map(|path| (path, opened(&ssetail, path, &[])));
    // Meanwhile, the others take nothing.
    for (path, mut slow) in slow {
        let all: Vec<String> =
            ssetail.events(path).rest().into_iter().map(|event| event.data).collect();
        let read: Vec<String> = slow.rest().into_iter().map(|event| event.data).collect();
        assert!(all.len() > 1000 && read == all, "{path}: {} and {}", read.len(), all.len());
        // The trailer was checked, too.
        assert!(slow.connection.ended, "{path}");
    }
}

#[test]
fn a_client_that_is_slow_gets_everything() {
    let ssetail = always("").args(["--replay", "200"]).start();
    let mut slow: Vec<Events> = (0..3).map(|_| opened(&ssetail, "/sse?n=0", &[])).collect();
    let mut fast = opened(&ssetail, "/sse?n=0", &[]);
    let mut state = 1;
    let mut expected = Vec::new();
    for _ in 0..40 {
        let text: Vec<String> = (0..400).map(|_| random_line(&mut state)).collect();
        ssetail.append("a.log", text.join("\n") + "\n");
        assert_eq!(fast.lines(400), text);
        expected.extend(text);
    }
    for stream in &mut slow {
        assert!(stream.lines(expected.len()) == expected);
    }
}

#[test]
fn streams_end_with_all_input() {
    let mut ssetail =
        Ssetail::new().args(["-", "--compress", "always", "--exit-on-eof"]).piped().start();
    let mut streams: Vec<Events> = (0..3).map(|_| opened(&ssetail, "/sse", &[])).collect();
    ssetail.input(numbered("line", 0..50));
    ssetail.close_input();
    for stream in &mut streams {
        assert_eq!(stream.rest().len(), 51);
        // The trailer was checked, too.
        assert!(stream.connection.ended);
    }
}

#[test]
fn old_clients_get_gzip_until_the_connection_ends() {
    let ssetail = always("one\ntwo\n").start();
    let head = format!(
        "GET /sse?follow=0 HTTP/1.0\r\nhost: {}\r\naccept-encoding: gzip\r\n\r\n",
        ssetail.address()
    );
    let mut connection = Connection::send(ssetail.address(), &head);
    let mut body = Vec::new();
    while let Some(bytes) = connection.read() {
        body.extend(bytes);
    }
    assert!(connection.head.contains("\r\ncontent-encoding: gzip\r\n"));
    assert!(String::from_utf8_lossy(&body).contains("data: two\n"));
    connection.finish_gzip();
}
