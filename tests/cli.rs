//! Flags, their environment, and what is said when they are wrong: SPEC section 1.

use crate::harness::Ssetail;

#[track_caller]
fn refused(args: &[&str], sentences: &[&str]) {
    let (status, said) = Ssetail::new().args(args).fail();
    assert_eq!(status, 2, "{said}");
    for sentence in sentences {
        assert!(said.contains(sentence), "{sentence:?} is not in {said:?}");
    }
}

#[test]
fn a_wrong_value_is_refused_with_one_that_is_right() {
    refused(&["x", "--lines", "many"], &["--lines", "+1 for all"]);
    refused(&["x", "-b", "localhost"], &["--bind", "127.0.0.1"]);
    refused(&["x", "--endpoint", "sse"], &["--endpoint", "/sse"]);
    refused(&["x", "--replay", "x"], &["--replay", "10000"]);
    refused(&["x", "--replay-bytes", "lots"], &["--replay-bytes", "16MiB"]);
    refused(&["x", "--heartbeat", "0s"], &["--heartbeat", "15s"]);
    refused(&["x", "--reconnect-delay", "soon"], &["--reconnect-delay", "500ms"]);
    refused(&["x", "--max-line", "2GiB"], &["--max-line", "32KiB"]);
    refused(&["x", "--format", "xml"], &["--format", "text, json, base64, buffer"]);
    refused(&["x", "--cors", "example.com"], &["--cors", "https://"]);
    refused(&["x", "--include", "("], &["--include", "regular expression"]);
    refused(&["x", "--exit-on-eof"], &["--exit-on-eof", "standard input"]);
    refused(&["[x"], &["[x is not a glob"]);
    refused(&["x", "--prot", "1"], &["--port"]);
}

#[test]
fn a_port_outside_the_range_is_refused() {
    let (status, said) = Ssetail::new().env("SSETAIL_BIND", "nowhere").arg("x").fail();
    assert_eq!(status, 2);
    assert!(said.contains("--bind"), "{said}");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_ssetail"));
    let output = command.args(["x", "--port", "70000"]).output().expect("it runs");
    assert!(String::from_utf8_lossy(&output.stderr).contains("from 0 to 65535, as 8088"));
}

#[test]
fn a_directory_is_refused_with_the_glob_that_was_probably_meant() {
    let (status, said) = Ssetail::new().file("logs/a.log", "").arg("logs/").fail();
    assert_eq!(status, 2);
    assert!(said.contains("'logs/*.log'"), "{said}");
    // Beside others, it is no reason to stop these.
    let ssetail = Ssetail::new().file("logs/a.log", "").file("b.log", "x\n");
    let mut ssetail = ssetail.args(["logs", "b.log"]).start();
    assert_eq!(ssetail.events("/sse").data(1), ["x"]);
    ssetail.wait_for("'logs/*.log'");
}

#[test]
fn every_flag_can_come_from_the_environment() {
    let ssetail = Ssetail::new()
        .file("a.log", "a\nb\nc\n")
        .env("SSETAIL_LINES", "2")
        .env("SSETAIL_ENDPOINT", "/other")
        .env("SSETAIL_FORMAT", "base64")
        .env("SSETAIL_UNNAMED", "true")
        .arg("a.log")
        .start();
    let events = ssetail.events("/other").take(2);
    assert_eq!((&*events[0].kind, &*events[0].data), ("message", "Yg=="));
}

#[test]
fn lines_are_those_of_tail() {
    let lines = |args: &[&str], count| {
        let ssetail = Ssetail::new().file("a.log", "a\nb\nc\nd").arg("a.log").args(args).start();
        let mut events = ssetail.events("/sse");
        events.until_comments(1);
        ssetail.append("a.log", "e\nlast\n");
        events.data(count)
    };
    assert_eq!(lines(&["-n", "2"], 3), ["c", "de", "last"]);
    assert_eq!(lines(&["-n2"], 3), ["c", "de", "last"]);
    assert_eq!(lines(&["-f", "-n", "0"], 2), ["de", "last"]);
    assert_eq!(lines(&["-F", "--lines", "+2"], 4), ["b", "c", "de", "last"]);
    assert_eq!(lines(&["--follow=name", "--from-start"], 5), ["a", "b", "c", "de", "last"]);
}

#[test]
fn both_loopback_addresses_are_served() {
    let ssetail = Ssetail::new().file("a.log", "x\n").arg("a.log").start();
    let port = ssetail.address().rsplit(':').next().expect("a port");
    let v6 = format!("[::1]:{port}");
    if std::net::TcpListener::bind("[::1]:0").is_ok() {
        let mut events = crate::harness::Events::open(&v6, "/sse", &[]);
        assert_eq!(events.data(1), ["x"]);
    }
    let bound = Ssetail::new().file("a.log", "x\n").args(["a.log", "-b", "127.0.0.2"]).start();
    assert!(bound.url.starts_with("http://127.0.0.2:"), "{}", bound.url);
    assert_eq!(bound.events("/sse").data(1), ["x"]);
}

#[test]
fn requests_are_said_when_that_is_wanted() {
    let mut ssetail = Ssetail::new().file("a.log", "x\n").args(["a.log", "-v"]).start();
    ssetail.get("/healthz");
    let line = ssetail.wait_for("/healthz");
    assert!(line.contains("GET /healthz 200"), "{line}");
}

#[test]
fn a_bare_pipe_is_followed() {
    let mut ssetail = Ssetail::new().piped().start();
    ssetail.input("from a pipe\nhalf");
    let mut events = ssetail.events("/sse");
    let event = events.next().expect("a line");
    assert_eq!((&*event.kind, &*event.data), ("stdin", "from a pipe"));
    ssetail.input(" a line\n");
    assert_eq!(events.data(1), ["half a line"]);
}

#[test]
fn standard_input_passes_through_unchanged() {
    use std::io::Write as _;
    let bytes: Vec<u8> = (0..200_000u32).flat_map(u32::to_le_bytes).collect();
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_ssetail"))
        .args(["-", "--tee", "--exit-on-eof", "--port", "0"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let sent = bytes.clone();
    let writer = std::thread::spawn(move || stdin.write_all(&sent).expect("written"));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("written");
    assert!(output.stdout == bytes);
    assert_eq!(output.status.code(), Some(0));
}
