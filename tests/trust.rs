//! Credentials, metrics and limits (docs/PROTOCOL.md, "Trust" and "Limits").

use crate::harness::client::{self, Connection, Events};
use crate::harness::{Running, Ssetail, eventually, output_of};

const BASIC: (&str, &str) = ("authorization", "Basic bWU6cGE6c3MtaGlkZGVu"); // me:pa:ss-hidden
const BEARER: (&str, &str) = ("authorization", "Bearer t0k+hidden==");

fn guarded() -> Ssetail {
    Ssetail::new()
        .file("a.log", "x\n")
        .env("SSETAIL_AUTH", "me:pa:ss-hidden")
        .env("SSETAIL_TOKEN", "t0k+hidden==")
        .args(["a.log", "-v"])
}

fn status(ssetail: &Running, path: &str, headers: &[(&str, &str)]) -> u16 {
    Connection::open(ssetail.address(), "GET", path, headers).status
}

#[test]
fn without_credentials_only_the_health_can_be_read() {
    let ssetail = guarded().start();
    for path in ["/", "/sse", "/sources", "/metrics", "/nothing"] {
        let answer = ssetail.get(path);
        assert_eq!(answer.status, 401, "{path}");
        let challenges: Vec<_> =
            answer.headers.iter().filter(|(name, _)| name == "www-authenticate").collect();
        assert!(challenges[0].1.starts_with("Basic realm="), "{challenges:?}");
        assert!(challenges[1].1.starts_with("Bearer realm="), "{challenges:?}");
        for wrong in [
            ("authorization", "Basic bWU6cGE6c3M="),
            ("authorization", "Basic ?"),
            ("authorization", "Bearer hidden"),
            ("authorization", ""),
        ] {
            assert_eq!(status(&ssetail, path, &[wrong]), 401, "{path} {wrong:?}");
        }
    }
    assert_eq!(ssetail.get("/healthz").body, "ok\n");
    assert_eq!(ssetail.get("/sse?token=wrong").status, 401);
    assert_eq!(status(&ssetail, "/nothing", &[BEARER]), 404);
}

#[test]
fn a_password_or_a_token_is_accepted() {
    let ssetail = guarded().start();
    for known in [BASIC, BEARER] {
        assert_eq!(Events::open(ssetail.address(), "/sse", &[known]).lines(1), ["x"]);
        assert_eq!(status(&ssetail, "/sources", &[known]), 200);
    }
}

#[test]
fn a_token_in_the_url_is_exchanged_for_a_cookie() {
    let ssetail = guarded().arg("--path-prefix=/logs").start();
    let answer = ssetail.get("/logs/sse?n=1&token=t0k%2Bhidden==&unnamed");
    assert_eq!((answer.status, answer.header("location")), (303, Some("./sse?n=1&unnamed")));
    let cookie = answer.header("set-cookie").expect("a cookie");
    let port = ssetail.port();
    let expected = format!("ssetail-{port}=t0k+hidden==; Path=/logs; HttpOnly; SameSite=Strict");
    assert_eq!(cookie, expected);
    let pair = cookie.split(';').next().expect("a pair");
    let mut events = Events::open(ssetail.address(), "/logs/sse", &[("cookie", pair)]);
    assert_eq!(events.lines(1), ["x"]);
}

#[test]
fn beyond_this_machine_a_token_is_made_and_printed_once() {
    let mut ssetail =
        Ssetail::new().file("a.log", "x\n").args(["a.log", "-v", "-b", "0.0.0.0"]).start();
    let token = ssetail.url.split("?token=").nth(1).expect("a token").to_owned();
    assert!(token.len() >= 22, "{token}");
    assert_eq!(ssetail.get("/sse").status, 401);
    assert_eq!(ssetail.get(&format!("/?token={token}")).header("location"), Some("./"));
    let bearer = format!("Bearer {token}");
    let known = [("authorization", &*bearer)];
    assert_eq!(Events::open(ssetail.address(), "/sse", &known).lines(1), ["x"]);
    ssetail.wait_for("GET /sse 200");
    assert_eq!(ssetail.stderr.matches(&token).count(), 1, "{}", ssetail.stderr);

    for args in [["--no-auth", "-q"], ["--auth", "me:p"]] {
        let other =
            Ssetail::new().file("a.log", "x\n").args(["a.log", "-b", "0.0.0.0"]).args(args).start();
        assert!(!other.url.contains("token"), "{}", other.url);
        let expected = if args[0] == "--no-auth" { 200 } else { 401 };
        assert_eq!(status(&other, "/sse", &[]), expected);
    }
}

#[test]
fn secrets_are_never_printed() {
    let mut ssetail = guarded().start();
    ssetail.get("/sse?token=t0k%2Bhidden==");
    ssetail.request("GET", "/sources", &[BASIC]);
    let metrics = ssetail.request("GET", "/metrics", &[BEARER]).body;
    ssetail.wait_for("GET /metrics 200");
    let mut shown = metrics + &ssetail.stderr;
    for (name, value) in [
        ("SSETAIL_AUTH", "hidden"),
        ("SSETAIL_TOKEN", "hid den"),
        ("SSETAIL_TOKEN_FILE", "/nowhere/x"),
    ] {
        let (status, stderr) = Ssetail::new().env(name, value).arg("a.log").fail();
        assert_ne!(status, 0);
        assert!(stderr.contains("token") || stderr.contains("USER:PASS"), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        shown.push_str(&stderr);
    }
    let (_, help) = Ssetail::new()
        .env("SSETAIL_AUTH", "me:hidden")
        .env("SSETAIL_TOKEN", "hidden")
        .arg("--nonsense")
        .fail();
    shown.push_str(&help);
    let binary = env!("CARGO_BIN_EXE_ssetail");
    let env = ["SSETAIL_AUTH=me:hidden", "SSETAIL_TOKEN=hidden", binary, "--help"];
    let help = output_of("env", &env);
    assert!(help.contains("SSETAIL_TOKEN"));
    shown.push_str(&help);
    assert!(!shown.contains("hidden") && !shown.contains("hid den"), "{shown}");
}

#[test]
fn a_token_can_come_from_a_file() {
    let ssetail = Ssetail::new()
        .file("a.log", "x\n")
        .file("token", "t0k+hidden==\n")
        .args(["a.log", "--token-file", "token"])
        .start();
    assert_eq!(ssetail.get("/sse").status, 401);
    assert_eq!(Events::open(ssetail.address(), "/sse", &[BEARER]).lines(1), ["x"]);
    let (status, stderr) = Ssetail::new().args(["x", "--no-auth", "--token", "y"]).fail();
    assert!(status == 2 && stderr.contains("--no-auth"), "{stderr}");
}

#[test]
fn a_page_of_a_named_origin_may_use_credentials() {
    let ssetail = guarded().args(["--cors", "https://ok.example"]).start();
    let preflight = [("origin", "https://ok.example"), ("access-control-request-method", "GET")];
    let answer = ssetail.request("OPTIONS", "/sse", &preflight);
    assert_eq!(
        (answer.status, answer.header("access-control-allow-credentials")),
        (204, Some("true"))
    );
    let refused = ssetail.request("GET", "/sse", &preflight[..1]);
    assert_eq!(refused.status, 401);
    assert_eq!(refused.header("access-control-allow-origin"), Some("https://ok.example"));
    let local = ssetail.request("GET", "/sse", &[("origin", "http://localhost:3000")]);
    assert_eq!(local.header("access-control-allow-credentials"), None);
}

#[test]
fn the_sources_are_listed() {
    let ssetail =
        Ssetail::new().file("a.log", "one\ntwo\nha").args(["a.log", "later\u{1b}.log"]).start();
    ssetail.events("/sse").lines(2);
    let answer = ssetail.get("/sources");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let sources: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
    let first = &sources[0];
    assert_eq!((&first["name"], &first["state"]), (&"a.log".into(), &"live".into()));
    assert_eq!((&first["lines"], &first["size"]), (&2.into(), &10.into()));
    assert!(first["path"].as_str().is_some_and(|path| path.ends_with("/a.log")));
    assert!(first["offset"].is_u64() && first["last_change"].is_u64(), "{first}");
    let second = &sources[1];
    assert_eq!((&second["name"], &second["state"]), (&"later%1B.log".into(), &"waiting".into()));
    assert!(second["last_change"].is_null());
}

#[test]
fn metrics_count_lines_events_gaps_and_clients() {
    // Evicted lines of standard input cannot be read again, so that there is a gap.
    let mut ssetail = Ssetail::new().piped().args(["-", "later.log", "--replay", "3"]).start();
    ssetail.input("one\ntwo\n");
    let mut events = ssetail.events("/sse");
    let first = events.next().expect("a line");
    ssetail.input("3\n4\n5\n6\n7\n");
    events.lines(6);
    ssetail.events_after("/sse", &first.id).take(4);
    for (name, value) in [
        ("ssetail_sources{state=\"live\"}", 1),
        ("ssetail_sources{state=\"waiting\"}", 1),
        ("ssetail_lines_read_total", 7),
        ("ssetail_bytes_read_total", 18),
        ("ssetail_events_sent_total", 10),
        ("ssetail_gaps_total", 1),
        ("ssetail_events_lost_total", 3),
        ("ssetail_ring_capacity_events", 3),
        ("ssetail_slow_peers_dropped_total", 0),
    ] {
        // Sent events are counted when the stream goes on.
        eventually(name, || ssetail.metric(name) == value);
    }
    assert!(ssetail.metric("ssetail_bytes_sent_total") > 200);
    assert!(ssetail.metric("ssetail_ring_bytes") > 18);
    assert!(ssetail.metric("ssetail_open_streams") >= 1);
    let answer = ssetail.get("/metrics");
    let kind = answer.header("content-type").expect("a type");
    assert!(kind.starts_with("application/openmetrics-text; version=1.0.0"), "{kind}");
    assert!(answer.body.ends_with("# EOF\n"), "{}", answer.body);
}

#[test]
fn a_client_over_the_limit_is_asked_to_come_back_later() {
    let ssetail = Ssetail::new().file("a.log", "x\n").args(["a.log", "--max-clients", "2"]).start();
    let first = ssetail.events("/sse");
    let mut second = ssetail.events("/sse");
    assert_eq!(second.lines(1), ["x"]);
    let crowded = client::get(ssetail.address(), "/sse", &[("accept", "text/event-stream")]);
    assert_eq!(crowded.status, 200);
    assert_eq!(crowded.header("content-type"), Some("text/event-stream; charset=utf-8"));
    let retry = crowded.body.strip_prefix(":\nretry: ").and_then(|rest| rest.strip_suffix('\n'));
    let retry: u64 = retry.and_then(|retry| retry.parse().ok()).expect("a reconnection time");
    assert!((45_000..=75_000).contains(&retry), "{retry}");
    let other = client::get(ssetail.address(), "/sse", &[("accept", "text/html")]);
    assert_eq!((other.status, other.header("retry-after")), (503, Some("60")));
    assert_eq!(ssetail.metric("ssetail_streams_turned_away_total"), 2);
    drop(first);
    // The program notices the closed connection a little later.
    crate::harness::eventually("another client is served", || {
        Events::open(ssetail.address(), "/sse", &[]).next().is_some()
    });
    ssetail.append("a.log", "y\n");
    assert_eq!(second.lines(1), ["y"]);
}
