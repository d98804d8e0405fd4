//! Users that may do no more than the operators' guide lists, and users that may do less.

use serde_json::json;

use crate::harness::{Running, Ssetail, eventually, numbered};
use crate::reader::Reader;
use crate::server::{SERVERS, Server};
use crate::{STATE, addresses, agent_again, api};

/// The operators' guide.
const GUIDE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/REACH.md");

/// Returns the lines of the configuration in the operators' guide.
fn listed() -> Vec<String> {
    let guide = std::fs::read_to_string(GUIDE).expect("the guide can be read");
    let lines = guide.lines().map(str::to_owned).skip_while(|line| line != "authorization {");
    lines.take_while(|line| line != "```").collect()
}

/// Returns a configuration for which the tests are a user with all permissions.
fn configuration(lines: &[String]) -> String {
    let users = "users = [\n{ user: \"tests\", password: \"SECRET\" }";
    format!("no_auth_user: tests\n{}\n", lines.join("\n").replacen("users = [", users, 1))
}

/// Starts a server with a stream and these lines of configuration.
fn server(program: &'static str, lines: &[String]) -> Server {
    let server = Server::configured(program, &configuration(lines));
    api::create_stream(&server, &json!({}));
    server
}

fn publisher(server: &Server) -> Ssetail {
    let ssetail = Ssetail::new().file("x.log", "").arg("x.log").args(STATE);
    ssetail.args(["--host", "web1", "--to", &server.url_of("web1")])
}

/// Returns a node that has to read its history from the stream.
fn small_node(server: &Server) -> Running {
    let small = ["--replay", "20", "--replay-bytes", "2000"];
    Ssetail::new().arg(server.url_of("node")).args(small).start()
}

#[test]
fn the_listed_permissions_are_enough() {
    for program in SERVERS {
        let mut server = server(program, &listed());
        let mut first = publisher(&server).start();
        let mut node = small_node(&server);
        let reader = Reader::start(&addresses(&[&node]), 0);
        for part in 0..20 {
            first.append("x.log", numbered("line", part * 20..part * 20 + 20));
            reader.until(&format!("line {}", part * 20 + 19));
        }
        server.kill();
        server.restart();
        eventually("both are connected again", || {
            let is_back = |program: &Running| program.metric("ssetail_stream_reconnects_total") > 0;
            is_back(&first) && is_back(&node)
        });
        let (code, stderr) = publisher(&server).fail();
        assert_eq!(code, 1, "{stderr}");
        assert!(stderr.contains("another ssetail publishes to"), "{stderr}");
        let mut again = agent_again(&mut first, &server.url_of("web1"), "web1");
        again.append("x.log", numbered("line", 400..420));
        reader.until("line 419");
        assert_eq!(reader.lines().len(), 420);
        node.kill();
        let mut node = small_node(&server);
        let reader = Reader::start(&addresses(&[&node]), 0);
        reader.until("line 419");
        assert_eq!(reader.lines().len(), 420);
        for program in [&mut first, &mut again, &mut node] {
            program.kill();
            assert!(!program.rest_of_stderr().contains("permit"), "{}", program.stderr);
        }
    }
}

/// Checks the sentences of a publisher or of a node without the permission in line `at`.
fn check_without(program: &'static str, lines: &[String], at: usize) {
    let mut fewer = lines.to_vec();
    // A list without subjects would permit all.
    let line = std::mem::replace(&mut fewer[at], "\"none\"".to_owned());
    let subject = line.trim().trim_matches('"').to_owned();
    let is_of_node = lines[..at].iter().any(|line| line.contains("user: \"node\""));
    let mut server = server(program, &fewer);
    let mut web1 = publisher(&server).start();
    let mut node = small_node(&server);
    web1.append("x.log", numbered("line", 0..10));
    let action = match lines[..at].iter().rev().find(|line| line.ends_with(": [")) {
        Some(list) if list.contains("subscribe") => "subscribe",
        _ => "publish",
    };
    let sentence = format!("does not permit this user to {action} to {subject}; add the subject");
    let mut denied = if is_of_node { &mut node } else { &mut web1 };
    let line = denied.wait_for(&sentence);
    assert!(!line.contains("SECRET"), "{line}");
    server.configure(&configuration(lines));
    let is_presence = subject.contains("presence");
    if !is_presence {
        denied = if is_of_node { &mut node } else { &mut web1 };
        denied.wait_for(if is_of_node { "is read again" } else { "takes messages again" });
    }
    let reader = Reader::start(&addresses(&[&node]), 0);
    reader.until("line 9");
    assert_eq!(reader.lines().len(), 10);
    let denied = if is_of_node { &mut node } else { &mut web1 };
    denied.kill();
    let count = denied.rest_of_stderr().matches(&sentence).count();
    assert_eq!(count, 1, "{}", denied.stderr);
}

#[test]
fn each_permission_that_is_missing_is_named_once() {
    let lines = listed();
    // The others are asked for only after a failure, or have a replacement.
    let others = ["DIRECT.GET", "CONSUMER.INFO", "CONSUMER.DELETE"];
    let is_subject = |line: &String| {
        line.starts_with("        \"") && !others.iter().any(|other| line.contains(other))
    };
    let places: Vec<usize> = (0..lines.len()).filter(|&at| is_subject(&lines[at])).collect();
    assert_eq!(places.len(), 11);
    for places in places.chunks(4) {
        std::thread::scope(|scope| {
            for &at in places {
                let lines = &lines;
                scope.spawn(move || check_without(SERVERS[at % 2], lines, at));
            }
        });
    }
}

#[test]
fn history_comes_without_the_permission_for_direct_gets() {
    let lines: Vec<String> =
        listed().into_iter().filter(|line| !line.contains("DIRECT.GET")).collect();
    let server = server(SERVERS[1], &lines);
    let web1 = publisher(&server).start();
    let mut node = small_node(&server);
    let first = Reader::start(&addresses(&[&node]), 0);
    for part in 0..20 {
        web1.append("x.log", numbered("line", part * 20..part * 20 + 20));
        first.until(&format!("line {}", part * 20 + 19));
    }
    let reader = Reader::start(&addresses(&[&node]), 0);
    reader.until("line 399");
    assert_eq!(
        reader.lines().concat(),
        numbered("line", 0..400).replace('\n', ""),
        "{:?}",
        reader.gaps()
    );
    node.kill();
    assert!(!node.rest_of_stderr().contains("permit"), "{}", node.stderr);
}
