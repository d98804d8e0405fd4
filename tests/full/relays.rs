//! Relays: of a server from npm, of a server that falls silent, and with a thousand clients.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{Ssetail, numbered};

/// A program that is killed when dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = (self.0.kill(), self.0.wait());
    }
}

#[test]
fn a_server_of_better_sse_is_followed_and_resumed() {
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/better-sse.mjs");
    let child = Command::new("node").arg(program).stdout(Stdio::piped()).spawn();
    let mut server = Server(child.expect("node runs"));
    let stdout = server.0.stdout.take().expect("a pipe");
    let mut url = String::new();
    BufReader::new(stdout).read_line(&mut url).expect("an address");
    let relay = Ssetail::new().arg(format!("js={}", url.trim())).start();
    let mut events = relay.events("/sse?n=all");
    let (mut odd, mut even) = (Vec::new(), Vec::new());
    for event in events.take(100) {
        let numbers = if event.kind == "js/odd" { &mut odd } else { &mut even };
        assert!(["js/odd", "js/even"].contains(&&*event.kind), "{}", event.kind);
        // better-sse sends JSON.
        numbers.push(event.data.trim_matches('"').to_owned());
    }
    let expected = |first: usize| -> Vec<String> {
        (first..100).step_by(2).map(|n| format!("line {n}")).collect()
    };
    assert_eq!((even, odd), (expected(0), expected(1)));
}

#[test]
fn a_server_that_falls_silent_is_left_and_asked_again() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/sse", listener.local_addr().expect("an address"));
    let relay = Ssetail::new().arg(format!("a={url}")).start();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nssetail-path: aaaaaa\r\n\r\n";
    let accept = |body: &str| {
        let (mut socket, _) = listener.accept().expect("a connection");
        let mut request = Vec::new();
        // An answer before its request ends the connection.
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            socket.read_exact(&mut byte).expect("a request");
            request.push(byte[0]);
        }
        socket.write_all(format!("{head}{body}").as_bytes()).expect("written");
        socket
    };
    // The first request finds out what kind of server it is.
    let _probe = accept("");
    let _silent = accept("event: x\ndata: 1 t one\nid: aaaaaa-1\n\n");
    assert_eq!(relay.events("/sse?n=all").data(1), ["one"]);
    let start = Instant::now();
    let mut socket = accept("event: x\ndata: 2 t two\nid: aaaaaa-2\n\n");
    assert!(start.elapsed() > Duration::from_secs(30), "{:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(90), "{:?}", start.elapsed());
    assert_eq!(relay.events("/sse?n=all").data(2), ["one", "two"]);
    socket.write_all(b":\n").expect("the connection is open");
}

#[test]
fn a_thousand_clients_of_the_last_relay_get_every_line() {
    let a = Ssetail::new().file("x.log", "").arg("x.log").start();
    let b = Ssetail::new().arg(format!("a={}/", a.url)).start();
    let c = Ssetail::new().arg(format!("b={}/", b.url)).start();
    let mut peers: Vec<_> = (0..1000).map(|_| c.events("/sse")).collect();
    for part in 0..10 {
        a.append("x.log", numbered("line", part * 100..part * 100 + 100));
    }
    let expected: Vec<String> = numbered("line", 0..1000).lines().map(str::to_owned).collect();
    for peer in &mut peers {
        assert_eq!(peer.data(1000), expected);
    }
}
