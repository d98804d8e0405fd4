//! Events that are older than the ring of a node.

use crate::harness::{Ssetail, eventually, numbered};
use crate::kills::assert_all;
use crate::parser::Event;
use crate::reader::Reader;
use crate::server::{SERVERS, Server};
use crate::{addresses, agent, api};

/// Number of messages of a stream in these tests.
const MESSAGES: usize = 120;

/// Publishes many small messages, of ten lines each.
fn filled(server: &Server) -> crate::harness::Running {
    let agent = agent(&server.url(), "web1");
    for message in 0..MESSAGES {
        agent.append("x.log", numbered("line", message * 10..message * 10 + 10));
        let count = |sequence: u64| sequence > message as u64;
        eventually("the message is published", || api::last_sequence(server).is_some_and(count));
    }
    agent
}

/// Returns the lines of a read that ends.
fn read(node: &crate::harness::Running, query: &str, id: &str) -> Vec<Event> {
    let headers = [("last-event-id", id)];
    let response = node.request("GET", &format!("/sse?follow=0&{query}"), &headers);
    crate::parser::Parser::default().feed(response.body.as_bytes())
}

fn data(events: &[Event]) -> String {
    events.iter().filter(|event| event.kind != "ssetail").map(|e| e.data.clone() + "\n").collect()
}

#[test]
fn what_the_ring_does_not_have_is_read_from_the_stream() {
    for program in SERVERS {
        let server = Server::start(program);
        let _agent = filled(&server);
        let small = ["--replay", "20", "--replay-bytes", "2000"];
        let node = Ssetail::new().arg(server.url()).args(small).start();
        let all = read(&node, "n=all", "");
        assert_eq!(data(&all), numbered("line", 0..MESSAGES * 10));
        assert_eq!(data(&read(&node, "n=500", "")), numbered("line", 700..1200));
        assert_eq!(data(&read(&node, "n=3&grep=line+1.$", "")), numbered("line", 17..20));
        let lines: Vec<&Event> = all.iter().filter(|event| event.kind != "ssetail").collect();
        for at in [0, 5, 333, 700, 1198] {
            let rest = read(&node, "n=all", &lines[at].id);
            assert_eq!(data(&rest), numbered("line", at + 1..1200), "after {at}");
            let before = read(&node, &format!("n=4&before={}", lines[at].id), "");
            assert_eq!(data(&before), numbered("line", at.saturating_sub(4)..at), "before {at}");
        }
        let again = Ssetail::new().arg(server.url()).start();
        assert_eq!(read(&again, "n=all", ""), all, "another node gives the same events");
    }
}

#[test]
fn a_client_that_follows_gets_every_line_however_small_the_ring_is() {
    let server = Server::start(SERVERS[0]);
    let agent = agent(&server.url(), "web1");
    let small = ["--replay", "20", "--replay-bytes", "200"];
    let node = Ssetail::new().arg(server.url()).args(small).start();
    let readers = [0, 7, 30].map(|stay| Reader::start(&addresses(&[&node]), stay));
    for message in 0..MESSAGES {
        agent.append("x.log", numbered("line", message * 20..message * 20 + 20));
        readers[0].until(&format!("line {}", message * 20 + 19));
    }
    assert_all(&readers, MESSAGES * 20);
}

#[test]
fn a_lost_message_is_the_same_gap_wherever_a_read_begins() {
    for program in SERVERS {
        let server = Server::start(program);
        let _agent = filled(&server);
        // Sixteen messages are read together, from number 32 and number 64 on.
        for sequence in [30, 31, 64] {
            api::delete_message(&server, sequence);
        }
        let small = ["--replay", "20", "--replay-bytes", "2000"];
        let nodes =
            [&[][..], &small].map(|more| Ssetail::new().arg(server.url()).args(more).start());
        let [large, small] = nodes.each_ref().map(|node| read(node, "n=all", ""));
        let gaps = large.iter().filter(|event| event.data.contains("\"gap\""));
        let lost = gaps.map(|gap| {
            serde_json::from_str::<serde_json::Value>(&gap.data).expect("JSON")["lost"].as_u64()
        });
        assert_eq!(lost.collect::<Vec<_>>(), [Some(20), Some(10)]);
        assert_eq!(small, large);
    }
}

#[test]
fn an_id_beyond_retention_is_a_gap_of_unknown_length() {
    let server = Server::start(SERVERS[0]);
    let _agent = filled(&server);
    let small = ["--replay", "20", "--replay-bytes", "2000"];
    let node = Ssetail::new().arg(server.url()).args(small).start();
    let all = read(&node, "n=all", "");
    api::purge_before(&server, 61);
    eventually("the node knows", || {
        let events = read(&node, "n=all", &all[100].id);
        let gap = r#"{"type":"gap","reason":"evicted","lost":null}"#;
        events[0].data == gap && data(&events) == numbered("line", 600..1200)
    });
    let kept = all.iter().rev().find(|event| event.data == "line 900").expect("a line");
    assert_eq!(data(&read(&node, "n=all", &kept.id)), numbered("line", 901..1200));
}

#[test]
fn an_id_of_another_stream_or_of_no_message_is_a_gap() {
    let server = Server::start(SERVERS[0]);
    let _agent = filled(&server);
    let small = ["--replay", "20", "--replay-bytes", "2000"];
    // The message is in the ring of the first node, and has to be read again by the second.
    for more in [&[][..], &small] {
        let node = Ssetail::new().arg(server.url()).args(more).start();
        check_foreign_ids(&node);
    }
}

fn check_foreign_ids(node: &crate::harness::Running) {
    let all = read(node, "n=all", "");
    let (epoch, _) = all[0].id.split_once('-').expect("an id");
    for (id, reason) in [
        ("aaaaaa-1.1~abc".to_owned(), "restart"),
        ("aaaaaa-5".to_owned(), "restart"),
        (format!("{epoch}-3.1~aaa"), "unknown"),
        (format!("{epoch}-zz.1~aaa"), "unknown"),
        ("x".to_owned(), "unknown"),
    ] {
        let events = read(node, "n=2", &id);
        let gap = format!(r#"{{"type":"gap","reason":"{reason}","lost":null}}"#);
        assert_eq!(events[0].data, gap, "{id}");
        assert_eq!(data(&events), numbered("line", 1198..1200), "{id}");
    }
}
