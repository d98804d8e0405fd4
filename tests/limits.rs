//! Much data, many peers, slow peers: nothing lost, memory bounded.

use std::io::Write;
use std::os::fd::AsRawFd;

use crate::harness::{Events, Ssetail, eventually, numbered, write};

const MIB: usize = 1 << 20;

/// A line of 100 bytes that tells its number.
fn wide(n: usize) -> String {
    format!("{n:<99}\n")
}

#[test]
fn a_large_file_is_delivered_whole() {
    let lines = MIB;
    let ssetail = Ssetail::new()
        .file("big.log", (0..lines).map(wide).collect::<String>())
        .args(["big.log", "--from-start", "--replay", "2000000", "--replay-bytes", "1GiB"])
        .start();
    let mut events = ssetail.events("/sse");
    for n in 0..lines {
        let event = events.next().expect("a line");
        assert_eq!(event.data.trim_end().parse(), Ok(n));
    }
}

#[test]
fn a_thousand_peers_get_every_line_once() {
    let ssetail = Ssetail::new().file("a.log", "").arg("a.log").start();
    let mut peers: Vec<_> = (0..1000).map(|_| ssetail.events("/sse")).collect();
    let idle = ssetail.memory("VmRSS");
    for part in 0..10 {
        ssetail.append("a.log", numbered("line", part * 100..part * 100 + 100));
    }
    let expected: Vec<String> = numbered("line", 0..1000).lines().map(str::to_owned).collect();
    for peer in &mut peers {
        assert_eq!(peer.data(1000), expected);
    }
    let grown = ssetail.memory("VmHWM").saturating_sub(idle);
    assert!(grown < 16 * 1024 + 1000 * 64, "it took {grown} KiB more for 1000 peers");
}

/// A peer whose socket is full gives back what it has not sent, and reads it again later.
#[test]
fn peers_that_read_late_get_every_line_once() {
    let ssetail = Ssetail::new().file("a.log", "").arg("a.log").start();
    let mut level: Vec<_> = (0..5).map(|_| ssetail.events("/sse")).collect();
    let mut late: Vec<_> = (0..3).map(|_| ssetail.events("/sse")).collect();
    let (parts, lines) = (20, 10_000);
    let see = |peer: &mut Events, part: usize| {
        for n in part * lines..(part + 1) * lines {
            assert_eq!(peer.next().expect("a line").data.trim_end().parse(), Ok(n));
        }
    };
    for part in 0..parts {
        let from = part * lines;
        ssetail.append("a.log", (from..from + lines).map(wide).collect::<String>());
        for peer in &mut level {
            see(peer, part);
        }
    }
    for peer in &mut late {
        (0..parts).for_each(|part| see(peer, part));
    }
    // Events that were given back are counted once.
    let all = (parts * lines * (level.len() + late.len())) as u64;
    eventually("all are counted", || ssetail.figure("ssetail_events_sent_total") == all);
}

#[test]
fn peers_that_do_not_read_cost_little_and_harm_nobody() {
    let mut ssetail = Ssetail::new().piped().args(["-", "--replay-bytes", "4MiB"]).start();
    let stalled: Vec<_> = (0..50).map(|_| ssetail.events("/sse")).collect();
    let mut honest = ssetail.events("/sse");
    let before = ssetail.memory("VmRSS");
    let mut input = ssetail.take_input();
    let lines = 300_000;
    let writer = std::thread::spawn(move || {
        for n in 0..lines {
            input.write_all(wide(n).as_bytes()).expect("written");
        }
        input
    });
    // The writer may be faster than this peer: what it does not get, it is told of.
    let mut next = 0;
    while next < lines {
        let event = honest.next().expect("an event");
        if event.kind == "ssetail" {
            let gap: serde_json::Value = serde_json::from_str(&event.data).expect("JSON");
            assert_eq!(gap["reason"], "slow");
            next += gap["lost"].as_u64().expect("a count") as usize;
        } else {
            assert_eq!(event.data.trim_end().parse(), Ok(next));
            next += 1;
        }
    }
    let _input = writer.join().expect("written");
    let grown = ssetail.memory("VmHWM").saturating_sub(before);
    assert!(grown < 4 * 1024 + 51 * 64 + 4 * 1024, "it grew by {grown} KiB");
    // A peer that wakes up is told exactly what it has missed.
    for mut peer in stalled.into_iter().take(3) {
        let (mut lines_seen, mut lost) = (0, 0);
        while lines_seen + lost < lines {
            let event = peer.next().expect("an event");
            if event.kind == "ssetail" {
                let gap: serde_json::Value = serde_json::from_str(&event.data).expect("JSON");
                lost += gap["lost"].as_u64().expect("a count") as usize;
            } else {
                assert_eq!(event.data.trim_end().parse(), Ok(lines_seen + lost));
                lines_seen += 1;
            }
        }
        assert!(lost > 0, "its socket cannot have held everything");
    }
}

#[test]
fn a_line_without_end_takes_no_more_than_its_limit() {
    let ssetail = Ssetail::new()
        .file("a.log", "")
        .args(["a.log", "--max-line", "1000", "--format", "json"])
        .start();
    let mut events = ssetail.events("/sse");
    let long = "é".repeat(5 * MIB) + "\nnext\n";
    write(&ssetail.path("a.log"), &long);
    let mut joined = String::new();
    loop {
        let event = events.next().expect("a part");
        if event.kind == "ssetail" {
            continue;
        }
        let json: serde_json::Value = serde_json::from_str(&event.data).expect("JSON");
        assert_eq!(json["offset"], 0, "every part says where its line starts");
        joined.push_str(json["message"].as_str().expect("text"));
        if json["more"] != true {
            break;
        }
    }
    assert!(joined == long.lines().next().expect("a line"));
    assert!(events.next().expect("a line").data.contains("next"));
}

#[test]
fn a_request_that_never_ends_is_given_up() {
    let ssetail = Ssetail::new().file("a.log", "").arg("a.log").start();
    let mut socket = std::net::TcpStream::connect(ssetail.address()).expect("connected");
    let head = format!("GET /sse HTTP/1.1\r\nhost: localhost\r\nx: {}", "x".repeat(64 * 1024));
    let _ = socket.write_all(head.as_bytes());
    let mut answer = String::new();
    let _ = std::io::Read::read_to_string(&mut socket, &mut answer);
    assert!(answer.is_empty() || answer.contains(" 431 "), "{answer}");
    assert!(socket.as_raw_fd() > 0);
}

#[test]
fn more_files_than_descriptors_are_said_in_one_sentence() {
    let ssetail = Ssetail::new().args(["*.log", "--max-clients", "8"]);
    for n in 0..200 {
        write(&ssetail.path(&format!("{n}.log")), "x\n");
    }
    let mut ssetail = ssetail.through("ulimit -n 64; exec \"$0\" \"$@\"").start();
    ssetail.wait_for("raise the limit of descriptors");
    // There is one for whoever asks, and what can be followed is.
    let sources = ssetail.get("/sources").body;
    assert!(sources.matches(r#""state":"live""#).count() >= 16, "{sources}");
    let peers: Vec<_> = (0..4).map(|_| ssetail.events("/sse")).collect();
    drop(peers);
    ssetail.signal("-TERM");
    let (_, said) = ssetail.end();
    assert!(!said.contains("inotify"), "{said}");
    assert_eq!(said.matches("descriptors").count(), 1, "{said}");
}
