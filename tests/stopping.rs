//! Ending: SPEC section 7.

use std::time::{Duration, Instant};

use crate::harness::{Ssetail, eventually, numbered};

#[test]
fn a_signal_ends_it_whatever_the_peers_do() {
    for signal in ["-TERM", "-INT"] {
        let mut ssetail = Ssetail::new()
            .file("a.log", "x".repeat(99) + "\n")
            .args(["a.log", "--replay-bytes", "100MiB", "--replay", "1000000"])
            .start();
        let mut watching = ssetail.events("/sse");
        watching.take(1);
        let _stalled = ssetail.events("/sse");
        let _silent = std::net::TcpStream::connect(ssetail.address()).expect("connected");
        ssetail.append("a.log", ("y".repeat(99) + "\n").repeat(200_000));
        let began = Instant::now();
        ssetail.signal(signal);
        assert_eq!(ssetail.wait().code(), Some(0));
        assert!(began.elapsed() < Duration::from_secs(20), "not the time limit, only a guard");
        watching.rest();
        assert!(!watching.connection.ended, "the body is cut, so that clients come back");
    }
}

#[test]
fn what_was_written_before_the_signal_is_delivered() {
    let mut ssetail = Ssetail::new().file("a.log", "").arg("a.log").start();
    let mut events = ssetail.events("/sse");
    events.until_comments(1);
    ssetail.append("a.log", numbered("line", 0..100));
    ssetail.signal("-TERM");
    assert_eq!(events.rest().len(), 100);
    assert_eq!(ssetail.wait().code(), Some(0));
}

#[test]
fn the_end_of_input_can_be_the_end_of_all() {
    let mut ssetail = Ssetail::new().piped().args(["-", "--exit-on-eof"]).start();
    let mut events = ssetail.events("/sse");
    events.until_comments(1);
    ssetail.input(numbered("line", 0..10_000) + "last");
    ssetail.close_input();
    let all = events.rest();
    assert_eq!(all.len(), 10_002);
    assert_eq!(all[10_000].data, "last");
    assert!(events.connection.ended, "the body ends, so that clients stay away");
    assert_eq!(ssetail.wait().code(), Some(0));
}

#[test]
fn a_standard_output_that_nobody_reads_does_not_keep_it() {
    let mut ssetail = Ssetail::new().piped().args(["-", "--tee"]).stdout_stuck().start();
    ssetail.input(numbered("line", 0..2000));
    let mut events = ssetail.events("/sse");
    assert_eq!(events.data(1), ["line 0"]);
    ssetail.signal("-TERM");
    assert_eq!(ssetail.wait().code(), Some(0));
}

#[test]
fn a_port_in_use_is_one_sentence() {
    let first = Ssetail::new().file("a.log", "").arg("a.log").start();
    let port = first.address().rsplit(':').next().expect("a port").to_owned();
    let (status, said) = Ssetail::new().file("a.log", "").args(["a.log", "--port", &port]).fail();
    assert_eq!(status, 1);
    assert_eq!(
        said,
        format!(
            "ssetail: 127.0.0.1:{port} is in use by another program; \
             give another --port, or 0 for a free one\n"
        )
    );
}

#[test]
fn connections_of_peers_that_went_away_are_let_go() {
    let ssetail = Ssetail::new().file("a.log", "").args(["a.log", "--heartbeat", "50ms"]).start();
    let sockets =
        || std::fs::read_dir(format!("/proc/{}/fd", ssetail.pid())).expect("alive").count();
    let mut first = ssetail.events("/sse");
    first.until_comments(2);
    let before = sockets();
    let streams: Vec<_> = (0..20).map(|_| ssetail.events("/sse")).collect();
    assert!(sockets() >= before + 20);
    drop(streams);
    eventually("the sockets are closed", || sockets() <= before);
}
