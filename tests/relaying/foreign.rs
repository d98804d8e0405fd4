//! Event streams of servers that are no ssetail.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

use super::{relay_at, until_state};
use crate::harness::{DEADLINE, Running, Ssetail, eventually};

/// A server whose answers the test writes itself.
pub struct Server {
    pub url: String,
    requests: Receiver<(String, TcpStream)>,
}

impl Server {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/stream", listener.local_addr().expect("an address"));
        let (sender, requests) = channel();
        std::thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let mut head = String::new();
                let mut reader = BufReader::new(socket.try_clone().expect("a descriptor"));
                while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap_or(0) > 0 {}
                if sender.send((head, socket)).is_err() {
                    return;
                }
            }
        });
        Server { url, requests }
    }

    /// Waits for a request; returns its head and the connection.
    pub fn request(&self) -> (String, TcpStream) {
        self.requests.recv_timeout(DEADLINE).expect("a request")
    }

    /// Waits for a request, and answers it.
    pub fn answer(&self, answer: &str) -> (String, TcpStream) {
        let (head, mut socket) = self.request();
        socket.write_all(answer.as_bytes()).expect("written");
        (head, socket)
    }
}

pub const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";

#[test]
fn any_event_stream_can_be_followed_and_is_resumed_by_its_ids() {
    let server = Server::start();
    let relay = relay_at(&server.url).start();
    let (head, mut socket) = server.answer(HEAD);
    assert!(head.starts_with("GET /stream HTTP/1.1\r\n"), "{head}");
    assert!(head.to_ascii_lowercase().contains("\r\naccept: text/event-stream\r\n"), "{head}");
    assert!(!head.to_ascii_lowercase().contains("last-event-id"), "{head}");
    let events = "\u{FEFF}: hi\r\nretry: 10\r\ndata: one\rid: 7\r\revent: stock\ndata: two\ndata: three\n\n\
                  event: message\ndata: four\nid: ä8\n\nevent: ssetail\ndata: {}\n\ndata: incomplete\n";
    for byte in events.as_bytes().chunks(3) {
        socket.write_all(byte).expect("written");
    }
    let mut stream = relay.events("/sse");
    let mut got: Vec<(String, String)> =
        stream.take(5).into_iter().map(|event| (event.kind, event.data)).collect();
    let expected = [
        ("a", "one"),
        ("a/stock", "two"),
        ("a/stock", "three"),
        ("a", "four"),
        ("a/ssetail", "{}"),
    ];
    let mut expected = expected.map(|(name, line)| (name.to_owned(), line.to_owned())).to_vec();
    got.sort();
    expected.sort();
    assert_eq!(got, expected);
    drop(socket);
    let (head, mut socket) = server.answer(HEAD);
    assert!(head.contains("last-event-id: ä8\r\n"), "{head}");
    socket.write_all(b"data: five\nid\n\n").expect("written");
    assert_eq!(stream.data(1), ["five"]);
    drop(socket);
    let (head, _socket) = server.answer(HEAD);
    assert!(!head.contains("last-event-id"), "an empty id resets it: {head}");
}

#[test]
fn the_position_in_a_foreign_stream_outlives_a_restart() {
    let server = Server::start();
    let mut first = relay_at(&server.url).args(super::STATE).start();
    let (_, mut socket) = server.answer(HEAD);
    socket.write_all(b"data: one\nid: 1\n\n").expect("written");
    let event = first.events("/sse").take(1).remove(0);
    let second =
        Ssetail::after(&mut first).args(super::STATE).arg(format!("a={}", server.url)).start();
    let (head, mut socket) = server.answer(HEAD);
    assert!(head.contains("last-event-id: 1\r\n"), "{head}");
    socket.write_all(b"data: two\nid: 2\n\n").expect("written");
    assert_eq!(second.events_after("/sse", &event.id).data(1), ["two"]);
}

#[test]
fn a_server_that_is_busy_is_asked_again_after_the_time_it_says() {
    let server = Server::start();
    let mut relay = relay_at(&server.url).start();
    let busy = "HTTP/1.1 503 Unavailable\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n";
    server.answer(busy);
    relay.wait_for("cannot be followed: it answers 503");
    until_state(&relay, "a", "unreachable");
    let start = std::time::Instant::now();
    let (_, mut socket) = server.answer(HEAD);
    assert!(start.elapsed().as_millis() > 500, "{:?}", start.elapsed());
    socket.write_all(b"data: one\n\n").expect("written");
    relay.wait_for("is followed again");
    assert_eq!(relay.events("/sse?n=all").data(1), ["one"]);
}

#[test]
fn a_new_source_takes_the_place_of_one_of_which_nothing_can_be_read() {
    let server = Server::start();
    let relay = relay_at(&server.url).args(["--replay", "10"]).start();
    let (_, mut socket) = server.answer(HEAD);
    let events: String = (0..5000).map(|n| format!("event: n{n}\ndata: x\n\n")).collect();
    socket.write_all(events.as_bytes()).expect("written");
    eventually("all lines are read", || relay.metric("ssetail_lines_read_total") == 5000);
    let has = |relay: &Running, name: &str| {
        relay.get("/sources").body.contains(&format!("\"name\":\"a/{name}\""))
    };
    assert!(has(&relay, "n4095") && !has(&relay, "n4999"));
    let long = format!("event: n0\ndata: {}\n\n", "x".repeat(10_000)).repeat(400);
    socket.write_all(long.as_bytes()).expect("written");
    eventually("a new source has its own name", || {
        socket.write_all(b"event: late\ndata: x\n\n").expect("written");
        has(&relay, "late")
    });
    assert!(has(&relay, "n0") && !has(&relay, "n1"));
}

#[test]
fn events_before_one_that_is_too_large_are_published() {
    let server = Server::start();
    let mut relay = relay_at(&server.url).start();
    let (_, mut socket) = server.answer(HEAD);
    let mut text = b"id: 1\ndata: one\n\ndata: ".to_vec();
    text.resize(9 << 20, b'x');
    // The relay closes the connection before all of it is written.
    let _ = socket.write_all(&text);
    relay.wait_for("it sends an event of more than 8 MiB");
    assert_eq!(relay.events("/sse?n=all").lines(1), ["one"]);
}
