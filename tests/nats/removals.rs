//! Messages that an operator or a limit of the stream has removed, while programs stay connected or
//! are restarted.

use serde_json::json;

use crate::harness::{Running, Ssetail, eventually, numbered};
use crate::kills::assert_all;
use crate::reader::{Reader, assert_same_ids};
use crate::server::{SERVERS, Server};
use crate::{addresses, agent, agent_again, api, node};

/// Publishes `messages` messages of ten lines each, from line `first` on.
fn publish(publisher: &Running, first: usize, messages: usize) {
    // The publisher has also stored its position when it counts a message.
    let acknowledged = || publisher.metric("ssetail_stream_messages_total");
    for message in 0..messages {
        let (before, start) = (acknowledged(), first + message * 10);
        publisher.append("x.log", numbered("line", start..start + 10));
        eventually("it is published", || acknowledged() > before);
    }
}

fn text(reader: &Reader) -> String {
    reader.lines().into_iter().map(|line| line + "\n").collect()
}

/// Returns the numbers of lost events in the gaps of a client.
fn lost(reader: &Reader) -> Vec<Option<u64>> {
    reader.gaps().iter().map(|gap| gap["lost"].as_u64()).collect()
}

#[test]
fn the_newest_messages_that_an_operator_removes_stay_away_and_are_counted() {
    for program in SERVERS {
        let server = Server::start(program);
        let publisher = agent(&server.url(), "web1");
        let node = node(&server.url());
        let readers = [0, 15].map(|stay| Reader::start(&addresses(&[&node]), stay));
        publish(&publisher, 0, 10);
        for reader in &readers {
            reader.until("line 99");
        }
        let newest = api::last_sequence(&server).expect("a stream");
        for sequence in newest - 1..=newest {
            api::delete_message(&server, sequence);
        }
        publish(&publisher, 100, 10);
        // The clients of a node that has read them get no line twice, and miss none.
        assert_all(&readers, 200);
        assert_eq!(publisher.metric("ssetail_stream_lost_tails_total"), 0);
        let another = crate::node(&server.url());
        let late = Reader::start(&addresses(&[&another]), 0);
        late.until("line 199");
        assert_eq!(text(&late), numbered("line", 0..80) + &numbered("line", 100..200));
        assert_eq!(lost(&late), [Some(20)]);
        assert_same_ids(&[late]);
    }
}

#[test]
fn a_stream_that_is_emptied_goes_on_with_the_next_line() {
    for program in SERVERS {
        let server = Server::start(program);
        let mut publisher = agent(&server.url(), "web1");
        let node = node(&server.url());
        let readers = [0, 15].map(|stay| Reader::start(&addresses(&[&node]), stay));
        publish(&publisher, 0, 10);
        for reader in &readers {
            reader.until("line 99");
        }
        let old = readers[0].events().pop().expect("an event").id;
        api::purge_before(&server, api::last_sequence(&server).expect("a stream") + 1);
        publish(&publisher, 100, 1);
        // A restart goes on behind the position that it has kept.
        api::purge_before(&server, api::last_sequence(&server).expect("a stream") + 1);
        publisher = agent_again(&mut publisher, &server.url(), "web1");
        publish(&publisher, 110, 9);
        assert_all(&readers, 200);
        let another = crate::node(&server.url());
        let late = Reader::start(&addresses(&[&another]), 0);
        late.until("line 199");
        assert_eq!(text(&late), numbered("line", 110..200));
        assert_eq!(lost(&late), []);
        let mut events = another.events_after("/sse", &old);
        let gap = events.control("gap");
        assert_eq!((&gap["reason"], &gap["lost"]), (&"evicted".into(), &json!(null)));
        assert_eq!(events.lines(1), ["line 110"]);
    }
}

#[test]
fn the_subject_of_a_host_that_is_purged_does_not_get_its_lines_again() {
    for program in SERVERS {
        let server = Server::start(program);
        let mut publisher = agent(&server.url(), "web1");
        let other = agent(&server.url(), "web2");
        publish(&publisher, 0, 5);
        publish(&other, 1000, 5);
        api::purge_subject(&server, "ssetail.LOGS.web1");
        publish(&publisher, 50, 1);
        api::purge_subject(&server, "ssetail.LOGS.web1");
        let again = agent_again(&mut publisher, &server.url(), "web1");
        publish(&again, 60, 1);
        let node = node(&server.url());
        let reader = Reader::start(&addresses(&[&node]), 0);
        reader.until("line 69");
        assert_eq!(text(&reader), numbered("line", 1000..1050) + &numbered("line", 60..70));
    }
}

#[test]
fn a_restart_after_the_age_of_all_messages_publishes_nothing_twice() {
    let server = Server::start(SERVERS[0]);
    api::create_stream(&server, &json!({ "max_age": 1_000_000_000 }));
    let mut publisher = agent(&server.url(), "web1");
    publish(&publisher, 0, 5);
    eventually("the messages have expired", || api::messages(&server) == 0);
    api::update_stream(&server, &json!({ "max_age": 0 }));
    let again = agent_again(&mut publisher, &server.url(), "web1");
    publish(&again, 50, 1);
    let node = node(&server.url());
    let reader = Reader::start(&addresses(&[&node]), 0);
    reader.until("line 59");
    assert_eq!(text(&reader), numbered("line", 50..60));
}

#[test]
fn a_message_of_a_host_without_others_is_a_gap_that_clients_can_resume_after() {
    let server = Server::start(SERVERS[0]);
    let web1 = agent(&server.url(), "web1");
    publish(&web1, 0, 32);
    let web2 = agent(&server.url(), "web2");
    publish(&web2, 5000, 1);
    publish(&web1, 320, 40);
    let small = ["--replay", "20", "--replay-bytes", "2000"];
    let node = Ssetail::new().arg(server.url()).args(small).start();
    eventually("all is read", || node.metric("ssetail_stream_messages_total") == 73);
    // Sixteen messages are read together, from number 33 on, and nothing else tells of this one.
    api::delete_message(&server, 33);
    let read = |id: &str| {
        let answer = node.request("GET", "/sse?follow=0&n=all", &[("last-event-id", id)]);
        crate::parser::Parser::default().feed(answer.body.as_bytes())
    };
    let all = read("");
    let at = all.iter().position(|event| event.data.contains("\"gap\"")).expect("a gap");
    let gap: serde_json::Value = serde_json::from_str(&all[at].data).expect("JSON");
    assert_eq!((&gap["reason"], &gap["lost"]), (&"evicted".into(), &json!(null)));
    assert_eq!((&*all[at - 1].data, &*all[at + 1].data), ("line 319", "line 320"));
    assert_eq!(read(&all[at].id), all[at + 1..]);
}
