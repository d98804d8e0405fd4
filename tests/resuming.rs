//! Clients that resume with a last event ID (docs/PROTOCOL.md, "Resuming").

use std::sync::atomic::{AtomicBool, Ordering};

use crate::harness::{Ssetail, append, eventually, numbered};

fn text(range: std::ops::Range<usize>) -> Vec<String> {
    numbered("line", range).lines().map(str::to_owned).collect()
}

#[test]
fn a_resumed_client_gets_exactly_the_events_that_it_lacks() {
    let ssetail = Ssetail::new().file("a.log", numbered("line", 0..50)).arg("a.log").start();
    let all = ssetail.events("/sse").take(50);
    for (i, event) in all.iter().enumerate().step_by(7) {
        let rest = ssetail.events_after("/sse", &event.id).take(49 - i);
        assert_eq!(rest, all[i + 1..]);
    }
    let path = format!("/sse?last_event_id={}", all[48].id);
    assert_eq!(ssetail.events(&path).take(1), all[49..]);
    // A browser repeats the query of its first request, so the header wins.
    assert_eq!(ssetail.events_after(&path, &all[47].id).take(2), all[48..]);
    // An empty header counts as no header.
    assert_eq!(ssetail.events_after("/sse", "").take(50), all);
    assert_eq!(ssetail.events_after(&path, "").take(1), all[49..]);
}

#[test]
fn no_line_is_lost_or_doubled_when_clients_reconnect_under_load() {
    let ssetail = Ssetail::new()
        .file("a.log", "")
        .args(["a.log", "--replay", "10000000", "--replay-bytes", "200MiB"])
        .start();
    let path = ssetail.path("a.log");
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let written = scope.spawn(|| {
            let mut next = 0;
            while !stop.load(Ordering::Relaxed) {
                append(&path, numbered("line", next..next + 100));
                next += 100;
            }
            next
        });
        let mut last: Option<String> = None;
        let mut seen = 0;
        for round in 0..60 {
            let mut events = match &last {
                Some(id) => ssetail.events_after("/sse", id),
                None => ssetail.events("/sse"),
            };
            for event in events.take(50 + round * 13) {
                assert_eq!(event.data, format!("line {seen}"));
                seen += 1;
                last = Some(event.id);
            }
        }
        stop.store(true, Ordering::Relaxed);
        let written = written.join().expect("written");
        let mut events = ssetail.events_after("/sse", &last.expect("an id"));
        assert_eq!(events.data(written - seen), text(seen..written));
    });
}

#[test]
fn evicted_events_are_a_gap_with_an_exact_count() {
    let mut ssetail = Ssetail::new().piped().args(["-", "--replay", "10"]).start();
    ssetail.input(numbered("line", 0..5));
    let first = ssetail.events("/sse").take(5);
    ssetail.input(numbered("line", 5..40));
    let mut watching = ssetail.events_after("/sse", &first[4].id);
    let gap = watching.next().expect("a gap");
    if gap.kind == "ssetail" {
        let json: serde_json::Value = serde_json::from_str(&gap.data).expect("JSON");
        assert_eq!(json["reason"], "evicted");
    }
    eventually("all lines are read", || {
        let last = ssetail.events("/sse?n=1").data(1);
        last == ["line 39"]
    });
    let mut events = ssetail.events_after("/sse", &first[4].id);
    let gap = events.next().expect("a gap");
    assert_eq!(gap.kind, "ssetail");
    assert_eq!(gap.data, r#"{"type":"gap","reason":"evicted","lost":25}"#);
    assert_eq!(events.data(10), text(30..40));
    // The id of the gap can be resumed from as well.
    assert_eq!(ssetail.events_after("/sse", &gap.id).data(10), text(30..40));
    // With a filter, some of the lost events would not have been sent.
    let gap = ssetail.events_after("/sse?grep=x", &first[4].id).next().expect("a gap");
    assert_eq!(gap.data, r#"{"type":"gap","reason":"evicted","lost":25,"filtered":true}"#);
}

#[test]
fn events_that_the_ring_has_evicted_are_read_from_the_file() {
    let ssetail = Ssetail::new()
        .file("a.log", numbered("line", 0..50_000))
        .args(["a.log", "--from-start", "--replay", "10", "--replay-bytes", "64KiB"])
        .start();
    let mut slow = ssetail.events("/sse?n=all");
    let first = slow.take(100);
    ssetail.append("a.log", numbered("line", 50_000..100_000));
    assert_eq!(slow.data(99_900), text(100..100_000));
    let mut back = ssetail.events_after("/sse", &first[9].id);
    assert_eq!(back.take(90), first[10..], "the same events, with the same ids");
    assert_eq!(back.data(99_900), text(100..100_000));
    assert_eq!(ssetail.events("/sse?n=30000").data(30_000), text(70_000..100_000));
    assert_eq!(ssetail.events("/sse?n=all&grep=0000$").data(10).len(), 10);
    // A deleted file can still be read.
    std::fs::remove_file(ssetail.path("a.log")).expect("removed");
    ssetail.append("a.log", "new\n");
    let mut back = ssetail.events_after("/sse", &first[9].id);
    assert_eq!(back.lines(99_990)[..90], text(10..100));
    assert_eq!(back.lines(1), ["new"]);
}

#[test]
fn long_lines_are_read_again_in_the_same_parts() {
    let long = "é".repeat(3000);
    let text = numbered("short", 0..20_000) + &long + "\n" + &numbered("short", 0..20_000);
    let ssetail = Ssetail::new()
        .file("a.log", &text)
        .args(["a.log", "--from-start", "--replay-bytes", "64KiB", "--max-line", "1000"])
        .start();
    let first = ssetail.events("/sse?n=all").take(40_006);
    let joined: String = first[20_000..20_006].iter().map(|event| &*event.data).collect();
    assert_eq!(joined, long);
    assert_eq!(ssetail.events_after("/sse", &first[0].id).take(40_005), first[1..]);
}

#[test]
fn truncated_events_are_a_gap_and_never_other_bytes() {
    let ssetail = Ssetail::new()
        .file("a.log", numbered("line", 0..50_000))
        .args(["a.log", "--from-start", "--replay", "10", "--replay-bytes", "64KiB"])
        .start();
    let mut events = ssetail.events("/sse?n=all");
    let first = events.take(50_000);
    std::fs::write(ssetail.path("a.log"), numbered("rewritten", 0..60_000)).expect("written");
    assert_eq!(events.control("source")["change"], "truncated");
    assert_eq!(events.lines(60_000)[59_999], "rewritten 59999");
    let mut back = ssetail.events_after("/sse", &first[9].id);
    // Events that other clients read lately are still in memory, so there may be several gaps.
    let (mut line, mut lost, mut was_lost) = (10, 0, false);
    let next = loop {
        let event = back.next().expect("an event");
        let json: serde_json::Value = serde_json::from_str(&event.data).unwrap_or_default();
        match json["type"].as_str() {
            Some("gap") => {
                assert_eq!(
                    (&json["reason"], was_lost),
                    (&"truncated".into(), false),
                    "gaps are not adjacent"
                );
                lost += json["lost"].as_u64().expect("a count");
                line += json["lost"].as_u64().expect("a count");
                was_lost = true;
            }
            Some("source") => break back.lines(1),
            _ => {
                assert_eq!(event.data, format!("line {line}"));
                line += 1;
                was_lost = false;
            }
        }
    };
    assert_eq!(line, 50_000, "every line was sent or is counted");
    assert!(lost > 0, "the ring does not hold all of it");
    assert_eq!(next, ["rewritten 0"]);
    // A search skips the truncated events as well.
    assert_eq!(ssetail.events("/sse?n=all&grep=59999").lines(1), ["rewritten 59999"]);
}

#[test]
fn old_files_are_kept_open_within_a_limit() {
    let ssetail = Ssetail::new()
        .file("a.log", "")
        .args(["a.log", "--replay-bytes", "1KiB", "--linger", "50ms"])
        .start();
    let mut watching = ssetail.events("/sse");
    let mut first = None;
    let text = |n: usize| numbered(&format!("{n} {}", "x".repeat(200)), 0..20);
    for n in 0..80 {
        ssetail.append("a.log", text(n));
        let last = watching.lines(20).pop().expect("a line");
        assert!(last.starts_with(&format!("{n} ")), "{last}");
        first = first.or_else(|| ssetail.events("/sse?n=all").next());
        ssetail.rename("a.log", &format!("a.log.{n}"));
    }
    ssetail.append("a.log", "the end\n");
    assert_eq!(watching.lines(1), ["the end"]);
    eventually("old files are closed", || ssetail.descriptors() < 64 + 25);
    let mut back = ssetail.events_after("/sse", &first.expect("an event").id);
    // Control events are still in memory; the lines between them are lost in several gaps.
    let mut lines = Vec::new();
    while lines.last().is_none_or(|line| line != "the end") {
        let event = back.next().expect("an event");
        match event.kind.as_str() {
            "ssetail" => assert!(!event.data.contains("slow") && !event.data.contains("truncated")),
            _ => lines.push(event.data),
        }
    }
    let kept: String = (17..80).map(text).collect::<String>() + "the end\n";
    let lines = lines.join("\n") + "\n";
    assert!(
        kept.ends_with(&lines) || lines.ends_with(&kept),
        "the lines of the newest files are complete"
    );
    assert!(lines.len() >= kept.len() * 9 / 10, "{} of {} bytes", lines.len(), kept.len());
}

#[test]
fn without_replay_a_client_gets_only_new_events() {
    let ssetail = Ssetail::new()
        .file("a.log", numbered("line", 0..9))
        .args(["a.log", "--replay", "0"])
        .start();
    let mut first = ssetail.events("/sse");
    first.until_comments(1);
    ssetail.append("a.log", "line 9\n");
    let event = first.next().expect("a line");
    assert_eq!(event.data, "line 9");
    ssetail.append("a.log", "line 10\n");
    assert_eq!(first.data(1), ["line 10"]);
    let mut second = ssetail.events_after("/sse", &event.id);
    let gap = second.control("gap");
    assert_eq!((&gap["reason"], &gap["lost"]), (&"evicted".into(), &1.into()));
    ssetail.append("a.log", "line 11\n");
    assert_eq!(second.data(1), ["line 11"]);
}

#[test]
fn an_unknown_id_is_a_gap_and_never_an_error() {
    let ssetail = Ssetail::new().file("a.log", "a\nb\n").arg("a.log").start();
    let known = ssetail.events("/sse").take(2);
    let (epoch, _) = known[0].id.split_once('-').expect("an id");
    let other = if epoch == "000000" { "000001" } else { "000000" };
    let long = "x".repeat(5000);
    for (id, reason) in [
        (format!("{other}-1"), "restart"),
        (format!("{epoch}-9999"), "unknown"),
        ("42".to_owned(), "unknown"),
        ("🦀 no id".to_owned(), "unknown"),
        (long, "unknown"),
    ] {
        let mut events = ssetail.events_after("/sse", &id);
        let gap = events.next().expect("a gap");
        assert_eq!(gap.data, format!(r#"{{"type":"gap","reason":"{reason}","lost":null}}"#));
        assert_eq!(gap.id, format!("{epoch}-0"), "the id of the event before it");
        assert_eq!(events.take(2), known);
    }
}

#[test]
fn a_client_can_resume_with_another_filter() {
    let ssetail = Ssetail::new()
        .file("a.log", "a1\na2\n")
        .file("b.log", "b1\nb2\n")
        .args(["a.log", "b.log"])
        .start();
    let all = ssetail.events("/sse").take(4);
    let id = &all[0].id;
    assert_eq!(ssetail.events_after("/sse?file=b.log", id).take(2), all[2..]);
    assert_eq!(ssetail.events_after("/sse?grep=2", id).data(2), ["a2", "b2"]);
}

#[test]
fn a_client_that_has_every_event_of_an_ended_input_gets_204() {
    let mut ssetail = Ssetail::new().piped().arg("-").start();
    ssetail.input("a\nb");
    let mut events = ssetail.events("/sse");
    assert_eq!(events.data(1), ["a"]);
    ssetail.close_input();
    assert_eq!(events.data(1), ["b"]);
    let end = events.next().expect("the end");
    assert_eq!((&*end.kind, &*end.data), ("ssetail", r#"{"type":"end","file":"stdin"}"#));
    let finished = ssetail.request("GET", "/sse", &[("last-event-id", &end.id)]);
    assert_eq!(finished.status, 204);
    assert_eq!(ssetail.events("/sse").data(3), ["a", "b", &end.data]);
}
