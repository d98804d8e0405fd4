//! Encrypted connections.

pub mod certificate;
mod client;
mod floods;
mod http2;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use flate2::read::GzDecoder;

use self::certificate::certify;
use self::client::TlsClient;
use self::http2::{Http2, Rest};
use crate::harness::{DEADLINE, Running, Signal, Ssetail, eventually, numbered};

/// Returns a command line that serves a file with TLS.
fn encrypted() -> Ssetail {
    let ssetail = Ssetail::new().file("a.log", "x\n");
    certify(&ssetail.path(""));
    ssetail.args(["a.log", "--tls-cert", "cert.pem", "--tls-key", "key.pem"])
}

/// Opens a connection on which the test does not speak TLS.
fn connect(ssetail: &Running) -> TcpStream {
    let socket = TcpStream::connect(ssetail.address()).expect("the server accepts");
    socket.set_read_timeout(Some(DEADLINE)).expect("a timeout can be set");
    socket
}

#[test]
fn the_handshake_selects_the_protocol() {
    let ssetail = encrypted().start();
    assert!(ssetail.url.starts_with("https://"), "{}", ssetail.url);
    for (offered, selected) in [(&["h2", "http/1.1"][..], "h2"), (&["http/1.1"], "http/1.1")] {
        assert_eq!(TlsClient::open(&ssetail, offered).protocol(), selected);
    }
}

#[test]
fn a_request_without_encryption_gets_no_response() {
    let ssetail = encrypted().start();
    let mut socket = connect(&ssetail);
    socket.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").expect("sent");
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
}

#[test]
fn a_cookie_that_is_set_over_tls_is_secure() {
    let ssetail = encrypted().env("SSETAIL_TOKEN", "t0k").start();
    let mut client = TlsClient::get(&ssetail, "/sources?token=t0k");
    client.wait_for("HttpOnly; SameSite=Strict; Secure\r\n");
}

#[test]
fn an_unusable_certificate_is_refused_in_one_sentence() {
    let fail = |cert: &str, key: &str, sentence: &str| {
        let ssetail = Ssetail::new()
            .file("a.log", "")
            .file("text.pem", "no\n")
            .file("odd.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        certify(&ssetail.path(""));
        std::fs::rename(ssetail.path("key.pem"), ssetail.path("other.pem")).expect("renamed");
        certify(&ssetail.path(""));
        let (status, stderr) = ssetail.args(["a.log", "--tls-cert", cert, "--tls-key", key]).fail();
        assert_eq!(status, 1, "{stderr}");
        assert!(stderr.contains(sentence) && stderr.lines().count() == 1, "{stderr}");
    };
    fail("none.pem", "key.pem", "cannot read none.pem");
    fail("text.pem", "key.pem", "no certificate in text.pem");
    fail("odd.pem", "key.pem", "the certificate in odd.pem");
    fail("cert.pem", "text.pem", "no private key in text.pem");
    fail("cert.pem", "other.pem", "does not belong to the certificate");
    let (status, stderr) = Ssetail::new().args(["x", "--tls-cert", "cert.pem"]).fail();
    assert!(status == 2 && stderr.contains("--tls-key"), "{stderr}");
}

#[test]
fn a_new_certificate_is_read_without_an_interruption() {
    let mut ssetail = encrypted().start();
    let mut stream = TlsClient::get(&ssetail, "/sse");
    stream.wait_for("data: x");
    certify(ssetail.directory.path());
    ssetail.signal(Signal::HUP);
    ssetail.wait_for("the certificate was read again");
    // A client trusts only the certificate that is in the file.
    TlsClient::open(&ssetail, &["http/1.1"]);
    let second = std::fs::read(ssetail.path("cert.pem")).expect("a certificate");
    std::fs::write(ssetail.path("cert.pem"), "").expect("written");
    ssetail.signal(Signal::HUP);
    ssetail.wait_for("the old certificate stays");
    std::fs::write(ssetail.path("cert.pem"), second).expect("written");
    TlsClient::open(&ssetail, &["http/1.1"]);
    ssetail.append("a.log", "after both signals\n");
    stream.wait_for("data: after both signals");
}

#[test]
fn one_connection_carries_a_hundred_and_fifty_streams() {
    let ssetail = encrypted().start();
    let mut connection = Http2::open(&ssetail, 1 << 20);
    for n in 0..150 {
        connection.get(2 * n + 1, "/sse");
    }
    connection.wait_for("data: x", 150);
    ssetail.append("a.log", numbered("line", 0..10));
    connection.wait_for("data: line 9", 150);
}

#[test]
fn an_http2_read_in_gzip_has_its_trailer() {
    let lines = numbered("line", 0..5000);
    let args = ["--from-start", "--compress", "always"];
    let ssetail = encrypted().file("a.log", &lines).args(args).start();
    TlsClient::get(&ssetail, "/sse?n=all").wait_for("data: line 4999\n");
    let mut connection = Http2::open(&ssetail, 1 << 20);
    for (stream, query) in [(1, "n=all"), (5, "n=all&grep=7")] {
        let path = format!("/sse?follow=0&{query}");
        connection.get(stream, &path);
        let plain = connection.body(stream);
        connection.get_gzip(stream + 2, &path);
        let gzip = connection.bytes(stream + 2);
        assert!(gzip.len() * 3 < plain.len(), "{} of {} bytes", gzip.len(), plain.len());
        let mut decoded = Vec::new();
        GzDecoder::new(&gzip[..]).read_to_end(&mut decoded).expect("a right trailer");
        let decoded = String::from_utf8(decoded).expect("UTF-8");
        assert!(behind_retry(&decoded) == behind_retry(&plain), "{path}");
    }
}

/// Returns the lines of an event stream behind the reconnection time, which differs.
fn behind_retry(body: &str) -> &str {
    body.split_once("retry: ").and_then(|(_, rest)| rest.split_once('\n')).expect("a retry").1
}

#[test]
fn an_http2_client_that_accepts_no_byte_is_dropped() {
    let ssetail = encrypted().args(["--send-timeout", "300ms", "--heartbeat", "50ms"]).start();
    let mut honest = Http2::open(&ssetail, 1 << 20);
    honest.get(1, "/sse");
    honest.wait_for("data: x", 1);
    let mut stalled = Http2::open(&ssetail, 0);
    for n in 0..20 {
        stalled.get(2 * n + 1, "/sse");
    }
    assert_eq!(stalled.rest(), Rest::default());
    ssetail.append("a.log", "y\n");
    honest.wait_for("data: y", 1);
    let has_metric = |metric: &str| {
        let mut client = TlsClient::get(&ssetail, "/metrics");
        client.wait_for("# EOF\n");
        memchr::memmem::find(&client.received, metric.as_bytes()).is_some()
    };
    eventually("the dropped client is counted", || {
        has_metric("\nssetail_slow_peers_dropped_total 1\n")
    });
    assert!(has_metric("\nssetail_open_streams 1\n"));
}

#[test]
fn a_signal_ends_the_program_whatever_its_encrypted_clients_do() {
    let mut ssetail = encrypted().start();
    let mut one = TlsClient::get(&ssetail, "/sse");
    let mut two = Http2::open(&ssetail, 1 << 20);
    two.get(1, "/sse");
    one.wait_for("data: x");
    two.wait_for("data: x", 1);
    let (_silent, mut garbage) = (connect(&ssetail), connect(&ssetail));
    garbage.write_all(&[0x16, 3, 1, 2, 0, 1]).expect("sent");
    let _without_request = TlsClient::open(&ssetail, &["h2"]);
    ssetail.append("a.log", "the last one\n");
    ssetail.signal(Signal::TERM);
    one.wait_for("data: the last one");
    two.wait_for("data: the last one", 1);
    one.wait_for_close();
    assert!(!one.received.ends_with(b"0\r\n\r\n"), "the body is aborted");
    assert_eq!(two.rest().complete_streams, 0, "the body is aborted");
    assert_eq!(ssetail.wait().code(), Some(0));
}

#[test]
fn encrypted_connections_without_a_request_are_closed() {
    let ssetail = encrypted().start();
    let mut silent = connect(&ssetail);
    let handshakes = ["h2", "http/1.1"].map(|protocol| TlsClient::open(&ssetail, &[protocol]));
    let closed = silent.read_to_end(&mut Vec::new());
    assert!(closed.is_ok(), "{closed:?}");
    for mut client in handshakes {
        client.wait_for_close();
    }
}

#[test]
fn a_read_that_ends_is_complete() {
    let ssetail = encrypted().start();
    let mut warm = TlsClient::get(&ssetail, "/sse");
    warm.wait_for("data: x");
    let mut one = TlsClient::get(&ssetail, "/sse?follow=0");
    one.wait_for_close();
    let received = String::from_utf8_lossy(&one.received).into_owned();
    assert!(received.contains("\r\nconnection: close\r\n"), "{received}");
    assert!(
        received.contains("data: x\nid: ") && received.ends_with("\r\n0\r\n\r\n"),
        "{received}"
    );
    let mut two = Http2::open(&ssetail, 1 << 20);
    for (stream, query) in
        [(1, "follow=0"), (3, "stop=x"), (5, "wait=2s"), (7, "follow=0&wait=1h&grep=x")]
    {
        two.get(stream, &format!("/sse?{query}"));
        let body = two.body(stream);
        assert!(body.starts_with(":\nretry: ") && body.contains("\ndata: x\nid: "), "{query}");
    }
    two.get(9, "/sse?follow=0&n=0");
    let body = two.body(9);
    assert!(body.starts_with(":\nretry: ") && body.lines().count() == 2, "{body}");
    // A long poll over HTTP/2 ends with its first line.
    two.get(11, "/sse?follow=0&n=0&wait=1h");
    two.wait_for("retry: ", 1);
    ssetail.append("a.log", "y\n");
    assert!(two.body(11).contains("data: y\n"));
}
