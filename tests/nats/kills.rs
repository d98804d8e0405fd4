//! Kills of publishers, nodes and servers at random moments, while lines are written.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::harness::{Running, eventually, numbered, write_until};
use crate::reader::{Addresses, Reader, assert_same_ids};
use crate::server::{SERVERS, Server};
use crate::{addresses, agent, agent_again, node};

/// Replaces a node that was killed by another one.
pub fn replace(nodes: &mut [Running], at: usize, url: &str, addresses: &Addresses) {
    nodes[at].kill();
    nodes[at] = node(url);
    *addresses.lock().expect("not poisoned") =
        nodes.iter().map(|node| node.address().to_owned()).collect();
}

/// Checks that each client has got every line once and in order.
pub fn assert_all(readers: &[Reader], written: usize) {
    for reader in readers {
        reader.until(&format!("line {}", written - 1));
        let text: String = reader.lines().into_iter().map(|line| line + "\n").collect();
        assert!(text == numbered("line", 0..written), "{:?}", reader.gaps());
        assert_eq!(reader.gaps(), [] as [serde_json::Value; 0]);
    }
    assert_same_ids(readers);
}

#[test]
fn every_line_comes_once_when_publisher_nodes_and_server_are_killed_often() {
    for (seed, program) in (1_u64..).zip(SERVERS) {
        let mut server = Server::start(program);
        let url = server.url();
        let mut publisher = agent(&url, "web1");
        let mut nodes = [node(&url), node(&url)];
        let at = addresses(&[&nodes[0], &nodes[1]]);
        let readers = [0, 40, 300].map(|stay| Reader::start(&at, stay));
        let (path, stop) = (publisher.path("x.log"), AtomicBool::new(false));
        readers_have(&publisher, &readers, 0);
        let path = Path::new(&path).to_owned();
        let directory = path.parent().expect("a directory").to_owned();
        let written = std::thread::scope(|scope| {
            let writer = scope.spawn(|| write_until(&directory.join("x.log"), &stop));
            let mut random = seed;
            for round in 0..12 {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let more = 1 + (random >> 33) as usize % 400;
                let seen = readers[0].lines().len();
                eventually("lines arrive", || readers[0].lines().len() >= seen + more);
                match round % 3 {
                    0 => publisher = agent_again(&mut publisher, &url, "web1"),
                    1 => {
                        server.kill();
                        server.restart();
                    }
                    _ => replace(&mut nodes, round / 3 % 2, &url, &at),
                }
            }
            stop.store(true, Ordering::Relaxed);
            writer.join().expect("the writer ends")
        });
        assert_all(&readers, written);
    }
}

/// Waits until the publisher has begun.
fn readers_have(publisher: &Running, readers: &[Reader], lines: usize) {
    eventually("the publisher is there", || {
        publisher.metric("ssetail_stream_lag_events") == 0
            && readers.iter().all(|reader| reader.lines().len() >= lines)
    });
}
