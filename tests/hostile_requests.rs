//! Requests that try to confuse the server: pipelined bytes, two lengths, strange paths and names.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use crate::harness::client::Connection;
use crate::harness::{DEADLINE, Running, Ssetail, eventually};

const HEALTH: &str = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";

fn ssetail() -> Running {
    Ssetail::new().file("a.log", "x\n").arg("a.log").start()
}

/// Sends bytes, closes the sending side, and returns everything that comes back.
fn exchange(ssetail: &Running, request: &str) -> String {
    let mut socket = TcpStream::connect(ssetail.address()).expect("connected");
    socket.set_read_timeout(Some(DEADLINE)).expect("set");
    // The server may close the connection before all bytes are sent.
    let _ = socket.write_all(request.as_bytes()).and_then(|()| socket.shutdown(Shutdown::Write));
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn bytes_behind_a_request_for_a_stream_are_never_answered() {
    let ssetail = ssetail();
    // With `grep`, the response waits for another thread while the bytes are there already.
    for path in ["/sse", "/sse?grep=x", "/sse?file=a.log&grep=!y", "/sse?n=1&lastEventId=x"] {
        for extra in [HEALTH.repeat(50), "\0\r\n\r\n".repeat(100), "0\r\n\r\n".to_owned()] {
            let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n{extra}");
            let mut connection = Connection::send(ssetail.address(), &request);
            assert_eq!(connection.status, 200);
            let mut body = Vec::new();
            while !body.windows(8).any(|part| part == b"data: x\n") {
                body.extend(connection.read().expect("the stream goes on"));
            }
            assert!(!String::from_utf8_lossy(&body).contains("HTTP"), "{path}");
        }
    }
    eventually("their streams end", || ssetail.metric("ssetail_open_streams") == 0);
}

#[test]
fn a_body_is_never_read_as_a_request() {
    let ssetail = ssetail();
    let inner = "GET /sources HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let len = inner.len();
    for head in [
        format!("content-length: {len}\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
        format!("content-length: {len}\r\ncontent-length: 0\r\n\r\n"),
        format!("content-length: +{len}\r\n\r\n"),
        "content-length: 18446744073709551616\r\n\r\n".to_owned(),
        "content-length: -1\r\n\r\n".to_owned(),
        "transfer-encoding: identity, chunked, gzip\r\n\r\n".to_owned(),
        "transfer-encoding : chunked\r\n\r\n".to_owned(),
        "transfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n".to_owned(),
        "x: y\r\n z: folded\r\n\r\n".to_owned(),
        "x\0: y\r\n\r\n".to_owned(),
    ] {
        for method in ["GET", "POST", "OPTIONS"] {
            let request = format!("{method} /healthz HTTP/1.1\r\nhost: localhost\r\n{head}");
            let answer = exchange(&ssetail, &(request + inner));
            let is_refused = answer.is_empty() || answer.starts_with("HTTP/1.1 4");
            assert!(is_refused || !answer.contains("a.log"), "{head:?}: {answer}");
        }
    }
    // A body with one length is skipped, and the next request is answered.
    for body in [
        format!("content-length: {len}\r\n\r\n{inner}"),
        format!("transfer-encoding: chunked\r\n\r\n{len:x}\r\n{inner}\r\n0\r\n\r\n"),
    ] {
        let request = format!("GET /healthz HTTP/1.1\r\nhost: localhost\r\n{body}{HEALTH}");
        let answer = exchange(&ssetail, &request);
        assert!(!answer.contains("a.log"), "{answer}");
    }
    assert_eq!(ssetail.get("/healthz").body, "ok\n");
}

#[test]
fn only_exact_paths_below_the_prefix_are_served() {
    let ssetail = Ssetail::new().file("a.log", "secret\n");
    let ssetail = ssetail.args(["a.log", "--path-prefix", "/logs"]).start();
    for path in [
        "/logs/../sse",
        "/logs/./sse",
        "/logs/%73se",
        "/logs//sse",
        "//logs/sse",
        "/LOGS/sse",
        "/logs%2Fsse",
        "/logs/sse%00",
        "/logs/sse;x",
        "/logs/sse/../../etc/passwd",
        "/logsx/sse",
        "/logs/a.log",
        "/logs/viewer/../sources",
        "/logs/viewer/%2e%2e/sources",
        "/sse",
        "*",
    ] {
        let answer = ssetail.get(path);
        assert!([400, 404].contains(&answer.status), "{path}: {}", answer.status);
        assert!(!answer.body.contains("secret") && !answer.body.contains("root:"), "{path}");
    }
    let bare = ssetail.get("/logs?//evil.example");
    assert_eq!(bare.header("location"), Some("/logs/"));
}

#[test]
fn names_of_files_are_data_in_every_output() {
    let names = ["<script>.log", "a\"b\\.log", "new\nline.log", "\u{1b}]0;x\u{7}.log", "d}a{.log"];
    let ssetail = names.iter().fold(Ssetail::new(), |ssetail, name| ssetail.file(name, "x\n"));
    let ssetail = ssetail.arg("*.log").start();
    ssetail.events("/sse").lines(names.len());
    let answer = ssetail.get("/sources");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    let sources: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
    assert_eq!(sources.as_array().map(Vec::len), Some(names.len()));
    assert!(!answer.body.contains(|c: char| c.is_control() && c != '\n'), "{}", answer.body);
    let metrics = ssetail.get("/metrics").body;
    assert!(names.iter().all(|name| !metrics.contains(name)), "{metrics}");
    let events = ssetail.events("/sse?format=json").take(names.len());
    for event in events {
        let json: serde_json::Value = serde_json::from_str(&event.data).expect("JSON");
        assert_eq!(json["file"], event.kind, "the name of the event is that of its source");
        assert!(!event.kind.chars().any(char::is_control), "{:?}", event.kind);
    }
}

#[test]
fn headers_of_any_length_and_content_are_read_once() {
    let ssetail = ssetail();
    let many = "text/html,".repeat(1500);
    let encodings = "br;q=x,".repeat(2000);
    let id = "z".repeat(15_000);
    for header in [
        ("accept", &*many),
        ("accept-encoding", &encodings),
        ("last-event-id", &id),
        ("last-event-id", "\u{0}1"),
        ("authorization", "Basic ===="),
        ("range", "bytes=0-1"),
        ("expect", "100-continue"),
        ("upgrade", "h2c"),
        ("connection", "upgrade, close, keep-alive, host, last-event-id"),
        ("x-forwarded-host", "evil.example"),
        ("x-original-url", "/sources"),
    ] {
        let status = Connection::open(ssetail.address(), "GET", "/sse", &[header]).status;
        assert!([200, 100, 400].contains(&status), "{}: {status}", header.0);
    }
    let mut unknown = ssetail.events_after("/sse", &id);
    assert_eq!(unknown.control("gap")["reason"], "unknown");
    assert_eq!(unknown.data(1), ["x"]);
}
