//! The media for scripts: NDJSON and plain text.

use serde_json::Value;

use crate::harness::client::Connection;
use crate::harness::{Running, Ssetail, numbered};

const JSON_LINES: &str = "application/x-ndjson";
const PLAIN: &str = "text/plain";

fn open(ssetail: &Running, path: &str, accept: &str) -> Connection {
    let connection = Connection::open(ssetail.address(), "GET", path, &[("accept", accept)]);
    assert_eq!(connection.status, 200);
    connection
}

/// Reads exactly `len` bytes of the body.
fn bytes(connection: &mut Connection, len: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < len {
        bytes.extend(connection.read().expect("the response has not ended"));
    }
    assert_eq!(bytes.len(), len, "{:?}", String::from_utf8_lossy(&bytes));
    bytes
}

/// Reads exactly `count` objects, each on a line.
fn objects(connection: &mut Connection, count: usize) -> Vec<Value> {
    let mut bytes = Vec::new();
    while memchr::memchr_iter(b'\n', &bytes).count() < count {
        bytes.extend(connection.read().expect("the response has not ended"));
    }
    let text = String::from_utf8(bytes).expect("UTF-8");
    let objects: Vec<_> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(objects.len(), count, "{text}");
    objects
}

#[test]
fn each_line_is_a_json_object_with_an_id() {
    let ssetail = Ssetail::new().file("a.log", b"one\n\xff\n\nlive").arg("a.log").start();
    let mut lines = open(&ssetail, "/sse", JSON_LINES);
    assert!(lines.headers.contains(&("content-type".into(), JSON_LINES.into())));
    let three = objects(&mut lines, 3);
    let keys: Vec<_> = three[0].as_object().expect("an object").keys().cloned().collect();
    assert_eq!(keys, ["file", "id", "message", "offset", "time"]);
    assert_eq!((&three[0]["file"], &three[0]["message"]), (&"a.log".into(), &"one".into()));
    assert_eq!((&three[1]["base64"], &three[1]["offset"]), (&"/w==".into(), &4.into()));
    assert_eq!(three[2]["message"], "");
    ssetail.append("a.log", " line\n");
    assert_eq!(objects(&mut lines, 1)[0]["message"], "live line");

    let id = three[1]["id"].as_str().expect("an id");
    let path = format!("/sse?last_event_id={id}");
    assert_eq!(objects(&mut open(&ssetail, &path, JSON_LINES), 2)[0], three[2]);
    let events = ssetail.events(&path).take(2);
    assert_eq!(
        events[0].id,
        three[2]["id"].as_str().expect("an id"),
        "ids are the same in every medium"
    );
}

#[test]
fn control_events_are_objects_too() {
    let mut ssetail = Ssetail::new().piped().arg("-").start();
    ssetail.input("a\n");
    let first = ssetail.events("/sse").take(1);
    let mut lines = open(&ssetail, "/sse?last_event_id=42", JSON_LINES);
    let gap = objects(&mut lines, 1).remove(0);
    let id = first[0].id.replace("-1", "-0");
    let expected =
        serde_json::json!({ "type": "gap", "reason": "unknown", "lost": null, "id": id });
    assert_eq!(gap, expected);
    assert_eq!(objects(&mut lines, 1)[0]["message"], "a");
    ssetail.close_input();
    assert_eq!(objects(&mut lines, 1)[0]["type"], "end");
}

#[test]
fn plain_lines_are_the_bytes_of_the_file() {
    let long = "é".repeat(100_000);
    let content = [b"one\r\n\xff\0\n\n\xef\xbb\xbf", long.as_bytes(), b"\nlast\n"].concat();
    let ssetail = Ssetail::new()
        .file("a.log", &content)
        .file("b.log", "other\n")
        .args(["a.log", "b.log", "--heartbeat", "10ms"])
        .start();
    let mut lines = open(&ssetail, "/sse?file=a.log", PLAIN);
    assert!(lines.headers.contains(&("content-type".into(), "text/plain; charset=utf-8".into())));
    assert!(bytes(&mut lines, content.len()) == content, "the body is the file");
    ssetail.events("/sse?n=0").until_comments(5);
    ssetail.append("b.log", "other\n");
    ssetail.append("a.log", "live\n");
    assert_eq!(
        bytes(&mut lines, 5),
        b"live\n",
        "there are no heartbeats and no lines of other files"
    );
}

#[test]
fn plain_lines_of_two_files_are_never_joined() {
    let ssetail =
        Ssetail::new().file("a.log", "").file("b.log", "").args(["a.log", "b.log"]).start();
    let mut lines = open(&ssetail, "/sse", PLAIN);
    // Only a line that is longer than 1 MiB is sent before it is finished.
    ssetail.append("a.log", "x".repeat(1 << 20) + " ");
    assert!(bytes(&mut lines, 1 << 20).iter().all(|&byte| byte == b'x'));
    ssetail.append("b.log", "b\n");
    assert_eq!(bytes(&mut lines, 3), b"\nb\n");
    ssetail.append("a.log", "and its end\n");
    assert_eq!(bytes(&mut lines, 13), b" and its end\n");
}

#[test]
fn the_plain_chunks_of_a_binary_file_are_the_file() {
    let content: Vec<u8> = (0..200_000u32).map(|i| (i * 7 % 251) as u8).collect();
    let ssetail = Ssetail::new()
        .file("a.bin", &content[..150_000])
        .args(["a.bin", "--binary", "--from-start"])
        .start();
    let mut chunks = open(&ssetail, "/sse", PLAIN);
    assert!(bytes(&mut chunks, 150_000) == content[..150_000]);
    ssetail.append("a.bin", &content[150_000..]);
    assert!(bytes(&mut chunks, 50_000) == content[150_000..]);
}

#[test]
fn lines_that_are_filtered_out_leave_nothing_in_plain_text() {
    let ssetail =
        Ssetail::new().file("a.log", "").args(["a.log", "--replay", "8", "-n", "0"]).start();
    let mut plain = open(&ssetail, "/sse?grep=wanted", PLAIN);
    let mut objects_of = open(&ssetail, "/sse?grep=wanted", JSON_LINES);
    for round in 0..10 {
        ssetail.append("a.log", numbered("other", round * 10..round * 10 + 10));
        let last = format!("other {}", round * 10 + 9);
        let mut events = ssetail.events("/sse");
        while events.next().expect("a line").data != last {}
    }
    ssetail.append("a.log", "wanted\n");
    assert_eq!(bytes(&mut plain, 7), b"wanted\n");
    let mut kinds = Vec::new();
    while kinds.last() != Some(&"wanted".into()) {
        let object = objects(&mut objects_of, 1).remove(0);
        kinds.push(if object["type"].is_null() {
            object["message"].clone()
        } else {
            object["type"].clone()
        });
    }
    // A ping updates the id when no line has matched for long.
    assert!(kinds.len() > 1 && kinds[..kinds.len() - 1].iter().all(|kind| kind == "ping"));
}

#[test]
fn a_client_that_also_accepts_events_gets_events() {
    let ssetail = Ssetail::new().file("a.log", "").arg("a.log").start();
    let kind = |accept: &str| {
        let headers = open(&ssetail, "/sse", accept).headers;
        let kind = headers.into_iter().find(|(name, _)| name == "content-type");
        kind.expect("a type").1
    };
    for accept in [
        "*/*",
        "text/event-stream",
        "application/json, text/plain, */*",
        "text/html,application/xhtml+xml,*/*;q=0.8",
        "text/event-stream, text/plain",
        "application/json",
        "",
    ] {
        assert_eq!(kind(accept), "text/event-stream; charset=utf-8", "{accept}");
    }
    assert_eq!(kind("Text/Plain; charset=utf-8"), "text/plain; charset=utf-8");
    assert_eq!(kind("application/x-ndjson, text/plain;q=0.5"), JSON_LINES);
}
