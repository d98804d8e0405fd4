//! Ends of the program and of streams (docs/PROTOCOL.md, "How a stream ends").

use std::time::{Duration, Instant};

use crate::harness::{Signal, Ssetail, eventually, numbered};

#[test]
fn a_signal_ends_the_program_whatever_its_clients_do() {
    for signal in [Signal::TERM, Signal::INT] {
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
        assert!(began.elapsed() < Duration::from_secs(20), "stalled clients delay the end");
        watching.rest();
        assert!(!watching.connection.ended, "the body is aborted, so that clients reconnect");
    }
}

#[test]
fn lines_that_were_written_before_the_signal_are_delivered() {
    let mut ssetail = Ssetail::new().file("a.log", "").arg("a.log").start();
    let mut events = ssetail.events("/sse");
    events.until_comments(1);
    ssetail.append("a.log", numbered("line", 0..100));
    ssetail.signal(Signal::TERM);
    assert_eq!(events.rest().len(), 100);
    assert_eq!(ssetail.wait().code(), Some(0));
}

#[test]
fn the_end_of_input_can_end_the_program() {
    let mut ssetail = Ssetail::new().piped().args(["-", "--exit-on-eof"]).start();
    let mut events = ssetail.events("/sse");
    events.until_comments(1);
    ssetail.input(numbered("line", 0..10_000) + "last");
    ssetail.close_input();
    let all = events.rest();
    assert_eq!(all.len(), 10_002);
    assert_eq!(all[10_000].data, "last");
    assert!(events.connection.ended, "the body is complete, so that clients stop");
    assert_eq!(ssetail.wait().code(), Some(0));
}

#[test]
fn an_unread_standard_output_does_not_delay_the_end() {
    let mut ssetail = Ssetail::new().piped().args(["-", "--tee"]).with_full_stdout().start();
    ssetail.input(numbered("line", 0..2000));
    let mut events = ssetail.events("/sse");
    assert_eq!(events.data(1), ["line 0"]);
    ssetail.signal(Signal::TERM);
    assert_eq!(ssetail.wait().code(), Some(0));
}

#[test]
fn a_port_in_use_is_one_sentence() {
    let first = Ssetail::new().file("a.log", "").arg("a.log").start();
    let port = first.port().to_owned();
    let (status, stderr) = Ssetail::new().file("a.log", "").args(["a.log", "--port", &port]).fail();
    assert_eq!(status, 1);
    assert_eq!(
        stderr,
        format!(
            "ssetail: 127.0.0.1:{port} is in use by another program; \
             give another --port, or 0 for a free one\n"
        )
    );
}

#[test]
fn connections_of_clients_that_left_are_closed() {
    let ssetail = Ssetail::new().file("a.log", "").args(["a.log", "--heartbeat", "50ms"]).start();
    let mut first = ssetail.events("/sse");
    first.until_comments(2);
    let before = ssetail.descriptors();
    let streams: Vec<_> = (0..20).map(|_| ssetail.events("/sse")).collect();
    assert!(ssetail.descriptors() >= before + 20);
    drop(streams);
    eventually("the sockets are closed", || ssetail.descriptors() <= before);
}
