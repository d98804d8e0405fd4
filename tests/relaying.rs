//! Other servers as sources (README.md, "Several machines on one page").

mod compressed;
mod foreign;
mod forwarder;
mod kills;
mod pieces;
mod refusals;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use self::forwarder::Forwarder;
use crate::harness::{Running, Ssetail, eventually, numbered};

const STATE: [&str; 2] = ["--state", "state"];

/// Returns a command line that follows `server` under the name `a`.
fn relay_of(server: &Running) -> Ssetail {
    relay_at(&format!("{}/", server.url))
}

fn relay_at(url: &str) -> Ssetail {
    Ssetail::new().arg(format!("a={url}"))
}

/// Returns the same URL with an address of this machine that is no loopback address, so that a relay
/// asks for gzip.
fn asking_for_gzip(url: &str) -> String {
    url.replace("//127.0.0.1:", "//0.0.0.0:")
}

/// A server that follows `x.log`, which holds `text`.
fn server(text: impl AsRef<[u8]>) -> Ssetail {
    Ssetail::new().file("x.log", text).args(["x.log", "--reconnect-delay", "100ms"])
}

/// Waits until the relay has a source in this state.
#[track_caller]
fn until_state(relay: &Running, name: &str, state: &str) {
    let wanted = format!("\"name\":\"{name}\"");
    let state = format!("\"state\":\"{state}\"");
    eventually(&format!("{name} has {state}"), || {
        relay
            .get("/sources")
            .body
            .lines()
            .any(|line| line.contains(&wanted) && line.contains(&state))
    });
}

/// Returns the lines `line 0` and so on.
fn text(range: std::ops::Range<usize>) -> Vec<String> {
    numbered("line", range).lines().map(str::to_owned).collect()
}

#[test]
fn lines_are_relayed_byte_for_byte_over_two_levels() {
    let long = "é".repeat(40_000);
    let lines: [&[u8]; 6] =
        [b"one", b"", b"bad \xff\xfe", b"a\rb\r", "\u{FEFF} \u{2028}".as_bytes(), long.as_bytes()];
    let content: Vec<u8> = lines.iter().flat_map(|line| [line, &b"\n"[..]].concat()).collect();
    let a = server(&content).start();
    let b = relay_of(&a).start();
    let c = Ssetail::new().arg(format!("{}/sse", b.url)).start();
    let mut events = c.events("/sse?format=base64");
    let mut got = Vec::new();
    // The long line comes in three parts, as from the first server.
    for event in events.take(8) {
        assert_eq!(event.kind, "127.0.0.1/a/x.log");
        got.push(STANDARD.decode(event.data).expect("base64"));
    }
    let parts = [got[5].as_slice(), &got[6], &got[7]].concat();
    assert_eq!(got[..5].iter().map(Vec::as_slice).chain([&*parts]).collect::<Vec<_>>(), lines);
    let mut objects = c.events("/sse?format=json");
    let more: Vec<bool> =
        objects.take(8).iter().map(|event| event.data.contains("\"more\":true")).collect();
    assert_eq!(more, [false, false, false, false, false, true, true, false]);
    a.append("x.log", "live\n");
    assert_eq!(events.data(1), [STANDARD.encode("live")]);
}

#[test]
fn times_levels_and_streams_are_those_of_the_first_server() {
    let docker = concat!(
        r#"{"log":"WARN slow\n","stream":"stderr","time":"2026-11-25T19:00:01.5Z"}"#,
        "\n",
        r#"{"log":"plain\n","stream":"stdout","time":"2026-11-25T19:00:02Z"}"#,
        "\n"
    );
    let a = server(docker).args(["--decode", "docker"]).start();
    let b = relay_of(&a).start();
    let objects = |server: &Running, name: &str| -> Vec<serde_json::Value> {
        let data = server.events("/sse?format=json").data(2);
        let parse = |data: &String| {
            let mut object: serde_json::Value = serde_json::from_str(data).expect("JSON");
            assert_eq!(object["file"], name);
            let fields = object.as_object_mut().expect("an object");
            // Only a file has offsets.
            fields.retain(|key, _| key != "file" && key != "offset");
            object
        };
        data.iter().map(parse).collect()
    };
    let relayed = objects(&b, "a/x.log");
    assert_eq!(relayed, objects(&a, "x.log"));
    assert_eq!((&relayed[0]["level"], &relayed[1]["stream"]), (&"warn".into(), &"stdout".into()));
}

#[test]
fn changes_and_ends_of_sources_are_passed_on() {
    let mut a = server("one\n").arg("-").piped().start();
    let b = relay_of(&a).start();
    let mut events = b.events("/sse");
    assert_eq!(events.data(1), ["one"]);
    std::fs::write(a.path("new"), "two\n").expect("written");
    a.rename("new", "x.log");
    let change = events.control("source");
    assert_eq!((&change["file"], &change["change"]), (&"a/x.log".into(), &"rotated".into()));
    assert_eq!(events.data(1), ["two"]);
    a.input("last");
    a.close_input();
    let event = events.next().expect("an event");
    assert_eq!((&*event.kind, &*event.data), ("a/stdin", "last"));
    assert_eq!(events.control("end")["file"], "a/stdin");
    until_state(&b, "a/stdin", "ended");
    std::fs::remove_file(a.path("x.log")).expect("removed");
    assert_eq!(events.control("source")["change"], "removed");
    until_state(&b, "a/x.log", "removed");
    until_state(&b, "a", "live");
}

#[test]
fn events_that_were_lost_before_are_a_gap_with_the_name_of_the_server() {
    let mut a = Ssetail::new().args(["-", "--replay", "10"]).piped().start();
    let b_args = [STATE[0], STATE[1], "--from-start"];
    let mut b = relay_of(&a).args(b_args).start();
    a.input("line 0\n");
    let first = b.events("/sse").take(1).remove(0);
    b.kill();
    let wide = "line ".repeat(100);
    a.input(numbered(&wide, 1..20_000));
    eventually("all lines are read", || a.metric("ssetail_lines_read_total") == 20_000);
    let again = Ssetail::after(&mut b).arg(format!("a={}/", a.url)).args(b_args).start();
    let c = relay_of(&again).arg("--from-start").start();
    let mut events = again.events_after("/sse", &first.id);
    let gap = events.control("gap");
    let lost = gap["lost"].as_u64().expect("a number") as usize;
    assert_eq!((&gap["file"], &gap["reason"]), (&"a".into(), &"evicted".into()));
    assert_eq!(events.data(1), [format!("{wide} {}", 1 + lost)]);
    assert_eq!(again.metric("ssetail_relayed_gaps_total"), 1);
    assert_eq!(again.metric("ssetail_relayed_events_lost_total"), lost as u64);
    // The next relay passes it on with its own name for the server.
    assert_eq!(c.events("/sse?n=all").control("gap")["file"], "a/a");
}

#[test]
fn the_first_lines_are_those_that_the_flags_ask_for() {
    let lines: Vec<String> = (10..40).map(|n| format!("2026-11-25T19:00:{n}Z line")).collect();
    let since = ["--since", "2026-11-25T19:00:35Z"];
    for (args, first) in [(&["-n", "2"][..], 28), (&["--from-start"], 0), (&since, 25)] {
        let a = server(lines.join("\n") + "\n").arg("--from-start").start();
        let b = relay_of(&a).args(args).start();
        let mut events = b.events("/sse");
        assert_eq!(events.data(30 - first), lines[first..], "{args:?}");
        a.append("x.log", "1999-01-01T00:00:00Z old\n");
        assert_eq!(events.data(1), ["1999-01-01T00:00:00Z old"], "{args:?}: new lines all come");
    }
    let a = server("old\n").start();
    let b = relay_of(&a).args(["-n", "0"]).start();
    until_state(&b, "a", "live");
    a.append("x.log", "new\n");
    assert_eq!(b.events("/sse?n=all").data(1), ["new"]);
    let empty = relay_of(&a).args(["--since", "2099-01-01"]).start();
    until_state(&empty, "a", "live");
    a.append("x.log", "newer\n");
    assert_eq!(empty.events("/sse?n=all").data(1), ["newer"]);
}

#[test]
fn a_relay_with_state_goes_on_where_it_was_with_the_same_ids() {
    let a = server(numbered("line", 0..50)).start();
    let forwarder = Forwarder::to(&a);
    let mut first = relay_at(&forwarder.url()).args(STATE).start();
    let before = first.events("/sse").take(50);
    first.kill();
    a.append("x.log", numbered("line", 50..60));
    let again = |before: &mut Running| {
        Ssetail::after(before).args(STATE).arg(format!("a={}", forwarder.url())).start()
    };
    let mut second = again(&mut first);
    let events = second.events_after("/sse", &before[49].id).take(10);
    assert_eq!(events.iter().map(|event| event.data.clone()).collect::<Vec<_>>(), text(50..60));
    let last = &events[9];
    // Nothing new has come since: the position outlives a run that reads nothing.
    second.stop();
    let mut third = again(&mut second);
    until_state(&third, "a/x.log", "live");
    third.stop();
    a.append("x.log", "line 60\n");
    let fourth = again(&mut third);
    assert_eq!(fourth.events_after("/sse", &last.id).data(1), text(60..61));
}

#[test]
fn a_server_that_begins_a_new_run_is_a_gap() {
    let mut a = server("one\n").start();
    let forwarder = Forwarder::to(&a);
    let mut b = relay_at(&forwarder.url()).start();
    let mut events = b.events("/sse");
    assert_eq!(events.data(1), ["one"]);
    a.kill();
    b.wait_for("a: http://127.0.0.1:");
    until_state(&b, "a", "unreachable");
    until_state(&b, "a/x.log", "unreachable");
    let again = Ssetail::after(&mut a).args(["x.log", "--reconnect-delay", "100ms"]).start();
    forwarder.lead_to(&again);
    let gap = events.control("gap");
    assert_eq!((&gap["reason"], &gap["lost"]), (&"restart".into(), &serde_json::Value::Null));
    assert_eq!(events.data(1), ["one"]);
    b.wait_for("is followed again");
    until_state(&b, "a/x.log", "live");
    assert_eq!(b.stderr.matches("cannot be reached").count(), 1, "{}", b.stderr);
}

#[test]
fn relayed_lines_are_filtered_and_redacted() {
    let a = server("keep password=x1\ndrop\n").start();
    let b = relay_of(&a).args(["--redact", "password=[^ ]+", "--exclude", "^drop"]).start();
    let mut events = b.events("/sse");
    assert_eq!(events.data(1), ["keep [redacted]"]);
    let long = format!("drop {}\nlast\n", "x".repeat(100_000));
    a.append("x.log", long);
    assert_eq!(events.data(1), ["last"], "a long line is filtered as a whole");
}

#[test]
fn files_and_servers_can_be_followed_together() {
    let a = server("far\n").start();
    let b = relay_of(&a).file("local.log", "near\n").arg("local.log").start();
    let mut events = b.events("/sse?n=all");
    let mut lines: Vec<(String, String)> =
        events.take(2).into_iter().map(|event| (event.kind, event.data)).collect();
    lines.sort();
    let expected = [("a/x.log", "far"), ("local.log", "near")];
    assert_eq!(lines, expected.map(|(name, line)| (name.to_owned(), line.to_owned())));
    let metrics = b.get("/metrics").body;
    assert!(metrics.contains("ssetail_sources{state=\"unreachable\"} 0"), "{metrics}");
}
