//! curl with a password, with a token, and over TLS.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use crate::certificate::certify;
use crate::harness::{DEADLINE, Running, Ssetail, output_of};

/// Returns a curl command that trusts the certificate of the server.
fn encrypted(ssetail: &Running, path: &str) -> Command {
    let mut command = Command::new("curl");
    command.args(["-sSN", "--cacert"]).arg(ssetail.path("cert.pem"));
    command.arg(format!("https://localhost:{}{path}", ssetail.port()));
    command
}

/// Returns a command line that serves a file with TLS.
fn encrypting() -> Ssetail {
    let ssetail = Ssetail::new().file("a.log", "x\n");
    certify(&ssetail.path(""));
    ssetail.args(["a.log", "--tls-cert", "cert.pem", "--tls-key", "key.pem"])
}

fn output(mut curl: Command) -> String {
    let output = curl.output().expect("curl starts; tests/run installs it");
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

/// A curl process that reads an event stream; killed when dropped.
struct Reader {
    child: Child,
    lines: Receiver<String>,
}

impl Reader {
    fn start(mut curl: Command) -> Self {
        let mut child = curl
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("curl starts; tests/run installs it");
        let stdout: ChildStdout = child.stdout.take().expect("standard output is a pipe");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Reader { child, lines }
    }

    /// Waits for this line.
    #[track_caller]
    fn wait_for(&self, expected: &str) {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left);
            if line.unwrap_or_else(|error| panic!("no {expected:?}: {error}")) == expected {
                return;
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

#[test]
fn curl_reads_with_a_password_or_follows_the_redirect_of_a_token() {
    let ssetail = Ssetail::new()
        .file("a.log", "x\n")
        .env("SSETAIL_AUTH", "me:pa:ss-hidden")
        .env("SSETAIL_TOKEN", "t0k+hidden==")
        .args(["a.log", "--path-prefix=/logs"])
        .start();
    let url = format!("{}/sources", ssetail.url);
    let with_password = output_of("curl", &["-sS", "-u", "me:pa:ss-hidden", &url]);
    assert!(with_password.contains("\"a.log\""), "{with_password}");
    let url = format!("{url}?token=t0k%2Bhidden==");
    let with_token = output_of("curl", &["-sSL", "-b", "", "-w", "%{url_effective}", &url]);
    assert!(with_token.contains("\"a.log\""), "{with_token}");
    assert!(with_token.ends_with("/logs/sources"), "{with_token}");
}

#[test]
fn curl_reads_over_http_1_and_http_2() {
    let ssetail = encrypting().start();
    for (flag, version) in [("--http1.1", "1.1"), ("--http2", "2")] {
        let mut health = encrypted(&ssetail, "/healthz");
        health.args([flag, "-w", "%{http_version}"]);
        assert_eq!(output(health), format!("ok\n{version}"));
        let mut stream = encrypted(&ssetail, "/sse");
        stream.arg(flag);
        let stream = Reader::start(stream);
        stream.wait_for("data: x");
        ssetail.append("a.log", format!("live over {version}\n"));
        stream.wait_for(&format!("data: live over {version}"));
    }
}

#[test]
fn curl_gets_no_body_for_head_over_http_1_and_http_2() {
    let ssetail = encrypting().start();
    for flag in ["--http1.1", "--http2"] {
        for (path, length) in [("/healthz", Some(3)), ("/none", Some(31)), ("/sse", None)] {
            let mut head = encrypted(&ssetail, path);
            head.args([flag, "-I"]);
            let answer = output(head);
            let has_type = answer.contains("content-type: text/");
            assert!(has_type && !answer.contains("curl:"), "{flag} {path}: {answer}");
            let expected = length.map(|length| format!("content-length: {length}"));
            let found = answer.lines().find(|line| line.starts_with("content-length"));
            assert_eq!(found.map(str::to_owned), expected, "{flag} {path}");
        }
    }
}

#[test]
fn curl_sends_a_secure_cookie_back() {
    let ssetail = encrypting().env("SSETAIL_TOKEN", "t0k").start();
    let mut exchange = encrypted(&ssetail, "/sources?token=t0k");
    exchange.args(["-L", "-b", "", "-D", "-"]);
    let answer = output(exchange);
    assert!(answer.contains("HttpOnly; SameSite=Strict; Secure"), "{answer}");
    assert!(answer.contains("\"a.log\""), "{answer}");
}

#[test]
fn curl_fails_after_an_aborted_body() {
    let mut ssetail = encrypting().start();
    let streams = ["--http1.1", "--http2"].map(|flag| {
        let mut stream = encrypted(&ssetail, "/sse");
        stream.arg(flag);
        Reader::start(stream)
    });
    for stream in &streams {
        stream.wait_for("data: x");
    }
    ssetail.stop();
    for mut stream in streams {
        let status = crate::harness::wait_for_exit(&mut stream.child);
        assert_ne!(status.code(), Some(0));
    }
}
