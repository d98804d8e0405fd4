//! Filters of the event stream by time, level, fields and surroundings (docs/PROTOCOL.md, "Filters").

mod reference;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use self::reference::{Filter, Log, Written};
use crate::harness::client::Connection;
use crate::harness::{Running, Ssetail, eventually};

const NDJSON: (&str, &str) = ("accept", "application/x-ndjson");

/// Returns the objects of a read that ends.
#[track_caller]
fn objects(ssetail: &Running, query: &str) -> Vec<Value> {
    let path = format!("/sse?follow=0&{query}");
    read_objects(Connection::open(ssetail.address(), "GET", &path, &[NDJSON]), query)
}

#[track_caller]
fn read_objects(mut connection: Connection, query: &str) -> Vec<Value> {
    assert_eq!(connection.status, 200, "{query}");
    let mut body = Vec::new();
    while let Some(bytes) = connection.read() {
        body.extend(bytes);
    }
    assert!(connection.ended, "{query}");
    let text = String::from_utf8(body).expect("UTF-8");
    let mut objects: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(objects.pop().expect("an end")["type"], "end_of_read", "{query}");
    objects.retain(|object| object["type"] != "source" && object["type"] != "ping");
    objects
}

/// Returns the messages of a read that ends.
#[track_caller]
fn messages(ssetail: &Running, query: &str) -> Vec<String> {
    let text = |object: &Value| {
        object["message"].as_str().unwrap_or_else(|| panic!("{object}")).to_owned()
    };
    objects(ssetail, query).iter().map(text).collect()
}

fn wait_for_lines(ssetail: &Running, count: usize) {
    eventually("all lines are read", || ssetail.metric("ssetail_lines_read_total") == count as u64);
}

/// Starts a server that has read these lines of `a.log`.
fn serving(text: &str) -> Running {
    let ssetail = Ssetail::new().file("a.log", text).args(["a.log", "--from-start"]);
    let ssetail = ssetail.env("TZ", "UTC").start();
    wait_for_lines(&ssetail, text.lines().count());
    ssetail
}

const CRASH: &str = "\
2026-11-25T10:00:00Z INFO starting port=8080
2026-11-25T10:00:01Z ERROR failed status=500
java.lang.IllegalStateException: boom
\tat com.example.Main.run(Main.java:10)
Caused by: java.io.IOException: no space
\t... 3 more
2026-11-25T10:00:02Z WARN slow status=404
2026-11-25T10:00:03Z INFO fine status=200
";

#[test]
fn lines_are_selected_by_their_level() {
    let ssetail = serving(CRASH);
    assert_eq!(messages(&ssetail, "level=error").len(), 5);
    assert_eq!(messages(&ssetail, "level=warn").len(), 6);
    assert_eq!(messages(&ssetail, "level=FATAL").len(), 0);
    assert_eq!(messages(&ssetail, "level=trace").len(), 8);
    assert_eq!(
        messages(&ssetail, "level=error&grep=boom"),
        ["java.lang.IllegalStateException: boom"]
    );
}

#[test]
fn lines_are_selected_by_their_time() {
    let ssetail = serving(CRASH);
    assert_eq!(messages(&ssetail, "since=2026-11-25T10:00:02Z").len(), 2);
    assert_eq!(messages(&ssetail, "since=2026-11-25+10:00:02").len(), 2);
    assert_eq!(messages(&ssetail, "until=2026-11-25T10:00:01Z").len(), 6);
    let both = "since=2026-11-25T10:00:01Z&until=2026-11-25T10:00:02Z";
    assert_eq!(messages(&ssetail, both).len(), 6);
    assert_eq!(messages(&ssetail, &format!("{both}&n=2")).len(), 2);
    assert_eq!(messages(&ssetail, "since=2036-01-01").len(), 0);
}

#[test]
fn lines_are_selected_by_their_fields() {
    let ssetail = serving(CRASH);
    assert_eq!(messages(&ssetail, "where=status>=404").len(), 2);
    assert_eq!(messages(&ssetail, "where=status>=404&where=status<500").len(), 1);
    assert_eq!(messages(&ssetail, "where=port=8080").len(), 1);
    assert_eq!(messages(&ssetail, "where=status~^2").len(), 1);
}

#[test]
fn the_lines_around_a_match_are_sent_with_it() {
    let ssetail = serving(CRASH);
    let whole = messages(&ssetail, "grep=no+space&entries");
    assert_eq!(whole.len(), 5, "{whole:?}");
    assert!(whole[0].contains("ERROR failed"));
    assert_eq!(messages(&ssetail, "grep=no+space&context=1").len(), 3);
    assert_eq!(messages(&ssetail, "grep=INFO&context=1").len(), 4);
    assert_eq!(messages(&ssetail, "grep=INFO&n=1&context=1").len(), 2);
    assert_eq!(messages(&ssetail, "level=warn&n=1&entries").len(), 1);
    assert_eq!(messages(&ssetail, "level=warn&n=2&entries").len(), 6);
}

#[test]
fn json_shows_what_a_line_states() {
    let ssetail = serving(CRASH);
    let objects = objects(&ssetail, "");
    assert_eq!(objects[0]["ts"], 1_795_600_800_000_u64);
    assert_eq!((&objects[0]["level"], &objects[0]["cont"]), (&"info".into(), &Value::Null));
    assert_eq!(objects[3]["ts"], 1_795_600_801_000_u64);
    assert_eq!((&objects[3]["level"], &objects[3]["cont"]), (&"error".into(), &true.into()));
    assert_eq!(objects[6]["level"], "warn");
}

/// A batch with a long line is searched on another thread.
#[test]
fn records_are_shown_beside_long_lines() {
    let ssetail = serving(&format!("{}\nINFO last\n", "x".repeat(3000)));
    for query in
        ["grep=last", "stop=last&grep=last", "n=1&grep=last", "where=x!=1&grep=last", "level=info"]
    {
        let found = objects(&ssetail, query);
        assert_eq!(found.len(), usize::from(!query.contains("where")), "{query}");
        assert!(found.iter().all(|object| object["level"] == "info"), "{query}");
    }
}

/// A peer whose socket is full goes back, and reads the lines around its position again.
#[test]
fn a_slow_peer_gets_the_lines_around_matches() {
    let ssetail = Ssetail::new().file("a.log", "").file("b.log", "").args(["a.log", "b.log"]);
    let ssetail = ssetail.args(["--replay-bytes", "100KiB"]).start();
    let mut count = 0;
    for _ in 0..14 {
        for (file, lines) in [("a.log", 6), ("b.log", 3000)] {
            let line = |n| {
                let level = if n % 5 == 0 { "ERROR" } else { "INFO" };
                let (minute, second) = (n / 60 % 60, n % 60);
                let padding = "p".repeat(70);
                format!(
                    "2026-11-25T0{}:{minute:02}:{second:02}Z {level} {n} {padding}\n",
                    n / 3600 % 10
                )
            };
            ssetail.append(file, (count..count + lines).map(line).collect::<String>());
            count += lines;
            wait_for_lines(&ssetail, count);
        }
    }
    let selected = objects(&ssetail, "n=all&level=error").len();
    assert_eq!(selected, count / 5 + 1);
    for query in ["level=error&entries", "level=error&context=3"] {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
        let socket = socket.expect("a socket");
        socket.set_recv_buffer_size(4096).expect("set");
        let address: std::net::SocketAddr = ssetail.address().parse().expect("an address");
        socket.connect(&address.into()).expect("the server accepts");
        let head = format!(
            "GET /sse?follow=0&n=all&{query} HTTP/1.1\r\nhost: localhost\r\naccept: {}\r\n\r\n",
            NDJSON.1
        );
        let found = read_objects(Connection::over(socket.into(), &head), query);
        let errors = found.iter().filter(|object| object["level"] == "error").count();
        assert_eq!(errors, selected, "{query}");
    }
}

#[test]
fn the_first_end_of_a_read_ends_it() {
    let ssetail = serving(CRASH);
    let began = std::time::Instant::now();
    assert_eq!(messages(&ssetail, "until=2026-11-25T10:00:00Z&wait=30s&grep=none").len(), 0);
    let held = messages(&ssetail, "wait=30s&n=all&level=warn&grep=slow&entries");
    assert_eq!(held.len(), 1);
    assert!(began.elapsed() < std::time::Duration::from_secs(20), "it did not wait");
}

/// The lines before the first one that is new enough belong to it.
#[test]
fn lines_around_a_time_are_found_in_history() {
    let line = |n: usize| {
        let (hour, minute, second) = (n * 5 / 3600, n * 5 / 60 % 60, n * 5 % 60);
        format!("2026-11-25T{hour:02}:{minute:02}:{second:02}Z INFO {n} {}\n", "p".repeat(100))
    };
    let text: String = (0..10_000).map(line).collect();
    let ssetail = Ssetail::new().file("a.log", text);
    let ssetail = ssetail.args(["a.log", "--from-start", "--replay-bytes", "100KiB"]).start();
    wait_for_lines(&ssetail, 10_000);
    for n in (1000..9000).step_by(97) {
        let (hour, minute, second) = (n * 5 / 3600, n * 5 / 60 % 60, n * 5 % 60);
        let time = format!("2026-11-25T{hour:02}:{minute:02}:{second:02}Z");
        let found = messages(&ssetail, &format!("since={time}&until={time}&context=20&n=all"));
        assert_eq!(found.len(), 41, "{n}");
    }
}

#[test]
fn a_line_of_several_pieces_counts_once() {
    let ssetail = serving(&format!("ERROR one\nERROR {}\n", "x".repeat(3 << 20)));
    let found = messages(&ssetail, "n=2&level=error");
    assert_eq!(found[0], "ERROR one");
    assert!(messages(&ssetail, "n=1&level=error")[0].starts_with("ERROR xxx"));
}

/// The ring has evicted the lines above, and nobody can read them again.
#[test]
fn lines_of_standard_input_continue_evicted_ones() {
    let mut ssetail = Ssetail::new().args(["-", "--replay", "100", "--replay-bytes", "8KiB"]);
    ssetail = ssetail.env("TZ", "UTC");
    let mut ssetail = ssetail.piped().start();
    ssetail.input("2026-11-25T10:00:00Z ERROR boom\n");
    for group in 0..10 {
        let frames: String = (0..40).map(|n| format!("    at frame {group} {n}\n")).collect();
        ssetail.input(frames);
        wait_for_lines(&ssetail, 1 + 40 * (group + 1));
    }
    let found = objects(&ssetail, "n=all");
    assert!((50..=100).contains(&found.len()), "{}", found.len());
    for object in found {
        assert_eq!(object["ts"], 1_795_600_800_000_u64, "{object}");
        assert_eq!((&object["level"], &object["cont"]), (&"error".into(), &true.into()));
    }
}

/// A line that is written later can make the lines above it wanted.
#[test]
fn an_entry_is_sent_whole_while_it_is_written() {
    let ssetail =
        Ssetail::new().file("a.log", "").file("b.log", "").args(["a.log", "b.log"]).start();
    let mut events = ssetail.events("/sse?grep=disk&entries&n=0");
    ssetail.append("a.log", "2026-11-25T10:00:00Z ERROR one\n  first\n");
    wait_for_lines(&ssetail, 2);
    ssetail.append("b.log", "2026-11-25T10:00:00Z ERROR disk b\n");
    ssetail.append("a.log", "  disk a\n  last\n");
    let mut data = events.data(5);
    data.sort();
    let expected = [
        "  disk a",
        "  first",
        "  last",
        "2026-11-25T10:00:00Z ERROR disk b",
        "2026-11-25T10:00:00Z ERROR one",
    ];
    assert_eq!(data, expected);
}

fn filters() -> impl Strategy<Value = Filter> {
    let surroundings = prop_oneof![
        2 => Just(String::new()),
        2 => Just("&entries".to_owned()),
        2 => (1usize..5).prop_map(|lines| format!("&context={lines}")),
    ];
    let parts = (
        select(vec!["", "&level=warn", "&level=error", "&level=info"]),
        select(vec!["", "&grep=w1", "&grep=w[12]&grep=!frame", "&grep=!w0"]),
        select(vec!["", "&where=status>=500", "&where=status=200", "&where=status!=404"]),
        prop_oneof![3 => Just(None), 1 => (0usize..400).prop_map(Some)],
        prop_oneof![3 => Just(None), 1 => (0usize..400).prop_map(Some)],
        surroundings,
        prop_oneof![2 => Just(None), 1 => (1usize..12).prop_map(Some)],
    );
    parts.prop_map(|(level, grep, condition, since, until, surroundings, newest)| Filter {
        text: format!("{level}{grep}{condition}{surroundings}"),
        since,
        until,
        newest,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 30, ..ProptestConfig::default() })]

    /// Filters agree with a simple implementation, also over evicted and rotated lines and when a
    /// client resumes.
    #[test]
    fn filters_agree_with_a_reference(
        groups in vec((0usize..3, vec((any::<u16>(), any::<bool>()), 1..120)), 1..9),
        rotate in any::<prop::sample::Index>(), filters in vec((filters(), any::<prop::sample::Index>()), 12),
    ) {
        let mut log = Log::default();
        let ssetail = Ssetail::new().env("TZ", "UTC").args(["0.log", "1.log", "2.log"]);
        let ssetail = ssetail.args(["--replay-bytes", "20KiB"]);
        let ssetail = (0..3).fold(ssetail, |ssetail, n| ssetail.file(&format!("{n}.log"), "")).start();
        for (n, (file, lines)) in groups.iter().enumerate() {
            if n == rotate.index(groups.len()) {
                ssetail.rename(&format!("{file}.log"), &format!("{file}.old"));
                crate::harness::write(&ssetail.path(&format!("{file}.log")), "");
                log.rotate(*file);
            }
            let text = log.write(*file, lines);
            ssetail.append(&format!("{file}.log"), text);
            wait_for_lines(&ssetail, log.lines.len());
        }
        for (filter, resume) in &filters {
            let expected = log.select(filter);
            let query = filter.query(&log);
            let found = objects(&ssetail, &query);
            let place = |object: &Value| Written::key(&object["file"], &object["message"]);
            let places: Vec<_> = found.iter().map(place).collect();
            prop_assert_eq!(&places, &expected, "{}", query);
            // A client that returns does not say where each source began.
            let is_whole = filter.newest.is_none();
            if let Some(last) = found.get(resume.index(found.len().max(1))).filter(|_| is_whole) {
                let id = last["id"].as_str().expect("an id");
                let rest = objects(&ssetail, &format!("{query}&last_event_id={id}"));
                let rest: Vec<_> = rest.iter().map(place).collect();
                prop_assert_eq!(&rest[..], &expected[resume.index(found.len()) + 1..], "{} after {}", query, id);
            }
        }
    }
}
