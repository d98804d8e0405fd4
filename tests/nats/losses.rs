//! Streams that lose messages, are made anew, or are away.

use crate::harness::{eventually, numbered};
use crate::kills::assert_all;
use crate::reader::Reader;
use crate::server::{SERVERS, Server, copy};
use crate::{addresses, agent, agent_again, api, node};

#[test]
fn what_a_server_has_lost_is_published_again_and_comes_once() {
    for program in SERVERS {
        let mut server = Server::start(program);
        let publisher = agent(&server.url(), "web1");
        let node = node(&server.url());
        let readers = [Reader::start(&addresses(&[&node]), 0)];
        publisher.append("x.log", numbered("line", 0..100));
        readers[0].until("line 99");
        let (store, old) = (server.store(), server.store().with_extension("old"));
        server.kill();
        copy(&store, &old);
        server.restart();
        for part in 1..10 {
            publisher.append("x.log", numbered("line", part * 100..part * 100 + 100));
            readers[0].until(&format!("line {}", part * 100 + 99));
        }
        server.kill();
        std::fs::remove_dir_all(&store).expect("removed");
        std::fs::rename(&old, &store).expect("renamed");
        server.restart();
        publisher.append("x.log", numbered("line", 1000..1200));
        assert_all(&readers, 1200);
        eventually("it is counted", || {
            publisher.metric("ssetail_stream_lost_tails_total") == 1
                && node.metric("ssetail_stream_lost_tails_total") == 1
        });
        // A new node has everything once, too.
        let another = crate::node(&server.url());
        assert_all(&[Reader::start(&addresses(&[&another]), 0)], 1200);
    }
}

#[test]
fn a_stream_that_was_made_anew_goes_on_with_the_next_line() {
    for program in SERVERS {
        let server = Server::start(program);
        let mut publisher = agent(&server.url(), "web1");
        let node = node(&server.url());
        let readers = [Reader::start(&addresses(&[&node]), 0)];
        publisher.append("x.log", numbered("line", 0..100));
        readers[0].until("line 99");
        let old = readers[0].events().pop().expect("an event").id;
        api::delete_stream(&server);
        publisher.append("x.log", numbered("line", 100..200));
        publisher.wait_for("has no stream LOGS; make it with --create");
        api::create_stream(&server, &serde_json::json!({}));
        assert_all(&readers, 200);
        let new = readers[0].events().pop().expect("an event").id;
        assert_ne!(old[..6], new[..6], "another epoch");
        // A client of another node, which does not know the old stream.
        let another = crate::node(&server.url());
        let mut events = another.events_after("/sse", &old);
        let gap = events.control("gap");
        assert_eq!((&gap["reason"], &gap["lost"]), (&"restart".into(), &serde_json::Value::Null));
    }
}

#[test]
fn a_server_that_was_away_gets_what_was_written_meanwhile() {
    let mut server = Server::start(SERVERS[1]);
    let publisher = agent(&server.url(), "web1");
    let node = node(&server.url());
    let readers = [Reader::start(&addresses(&[&node]), 0)];
    publisher.append("x.log", numbered("line", 0..100));
    readers[0].until("line 99");
    server.kill();
    for rotation in 1..4 {
        publisher.append("x.log", numbered("line", rotation * 1000 - 900..rotation * 1000));
        publisher.rename("x.log", &format!("x.log.{rotation}"));
        publisher.append("x.log", numbered("line", rotation * 1000..rotation * 1000 + 100));
    }
    eventually("the publisher falls behind", || {
        publisher.metric("ssetail_stream_lag_events") >= 3000
            && publisher.metric("ssetail_stream_lag_bytes") > 20_000
    });
    server.restart();
    assert_all(&readers, 3100);
}

#[test]
fn a_message_that_the_stream_has_lost_is_a_gap_with_the_exact_count() {
    let server = Server::start(SERVERS[0]);
    let publisher = agent(&server.url(), "web1");
    for message in 0..10 {
        publisher.append("x.log", numbered("line", message * 10..message * 10 + 10));
        let is_there = |sequence: u64| sequence > message as u64;
        eventually("it is published", || api::last_sequence(&server).is_some_and(is_there));
    }
    api::delete_message(&server, 5);
    let node = node(&server.url());
    let reader = Reader::start(&addresses(&[&node]), 0);
    reader.until("line 99");
    let lines: String = reader.lines().into_iter().map(|line| line + "\n").collect();
    let sources = reader.events().into_iter().filter(|event| event.data.contains("\"source\""));
    let first = sources.count();
    let gap = &reader.gaps()[0];
    assert_eq!((&gap["file"], gap["lost"].as_u64()), (&"web1".into(), Some(10)), "{first}");
    let missing = if lines.contains("line 40\n") { 30..40 } else { 40..50 };
    let expected = numbered("line", 0..missing.start) + &numbered("line", missing.end..100);
    assert_eq!(lines, expected);
    assert_eq!(node.metric("ssetail_stream_chain_breaks_total"), 1);
}

#[test]
fn a_full_stream_gets_the_lines_when_it_has_room() {
    let server = Server::start(SERVERS[0]);
    let full = serde_json::json!({ "max_bytes": 20_000, "discard": "new" });
    api::create_stream(&server, &full);
    let mut publisher = agent(&server.url(), "web1");
    let node = node(&server.url());
    let readers = [Reader::start(&addresses(&[&node]), 0)];
    let mut written = 0;
    for _ in 0..10 {
        publisher.append("x.log", numbered("line", written..written + 300));
        written += 300;
    }
    publisher.wait_for("takes no message: ");
    api::update_stream(&server, &serde_json::json!({ "max_bytes": 20_000_000, "discard": "new" }));
    assert_all(&readers, written);
    publisher.wait_for("takes messages again");
}

#[test]
fn a_second_publisher_of_a_host_ends_and_the_first_goes_on() {
    let server = Server::start(SERVERS[0]);
    let mut first = agent(&server.url(), "web1");
    let node = node(&server.url());
    let readers = [Reader::start(&addresses(&[&node]), 0)];
    first.append("x.log", numbered("line", 0..10));
    readers[0].until("line 9");
    let second = crate::harness::Ssetail::new().file("x.log", "other\n").arg("x.log");
    let (code, stderr) = second.args(["--to", &server.url(), "--host", "web1"]).fail();
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("another ssetail publishes to"), "{stderr}");
    first.append("x.log", numbered("line", 10..20));
    assert_all(&readers, 20);
    // The host is free when its publisher has ended.
    let again = agent_again(&mut first, &server.url(), "web1");
    again.append("x.log", numbered("line", 20..30));
    assert_all(&readers, 30);
}
