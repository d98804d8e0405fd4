//! Publishing, and serving on several nodes.

use crate::harness::{Ssetail, append, eventually, numbered};
use crate::reader::{Reader, assert_same_ids};
use crate::server::{SERVERS, Server};
use crate::{addresses, agent, api, node};

#[test]
fn lines_of_several_hosts_are_served_with_the_same_ids_on_all_nodes() {
    for program in SERVERS {
        let server = Server::start(program);
        let (web1, web2) = (agent(&server.url(), "web1"), agent(&server.url(), "web.2"));
        let nodes = [node(&server.url()), node(&server.url())];
        let readers = nodes.each_ref().map(|node| Reader::start(&addresses(&[node]), 0));
        web1.append("x.log", numbered("one", 0..100));
        web2.append("x.log", numbered("two", 0..100));
        web1.append("x.log", numbered("one", 100..200));
        for reader in &readers {
            reader.until("one 199");
            reader.until("two 99");
            let of = |name: &str| {
                let events = reader.events().into_iter().filter(|event| event.kind == name);
                events.map(|event| event.data + "\n").collect::<String>()
            };
            assert_eq!(of("web1/x.log"), numbered("one", 0..200));
            assert_eq!(of("web.2/x.log"), numbered("two", 0..100));
        }
        assert_same_ids(&readers);
        assert_eq!(readers[0].events(), readers[1].events(), "in the same order");
        let sources = nodes[0].get("/sources").body;
        for name in ["LOGS", "web1", "web1/x.log", "web.2", "web.2/x.log"] {
            assert!(sources.contains(&format!("\"name\":\"{name}\"")), "{sources}");
        }
    }
}

#[test]
fn filters_and_formats_are_those_of_one_machine() {
    let server = Server::start(SERVERS[0]);
    let agent = agent(&server.url(), "web1");
    let node = node(&server.url());
    let mut events = node.events("/sse?n=all");
    let text = "2026-11-25T14:00:00Z INFO start\n2026-11-25T14:00:01Z ERROR bad\n\tat here\n\
                2026-11-25T15:00:00Z INFO end\n";
    agent.append("x.log", text);
    assert_eq!(events.lines(4).len(), 4);
    let read = |query: &str| {
        let body = node.request("GET", &format!("/sse?follow=0&{query}"), &[]).body;
        let data = body.lines().filter_map(|line| line.strip_prefix("data: "));
        data.filter(|data| !data.contains("\"type\"")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(read("n=1"), ["2026-11-25T15:00:00Z INFO end"]);
    assert_eq!(read("n=all&grep=bad"), ["2026-11-25T14:00:01Z ERROR bad"]);
    assert_eq!(read("n=all&level=error"), ["2026-11-25T14:00:01Z ERROR bad", "\tat here"]);
    assert_eq!(read("since=2026-11-25T14:30:00Z"), ["2026-11-25T15:00:00Z INFO end"]);
    assert_eq!(read("n=2&file=web1/*").len(), 2);
    assert_eq!(read("n=2&file=web2/*").len(), 0);
    let json: serde_json::Value =
        serde_json::from_str(&read("n=all&grep=bad&format=json")[0]).expect("JSON");
    assert_eq!((&json["file"], &json["level"]), (&"web1/x.log".into(), &"error".into()));
    assert_eq!(json["offset"], 32);
    assert_eq!(read("n=1&format=base64"), ["MjAyNi0xMS0yNVQxNTowMDowMFogSU5GTyBlbmQ="]);
}

#[test]
fn the_publisher_serves_its_own_clients_with_its_own_ids() {
    let server = Server::start(SERVERS[0]);
    let agent = agent(&server.url(), "web1");
    let mut events = agent.events("/sse?n=all");
    agent.append("x.log", "a line\n");
    assert_eq!(events.lines(1), ["a line"]);
    eventually("everything is published", || agent.metric("ssetail_stream_lag_events") == 0);
    assert_eq!(agent.metric("ssetail_stream_lag_bytes"), 0);
    assert_eq!(agent.metric("ssetail_open_streams"), 1, "the publisher is no client");
}

#[test]
fn everything_is_published_before_the_end_of_input_ends_the_program() {
    let mut server = Server::start(SERVERS[0]);
    let node = node(&server.url());
    let publisher = Ssetail::new().args(["-", "--exit-on-eof", "--host", "web1", "--create"]);
    let mut publisher = publisher.args(["--to", &server.url()]).piped().start();
    publisher.input(numbered("line", 0..100));
    eventually("it is published", || publisher.metric("ssetail_stream_lag_events") == 0);
    server.kill();
    publisher.input(numbered("line", 100..200));
    publisher.close_input();
    server.restart();
    assert_eq!(publisher.end().0, 0);
    let reader = Reader::start(&addresses(&[&node]), 0);
    reader.until("line 199");
    assert_eq!(reader.lines().len(), 200);
}

#[test]
fn control_events_and_hidden_lines_are_as_on_the_host() {
    let server = Server::start(SERVERS[0]);
    let publisher = Ssetail::new().file("x.log", "").args(["x.log", "--exclude", "secret"]);
    let to = ["--to", &server.url(), "--create", "--host", "web1"];
    let publisher = publisher.args(to).start();
    let node = node(&server.url());
    let mut events = node.events("/sse?n=all");
    append(&publisher.path("x.log"), "one\na secret\ntwo\n");
    assert_eq!(events.lines(2), ["one", "two"]);
    let json = node.get("/sse?follow=0&n=all&format=json").body;
    let offsets = json.lines().filter_map(|line| line.split("\"offset\":").nth(1));
    assert_eq!(offsets.collect::<Vec<_>>(), ["0}", "13}"]);
    std::fs::write(publisher.path("x.log"), "").expect("truncated");
    let change = events.control("source");
    assert_eq!((&change["file"], &change["change"]), (&"web1/x.log".into(), &"truncated".into()));
}

#[test]
fn a_node_that_starts_before_the_stream_serves_it_when_it_exists() {
    let server = Server::start(SERVERS[0]);
    let mut node = node(&server.url());
    node.wait_for("has no stream LOGS; make it with --create");
    let reader = Reader::start(&addresses(&[&node]), 0);
    let agent = agent(&server.url(), "web1");
    agent.append("x.log", numbered("line", 0..10));
    reader.until("line 9");
    assert_eq!(reader.lines().concat(), (0..10).map(|n| format!("line {n}")).collect::<String>());
    assert!(reader.gaps().is_empty());
}

#[test]
fn other_subjects_of_a_stream_are_none_of_its_business() {
    for program in SERVERS {
        let server = Server::start(program);
        let subjects = serde_json::json!({ "subjects": ["ssetail.LOGS.*", "orders.*"] });
        api::create_stream(&server, &subjects);
        let agent = agent(&server.url(), "web1");
        agent.append("x.log", numbered("line", 0..10));
        eventually("it is published", || agent.metric("ssetail_stream_lag_events") == 0);
        let count = api::last_sequence(&server).expect("a stream");
        for order in 0..50 {
            api::publish(&server, "orders.new", &format!("{order}"));
        }
        let is_there = |last: u64| last >= count + 50;
        eventually("they are there", || api::last_sequence(&server).is_some_and(is_there));
        let small = Ssetail::new()
            .arg(server.url())
            .args(["--replay", "5", "--replay-bytes", "1000"])
            .start();
        let reader = Reader::start(&addresses(&[&small]), 0);
        reader.until("line 9");
        agent.append("x.log", numbered("line", 10..20));
        reader.until("line 19");
        assert_eq!(reader.lines().len(), 20);
        assert!(reader.gaps().is_empty(), "{:?}", reader.gaps());
        api::publish(&server, "orders.new", "the last one");
        // The answer comes after two looks at the stream.
        let id = reader.events()[0].id.clone();
        let future = format!("{}-zzz.1~aaa", id.split('-').next().expect("an epoch"));
        let answer = small.request("GET", "/sse?follow=0&n=1", &[("last-event-id", &future)]);
        assert!(answer.body.contains("\"unknown\""), "{}", answer.body);
        let unread = small.metric("ssetail_stream_unread_messages");
        assert_eq!((unread, small.metric("ssetail_stream_consumers_total")), (0, 0));
    }
}
