//! Traces as languages print them, as entries among other lines.

use super::{Level, LineState, Recognizer, Record, clock_near};

const BEFORE: &str = "2026-11-25 19:00:00 INFO listening";
const LOGGED: &str = "2026-11-25 19:00:01 ERROR request failed";
const AFTER: &str = "2026-11-25 19:00:02 INFO still there";

macro_rules! traces {
    ($($name:literal)*) => {
        [$(($name, include_str!(concat!("../../tests/traces/", $name, ".txt")))),*]
    };
}

/// Traces that are printed when a program crashes.
const CRASHES: [(&str, &str); 17] = traces!(
    "csharp-logged" "csharp-unhandled" "go-deadlock" "go-logged" "go-panic" "java-uncaught"
    "node-cause" "node-logged" "node-module" "node-promise" "node-thrown-text" "php-uncaught"
    "python-chained" "python-group" "rust-anyhow" "rust-backtrace" "ruby-cause"
);

/// Traces that are printed below the message of a logger.
const LOGGED_TRACES: [(&str, &str); 9] = traces!(
    "csharp-logged" "go-logged" "java-logged" "node-logged" "php-laravel" "python-chained"
    "python-group" "rails-logged" "ruby-cause"
);

fn records<'a>(lines: impl IntoIterator<Item = &'a str>) -> Vec<Record> {
    let mut recognizer = Recognizer::new(clock_near(0));
    let mut state = LineState::default();
    lines.into_iter().map(|line| recognizer.recognize(line.as_bytes(), &mut state)).collect()
}

/// Checks that the lines of `trace` are one entry, which `begins` with its first line or not, and
/// that the line behind it is another entry.
fn check(name: &str, before: &str, trace: &str, begins: bool) {
    let records = records([before].into_iter().chain(trace.lines()).chain([AFTER]));
    let (after, rest) = records.split_last().expect("a line");
    for (index, (line, record)) in trace.lines().zip(&rest[1..]).enumerate() {
        assert_eq!(record.continues, index > 0 || !begins, "{name}: {line}");
        assert!(record.level >= Some(Level::Error), "{name}: {line}: {:?}", record.level);
    }
    assert!(!after.continues, "{name}");
    assert_eq!(after.level, Some(Level::Info), "{name}");
}

#[test]
fn a_crash_is_one_entry() {
    // Nothing tells where the second one starts.
    let joined = ["go-logged", "ruby-cause"];
    for (name, trace) in CRASHES {
        check(name, BEFORE, trace, true);
        // Two crashes in succession are two entries.
        let twice = records([BEFORE].into_iter().chain(trace.lines()).chain(trace.lines()));
        let begun = twice.iter().filter(|record| !record.continues).count();
        assert_eq!(begun, if joined.contains(&name) { 2 } else { 3 }, "{name}");
    }
    for (name, trace) in traces!("python-syntax" "rust-panic") {
        check(name, BEFORE, trace, true);
    }
}

#[test]
fn a_logged_trace_belongs_to_its_message() {
    for (name, trace) in LOGGED_TRACES {
        check(name, LOGGED, trace, false);
    }
}

#[test]
fn a_crash_below_a_message_is_an_error() {
    for (name, trace) in CRASHES {
        let records = records([LOGGED].into_iter().chain(trace.lines()).chain([AFTER]));
        let (after, rest) = records.split_last().expect("a line");
        assert!(rest.iter().all(|record| record.level >= Some(Level::Error)), "{name}");
        assert!(rest[2..].iter().all(|record| record.continues), "{name}");
        assert_eq!((after.continues, after.level), (false, Some(Level::Info)), "{name}");
    }
}
