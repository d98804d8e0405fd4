//! Much data, many clients and slow clients lose nothing, and memory stays bounded.

use std::io::Write;
use std::os::fd::AsRawFd;

use crate::harness::{Events, Signal, Ssetail, eventually, numbered, write};

const MIB: usize = 1 << 20;

/// Returns a line of 100 bytes that begins with its number.
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
fn a_thousand_clients_get_every_line_once() {
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
    assert!(grown < 16 * 1024 + 1000 * 64, "1000 clients take {grown} KiB");
}

/// The subscriber of a client whose socket is full returns unsent events, and reads them again.
#[test]
fn clients_that_read_late_get_every_line_once() {
    let ssetail = Ssetail::new().file("a.log", "").arg("a.log").start();
    let mut prompt: Vec<_> = (0..5).map(|_| ssetail.events("/sse")).collect();
    let mut late: Vec<_> = (0..3).map(|_| ssetail.events("/sse")).collect();
    let (parts, lines) = (20, 10_000);
    let read_part = |peer: &mut Events, part: usize| {
        for n in part * lines..(part + 1) * lines {
            assert_eq!(peer.next().expect("a line").data.trim_end().parse(), Ok(n));
        }
    };
    for part in 0..parts {
        let from = part * lines;
        ssetail.append("a.log", (from..from + lines).map(wide).collect::<String>());
        for peer in &mut prompt {
            read_part(peer, part);
        }
    }
    for peer in &mut late {
        (0..parts).for_each(|part| read_part(peer, part));
    }
    // Events that were returned and read again are counted once.
    let all = (parts * lines * (prompt.len() + late.len())) as u64;
    eventually("every event is counted once", || {
        ssetail.metric("ssetail_events_sent_total") == all
    });
}

#[test]
fn clients_that_do_not_read_take_little_memory_and_delay_no_other() {
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
    // The writer may be faster than the honest client, which then gets a gap.
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
    assert!(grown < 4 * 1024 + 51 * 64 + 4 * 1024, "memory grew by {grown} KiB");
    // A stalled client that reads again gets gaps with exact counts.
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
        assert!(lost > 0, "the socket does not hold all lines");
    }
}

#[test]
fn a_line_over_the_limit_comes_in_parts() {
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
        assert_eq!(json["offset"], 0, "every part has the offset of the line");
        joined.push_str(json["message"].as_str().expect("text"));
        if json["more"] != true {
            break;
        }
    }
    assert!(joined == long.lines().next().expect("a line"));
    assert!(events.next().expect("a line").data.contains("next"));
}

#[test]
fn a_request_with_an_endless_header_is_refused() {
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
fn a_lack_of_descriptors_for_files_is_reported_in_one_sentence() {
    let ssetail = Ssetail::new().args(["*.log", "--max-clients", "8"]);
    for n in 0..200 {
        write(&ssetail.path(&format!("{n}.log")), "x\n");
    }
    let mut ssetail = ssetail.through("ulimit -n 64; exec \"$0\" \"$@\"").start();
    ssetail.wait_for("raise the limit of descriptors");
    // Requests still get descriptors, and as many files as possible are followed.
    let sources = ssetail.get("/sources").body;
    assert!(sources.matches(r#""state":"live""#).count() >= 16, "{sources}");
    let peers: Vec<_> = (0..4).map(|_| ssetail.events("/sse")).collect();
    drop(peers);
    ssetail.signal(Signal::TERM);
    let (_, stderr) = ssetail.end();
    assert!(!stderr.contains("inotify"), "{stderr}");
    assert_eq!(stderr.matches("descriptors").count(), 1, "{stderr}");
}
