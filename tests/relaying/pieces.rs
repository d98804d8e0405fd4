//! Lines whose parts come one by one, and states that lines leave to later ones.

use std::io::Write as _;
use std::net::TcpStream;

use super::foreign::{HEAD, Server};
use super::{Forwarder, STATE, relay_at, server};
use crate::harness::{Running, Ssetail};

/// Answers two requests as an ssetail does: the first one only tells the relay what it is.
fn answer_as_ssetail(server: &Server) -> TcpStream {
    let head = HEAD.replace("\r\n\r\n", "\r\nssetail-path: abcdef\r\n\r\n");
    drop(server.answer(&head));
    let (request, socket) = server.answer(&head);
    assert!(request.contains("format=exact"), "{request}");
    socket
}

/// Sends an event with this ID, a line or a part of one.
fn send(socket: &mut TcpStream, id: u64, source: &str, data: &str) {
    let event = format!("event: {source}\ndata: 5 {data}\nid: abcdef-{id}\n\n");
    socket.write_all(event.as_bytes()).expect("written");
}

/// Kills the relay, and starts it again; the server answers the request, which is behind event `id`.
fn restart(relay: &mut Running, server: &Server, args: &[&str], id: u64) -> (Running, TcpStream) {
    let arg = format!("a={}", server.url);
    let again = Ssetail::after(relay).args(STATE).args(args).arg(arg).start();
    let head = HEAD.replace("\r\n\r\n", "\r\nssetail-path: abcdef\r\n\r\n");
    drop(server.answer(&head));
    let (request, socket) = server.answer(&head);
    assert!(request.contains(&format!("last-event-id: abcdef-{id}\r\n")), "{request}");
    (again, socket)
}

#[test]
fn the_parts_of_a_line_are_judged_together_however_they_come() {
    let server = Server::start();
    let args = ["--redact", "se+cret", "--exclude", "drop"];
    let mut relay = relay_at(&server.url).args(STATE).args(args).start();
    let mut socket = answer_as_ssetail(&server);
    send(&mut socket, 1, "x", "tm my sec");
    send(&mut socket, 2, "y", "to@7 first");
    let mut events = relay.events("/sse?n=all");
    assert_eq!(events.data(1), ["first"], "a line that is not finished delays no other one");
    send(&mut socket, 3, "x", "t ret");
    assert_eq!(events.data(1), ["my [redacted]"]);
    // Parts of messages of a container, whose streams are mixed.
    for (id, data) in [(4, "tmo@7 my secr"), (5, "tme@8 dr"), (6, "to@9 et"), (7, "te@9 op it")] {
        send(&mut socket, id, "y", data);
    }
    assert_eq!(events.data(1), ["my [redacted]"]);
    send(&mut socket, 8, "x", "tm dr");
    send(&mut socket, 9, "y", "t second");
    let last = events.take(1).remove(0);
    assert_eq!(last.data, "second");

    let (relay, mut socket) = restart(&mut relay, &server, &args, 9);
    let mut events = relay.events_after("/sse", &last.id);
    send(&mut socket, 10, "x", "tm op ");
    send(&mut socket, 11, "x", "t it");
    send(&mut socket, 12, "x", "t third");
    assert_eq!(events.data(1), ["third"]);
}

#[test]
fn a_part_whose_rest_is_lost_is_published() {
    let server = Server::start();
    let relay = relay_at(&server.url).start();
    let mut socket = answer_as_ssetail(&server);
    send(&mut socket, 1, "x", "tm begin");
    let gap = "event: ssetail\ndata: {\"type\":\"gap\",\"reason\":\"slow\",\"lost\":3}\n\n";
    socket.write_all(gap.as_bytes()).expect("written");
    send(&mut socket, 5, "x", "t next");
    let mut events = relay.events("/sse?n=all");
    assert_eq!(events.data(1), ["begin"]);
    assert_eq!(events.control("gap")["lost"], 3);
    assert_eq!(events.data(1), ["next"]);
}

#[test]
fn the_rest_of_a_private_key_is_redacted_after_a_restart() {
    let a = server("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\n").start();
    let forwarder = Forwarder::to(&a);
    let url = format!("a={}", forwarder.url());
    let args = ["--redact-secrets", "--from-start", &url];
    let mut relay = Ssetail::new().args(STATE).args(args).start();
    let last = relay.events("/sse?n=all").take(2).remove(1);
    assert_eq!(last.data, "[redacted]");
    // The second restart finds what the first one has noted of an upstream that is silent.
    let mut silent = Ssetail::after(&mut relay).args(STATE).args(args).start();
    super::until_state(&silent, "a/x.log", "live");
    let again = Ssetail::after(&mut silent).args(STATE).args(args).start();
    a.append("x.log", "hkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\nplain\n");
    let mut events = again.events_after("/sse", &last.id);
    assert_eq!(events.data(3), ["[redacted]", "[redacted]", "plain"]);
}

#[test]
fn a_server_that_is_silent_keeps_its_place_while_another_one_writes() {
    let (a, b) =
        (server("a 0\n").start(), Ssetail::new().file("y.log", "b 0\n").arg("y.log").start());
    let urls = [format!("a={}/", a.url), format!("b={}/", b.url)];
    let mut relay = Ssetail::new().args(STATE).args(&urls).arg("--from-start").start();
    let last = relay.events("/sse?n=all").take(2).remove(1);
    for round in 1..6 {
        relay = Ssetail::after(&mut relay).args(STATE).args(&urls).arg("--from-start").start();
        a.append("x.log", format!("a {round}\n"));
    }
    let again = Ssetail::after(&mut relay).args(STATE).args(&urls).arg("--from-start").start();
    b.append("y.log", "b 1\n");
    let mut events = again.events_after("/sse", &last.id);
    let mut line = events.lines(1).remove(0);
    while line != "b 1" {
        assert!(line.starts_with("a "), "{line} came before");
        line = events.lines(1).remove(0);
    }
}
