//! Rotated history and restarts with `--state`.

use super::{compress, gzip, lines, rotate, rotated, text};
use crate::harness::{Ssetail, numbered};

const ARGS: [&str; 4] = ["a.log", "--from-start", "--state", "state"];

#[test]
fn rotated_files_that_were_read_are_not_read_again() {
    let mut first = rotated().args(ARGS).args(["--replay", "5"]).start();
    let events = first.events("/sse?n=all").take(40);
    first.stop();
    let mut second = Ssetail::after(&mut first).args(ARGS).args(["--replay", "5"]).start();
    assert_eq!(second.events("/sse?n=all").take(40), events, "the same events, with the same IDs");
    second.append("a.log", "end\n");
    assert_eq!(second.events_after("/sse", &events[39].id).lines(1), ["end"]);
    second.kill();
    let third = Ssetail::after(&mut second).args(ARGS).args(["--replay", "5"]).start();
    assert_eq!(third.events_after("/sse", &events[3].id).take(36), events[4..]);
    assert_eq!(third.metric("ssetail_gaps_total"), 0);
}

#[test]
fn history_that_was_not_read_to_its_end_is_read_on() {
    let long = |from: usize| numbered("a line of rotated history", from..from + 100_000);
    let all = (0..5).map(|n| long(n * 100_000)).collect::<String>() + "last\n";
    let mut running = Ssetail::new()
        .file("a.log.5.gz", gzip(long(0)))
        .file("a.log.4.gz", gzip(long(100_000)))
        .file("a.log.3", long(200_000))
        .file("a.log.2", long(300_000))
        .file("a.log.1", long(400_000))
        .file("a.log", "last\n")
        .args(ARGS)
        .start();
    let mut seen = Vec::new();
    let mut id = running.events("/sse?n=1").take(1)[0].id.clone();
    let first = running.events("/sse?n=all").take(1).remove(0);
    seen.push(first.data);
    id.clone_from(&first.id);
    // Each time, the program is killed after some of the lines.
    for killed_after in [30_000, 150_000, 120_000, 110_000] {
        let events = running.events_after("/sse", &id).take(killed_after);
        id.clone_from(&events[killed_after - 1].id);
        seen.extend(events.into_iter().map(|event| event.data));
        running = Ssetail::after(&mut running).args(ARGS).start();
    }
    let left = 500_001 - seen.len();
    seen.extend(running.events_after("/sse", &id).lines(left));
    assert!(seen == lines(&all), "the lines differ");
}

#[test]
fn the_rest_of_a_file_that_was_compressed_while_the_program_was_down_is_read() {
    let args = [&ARGS[..], &["--replay", "5"]].concat();
    let mut first = Ssetail::new().file("a.log", text(0..2000)).args(&args).start();
    let events = first.events("/sse?n=all").take(2000);
    first.append("a.log", "unfinished");
    first.kill();
    first.append("a.log", " rest\n");
    for round in 0..3 {
        rotate(&first);
        compress(&first, "a.log.1");
        first.append("a.log", format!("round {round}\n"));
    }
    let mut second = Ssetail::after(&mut first).args(&args).start();
    let expected = ["unfinished rest", "round 0", "round 1", "round 2"];
    let rest = second.events_after("/sse", &events[1999].id).lines(4);
    assert_eq!(rest, expected);
    let again = second.events("/sse?n=all").take(2000);
    assert_eq!(again, events, "evicted events are read again from the compressed file");
    second.append("a.log", "end\n");
    assert_eq!(second.events_after("/sse", &events[1999].id).lines(5)[4], "end");
    second.stop();
    let third = Ssetail::after(&mut second).args(&args).start();
    assert_eq!(third.events("/sse?n=all").take(2000), events);
    assert_eq!(third.events_after("/sse", &events[1999].id).lines(5)[4], "end");
}

/// A large compressed file whose last lines are in the range of `--since 2026-11-25T12:00:00Z`.
fn searched() -> String {
    let old = format!("2026-11-25T10:00:00Z {}\n", "x".repeat(75));
    old.repeat(500_000) + "2026-11-25T12:00:00Z first\n"
}

#[test]
fn history_that_was_not_begun_is_read_after_a_restart() {
    let args = ["a.log", "--since", "2026-11-25T12:00:00Z", "--state", "state"];
    for is_killed in [true, false] {
        let mut first = Ssetail::new()
            .file("a.log.1.gz", gzip(searched()))
            .file("a.log", "2026-11-25T13:00:00Z last\n")
            .args(args)
            .start();
        assert_eq!(first.metric("ssetail_lines_read_total"), 0, "it still searches");
        if is_killed {
            first.kill();
        } else {
            first.stop();
        }
        rotate(&first);
        first.append("a.log", "2026-11-25T14:00:00Z new\n");
        let mut second = Ssetail::after(&mut first).args(args).start();
        let expected = ["12:00:00Z first", "13:00:00Z last", "14:00:00Z new"];
        let lines = second.events("/sse?n=all").lines(3);
        assert!(lines.iter().zip(expected).all(|(line, end)| line.ends_with(end)), "{lines:?}");
        second.append("a.log", "end\n");
        assert_eq!(second.events("/sse?n=all").lines(4)[3], "end");
        second.stop();
        let third = Ssetail::after(&mut second).args(args).start();
        third.append("a.log", "again\n");
        assert_eq!(third.events("/sse?n=all").lines(5)[4], "again");
    }
}

#[test]
fn a_restart_inside_history_goes_on_with_the_first_line_of_the_followed_file() {
    let args = ["a.log", "--since", "2026-11-25T12:00:00Z", "--state", "state"];
    let line = |n: usize| format!("2026-11-25T12:00:00Z a line of rotated history {n}\n");
    let history: String = (0..200_000).map(line).collect();
    let followed = "  at the end of an entry\n2026-11-25T13:00:00Z last\n";
    let mut first =
        Ssetail::new().file("a.log.1", &history).file("a.log", followed).args(args).start();
    let mut seen = first.events("/sse?n=all").take(1000);
    first.kill();
    let second = Ssetail::after(&mut first).args(args).start();
    let last = seen[999].id.clone();
    seen.extend(second.events_after("/sse", &last).take(199_002));
    let data: Vec<String> = seen.into_iter().map(|event| event.data).collect();
    assert!(data[..200_000] == lines(&history), "the lines differ");
    assert_eq!(data[200_000..], lines(followed));
}
