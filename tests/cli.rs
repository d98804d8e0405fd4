//! Flags, environment variables, and the errors of invalid ones.

use crate::harness::{Running, Ssetail, eventually, numbered};

#[track_caller]
fn refused(args: &[&str], sentences: &[&str]) {
    let (status, said) = Ssetail::new().args(args).fail();
    assert_eq!(status, 2, "{said}");
    for sentence in sentences {
        assert!(said.contains(sentence), "{sentence:?} is not in {said:?}");
    }
}

#[test]
fn an_invalid_value_is_refused_with_a_valid_example() {
    refused(&["x", "--lines", "many"], &["--lines", "+1 for all"]);
    refused(&["x", "-b", "localhost"], &["--bind", "127.0.0.1"]);
    refused(&["x", "--endpoint", "sse"], &["--endpoint", "/sse"]);
    refused(&["x", "--replay", "x"], &["--replay", "10000"]);
    refused(&["x", "--replay-bytes", "lots"], &["--replay-bytes", "16MiB"]);
    refused(&["x", "--heartbeat", "0s"], &["--heartbeat", "15s"]);
    refused(&["x", "--reconnect-delay", "soon"], &["--reconnect-delay", "500ms"]);
    refused(&["x", "--max-line", "2GiB"], &["--max-line", "32KiB"]);
    refused(&["x", "--format", "xml"], &["--format", "text, json, base64, buffer, exact"]);
    refused(&["x", "--cors", "example.com"], &["--cors", "https://"]);
    refused(&["x", "--include", "("], &["--include", "regular expression"]);
    refused(&["x", "--exit-on-eof"], &["--exit-on-eof", "standard input"]);
    refused(&["{1..9999999}"], &["is not a glob: it is too long"]);
    refused(&["x", "--prot", "1"], &["'--port'"]);
    refused(&["x", "--quit"], &["'--quiet'"]);
    refused(&["x", "--tee"], &["--tee", "standard input", "give - as a SOURCE"]);
    refused(&["x", "--open", "--no-viewer"], &["--open", "--no-viewer"]);
    refused(&["none/"], &["none/ is a directory that does not exist", "'none/*.log'"]);
}

/// A filter that cannot be compiled must not let every line through.
#[test]
fn filters_that_are_too_large_together_are_refused() {
    for flag in ["--include", "--exclude"] {
        let mut args = vec!["x".to_owned()];
        for number in 0..12 {
            args.extend([flag.to_owned(), format!(r"secret{number}\w{{40}}|secret{number}")]);
        }
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        refused(&args, &[flag, "give fewer or simpler ones"]);
    }
}

#[test]
fn values_and_sources_that_look_like_flags_are_explained() {
    refused(&["x", "--replay", "-1"], &["--replay", "expected a whole number"]);
    refused(&["x", "--linger", "-5s"], &["--linger", "expected a duration"]);
    refused(&["-50", "x"], &["-50 is not a flag; for the last 50 lines, give -n 50"]);
    for args in [&["x", "--replay", "-1"][..], &["-5", "x"], &["x", "-x"]] {
        let (_, said) = Ssetail::new().args(args).fail();
        assert!(!said.contains("tip:"), "{said}");
    }
    let (_, said) = Ssetail::new().file("-x", "").arg("-x").fail();
    assert!(said.contains("to follow the file, give ./-x"), "{said}");
}

fn printed(arg: &str) -> String {
    crate::harness::output_of(env!("CARGO_BIN_EXE_ssetail"), &[arg])
}

#[test]
fn the_help_is_in_groups_and_the_short_one_fits_a_screen() {
    let (short, long) = (printed("-h"), printed("--help"));
    for heading in ["Input:", "Server:", "Access:"] {
        assert!(short.contains(heading) && long.contains(heading), "{heading}");
    }
    assert!(short.lines().count() < 60, "{short}");
    assert!(!short.contains("SSETAIL_") && short.ends_with("man -l -\n"), "{short}");
    let (_, examples) = long.split_once("\nExamples:\n").expect("examples");
    assert!(examples.lines().all(|line| line.starts_with("  ")), "they are the end: {examples}");
}

#[test]
fn every_flag_is_read_from_the_environment_that_the_help_names() {
    let help = printed("--help");
    let flags: Vec<&str> = help
        .lines()
        .filter_map(|line| line.trim_start().split("--").nth(1).filter(|_| is_flag(line)))
        .map(|rest| rest.split(|c: char| !c.is_ascii_lowercase() && c != '-').next().unwrap_or(""))
        .filter(|flag| !["help", "version"].contains(flag))
        .collect();
    assert!(flags.len() > 35, "{flags:?}");
    for flag in flags {
        let name = format!("SSETAIL_{}", flag.to_uppercase().replace('-', "_"));
        assert!(help.contains(&format!("[env: {name}]")), "{name}");
        // No flag accepts this value, and the error names the flag, its variable or the value.
        let (status, said) = match flag {
            // They accept anything.
            "follow" | "host" | "nats-creds" => continue,
            "tls-key" => ssetail_with(&[(&name, "no/such"), ("SSETAIL_TLS_CERT", "no/such")]),
            "tls-cert" => ssetail_with(&[(&name, "no/such"), ("SSETAIL_TLS_KEY", "no/such")]),
            "include" | "exclude" | "redact" => ssetail_with(&[(&name, "(")]),
            // A missing directory would be created, but not in place of a file.
            "state" => ssetail_with(&[(&name, "a.log")]),
            "token" | "auth" => ssetail_with(&[(&name, "\u{e9} ")]),
            _ => ssetail_with(&[(&name, "no/such\u{e9}")]),
        };
        assert_ne!(status, 0, "{name}");
        let is_named = said.contains(&format!("--{flag}"))
            || said.contains(&name)
            || said.contains("no/such")
            || said.contains("a.log ");
        assert!(is_named || said.contains("expected a token of"), "{name}: {said}");
    }
}

fn is_flag(line: &str) -> bool {
    line.starts_with("  -") || line.starts_with("      --")
}

fn ssetail_with(environment: &[(&str, &str)]) -> (i32, String) {
    // Without --port of the harness, because a flag overrides its variable.
    let ssetail = Ssetail::running(env!("CARGO_BIN_EXE_ssetail"), &["a.log"]).file("a.log", "");
    environment.iter().fold(ssetail, |ssetail, (name, value)| ssetail.env(name, value)).fail()
}

#[test]
fn a_port_outside_the_range_is_refused() {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_ssetail"));
    let output = command.args(["x", "--port", "70000"]).output().expect("it runs");
    assert!(String::from_utf8_lossy(&output.stderr).contains("from 0 to 65535, e.g. 8088"));
}

#[test]
fn a_directory_is_refused_with_a_glob_for_its_files() {
    let (status, said) = Ssetail::new().file("logs/a.log", "").arg("logs/").fail();
    assert_eq!(status, 2);
    assert!(said.contains("'logs/*.log'"), "{said}");
    // If there are other sources, these are followed.
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
fn lines_start_where_those_of_tail_start() {
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
fn verbose_logs_requests() {
    let mut ssetail = Ssetail::new().file("a.log", "x\n").args(["a.log", "-v"]).start();
    let health = ssetail.get("/healthz?token=hidden");
    let line = ssetail.wait_for("/healthz");
    let fields: Vec<&str> = line.trim_end().split(' ').collect();
    let [time, peer, "GET", "/healthz", "200", duration, "events=0", bytes] = fields[..] else {
        panic!("{line}");
    };
    assert!(time.len() == 24 && time.starts_with("20") && time.ends_with('Z'), "{line}");
    assert!(peer.starts_with("127.0.0.1:"), "{line}");
    let seconds = duration.strip_suffix('s').expect("a duration");
    assert!(seconds.parse::<f64>().is_ok_and(|seconds| seconds < 30.0), "{line}");
    assert_eq!(bytes, format!("bytes={}", health.body.len()));
    assert!(!ssetail.stderr.contains("hidden"), "{}", ssetail.stderr);
}

#[test]
fn a_stream_is_logged_when_it_has_ended() {
    let content = numbered("line", 0..500);
    let mut ssetail = Ssetail::new().file("a.log", &content).args(["a.log", "-n500", "-v"]).start();
    let mut events = ssetail.events("/sse");
    events.take(500);
    ssetail.request("POST", "/sse", &[]);
    ssetail.wait_for(" POST /sse 405 ");
    assert!(!ssetail.stderr.contains("GET /sse"), "it has not ended: {}", ssetail.stderr);
    drop(events);
    let line = ssetail.wait_for(" GET /sse 200 ");
    let (_, bytes) = line.trim_end().split_once(" events=500 bytes=").expect(&line);
    let bytes: usize = bytes.parse().expect("a number");
    assert!((content.len()..4 * content.len() + 16_000).contains(&bytes), "{line}");
}

/// A browser that writes the URL to a file.
fn browser(ssetail: Ssetail) -> Ssetail {
    use std::os::unix::fs::PermissionsExt;
    let ssetail = ssetail.file("a.log", "x\n").file("browser", "#!/bin/sh\necho \"$1\" >opened\n");
    let path = ssetail.path("browser");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("set");
    let path = path.to_str().expect("a path").to_owned();
    ssetail.env("BROWSER", &path).env("PATH", "/usr/bin:/bin").args(["a.log", "--open"])
}

fn opened(ssetail: &Running) -> String {
    let path = ssetail.path("opened");
    let text = || std::fs::read_to_string(&path).unwrap_or_default();
    eventually("a browser", || text().ends_with('\n'));
    text().trim_end().to_owned()
}

#[test]
fn the_page_is_opened_with_the_token() {
    let ssetail = browser(Ssetail::new()).start();
    assert_eq!(opened(&ssetail), format!("{}/", ssetail.url));

    let ssetail = browser(Ssetail::new()).env("SSETAIL_TOKEN", "a+/~b==").start();
    let url = opened(&ssetail);
    assert!(!ssetail.stderr.contains("a+/~b"), "{}", ssetail.stderr);
    let path = url.strip_prefix(&ssetail.url).expect("the same address");
    assert_eq!(ssetail.get("/sources").status, 401);
    let exchanged = ssetail.get(path);
    let cookie = exchanged.header("set-cookie").and_then(|cookie| cookie.split(';').next());
    let cookie = cookie.unwrap_or_else(|| panic!("no cookie from {url}: {exchanged:?}"));
    assert_eq!(ssetail.request("GET", "/", &[("cookie", cookie)]).status, 200);

    let ssetail = browser(Ssetail::new()).args(["-b", "0.0.0.0", "--no-auth"]).start();
    assert!(opened(&ssetail).starts_with("http://127.0.0.1:"), "{}", opened(&ssetail));
}

#[test]
fn a_missing_browser_does_not_stop_the_program() {
    let ssetail = Ssetail::new().file("a.log", "x\n").args(["a.log", "--open"]);
    let mut ssetail = ssetail.env("PATH", "/nowhere").start();
    ssetail.wait_for("no browser was found");
    assert_eq!(ssetail.events("/sse").data(1), ["x"]);
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
