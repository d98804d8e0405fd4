//! Encryption, with real tools at the other end.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Instant;

use crate::harness::{DEADLINE, Running, Ssetail, eventually, numbered, output_of};

/// A certificate for localhost in `cert.pem`, and its key.
fn certify(directory: &Path, subject: &str) {
    let status = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args(["-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2"])
        .args(["-subj", &format!("/CN={subject}"), "-addext", "subjectAltName=DNS:localhost"])
        .current_dir(directory)
        .stderr(Stdio::null())
        .status();
    assert!(status.expect("openssl runs; tests/run installs it").success());
}

fn encrypted() -> Ssetail {
    let ssetail = Ssetail::new().file("a.log", "x\n");
    certify(&ssetail.path(""), "first");
    ssetail.args(["a.log", "--tls-cert", "cert.pem", "--tls-key", "key.pem"])
}

fn port(ssetail: &Running) -> &str {
    ssetail.address().rsplit(':').next().expect("a port")
}

/// curl, which is to trust the certificate.
fn curl(ssetail: &Running, path: &str) -> Command {
    let mut command = Command::new("curl");
    command.args(["-sSN", "--cacert"]).arg(ssetail.path("cert.pem"));
    command.arg(format!("https://localhost:{}{path}", port(ssetail)));
    command
}

fn read(mut curl: Command) -> String {
    let output = curl.output().expect("curl runs; tests/run installs it");
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

/// A command whose output is read line by line; ended when dropped.
struct Reader {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Reader {
    fn start(mut command: Command) -> Self {
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = child.spawn().expect("it runs; tests/run installs it");
        let lines = BufReader::new(child.stdout.take().expect("a pipe"));
        Reader { child, lines }
    }

    /// The next line that holds `text`.
    fn wait_for(&mut self, text: &str) -> String {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let mut line = Vec::new();
            let read = self.lines.read_until(b'\n', &mut line).expect("a line");
            let line = String::from_utf8_lossy(&line).into_owned();
            assert!(read > 0 && Instant::now() < deadline, "no {text:?}");
            if line.contains(text) {
                return line;
            }
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The name in the certificate that is shown.
fn subject(ssetail: &Running) -> String {
    let script = format!("openssl s_client -connect {} </dev/null", ssetail.address());
    let shown = output_of("bash", &["-c", &script]);
    let line = shown.lines().find(|line| line.starts_with("subject="));
    line.unwrap_or_else(|| panic!("{shown}")).replace("subject=", "").replace(' ', "")
}

#[test]
fn curl_reads_over_both_versions_of_http() {
    let ssetail = encrypted().start();
    assert!(ssetail.url.starts_with("https://"), "{}", ssetail.url);
    for (flag, version) in [("--http1.1", "1.1"), ("--http2", "2")] {
        let mut health = curl(&ssetail, "/healthz");
        health.args([flag, "-w", "%{http_version}"]);
        assert_eq!(read(health), format!("ok\n{version}"));
        let mut stream = curl(&ssetail, "/sse");
        stream.arg(flag);
        let mut stream = Reader::start(stream);
        stream.wait_for("data: x");
        ssetail.append("a.log", format!("live over {version}\n"));
        stream.wait_for(&format!("data: live over {version}"));
    }
}

#[test]
fn an_answer_to_head_has_no_body_over_either_version_of_http() {
    let ssetail = encrypted().start();
    for flag in ["--http1.1", "--http2"] {
        for (path, length) in [("/healthz", Some(3)), ("/none", Some(31)), ("/sse", None)] {
            let mut head = curl(&ssetail, path);
            head.args([flag, "-I"]);
            let answer = read(head);
            let has_type = answer.contains("content-type: text/");
            assert!(has_type && !answer.contains("curl:"), "{flag} {path}: {answer}");
            let expected = length.map(|length| format!("content-length: {length}\r\n"));
            let found = answer.lines().find(|line| line.starts_with("content-length"));
            assert_eq!(found.map(|line| format!("{line}\r\n")), expected, "{flag} {path}");
        }
    }
}

#[test]
fn the_protocol_is_agreed_on_in_the_handshake() {
    let ssetail = encrypted().start();
    for (offer, agreed) in [("h2,http/1.1", "h2"), ("http/1.1", "http/1.1")] {
        let address = ssetail.address();
        let script = format!("openssl s_client -connect {address} -alpn {offer} </dev/null");
        let shown = output_of("bash", &["-c", &script]);
        assert!(shown.contains(&format!("ALPN protocol: {agreed}")), "{shown}");
    }
    let plain = output_of("curl", &["-sS", &format!("http://{}/healthz", ssetail.address())]);
    assert!(plain.contains("curl: "), "{plain}");
}

#[test]
fn a_cookie_over_an_encrypted_connection_stays_on_such() {
    let ssetail = encrypted().env("SSETAIL_TOKEN", "t0k").start();
    let mut exchange = curl(&ssetail, "/sources?token=t0k");
    exchange.args(["-L", "-b", "", "-D", "-"]);
    let answer = read(exchange);
    assert!(answer.contains("HttpOnly; SameSite=Strict; Secure"), "{answer}");
    assert!(answer.contains("\"a.log\""), "{answer}");
    assert_eq!(read(curl(&ssetail, "/healthz")), "ok\n");
}

#[test]
fn a_bad_certificate_is_one_sentence() {
    let fail = |cert: &str, key: &str, sentence: &str| {
        let ssetail = Ssetail::new()
            .file("a.log", "")
            .file("text.pem", "no\n")
            .file("odd.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        certify(&ssetail.path(""), "first");
        std::fs::rename(ssetail.path("key.pem"), ssetail.path("other.pem")).expect("renamed");
        certify(&ssetail.path(""), "second");
        let (status, said) = ssetail.args(["a.log", "--tls-cert", cert, "--tls-key", key]).fail();
        assert_eq!(status, 1, "{said}");
        assert!(said.contains(sentence) && said.lines().count() == 1, "{said}");
    };
    fail("none.pem", "key.pem", "cannot read none.pem");
    fail("text.pem", "key.pem", "no certificate in text.pem");
    fail("odd.pem", "key.pem", "the certificate in odd.pem");
    fail("cert.pem", "text.pem", "no private key in text.pem");
    fail("cert.pem", "other.pem", "does not belong to the certificate");
    let (status, said) = Ssetail::new().args(["x", "--tls-cert", "cert.pem"]).fail();
    assert!(status == 2 && said.contains("--tls-key"), "{said}");
}

#[test]
fn a_new_certificate_is_read_without_an_interruption() {
    let mut ssetail = encrypted().start();
    let mut stream = Reader::start(curl(&ssetail, "/sse"));
    stream.wait_for("data: x");
    assert_eq!(subject(&ssetail), "CN=first");
    certify(ssetail.directory.path(), "second");
    ssetail.signal("-HUP");
    ssetail.wait_for("the certificate was read again");
    assert_eq!(subject(&ssetail), "CN=second");
    std::fs::write(ssetail.path("cert.pem"), "").expect("written");
    ssetail.signal("-HUP");
    ssetail.wait_for("the old certificate stays");
    assert_eq!(subject(&ssetail), "CN=second");
    ssetail.append("a.log", "still here\n");
    stream.wait_for("data: still here");
}

/// An HTTP/2 connection that is spoken by hand.
struct Http2 {
    child: Child,
    frames: Receiver<Frame>,
}

struct Frame {
    kind: u8,
    stream: u32,
    payload: Vec<u8>,
}

impl Http2 {
    const DATA: u8 = 0;
    const HEADERS: u8 = 1;
    const SETTINGS: u8 = 4;
    const WINDOW_UPDATE: u8 = 8;

    /// `window`: how much of each answer may be sent.
    fn open(ssetail: &Running, window: u32) -> Self {
        let mut child = Command::new("openssl")
            .args(["s_client", "-quiet", "-alpn", "h2", "-connect", ssetail.address()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl runs; tests/run installs it");
        let mut stdout = child.stdout.take().expect("a pipe");
        let (sender, frames) = channel();
        std::thread::spawn(move || {
            while let Ok(frame) = Frame::read(&mut stdout) {
                let _ = sender.send(frame);
            }
        });
        let mut connection = Http2 { child, frames };
        connection.send_bytes(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        let mut settings = vec![0, 4];
        settings.extend(window.to_be_bytes());
        connection.send(Self::SETTINGS, 0, 0, &settings);
        connection.send(Self::WINDOW_UPDATE, 0, 0, &(1u32 << 30).to_be_bytes());
        connection
    }

    fn get(&mut self, stream: u32, path: &str) {
        // :method GET and :scheme https stand in the static table; the others are spelt out.
        let mut head = vec![0x82, 0x87, 0x04, path.len() as u8];
        head.extend(path.as_bytes());
        head.extend([0x01, 9]);
        head.extend(b"localhost");
        self.send(Self::HEADERS, 0x5, stream, &head);
    }

    fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
        frame.extend([kind, flags]);
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        self.send_bytes(&frame);
    }

    fn send_bytes(&mut self, bytes: &[u8]) {
        let stdin = self.child.stdin.as_mut().expect("a pipe");
        stdin.write_all(bytes).and_then(|()| stdin.flush()).expect("sent");
    }

    /// Waits until so many streams have had data that holds `text`.
    fn wait_for(&mut self, text: &str, streams: usize) {
        let mut seen = HashSet::new();
        while seen.len() < streams {
            let frame = self.frames.recv_timeout(DEADLINE);
            let frame = frame.unwrap_or_else(|_| panic!("{} streams have {text:?}", seen.len()));
            let payload = String::from_utf8_lossy(&frame.payload);
            if frame.kind == Self::DATA && payload.contains(text) {
                seen.insert(frame.stream);
            }
        }
    }

    /// Waits for the end of the connection; gives how many bytes of answers came before.
    fn until_closed(&mut self) -> usize {
        let deadline = Instant::now() + DEADLINE;
        let mut bytes = 0;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.frames.recv_timeout(left) {
                Ok(frame) if frame.kind == Self::DATA => bytes += frame.payload.len(),
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => return bytes,
                Err(RecvTimeoutError::Timeout) => panic!("it stays open"),
            }
        }
    }
}

impl Drop for Http2 {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Frame {
    fn read(from: &mut impl Read) -> std::io::Result<Self> {
        let mut head = [0; 9];
        from.read_exact(&mut head)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        let mut payload = vec![0; length as usize];
        from.read_exact(&mut payload)?;
        Ok(Frame { kind: head[3], stream, payload })
    }
}

#[test]
fn one_connection_carries_a_hundred_streams() {
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
fn an_http2_peer_that_takes_nothing_is_dropped() {
    let ssetail = encrypted().args(["--send-timeout", "300ms", "--heartbeat", "50ms"]).start();
    let mut honest = Http2::open(&ssetail, 1 << 20);
    honest.get(1, "/sse");
    honest.wait_for("data: x", 1);
    let mut stalled = Http2::open(&ssetail, 0);
    for n in 0..20 {
        stalled.get(2 * n + 1, "/sse");
    }
    assert_eq!(stalled.until_closed(), 0);
    ssetail.append("a.log", "y\n");
    honest.wait_for("data: y", 1);
    let dropped = "ssetail_slow_peers_dropped_total 1\n";
    eventually("it is counted", || read(curl(&ssetail, "/metrics")).contains(dropped));
    assert!(read(curl(&ssetail, "/metrics")).contains("ssetail_open_streams 1\n"));
}

#[test]
fn a_signal_ends_it_whatever_encrypted_peers_do() {
    let mut ssetail = encrypted().start();
    let mut one = curl(&ssetail, "/sse");
    one.arg("--http1.1");
    let (mut one, mut two) = (Reader::start(one), Reader::start(curl(&ssetail, "/sse")));
    one.wait_for("data: x");
    two.wait_for("data: x");
    let connect = || std::net::TcpStream::connect(ssetail.address()).expect("connected");
    let (_silent, mut garbage) = (connect(), connect());
    garbage.write_all(&[0x16, 3, 1, 2, 0, 1]).expect("sent");
    let mut after = Command::new("openssl");
    after.args(["s_client", "-quiet", "-alpn", "h2", "-connect", ssetail.address()]);
    let _after = Reader::start(after);
    ssetail.append("a.log", "the last one\n");
    ssetail.signal("-TERM");
    for stream in [&mut one, &mut two] {
        stream.wait_for("data: the last one");
        let mut rest = Vec::new();
        stream.lines.read_to_end(&mut rest).expect("the end");
        assert_ne!(stream.child.wait().expect("it ends").code(), Some(0), "bodies are cut");
    }
    assert_eq!(ssetail.wait().code(), Some(0));
}

#[test]
fn encrypted_connections_that_ask_for_nothing_are_closed() {
    let ssetail = encrypted().start();
    let address = ssetail.address();
    let spoken = |protocol: &str| {
        let mut command = Command::new("openssl");
        command.args(["s_client", "-quiet", "-alpn", protocol, "-connect", address]);
        Reader::start(command)
    };
    let silent = || {
        let mut command = Command::new("bash");
        command.args(["-c", "exec 3<>/dev/tcp/${0/://}; cat <&3", address]);
        Reader::start(command)
    };
    let handshakes = [silent(), spoken("h2"), spoken("http/1.1")];
    for mut handshake in handshakes {
        eventually("the peer is turned out", || {
            handshake.child.try_wait().expect("a child").is_some()
        });
    }
}
