//! The bytes of responses, compared with recordings of an earlier build.
//!
//! `tests/golden/NAME.txt` has the responses of one server, without dates, times and the epoch.
//! Chunk boundaries are not recorded: they have no meaning (docs/PROTOCOL.md, "Response headers").
//!
//! After an intended change,
//! `SSETAIL_BLESS=1 SSETAIL_GOLDEN_BINARY=target/debug/ssetail cargo test --test main golden`
//! writes the recordings of that binary.

mod exchange;
mod normal;

use self::exchange::{Exchange, Until};
use crate::harness::{Signal, eventually, numbered, write};

const FORMATS: [&str; 5] = ["text", "json", "base64", "buffer", "exact"];
const NDJSON: [(&str, &str); 1] = [("accept", "application/x-ndjson")];
const PLAIN: [(&str, &str); 1] = [("accept", "text/plain")];

/// Ten lines that a format has to treat in a special way.
const LINES: &[u8] = b"plain\n\n  spaces  \nfoo\r\n\xff\xfe bad\na\rb\n\
    \xef\xbb\xbfbom \xe2\x80\xa8 \xc2\x85\n\x1b[31mred\0\n\xf0\x9f\xa6\x80 \"\\\ndata: x\n";

/// Records the stream in every format, with and without event names, and in every medium.
fn record_presentations(exchange: &mut Exchange, last: &str, lines: usize) {
    for format in FORMATS {
        exchange.get(&format!("/sse?format={format}"), Until::Seq(last));
        exchange.get(&format!("/sse?unnamed&format={format}"), Until::Seq(last));
        let path = format!("/sse?format={format}");
        exchange.request("GET", &path, &NDJSON, Until::Seq(last));
    }
    exchange.request("GET", "/sse", &PLAIN, Until::Line(lines));
}

#[test]
fn every_format_and_medium_is_as_recorded() {
    let mut exchange = Exchange::start("formats", |ssetail| {
        ssetail.file("a b%.log", LINES).args(["a b%.log", "--from-start"])
    });
    record_presentations(&mut exchange, "a", 10);
    for accept in ["text/html, */*;q=0.1", "application/json", "text/plain, application/x-ndjson"] {
        exchange.request("GET", "/sse?n=1", &[("accept", accept)], Until::Seq("a"));
    }
    for query in ["n=2", "n=all&grep=%5Ep", "file=*.log&n=1", "format=json&unnamed=1&n=1"] {
        exchange.get(
            &format!("/sse?{query}"),
            Until::Seq(if query.contains("grep") { "1" } else { "a" }),
        );
    }
    exchange.finish();
}

#[test]
fn chunks_of_binary_files_are_as_recorded() {
    let mut exchange = Exchange::start("binary", |ssetail| {
        ssetail.file("a.bin", LINES).args(["a.bin", "--from-start", "--binary"])
    });
    exchange.get("/sse", Until::Seq("1"));
    record_presentations(&mut exchange, "1", 10);
    exchange.finish();
}

#[test]
fn long_lines_in_parts_are_as_recorded() {
    let lines = ["0123456789abcdefXYZ\n", &"é".repeat(10), "\nshort\n"].concat();
    let mut exchange = Exchange::start("parts", |ssetail| {
        ssetail.file("a.log", lines).args(["a.log", "--from-start", "--max-line", "15"])
    });
    record_presentations(&mut exchange, "5", 3);
    exchange.finish();
}

#[test]
fn large_events_in_pieces_are_as_recorded() {
    let lines = ["x".repeat(70_000), "\0".repeat(30_000), "\r".repeat(20_000), "end".to_owned()];
    let mut exchange = Exchange::start("pieces", |ssetail| {
        let ssetail = ssetail.file("a.log", lines.join("\n") + "\n");
        ssetail.args(["a.log", "--from-start", "--max-line", "1MiB"])
    });
    for format in FORMATS {
        let path = format!("/sse?format={format}");
        let body = exchange.get(&path, Until::Seq("4"));
        // A client that was disconnected inside the first line resumes with such an id.
        let body = String::from_utf8(body).expect("UTF-8");
        let ids = body.lines().filter_map(|line| line.strip_prefix("id: "));
        let id = ids.into_iter().find(|id| id.contains('.')).expect("an id inside a line");
        exchange.request("GET", &path, &[("last-event-id", id)], Until::Seq("4"));
    }
    exchange.request("GET", "/sse", &NDJSON, Until::Seq("4"));
    exchange.request("GET", "/sse", &PLAIN, Until::Line(4));
    exchange.finish();
}

#[test]
fn responses_to_requests_of_all_kinds_are_as_recorded() {
    let mut exchange = Exchange::start("requests", |ssetail| {
        ssetail.file("a.log", "x\n").args(["a.log", "waiting.log", "--no-viewer"])
    });
    exchange.get("/sse", Until::Seq("1"));
    for path in ["/healthz", "/sources", "/", "/nothing", "/sse/x", "/viewer/x"] {
        exchange.get(path, Until::End);
        // The length of the list of sources depends on the name of the directory.
        if path != "/sources" {
            exchange.request("HEAD", path, &[], Until::Head);
        }
    }
    exchange.request("HEAD", "/sse", &[], Until::Head);
    exchange.request("HEAD", "/sse", &NDJSON, Until::Head);
    for method in ["POST", "PUT", "DELETE", "BREW"] {
        exchange.request(method, "/sse", &[], Until::End);
    }
    exchange.request("OPTIONS", "/sse", &[], Until::End);
    exchange.request("OPTIONS", "/nothing", &[], Until::End);
    for query in [
        "n=many",
        "n=-1",
        "format=xml",
        "grep=(",
        "grep=(a%7B1000%7D)%7B1000%7D",
        "unnamed=maybe",
        "ping=x",
    ] {
        exchange.get(&format!("/sse?{query}"), Until::End);
    }
    for host in ["evil.example", "localhost:80:80", "a b", ""] {
        exchange.request("GET", "/sources", &[("host", host)], Until::End);
    }
    exchange.request("GET", "/healthz", &[("sec-fetch-site", "cross-site")], Until::End);
    for request in [
        "GET /sources HTTP/1.1\r\n\r\n",
        "GET /sources HTTP/1.1\r\nhost: localhost\r\nhost: localhost\r\n\r\n",
        "GET /healthz HTTP/1.0\r\nhost: localhost\r\n\r\n",
        "not HTTP\r\n\r\n",
    ] {
        exchange.send(request, Until::End);
    }
    exchange.send("GET /sse HTTP/1.0\r\nhost: localhost\r\n\r\n", Until::Seq("1"));
    exchange.finish();
}

#[test]
fn responses_of_a_server_with_credentials_are_as_recorded() {
    let mut exchange = Exchange::start("credentials", |ssetail| {
        let ssetail = ssetail.env("SSETAIL_AUTH", "me:pa:ss").env("SSETAIL_TOKEN", "t0k+==");
        ssetail.file("a.log", "x\n").args(["a.log", "--path-prefix", "/logs"])
    });
    let port = exchange.ssetail.port().to_owned();
    let host = format!("localhost:{port}");
    let cookie = format!("ssetail-{port}=t0k+==");
    for path in ["/logs/sse", "/logs/healthz", "/logs/", "/logs", "/logs/nothing", "/"] {
        exchange.get(path, Until::End);
    }
    for path in ["/logs/sse?n=1&token=t0k%2B==&unnamed", "/logs/sources?token=wrong"] {
        exchange.get(path, Until::End);
    }
    exchange.request("OPTIONS", "/logs/sse", &[], Until::End);
    for authorization in ["Bearer t0k+==", "Basic bWU6cGE6c3M=", "Bearer x", "Basic ?", "Digest x"]
    {
        let headers = [("authorization", authorization)];
        exchange.request("GET", "/logs/nothing", &headers, Until::End);
    }
    for cookie in [&*cookie, "ssetail=t0k+=="] {
        exchange.request("GET", "/logs/nothing", &[("cookie", cookie)], Until::End);
    }
    let headers = [("host", &*host), ("cookie", &*cookie)];
    exchange.request("GET", "/logs/sse", &headers, Until::Seq("1"));
    exchange.finish();
}

#[test]
fn responses_below_a_prefix_are_as_recorded() {
    let mut exchange = Exchange::start("prefix", |ssetail| {
        let ssetail = ssetail.file("a.log", "x\n").args(["a.log", "--path-prefix", "/logs/"]);
        ssetail.args(["--endpoint", "/stream", "--reconnect-delay", "1500ms"])
    })
    .with_reconnect_delay(1500);
    for path in ["/logs", "/logs?x=1", "/stream", "/logs/sse", "/logs/stream//", "/logsstream"] {
        exchange.get(path, Until::End);
    }
    for path in ["/logs/stream", "/logs/stream/", "/logs/stream?unnamed"] {
        exchange.get(path, Until::Seq("1"));
    }
    exchange.finish();
}

#[test]
fn events_about_sources_are_as_recorded() {
    let mut exchange =
        Exchange::start("sources", |ssetail| ssetail.file("a.log", "one\n").arg("a.log"));
    let path = exchange.ssetail.path("a.log");
    let mut events = exchange.ssetail.events("/sse");
    events.lines(1);
    let mut wait_for = |change: &str, lines| {
        assert_eq!(events.control("source")["change"], change);
        events.lines(lines);
    };
    let other = exchange.ssetail.path("other");
    write(&other, "two\n");
    std::fs::rename(&other, &path).expect("the file can be renamed");
    wait_for("rotated", 1);
    write(&path, "3\n");
    wait_for("truncated", 1);
    std::fs::remove_file(&path).expect("the file can be removed");
    wait_for("removed", 0);
    write(&path, "four\n");
    wait_for("appeared", 1);
    record_presentations(&mut exchange, "8", 4);
    exchange.get("/sse?file=other", Until::Line(2));
    exchange.finish();
}

#[test]
fn gaps_are_as_recorded() {
    let mut exchange = Exchange::start("gaps", |ssetail| {
        ssetail.piped().args(["-", "--replay", "10", "--exit-on-eof"])
    });
    exchange.ssetail.input(numbered("line", 0..5));
    let first = exchange.ssetail.events("/sse").take(5).remove(2);
    exchange.ssetail.input(numbered("line", 5..40));
    eventually("all lines are read", || exchange.ssetail.metric("ssetail_lines_read_total") == 40);
    let evicted = [("last-event-id", &*first.id)];
    exchange.request("GET", "/sse", &evicted, Until::Seq("14"));
    exchange.request("GET", "/sse?grep=39", &evicted, Until::Seq("14"));
    exchange.request("GET", "/sse?file=other", &evicted, Until::Event(1));
    exchange.request("GET", "/sse", &[evicted[0], NDJSON[0]], Until::Seq("14"));
    exchange.get("/sse?n=all", Until::Seq("14"));
    exchange.get(&format!("/sse?last_event_id={}", first.id), Until::Seq("14"));
    for id in ["zzzzzz-1", "42", "no id \u{e9}"] {
        exchange.request("GET", "/sse?n=1", &[("last-event-id", id)], Until::Seq("14"));
    }
    exchange.finish();
}

#[test]
fn a_gap_of_a_truncated_file_is_as_recorded() {
    let mut exchange = Exchange::start("truncated", |ssetail| {
        ssetail.file("a.log", "").args(["a.log", "--replay-bytes", "1KiB"])
    });
    // No client reads the lines, because lines that were read lately stay in memory.
    let wait_until_read = |exchange: &Exchange, lines| {
        let read = || exchange.ssetail.metric("ssetail_lines_read_total");
        eventually("the line is read", || read() == lines);
    };
    for n in 1..=8 {
        // A line is larger than the ring, which therefore holds one batch.
        exchange.ssetail.append("a.log", "x".repeat(5000) + "\n");
        wait_until_read(&exchange, n);
    }
    write(&exchange.ssetail.path("a.log"), "x\n");
    wait_until_read(&exchange, 9);
    let last = exchange.ssetail.events("/sse?n=1").next().expect("a line").id;
    let id = last.replace("-a", "-2");
    exchange.request("GET", "/sse", &[("last-event-id", &id)], Until::Seq("a"));
    exchange.finish();
}

#[test]
fn the_end_of_input_is_as_recorded() {
    let mut exchange = Exchange::start("end", |ssetail| ssetail.piped().arg("-"));
    exchange.ssetail.input("a\nwithout newline");
    exchange.ssetail.close_input();
    let end = exchange.ssetail.events("/sse").take(3).remove(2);
    record_presentations(&mut exchange, "3", 2);
    let headers = [("last-event-id", &*end.id)];
    exchange.request("GET", "/sse", &headers, Until::End);
    exchange.request("HEAD", "/sse", &headers, Until::Head);
    exchange.get(&format!("/sse?last_event_id={}", end.id), Until::End);
    exchange.finish();
}

#[test]
fn clean_ends_and_aborts_are_as_recorded() {
    let mut exchange =
        Exchange::start("clean-end", |ssetail| ssetail.piped().args(["-", "--exit-on-eof"]));
    let (request, connection) = exchange.open("/sse");
    exchange.ssetail.input("a\n");
    exchange.ssetail.close_input();
    exchange.record(&request, connection, Until::End);
    exchange.finish();

    let mut exchange =
        Exchange::start("abort", |ssetail| ssetail.file("a.log", "a\n").arg("a.log"));
    let (request, connection) = exchange.open("/sse");
    exchange.ssetail.events("/sse").lines(1);
    exchange.ssetail.signal(Signal::TERM);
    exchange.record(&request, connection, Until::End);
    exchange.finish();
}

#[test]
fn heartbeats_are_as_recorded() {
    let mut exchange = Exchange::start("heartbeats", |ssetail| {
        let ssetail = ssetail.file("a.log", "x\n").args(["a.log", "later.log"]);
        ssetail.args(["--heartbeat", "40ms", "--reconnect-delay", "1h"])
    })
    .with_reconnect_delay(3_600_000);
    exchange.ssetail.events("/sse").lines(1);
    exchange.get("/sse?n=0", Until::Line(5));
    exchange.get("/sse?n=1&ping", Until::Event(3));
    exchange.request("GET", "/sse?n=1&ping", &NDJSON, Until::Line(3));
    exchange.finish();
}

#[test]
fn responses_over_the_limit_of_clients_are_as_recorded() {
    let mut exchange = Exchange::start("limit", |ssetail| {
        ssetail.file("a.log", "x\n").args(["a.log", "--max-clients", "1"])
    });
    let mut first = exchange.ssetail.events("/sse");
    first.lines(1);
    exchange.get("/sse", Until::End);
    for accept in ["*/*", "application/x-ndjson", "text/plain", "text/html"] {
        exchange.request("GET", "/sse", &[("accept", accept)], Until::End);
    }
    exchange.get("/healthz", Until::End);
    exchange.finish();
}
