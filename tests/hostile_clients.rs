//! Hostile and broken clients.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::harness::{DEADLINE, Events, Running, Signal, Ssetail, eventually, numbered};

/// Reads until the connection ends.
fn read_to_end(socket: &mut TcpStream) -> Vec<u8> {
    socket.set_read_timeout(Some(DEADLINE)).expect("set");
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        match socket.read(&mut part) {
            Ok(0) => return bytes,
            Ok(read) => bytes.extend(&part[..read]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return bytes,
            Err(error) => panic!("the connection stays open: {error}"),
        }
    }
}

#[test]
fn a_client_that_accepts_no_byte_is_dropped_and_counted() {
    let ssetail = Ssetail::new()
        .file("a.log", "")
        .args(["a.log", "--send-timeout", "300ms", "--heartbeat", "50ms"])
        .start();
    let stalled = ssetail.events("/sse");
    let mut honest = ssetail.events("/sse");
    honest.until_comments(1);
    // The lines are more than the sockets hold; the honest client reads them.
    let mut seen = 0;
    eventually("the stalled peer is dropped", || {
        ssetail.append("a.log", ("y".repeat(999) + "\n").repeat(1000));
        seen += honest.lines(1000).len();
        ssetail.metric("ssetail_slow_peers_dropped_total") == 1
    });
    assert!(seen >= 1000);
    eventually("its stream is closed", || ssetail.metric("ssetail_open_streams") == 1);
    drop(stalled);
}

#[test]
fn the_kernel_buffers_little_for_a_stalled_client() {
    let ssetail = Ssetail::new().file("a.log", "").arg("a.log").start();
    let stalled = ssetail.events("/sse");
    let mut honest = ssetail.events("/sse");
    honest.until_comments(1);
    for _ in 0..20 {
        ssetail.append("a.log", ("y".repeat(999) + "\n").repeat(1000));
        honest.lines(1000);
    }
    let port = stalled.connection.socket.local_addr().expect("an address").port();
    // The kernel shows the send queue of the socket in a table.
    let sockets = std::fs::read_to_string("/proc/net/tcp").expect("a table");
    let ours = sockets.lines().find(|line| {
        line.split_whitespace().nth(2).is_some_and(|peer| peer.ends_with(&format!(":{port:04X}")))
    });
    let queues = ours.expect("a row").split_whitespace().nth(4).expect("queues");
    let held = u64::from_str_radix(queues.split(':').next().expect("sent"), 16).expect("hex");
    assert!(held < 1 << 20, "{held} bytes");
}

#[test]
fn garbage_and_silence_end_only_their_own_connection() {
    let ssetail = Ssetail::new().file("a.log", "x\n").arg("a.log").start();
    let mut honest = ssetail.events("/sse");
    assert_eq!(honest.lines(1), ["x"]);
    let mut silent = TcpStream::connect(ssetail.address()).expect("connected");
    let mut dripping = TcpStream::connect(ssetail.address()).expect("connected");
    dripping.write_all(b"GET /sse HTTP/1.1\r\nhost: localhost\r\n").expect("sent");
    for garbage in [
        &b"\0\xff\x1b[2J garbage\r\n\r\n"[..],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /sse HTTP/9.9\r\nhost: localhost\r\n\r\n",
        b"GET http://[::1/sse HTTP/1.1\r\nhost: localhost\r\n\r\n",
        &b"x".repeat(100_000),
    ] {
        let mut socket = TcpStream::connect(ssetail.address()).expect("connected");
        let _ = socket.write_all(garbage);
        let _ = socket.shutdown(std::net::Shutdown::Write);
        let answer = read_to_end(&mut socket);
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"), "{answer:?}");
    }
    // The time limit is that of the whole head, not of each byte.
    let began = Instant::now();
    let mut writer = dripping.try_clone().expect("cloned");
    let slow_writer = std::thread::spawn(move || {
        while writer.write_all(b"x: y\r\n").is_ok() && began.elapsed() < DEADLINE {
            // The rate of the slow client; no check waits for it.
            std::thread::sleep(Duration::from_millis(200));
        }
    });
    read_to_end(&mut silent);
    read_to_end(&mut dripping);
    drop(dripping);
    slow_writer.join().expect("the thread ends");
    ssetail.append("a.log", "y\n");
    assert_eq!(honest.lines(1), ["y"]);
}

#[test]
fn a_client_that_sends_requests_during_a_stream_is_dropped() {
    let ssetail = Ssetail::new().file("a.log", "x\n").arg("a.log").start();
    let mut honest = ssetail.events("/sse");
    let mut talking = TcpStream::connect(ssetail.address()).expect("connected");
    let request = b"GET /sse HTTP/1.1\r\nhost: localhost\r\n\r\n";
    // The loop ends when the server closes the connection.
    while talking.write_all(request).is_ok() {}
    eventually("its stream is closed", || ssetail.metric("ssetail_open_streams") == 1);
    assert_eq!(honest.lines(1), ["x"]);
}

/// Returns the processor time that the program has used.
fn cpu_time(ssetail: &Running) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", ssetail.pid())).expect("alive");
    let (_, fields) = stat.rsplit_once(')').expect("a name");
    let ticks = |n: usize| fields.split_whitespace().nth(n).expect("a field").parse().unwrap_or(0);
    Duration::from_millis(10 * (ticks(11) + ticks(12)))
}

/// Changes the soft limit of descriptors of the running program.
fn limit_descriptors(ssetail: &Running, limit: u64) {
    let pid = Pid::from_raw(ssetail.pid().cast_signed());
    let limit = Rlimit { current: Some(limit), maximum: Some(4096) };
    prlimit(pid, Resource::Nofile, limit).expect("the limit can be changed");
}

#[test]
fn without_descriptors_the_program_pauses_accepting() {
    let mut ssetail = Ssetail::new()
        .file("a.log", "x\n")
        .arg("a.log")
        .through("ulimit -n 4096; exec \"$0\" \"$@\"")
        .start();
    let mut honest = ssetail.events("/sse");
    assert_eq!(honest.lines(1), ["x"]);
    limit_descriptors(&ssetail, 1);
    let mut outside: Vec<_> =
        (0..20).map(|_| TcpStream::connect(ssetail.address()).expect("in the backlog")).collect();
    ssetail.wait_for("no connection can be accepted for now: Too many open files");
    let (began, before) = (Instant::now(), cpu_time(&ssetail));
    for n in 0..40 {
        ssetail.append("a.log", format!("{n}\n"));
        assert_eq!(honest.lines(1), [n.to_string()]);
        // Processor time is measured over a second at least.
        std::thread::sleep(Duration::from_millis(25));
    }
    let used = cpu_time(&ssetail).saturating_sub(before);
    assert!(used < began.elapsed() / 5, "the program is busy: {used:?} in {:?}", began.elapsed());
    limit_descriptors(&ssetail, 4096);
    for socket in &mut outside {
        socket
            .write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            .expect("sent");
        assert!(read_to_end(socket).starts_with(b"HTTP/1.1 200"));
    }
    assert_eq!(ssetail.events("/sse?n=1").lines(1), ["39"]);
    assert_eq!(ssetail.stderr.matches("no connection").count(), 1, "{}", ssetail.stderr);
}

#[test]
fn the_soft_limit_of_descriptors_is_raised_and_some_are_reserved_for_files() {
    let ssetail = Ssetail::new()
        .file("a.log", "x\n")
        .args(["a.log", "--max-clients", "100"])
        .through("ulimit -Sn 16; ulimit -Hn 120; exec \"$0\" \"$@\"")
        .start();
    let mut honest = ssetail.events("/sse");
    assert_eq!(honest.lines(1), ["x"]);
    let mut streams: Vec<_> = (0..80).map(|_| ssetail.events("/sse")).collect();
    assert_eq!(streams[79].lines(1), ["x"]);
    // Clients may use 90 of the 120 descriptors; these connections need more.
    let outside: Vec<_> =
        (0..30).map(|_| TcpStream::connect(ssetail.address()).expect("in the backlog")).collect();
    eventually("clients use all of their descriptors", || ssetail.descriptors() >= 90);
    ssetail.rename("a.log", "a.log.1");
    ssetail.append("a.log", "after the rotation\n");
    assert_eq!(honest.lines(1), ["after the rotation"]);
    drop(outside);
    ssetail.signal(Signal::TERM);
    let (_, stderr) = ssetail.end();
    assert!(!stderr.contains("Too many open files"), "{stderr}");
}

#[test]
fn a_descriptor_limit_that_is_too_low_is_reported() {
    let mut ssetail = Ssetail::new()
        .file("a.log", "x\n")
        .arg("a.log")
        .through("ulimit -n 200; exec \"$0\" \"$@\"")
        .start();
    let line = ssetail.wait_for("descriptors");
    assert!(line.contains("only 200") && line.contains("--max-clients 1024"), "{line}");
}

#[test]
fn no_text_from_outside_controls_the_terminal() {
    let mut ssetail = Ssetail::new()
        .file("a.log", "x\n")
        .file("\u{1b}[31m\u{202e}.log", "")
        .args(["*.log", "-v"])
        .start();
    ssetail.request("GET", "/evil\u{9b}2J\u{202e}", &[]);
    ssetail.wait_for(" GET /evil%C2%9B2J%E2%80%AE 404 ");
    let (_, stderr) = Ssetail::new().arg("\u{1b}[2J/").fail();
    assert!(stderr.contains("\\u{1b}"), "{stderr}");
    for text in [&ssetail.stderr, &stderr] {
        assert!(!text.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{text:?}");
    }
}

#[test]
fn an_honest_client_loses_nothing_among_stalled_ones() {
    let ssetail = Ssetail::new().file("a.log", "").args(["a.log", "--max-clients", "300"]).start();
    let mut honest = ssetail.events("/sse");
    honest.until_comments(1);
    let _stalled: Vec<_> = (0..100).map(|_| ssetail.events("/sse")).collect();
    let _silent: Vec<_> =
        (0..100).map(|_| TcpStream::connect(ssetail.address()).expect("connected")).collect();
    for part in 0..50 {
        ssetail.append("a.log", numbered("line", part * 100..part * 100 + 100));
        let _short_lived = Events::open(ssetail.address(), "/sse", &[]);
    }
    let expected: Vec<String> = numbered("line", 0..5000).lines().map(str::to_owned).collect();
    assert_eq!(honest.lines(5000), expected);
}
