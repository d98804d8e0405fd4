//! Responses to requests (docs/PROTOCOL.md).

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use crate::harness::client::{Connection, Events};
use crate::harness::{DEADLINE, Ssetail, eventually};

#[test]
fn the_stream_begins_with_a_comment_and_the_reconnection_time() {
    let ssetail = Ssetail::new().file("build.log", "one\n\ntwo\n").arg("build.log").start();
    let mut events = ssetail.events("/sse");
    let headers = &events.connection.headers;
    let header = |name: &str| headers.iter().find(|(key, _)| key == name).map(|(_, v)| v.as_str());
    assert_eq!(header("cache-control"), Some("no-store, no-transform"));
    assert_eq!(header("x-accel-buffering"), Some("no"));
    assert_eq!(header("x-content-type-options"), Some("nosniff"));
    assert_eq!(header("access-control-allow-origin"), None);
    let all = events.take(3);
    assert_eq!(events.parser.comments, 1);
    let retry = events.parser.retry.expect("a reconnection time");
    assert!((1500..=2500).contains(&retry), "{retry}");
    let epoch = all[0].id.strip_suffix("-1").expect("the first event").to_owned();
    for (i, (event, data)) in all.iter().zip(["one", "", "two"]).enumerate() {
        assert_eq!(event.kind, "build.log");
        assert_eq!(event.data, data);
        assert_eq!(event.id, format!("{epoch}-{}", i + 1));
    }
}

#[test]
fn the_headers_are_sent_before_there_is_a_line() {
    let ssetail = Ssetail::new().arg("later.log").start();
    let mut events = ssetail.events("/sse");
    events.until_comments(1);
    ssetail.append("later.log", "hello\n");
    assert_eq!(events.lines(1), ["hello"]);
}

#[test]
fn a_silent_stream_has_comments() {
    let ssetail = Ssetail::new()
        .file("a.log", "")
        .args(["a.log", "--heartbeat", "40ms", "--reconnect-delay", "1500ms"])
        .start();
    let mut events = ssetail.events("/sse");
    events.until_comments(4);
    let retry = events.parser.retry.expect("a reconnection time");
    assert!((1125..=1875).contains(&retry), "{retry}");
    ssetail.append("a.log", "x\n");
    assert_eq!(events.data(1), ["x"]);
}

#[test]
fn a_page_can_ask_for_pings_in_place_of_comments() {
    let ssetail =
        Ssetail::new().file("a.log", "x\n").args(["a.log", "--heartbeat", "40ms"]).start();
    let mut events = ssetail.events("/sse?ping");
    let line = events.next().expect("a line");
    let ping = events.next().expect("a ping");
    assert_eq!(ping.kind, "ssetail");
    assert!(ping.data.starts_with(r#"{"type":"ping","time":1"#), "{}", ping.data);
    assert_eq!(ping.id, line.id, "a ping has the id of the event before it");
}

#[test]
fn the_endpoint_and_the_prefix_can_be_changed() {
    let ssetail = Ssetail::new()
        .file("a.log", "x\n")
        .args(["a.log", "--endpoint", "/stream2", "--path-prefix", "/logs/"])
        .start();
    assert!(ssetail.url.ends_with("/logs"), "{}", ssetail.url);
    for path in ["/logs/stream2", "/logs/stream2/", "/logs/stream2?unnamed"] {
        assert_eq!(ssetail.events(path).lines(1), ["x"]);
    }
    assert_eq!(ssetail.get("/logs/healthz").body, "ok\n");
    for path in ["/stream2", "/logs/sse", "/healthz", "/logsstream2", "/logs/stream2//"] {
        assert_eq!(ssetail.get(path).status, 404, "{path}");
    }
}

#[test]
fn other_methods_and_paths_are_refused() {
    let ssetail = Ssetail::new().file("a.log", "x\n").arg("a.log").start();
    let head = ssetail.request("HEAD", "/sse", &[]);
    assert_eq!(
        (head.status, head.header("content-type")),
        (200, Some("text/event-stream; charset=utf-8"))
    );
    assert_eq!(head.body, "");
    let post = ssetail.request("POST", "/sse", &[]);
    assert_eq!((post.status, post.header("allow")), (405, Some("GET, HEAD, OPTIONS")));
    assert_eq!(ssetail.request("OPTIONS", "/sse", &[]).status, 204);
    let unknown = ssetail.get("/a.log/../%3Cscript%3E");
    assert_eq!(unknown.status, 404);
    assert!(!unknown.body.contains("script"));
}

#[test]
fn a_preflight_succeeds_for_an_accepted_origin_only() {
    let ssetail = Ssetail::new().file("a.log", "x\n").arg("a.log").start();
    let origin = ("origin", "http://localhost:3000");
    let ask = ("access-control-request-method", "GET");
    let allowed = ssetail.request("OPTIONS", "/sse", &[origin, ask]);
    assert_eq!(allowed.status, 204);
    assert_eq!(allowed.header("access-control-allow-origin"), Some(origin.1));
    assert_eq!(allowed.header("vary"), Some("origin"));
    assert!(
        allowed.header("access-control-allow-headers").expect("a list").contains("last-event-id")
    );
    let foreign = ssetail.request("OPTIONS", "/sse", &[("origin", "http://evil.example"), ask]);
    assert_eq!(foreign.status, 403);
    assert_eq!(foreign.header("access-control-allow-origin"), None);
}

#[test]
fn a_response_names_every_request_header_that_it_depends_on() {
    let ssetail = Ssetail::new().file("a.log", "x\n").arg("a.log").start();
    let vary = |path: &str| {
        let answer = ssetail.request("GET", path, &[("origin", "http://localhost:3000")]);
        let headers = answer.headers.into_iter().filter(|(name, _)| name == "vary");
        headers.map(|(_, value)| value).collect::<Vec<_>>()
    };
    assert_eq!(vary("/"), ["accept-encoding", "origin"]);
    assert_eq!(vary("/healthz"), ["origin"]);
}

#[test]
fn a_page_of_another_site_is_refused() {
    let ssetail = Ssetail::new().file("a.log", "secret\n").arg("a.log").start();
    let status = |headers: &[(&str, &str)]| ssetail.request("GET", "/sse", headers).status;
    assert_eq!(status(&[("origin", "https://evil.example")]), 403);
    assert_eq!(status(&[("origin", "null")]), 403);
    assert_eq!(status(&[("host", "evil.example")]), 403);
    assert_eq!(status(&[("sec-fetch-site", "cross-site")]), 403);
    let missing = Connection::send(ssetail.address(), "GET /sse HTTP/1.1\r\n\r\n");
    assert_eq!(missing.status, 400);
    let doubled = "GET /sse HTTP/1.1\r\nhost: localhost\r\nhost: localhost\r\n\r\n";
    assert_eq!(Connection::send(ssetail.address(), doubled).status, 400);
}

#[test]
fn origins_and_hosts_can_be_allowed() {
    let ssetail = Ssetail::new()
        .file("a.log", "x\n")
        .args([
            "a.log",
            "--cors",
            "https://ok.example",
            "--cors",
            "null",
            "--allow-host",
            "logs.example",
        ])
        .start();
    for headers in [
        [("origin", "https://ok.example"), ("host", "logs.example")],
        [("origin", "null"), ("host", "localhost")],
    ] {
        assert_eq!(Events::open(ssetail.address(), "/sse", &headers).lines(1), ["x"]);
    }
}

#[test]
fn a_bad_query_is_refused_with_the_accepted_values() {
    let ssetail = Ssetail::new().file("a.log", "x\n").arg("a.log").start();
    for (query, accepted) in [
        ("n=many", "n=100"),
        ("format=xml", "text, json, base64, buffer or exact"),
        ("grep=(", "regular expression"),
        ("grep=(a{1000}){1000}", "moderate size"),
        ("unnamed=maybe", "unnamed=1"),
    ] {
        let answer = ssetail.get(&format!("/sse?{query}"));
        assert_eq!(answer.status, 400, "{query}");
        assert!(answer.body.contains(accepted), "{}", answer.body);
    }
}

#[test]
fn a_request_can_choose_sources_lines_and_format() {
    let ssetail = Ssetail::new()
        .file("a.log", "a1\na2\na3\n")
        .file("b.log", "b1\nb2\n")
        .args(["a.log", "b.log"])
        .start();
    ssetail.events("/sse").lines(5);
    assert_eq!(ssetail.events("/sse?file=b.log").data(2), ["b1", "b2"]);
    assert_eq!(ssetail.events("/sse?file=a*&file=none").data(3), ["a1", "a2", "a3"]);
    assert_eq!(ssetail.events("/sse?n=1").data(2), ["a3", "b2"]);
    assert_eq!(ssetail.events("/sse?grep=[23]$").data(3), ["a2", "a3", "b2"]);
    let mut events = ssetail.events("/sse?format=json&unnamed&n=1&file=a.log");
    let event = events.next().expect("a line");
    assert_eq!(event.kind, "message");
    let json: serde_json::Value = serde_json::from_str(&event.data).expect("JSON");
    assert_eq!(
        (&json["file"], &json["message"], &json["offset"]),
        (&"a.log".into(), &"a3".into(), &6.into())
    );
    let mut live = ssetail.events("/sse?n=0");
    live.until_comments(1);
    ssetail.append("b.log", "b3\n");
    assert_eq!(live.data(1), ["b3"]);
}

#[test]
fn a_filter_that_matches_rarely_keeps_the_id_recent() {
    let ssetail = Ssetail::new()
        .file("a.log", "")
        .args(["a.log", "--heartbeat", "50ms", "--replay", "1000"])
        .start();
    let mut events = ssetail.events("/sse?grep=rare");
    events.until_comments(1);
    ssetail.append("a.log", "often\n".repeat(50_000) + "rare\n");
    let mut last = None;
    let rare = loop {
        let event = events.next().expect("an event");
        if event.data == "rare" {
            break event;
        }
        assert!(event.data.contains(r#""type":"ping""#), "a ping, not {}", event.data);
        last = Some(event.id);
    };
    assert!(last.is_some_and(|id| id != rare.id), "the id changed while no line matched");
    ssetail.append("a.log", "often\n");
    assert!(events.next().expect("a ping").data.contains("ping"));
}

#[test]
fn names_that_collide_or_would_break_the_stream_are_changed() {
    let ssetail = Ssetail::new()
        .file("a/x.log", "1\n")
        .file("b/x.log", "2\n")
        .file("error", "3\n")
        .file("new\nline %", "4\n")
        .args(["a/x.log", "b/x.log", "error", "new\nline %", "mine=a/../a/y.log"])
        .start();
    let mut events = ssetail.events("/sse");
    let kinds: Vec<_> = events.take(4).into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds, ["x.log", "b/x.log", "./error", "new%0Aline %25"]);
    ssetail.append("a/y.log", "5\n");
    let mine = loop {
        let event = events.next().expect("a line");
        if event.kind != "ssetail" {
            break event;
        }
    };
    assert_eq!((&*mine.kind, &*mine.data), ("mine", "5"));
}

#[test]
fn a_client_of_http_1_0_gets_a_body_without_chunks() {
    let ssetail = Ssetail::new().file("a.log", "x\n").arg("a.log").start();
    let head = "GET /sse HTTP/1.0\r\nhost: localhost\r\n\r\n";
    let mut connection = Connection::send(ssetail.address(), head);
    assert!(!connection.headers.iter().any(|(name, _)| name == "transfer-encoding"));
    let mut body = Vec::new();
    while !body.ends_with(b"-1\n\n") {
        body.extend(connection.read().expect("bytes"));
    }
    let body = String::from_utf8(body).expect("text");
    let (opening, rest) = body.split_once("\nevent: ").expect("an event");
    assert!(
        opening.starts_with(":\nretry: ") && rest.starts_with("a.log\ndata: x\nid: "),
        "{body}"
    );
}

#[test]
fn a_connection_serves_requests_until_the_first_stream() {
    let ssetail = Ssetail::new().file("a.log", "x\n").arg("a.log").start();
    let health = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let stream = "GET /sse HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let mut socket = TcpStream::connect(ssetail.address()).expect("connected");
    socket.set_read_timeout(Some(DEADLINE)).expect("set");
    socket.write_all([health, stream, health].concat().as_bytes()).expect("sent");
    let mut until = |text: &str| {
        let (mut seen, mut byte) = (Vec::new(), [0]);
        while !seen.ends_with(text.as_bytes()) {
            socket.read_exact(&mut byte).expect("a byte");
            seen.push(byte[0]);
        }
        String::from_utf8(seen).expect("text")
    };
    assert!(until("\r\n\r\nok\n").starts_with("HTTP/1.1 200 OK"));
    assert!(until("\r\n\r\n").contains("transfer-encoding: chunked"));
    assert!(until("data: x\n").contains("retry: "));
    ssetail.append("a.log", "y\n");
    assert!(!until("data: y\n").contains("HTTP"), "the last request is not answered");
    // A client that closes its sending side is treated as gone.
    socket.shutdown(Shutdown::Write).expect("shut");
    eventually("the stream ends", || ssetail.metric("ssetail_open_streams") == 0);
}

/// Without replay, an older id could not be resumed, so that a recent id is of no use.
#[test]
fn a_filter_without_replay_sends_only_hits() {
    let ssetail = Ssetail::new().file("a.log", "").args(["a.log", "--replay", "0"]).start();
    let mut events = ssetail.events("/sse?grep=hit");
    events.until_comments(1);
    for n in 0..20 {
        ssetail.append("a.log", format!("other {n}\n"));
        eventually("the line is read", || ssetail.metric("ssetail_lines_read_total") > n);
    }
    ssetail.append("a.log", "hit\n");
    let event = events.next().expect("an event");
    assert_eq!((&*event.kind, &*event.data), ("a.log", "hit"));
}
