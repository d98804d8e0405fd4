//! Kills at random moments, while files are written and rotated.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{STATE, restart};
use crate::harness::{Events, Running, Ssetail, append, numbered};
use crate::parser::Event;

/// The way in which a file is written.
#[derive(Clone, Copy)]
enum Habit {
    /// The writer rotates at any time; the files are followed under all of their names.
    RotatesOften,
    /// The writer rotates on request, once the program has opened the last file.
    RotatesOnRequest,
    /// The writer writes lines in pieces.
    InPieces,
}

/// Writes numbered lines until `stop`; returns their number.
fn write(path: &Path, habit: Habit, rotate: &AtomicBool, stop: &AtomicBool) -> usize {
    let (mut written, mut rotated) = (0, Instant::now());
    while !stop.load(Ordering::Relaxed) {
        let burst = 1 + written % 7 * (written % 5);
        let text = numbered("line", written..written + burst);
        let (first, rest) = text.split_at(if matches!(habit, Habit::InPieces) { 7 } else { 0 });
        append(path, first);
        // The rate of the writer; no check depends on it.
        std::thread::sleep(Duration::from_millis(2));
        append(path, rest);
        written += burst;
        let is_due = match habit {
            Habit::RotatesOften => rotated.elapsed() > Duration::from_millis(100),
            Habit::RotatesOnRequest => rotate.swap(false, Ordering::Relaxed),
            Habit::InPieces => false,
        };
        if is_due {
            std::fs::rename(path, path.with_extension(format!("log.{written}"))).expect("renamed");
            append(path, "");
            rotated = Instant::now();
        }
    }
    written
}

/// Kills the program at random moments while files are written and rotated.
///
/// `SSETAIL_KILLS` is the number of kills.
#[test]
fn no_line_is_lost_or_doubled_when_the_program_is_killed_often() {
    let kills = std::env::var("SSETAIL_KILLS").map_or(30, |kills| kills.parse().expect("a number"));
    let files =
        [("x", Habit::RotatesOften), ("y", Habit::RotatesOnRequest), ("z", Habit::InPieces)];
    let args = ["x.log*", "y.log", "z.log", "--from-start", "--replay-bytes", "64KiB"];
    let mut ssetail = Ssetail::new().args(STATE).args(args);
    for (name, _) in files {
        ssetail = ssetail.file(&format!("{name}.log"), "");
    }
    let mut ssetail = ssetail.start();
    let directory = ssetail.path("");
    let (stop, rotate) = (AtomicBool::new(false), AtomicBool::new(false));
    let mut seen: Vec<Event> = Vec::new();
    let written = std::thread::scope(|scope| {
        let start = |(name, habit)| {
            let path = directory.join(format!("{name}.log"));
            let (rotate, stop) = (&rotate, &stop);
            scope.spawn(move || write(&path, habit, rotate, stop))
        };
        let writers = files.map(start);
        let mut random = 7_u64;
        let (mut is_rotating, mut checked) = (false, 0);
        for _ in 0..kills {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let mut events = resumed(&ssetail, &seen);
            seen.extend(events.take(1 + (random >> 33) as usize % 3000));
            let is_rotation = |event: &Event| event.data.contains(r#""y.log","change":"rotated""#);
            is_rotating &= !seen[checked..].iter().any(is_rotation);
            checked = seen.len();
            if !is_rotating {
                is_rotating = true;
                rotate.store(true, Ordering::Relaxed);
            }
            // The kill comes at a random moment; no check depends on it.
            std::thread::sleep(Duration::from_micros((random >> 20) % 20_000));
            ssetail = restart(&mut ssetail, &args);
        }
        stop.store(true, Ordering::Relaxed);
        writers.map(|writer| writer.join().expect("written"))
    });
    let is_line = |event: &&Event| event.kind != "ssetail";
    let mut missing = written.iter().sum::<usize>() - seen.iter().filter(is_line).count();
    let mut events = resumed(&ssetail, &seen);
    while missing > 0 {
        let event = events.next().expect("an event");
        missing -= usize::from(is_line(&&event));
        seen.push(event);
    }
    for ((name, _), written) in files.iter().zip(written) {
        let of_file = |event: &&Event| event.kind.starts_with(name);
        let mut numbers: Vec<usize> = seen.iter().filter(of_file).map(number).collect();
        if *name != "x" {
            assert!(numbers.is_sorted(), "{name}.log is in order");
        }
        numbers.sort_unstable();
        let wrong = numbers.iter().zip(0..).find(|(number, expected)| **number != *expected);
        assert_eq!(wrong, None, "{name}.log: the number, and the expected one");
        assert_eq!(numbers.len(), written, "{name}.log");
    }
    compare_history(&ssetail, &seen);
}

/// Reads all events again; those of the oldest files may be counted in gaps.
fn compare_history(ssetail: &Running, seen: &[Event]) {
    let mut events = ssetail.events_after("/sse", &seen[0].id);
    let mut at = 1;
    while at < seen.len() {
        let event = events.next().expect("an event");
        let json: serde_json::Value = serde_json::from_str(&event.data).unwrap_or_default();
        if json["type"] == "gap" {
            at += json["lost"].as_u64().expect("a count") as usize;
        } else {
            assert_eq!(event, seen[at]);
            at += 1;
        }
    }
}

fn resumed(ssetail: &Running, seen: &[Event]) -> Events {
    match seen.last() {
        Some(last) => ssetail.events_after("/sse", &last.id),
        None => ssetail.events("/sse"),
    }
}

fn number(event: &Event) -> usize {
    event.data.rsplit(' ').next().and_then(|number| number.parse().ok()).expect("a number")
}
