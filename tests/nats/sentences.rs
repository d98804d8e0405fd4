//! Sentences for everything that can be wrong with a stream.

use crate::harness::{Ssetail, eventually};
use crate::server::{SERVERS, Server};
use crate::{agent, api};

fn to(url: &str) -> Ssetail {
    Ssetail::new().file("x.log", "a line\n").args(["x.log", "--host", "web1", "--to", url])
}

#[test]
fn a_server_that_is_not_there_is_waited_for() {
    let mut server = Server::start(SERVERS[0]);
    server.kill();
    let mut publisher = to(&server.url()).arg("--create").start();
    publisher.wait_for(&format!("nats://{} cannot be reached", server.host()));
    let mut node = Ssetail::new().arg(server.url()).start();
    node.wait_for(&format!("nats://{} cannot be reached", server.host()));
    server.restart();
    let mut events = node.events("/sse?n=all");
    assert_eq!(events.lines(1), ["a line"]);
}

#[test]
fn a_stream_that_does_not_exist_is_made_only_if_that_is_wanted() {
    let server = Server::start(SERVERS[0]);
    let mut publisher = to(&server.url()).start();
    publisher.wait_for("without --state, a restart of this program begins another sequence of ids");
    publisher.wait_for("has no stream LOGS; make it with --create, or with nats stream add");
    assert_eq!(api::last_sequence(&server), None);
    let options = ["--create", "--max-age", "1h", "--max-bytes", "1MiB"];
    let _other = to(&server.url().replace("LOGS", "OTHER")).args(options).start();
    api::create_stream(&server, &serde_json::json!({}));
    eventually("it is published", || api::last_sequence(&server) == Some(1));
}

#[test]
fn a_server_without_jetstream_is_named() {
    for program in SERVERS {
        let server = Server::with(program, &[]);
        let mut publisher = to(&server.url()).arg("--create").start();
        publisher.wait_for("has no JetStream; start it with -js");
        let mut node = Ssetail::new().arg(server.url()).start();
        node.wait_for("has no JetStream; start it with -js");
    }
}

#[test]
fn wrong_credentials_are_named_and_never_printed() {
    let server = Server::with(SERVERS[0], &["--jetstream", "--auth", "s3cret"]);
    let url = |token: &str| server.url().replace("nats://", &format!("nats://{token}"));
    for wrong in ["", "hidden@", "user:hidden@"] {
        let mut publisher = to(&url(wrong)).start();
        let line = publisher.wait_for("refuses the credentials; give TOKEN@ or USER:PASS@");
        assert!(!line.contains("hidden"), "{line}");
    }
    let right = to(&url("s3cret@")).arg("--create").start();
    eventually("it is published", || right.metric("ssetail_stream_events_total") > 0);
    let node = Ssetail::new().arg(url("s3cret@")).start();
    assert!(!node.get("/sources").body.contains("s3cret"));
    assert!(!node.stderr.contains("s3cret"));
    let mut publisher = to(&server.url()).args(["--nats-creds", "none"]).start();
    publisher.wait_for("the credentials in none cannot be read");
}

#[test]
fn an_event_that_the_server_does_not_accept_ends_the_publisher() {
    let directory = tempfile::tempdir().expect("a directory");
    let config = directory.path().join("nats.conf");
    std::fs::write(&config, "max_payload: 4096\n").expect("written");
    let config = config.to_str().expect("text");
    let server = Server::with(SERVERS[0], &["--jetstream", "--config", config]);
    let publisher = Ssetail::new().file("x.log", "x".repeat(10_000) + "\n").arg("x.log");
    let (code, stderr) = publisher.args(["--to", &server.url(), "--create"]).fail();
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("an event is larger than"), "{stderr}");
    assert!(stderr.contains("raise its max_payload, or give a smaller --max-line"), "{stderr}");
    let short = Ssetail::new().file("x.log", "x".repeat(10_000) + "\n").arg("x.log");
    let short = short.args(["--to", &server.url(), "--max-line", "1KiB"]).start();
    eventually("it is published", || short.metric("ssetail_stream_lag_events") == 0);
}

#[test]
fn a_subject_of_another_program_is_not_taken_over() {
    let server = Server::start(SERVERS[0]);
    let _first = agent(&server.url(), "web2");
    eventually("the stream exists", || api::last_sequence(&server).is_some());
    api::publish(&server, "ssetail.LOGS.web1", "hello");
    let (code, stderr) = to(&server.url()).fail();
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("was not written by ssetail"), "{stderr}");
    let node = crate::node(&server.url());
    let gap = node.events("/sse?n=all").control("gap");
    assert_eq!((&gap["reason"], &gap["file"]), (&"unknown".into(), &"web1".into()));
}

#[test]
fn flags_that_do_not_fit_a_stream_are_refused() {
    let url = "nats://127.0.0.1:1/LOGS";
    for (args, sentence) in [
        (&["nats://127.0.0.1:1"][..], "ends with its name"),
        (&[url, "x.log"][..], "a stream is served alone"),
        (&[url, url][..], "one program serves one stream"),
        (&["a=nats://127.0.0.1:1/LOGS"][..], "a stream takes no NAME="),
        (&[url, "--redact", "x"][..], "--redact has no meaning for a stream"),
        (&[url, "--state", "s"][..], "--state has no meaning for a stream"),
        (&["x.log", "--create"][..], "--to"),
        (&["x.log", "--to", url, "--replay", "0"][..], "--replay 0 keeps no line"),
        (&["x.log", "--to", url, "--create", "--replicas", "9"][..], "from 1 to 5"),
    ] {
        let (code, stderr) = Ssetail::new().args(args).fail();
        assert_eq!(code, 2, "{args:?}: {stderr}");
        assert!(stderr.contains(sentence), "{args:?}: {stderr}");
    }
}

#[test]
fn messages_are_no_larger_than_the_stream_accepts() {
    for program in SERVERS {
        let server = Server::start(program);
        api::create_stream(&server, &serde_json::json!({ "max_msg_size": 3000 }));
        let mut publisher = to(&server.url()).start();
        publisher.append("x.log", crate::harness::numbered("line", 0..1000));
        eventually("it is published", || publisher.metric("ssetail_stream_lag_events") == 0);
        assert!(publisher.metric("ssetail_stream_messages_total") > 3);
        publisher.append("x.log", "x".repeat(5000) + "\n");
        publisher.wait_for("raise its max_msg_size, or give a smaller --max-line");
        assert_eq!(publisher.end().0, 1);
    }
}
