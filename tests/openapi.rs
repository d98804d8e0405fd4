//! `/openapi.json`, compared with the answers of the program (docs/PROTOCOL.md, "URLs").

mod schemas;

use std::collections::BTreeSet;
use std::time::Instant;

use serde_json::Value;

use self::schemas::Schemas;
use crate::harness::client::Connection;
use crate::harness::{DEADLINE, Running, Ssetail, eventually};

const NDJSON: (&str, &str) = ("accept", "application/x-ndjson");

fn document(ssetail: &Running) -> Value {
    let answer = ssetail.get("/openapi.json");
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    serde_json::from_str(&answer.body).expect("JSON")
}

/// Returns the objects of a body in JSON lines, up to the one with which `is_last` returns true.
fn objects(ssetail: &Running, query: &str, mut is_last: impl FnMut(&Value) -> bool) -> Vec<Value> {
    let path = format!("/sse?{query}");
    let mut connection = Connection::open(ssetail.address(), "GET", &path, &[NDJSON]);
    let (mut objects, mut unread) = (Vec::new(), Vec::new());
    let deadline = Instant::now() + DEADLINE;
    loop {
        assert!(Instant::now() < deadline, "the last object is missing in {objects:?}");
        unread.extend(connection.read().expect("the body has not ended"));
        while let Some(end) = memchr::memchr(b'\n', &unread) {
            let line: Vec<u8> = unread.drain(..=end).collect();
            let object: Value = serde_json::from_slice(&line).expect("JSON");
            let ends = is_last(&object);
            objects.push(object);
            if ends {
                return objects;
            }
        }
    }
}

fn keys<'a>(objects: impl IntoIterator<Item = &'a Value>) -> BTreeSet<&'a str> {
    let object = |object: &'a Value| object.as_object().expect("an object").keys();
    objects.into_iter().flat_map(object).map(String::as_str).collect()
}

/// Starts a server with a file and standard input.
fn serving(lines: &[u8]) -> Running {
    let file = Ssetail::new().piped().file("a.log", lines);
    file.args(["a.log", "-", "--from-start", "--max-line", "64", "--heartbeat", "20ms"]).start()
}

fn wait_for_lines(ssetail: &Running, count: u64) {
    eventually("all lines are read", || ssetail.metric("ssetail_lines_read_total") == count);
}

#[test]
fn lines_and_control_events_have_the_fields_of_the_description() {
    let long = "x".repeat(100);
    let lines = format!("2026-11-25T19:00:01Z ERROR failed\n    at main.rs:1\n{long}\n");
    let mut ssetail = serving(&[lines.as_bytes(), b"\xff\n"].concat());
    let document = document(&ssetail);
    let schemas = Schemas(&document);
    ssetail.input("from standard input\n");
    wait_for_lines(&ssetail, 5);
    ssetail.rename("a.log", "a.log.1");
    ssetail.append("a.log", "after the rotation\n");
    ssetail.close_input();
    let mut missing = BTreeSet::from(["gap", "source", "end", "ping"]);
    let mut items = objects(&ssetail, "last_event_id=42&n=all&ping", |object| {
        missing.remove(object["type"].as_str().unwrap_or_default());
        missing.is_empty()
    });
    wait_for_lines(&ssetail, 6);
    items.extend(objects(&ssetail, "n=all&follow=0&format=buffer&grep=.", |object| {
        object["type"] == "end_of_read"
    }));
    let expected = schemas.named("Item");
    for item in &items {
        assert_eq!(schemas.check(expected, item), Ok(()), "{item}");
    }
    let lines: Vec<&Value> = items.iter().filter(|item| item["type"].is_null()).collect();
    let seen = keys(lines);
    let known = keys(["Item", "Line"].map(|name| &schemas.named(name)["properties"]));
    // Only lines of containers have a stream.
    assert_eq!(&seen | &BTreeSet::from(["stream"]), known);
    let line = r#"{"log":"hello\n","stream":"stderr","time":"2026-11-25T19:00:01Z"}"#;
    let ssetail = Ssetail::new().file("c.log", format!("{line}\n"));
    let ssetail = ssetail.args(["c.log", "--decode", "docker", "--from-start"]).start();
    wait_for_lines(&ssetail, 1);
    let lines = objects(&ssetail, "follow=0", |object| object["type"].is_null());
    assert_eq!(
        (schemas.check(expected, &lines[0]), &lines[0]["stream"]),
        (Ok(()), &"stderr".into())
    );
}

/// Returns the value of a field of an event, as the description sees it.
fn field(name: &str, value: &str) -> Value {
    if name == "retry" { value.parse::<u64>().expect("a number").into() } else { value.into() }
}

#[test]
fn events_have_the_fields_of_the_description() {
    let ssetail = serving(b"one\n\xff\n");
    let document = document(&ssetail);
    let schemas = Schemas(&document);
    for query in ["", "format=json", "format=base64", "format=buffer", "unnamed"] {
        let path = format!("/sse?last_event_id=42&n=all&{query}");
        let mut connection = Connection::open(ssetail.address(), "GET", &path, &[]);
        let mut body = Vec::new();
        while body.windows(2).filter(|end| end == b"\n\n").count() < 3 {
            body.extend(connection.read().expect("the body has not ended"));
        }
        for event in String::from_utf8(body).expect("UTF-8").split_terminator("\n\n") {
            let fields = event.lines().filter_map(|line| line.split_once(": "));
            let event: Value = fields.map(|(name, value)| (name, field(name, value))).collect();
            assert_eq!(schemas.check(schemas.named("Event"), &event), Ok(()), "{event}");
        }
    }
}

#[test]
fn sources_have_the_fields_of_the_description() {
    let ssetail = Ssetail::new()
        .piped()
        .file("a.log", "one\n")
        .args(["a.log", "waiting.log", "-", "--from-start"])
        .start();
    wait_for_lines(&ssetail, 1);
    let document = document(&ssetail);
    let schemas = Schemas(&document);
    let response = &document["paths"]["/sources"]["get"]["responses"]["200"];
    let sources: Value = serde_json::from_str(&ssetail.get("/sources").body).expect("JSON");
    let expected = &response["content"]["application/json"]["schema"];
    assert_eq!(schemas.check(expected, &sources), Ok(()));
    let all = sources.as_array().expect("an array");
    let known = keys([&schemas.named("Source")["properties"]]);
    assert_eq!((all.len(), keys(all)), (3, known));
    let mut changed = sources.clone();
    changed[0]["another"] = 1.into();
    assert!(schemas.check(expected, &changed).is_err(), "unknown fields are found");
    changed = sources.clone();
    changed[0]["state"] = "asleep".into();
    assert!(schemas.check(expected, &changed).is_err(), "unknown values are found");
    changed = sources;
    changed[0].as_object_mut().expect("an object").remove("lines");
    assert!(schemas.check(expected, &changed).is_err(), "missing fields are found");
}

#[test]
fn every_path_answers_with_a_described_content_type() {
    let ssetail = Ssetail::new()
        .file("a.log", "one\n")
        .args(["a.log", "--path-prefix", "/logs", "--endpoint", "/lines/sse"])
        .start();
    let document: Value =
        serde_json::from_str(&ssetail.get("/logs/openapi.json").body).expect("JSON");
    let prefix = document["servers"][0]["url"].as_str().expect("a URL");
    assert_eq!(prefix, "/logs");
    let paths = document["paths"].as_object().expect("an object");
    assert!(paths.contains_key("/lines/sse"), "{paths:?}");
    for (path, item) in paths {
        for kind in keys([&item["get"]["responses"]["200"]["content"]]) {
            let url = format!("{prefix}{path}");
            let answer = ssetail.request("HEAD", &url, &[("accept", kind)]);
            let answered = answer.header("content-type").expect("a type");
            let bare = answered.split(';').next().expect("a type");
            assert!(answer.status == 200 && (answered == kind || bare == kind), "{url} {kind}");
        }
    }
}

#[test]
fn the_description_needs_the_credentials_and_the_host_of_the_sources() {
    let ssetail = Ssetail::new().file("a.log", "").args(["a.log", "--token", "t0k"]).start();
    let status = |headers: &[(&str, &str)]| {
        ["/openapi.json", "/sources"].map(|path| ssetail.request("GET", path, headers).status)
    };
    assert_eq!(status(&[]), [401; 2]);
    assert_eq!(status(&[("authorization", "Bearer t0k")]), [200; 2]);
    assert_eq!(status(&[("host", "evil.example"), ("authorization", "Bearer t0k")]), [403; 2]);
    assert_eq!(ssetail.get("/openapi.json?token=t0k").status, 303);
    let answer = ssetail.request("GET", "/openapi.json", &[("authorization", "Bearer t0k")]);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let document: Value = serde_json::from_str(&answer.body).expect("JSON");
    let cookie = &document["components"]["securitySchemes"]["cookie"]["name"];
    assert_eq!(cookie, &format!("ssetail-{}", ssetail.port()));
    assert_eq!(document["security"], serde_json::json!([{ "bearer": [] }, { "cookie": [] }]));
}
