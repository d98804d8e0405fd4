//! Event streams of other servers that are compressed with gzip.

use std::io::Write as _;
use std::net::TcpStream;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::foreign::Server;
use super::{asking_for_gzip, relay_at, relay_of, server, until_state};
use crate::harness::{Running, eventually, numbered};

const HEAD: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: gzip\r\n\r\n";

/// A gzip member that is being written.
struct Member(GzEncoder<Vec<u8>>);

impl Member {
    fn new() -> Self {
        Member(GzEncoder::new(Vec::new(), Compression::default()))
    }

    /// Returns the bytes from which a decoder gets everything up to the end of `text`.
    fn flushed(&mut self, text: &str) -> Vec<u8> {
        self.0.write_all(text.as_bytes()).expect("memory");
        self.0.flush().expect("memory");
        std::mem::take(self.0.get_mut())
    }

    /// Returns the last bytes.
    fn end(self) -> Vec<u8> {
        self.0.finish().expect("memory")
    }
}

/// Returns an event that is a line, and whose ID is its number.
fn event(n: usize) -> String {
    format!("data: line {n}\nid: {n}\n\n")
}

/// Answers the next request, which is behind event `id`, and sends the event after it.
fn go_on(server: &Server, id: usize) -> (TcpStream, Member) {
    let (head, mut socket) = server.answer(HEAD);
    assert!(head.contains(&format!("last-event-id: {id}\r\n")), "{head}");
    let mut member = Member::new();
    socket.write_all(&member.flushed(&event(id + 1))).expect("written");
    (socket, member)
}

/// Number of bytes that a server has sent in event streams.
fn sent(server: &Running) -> usize {
    server.metric("ssetail_bytes_sent_total") as usize
}

#[test]
fn a_relay_asks_another_machine_for_gzip_and_this_one_for_nothing_of_the_kind() {
    let server = Server::start();
    for (url, accepted) in
        [(asking_for_gzip(&server.url), "gzip"), (server.url.clone(), "identity")]
    {
        let _relay = relay_at(&url).start();
        let (head, _socket) = server.request();
        assert!(head.contains(&format!("\r\naccept-encoding: {accepted}\r\n")), "{head}");
    }
}

#[test]
fn a_relay_gets_the_same_lines_in_fewer_bytes() {
    let odd = b"\nbad \xff\xfe\na\rb\r\n\xef\xbb\xbf \xe2\x80\xa8\n";
    let long = "é".repeat(40_000) + "\n";
    let text = [odd, long.as_bytes(), numbered("a line", 0..5000).as_bytes()].concat();
    let a = server(&text).args(["--compress", "always", "--from-start"]).start();
    let b = relay_at(&asking_for_gzip(&a.url)).arg("--from-start").start();
    let lines = 5 + 5000 + 2;
    let compressed = b.events("/sse?n=all&format=base64").data(lines);
    let bytes = sent(&a);
    let c = relay_of(&a).arg("--from-start").start();
    let plain = c.events("/sse?n=all&format=base64").data(lines);
    assert!(compressed == plain);
    eventually("the plain stream has twice the bytes", || sent(&a) - bytes > 2 * bytes);
    let mut live = b.events("/sse?n=0");
    for n in 0..50 {
        a.append("x.log", format!("live {n}\n"));
        assert_eq!(live.data(1), [format!("live {n}")]);
    }
}

#[test]
fn history_that_is_compressed_is_read_to_its_end() {
    let lines: Vec<String> = (10..60).map(|n| format!("2026-11-25T19:00:{n}Z line")).collect();
    let a = server(lines.join("\n") + "\n").args(["--compress", "always", "--from-start"]).start();
    let b = relay_at(&asking_for_gzip(&a.url)).args(["--since", "2026-11-25T19:00:30Z"]).start();
    let mut events = b.events("/sse?n=all");
    assert_eq!(events.data(30), lines[20..]);
    a.append("x.log", "new\n");
    assert_eq!(events.data(1), ["new"]);
}

#[test]
fn every_event_is_published_as_soon_as_its_bytes_are_there() {
    let server = Server::start();
    let relay = relay_at(&server.url).start();
    let (_, mut socket) = server.answer(&HEAD.replace("gzip", "X-GZip"));
    let mut events = relay.events("/sse?n=all");
    let mut member = Member::new();
    for n in 0..30 {
        let bytes = member.flushed(&event(n));
        for part in bytes.chunks(if n % 3 == 0 { 1 } else { bytes.len() }) {
            socket.write_all(part).expect("written");
        }
        assert_eq!(events.data(1), [format!("line {n}")]);
    }
}

#[test]
fn the_end_of_a_member_is_the_end_of_the_stream() {
    let server = Server::start();
    let mut relay = relay_at(&server.url).start();
    let (_, mut socket) = server.answer(HEAD);
    let mut member = Member::new();
    let bytes = [member.flushed(&event(1)), member.end(), b"more".to_vec()].concat();
    socket.write_all(&bytes).expect("written");
    // The connection is still open.
    let (_next, _member) = go_on(&server, 1);
    assert_eq!(relay.events("/sse?n=all").data(2), ["line 1", "line 2"]);
    until_state(&relay, "a", "live");
    relay.kill();
    assert!(!relay.rest_of_stderr().contains("cannot be followed"), "{}", relay.stderr);
}

#[test]
fn a_member_that_is_damaged_or_not_complete_is_one_sentence_and_loses_nothing() {
    let server = Server::start();
    let mut relay = relay_at(&server.url).start();
    let (_, mut socket) = server.answer(HEAD);
    let mut member = Member::new();
    let bytes = [member.flushed(&event(1)), member.flushed("data: not whole\n")].concat();
    // A block of a type that does not exist.
    socket.write_all(&[&bytes[..], &[7; 32]].concat()).expect("written");
    relay.wait_for("cannot be followed: its gzip data are damaged; trying again");
    let (mut socket, mut member) = go_on(&server, 1);
    relay.wait_for("is followed again");
    relay.stderr.clear();
    socket.write_all(&member.flushed("data: not whole\n")).expect("written");
    drop(socket);
    relay.wait_for("cannot be followed: its gzip data end too early; trying again");
    let (mut socket, member) = go_on(&server, 2);
    relay.wait_for("is followed again");
    relay.stderr.clear();
    let mut end = member.end();
    let checksum = end.len() - 8;
    end[checksum] ^= 1;
    socket.write_all(&end).expect("written");
    relay.wait_for("cannot be followed: its gzip data are damaged; trying again");
    until_state(&relay, "a", "unreachable");
    let (_socket, _member) = go_on(&server, 3);
    let lines = ["line 1", "line 2", "line 3", "line 4"];
    assert_eq!(relay.events("/sse?n=all").data(4), lines);
    until_state(&relay, "a", "live");
}

#[test]
fn a_short_answer_with_a_long_text_takes_little_memory() {
    let server = Server::start();
    let mut relay = relay_at(&server.url).start();
    let idle = relay.memory("VmRSS");
    let (_, mut socket) = server.answer(HEAD);
    let mut member = Member::new();
    let comments = format!(":{}\n", "x".repeat(1 << 20)).repeat(8);
    // The bytes of the second time refer to the first one only, and may be sent again and again.
    let (first, again) = (member.flushed(&comments), member.flushed(&comments));
    let bytes = [first, again.repeat(63), member.flushed(&event(1))].concat();
    assert!(bytes.len() * 500 < comments.len() * 64, "{} bytes", bytes.len());
    socket.write_all(&bytes).expect("written");
    assert_eq!(relay.events("/sse?n=all").data(1), ["line 1"]);
    let line = "x".repeat(128 << 20);
    let _ = socket.write_all(&member.flushed(&line));
    relay.wait_for("it sends an event of more than 8 MiB");
    let grown = relay.memory("VmHWM").saturating_sub(idle);
    // Measured: 11 MiB, and 33 MiB if all bytes that were received are decoded at once.
    assert!(grown < 24 << 10, "{grown} KiB");
}
