//! Properties of the records of arbitrary lines.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::entry::Trace;
use super::{EXAMINED, Level, LineState, Recognizer, Record, clock_near};

/// Beginnings of lines that mean something, of which the arbitrary lines consist.
const PIECES: [&str; 38] = [
    "2026-11-25T19:00:01.123Z ",
    "2026-11-25 19:00:01 ",
    "Nov 25 19:00:01 web1 app[1]: ",
    "E1125 19:00:01.123456 1 a.go:1] ",
    "1.2.3.4 - - [25/Nov/2026:19:00:01 +0000] \"GET / HTTP/1.1\" 500 5",
    "{\"time\":\"2026-11-25T19:00:01Z\",\"level\":\"error\"}",
    "{\"level\":30}",
    "time=2026-11-25T19:00:01Z level=warn ",
    "ERROR ",
    "error: ",
    "ValueError: ",
    "Caused by: ",
    "Traceback (most recent call last):",
    "  File \"a.py\", line 1",
    "During handling of the above exception, another exception occurred:",
    "thread 'main' panicked at src/main.rs:1:1:",
    "panic: ",
    "goroutine 1 [running]:",
    "main.main()",
    "/srv/a.js:1",
    "^",
    "Node.js v20.20.2",
    "PHP Fatal error:  ",
    "#0 {main}",
    "Next ",
    "a.rb:3:in 'f': ",
    "FAIL a.js",
    "note: ",
    "12 | ",
    "}",
    " ",
    "\t",
    "\u{1b}[31m",
    "\u{1b}[0m",
    "\u{feff}",
    "<11>",
    "a=1 ",
    "\r",
];

const TRACES: [Trace; 20] = [
    Trace::Nothing,
    Trace::Message,
    Trace::Frames,
    Trace::Traceback,
    Trace::Raised,
    Trace::RaisedBlank,
    Trace::Chained,
    Trace::RustPanic,
    Trace::Go,
    Trace::GoBlank,
    Trace::NodePlace,
    Trace::NodeSource,
    Trace::NodeCarets,
    Trace::NodeBlank,
    Trace::Node,
    Trace::NodeEnd,
    Trace::Php,
    Trace::PhpBlank,
    Trace::Report,
    Trace::ReportBlank,
];

fn line() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => select(&PIECES[..]).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => vec(any::<u8>().prop_filter("no terminator", |byte| *byte != b'\n'), 0..8),
        1 => "[ -~]{0,12}".prop_map(String::into_bytes),
    ];
    vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

/// Lines of one logger, or nearly, which differ in a few places.
fn usual_lines() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let date = select(&["2026-11-25", "2026/11/25", "2026-13-25"][..]);
    let separator = select(&["T", " "][..]);
    let zone = select(&["", "Z", "+01:00", " +0100", " PM", "-"][..]);
    let minute = select(&["19:00:", "19:01:", "19:00"][..]);
    let second = select(&["01", "02", "13", "62", "60", "x1", ""][..]);
    let fraction = select(&["", ".123", ".456", ",456", ".12x", ".123456", ","][..]);
    let gap = select(&[" ", " [", " - ", "|", "", "-"][..]);
    let word = select(&["INFO", "ERROR", "DEBUG", "info", "CRITICAL", "1"][..]);
    let end = select(
        &[" request served in 17 ms", "] x", ": ERROR", " x\rERROR y", "\r", "\u{1b}[0m x"][..],
    );
    (date, separator, zone, vec((minute, second, fraction, gap, word, end), 1..8)).prop_map(
        |(date, separator, zone, lines)| {
            let line = |(minute, second, fraction, gap, word, end): (
                &str,
                &str,
                &str,
                &str,
                &str,
                &str,
            )| {
                [date, separator, minute, second, fraction, zone, gap, word, end]
                    .concat()
                    .into_bytes()
            };
            lines.into_iter().map(line).collect()
        },
    )
}

fn state() -> impl Strategy<Value = LineState> {
    let level = select(&Level::NAMES[..]).prop_map(|(_, level)| level);
    (option::of(any::<i64>()), option::of(level), select(&TRACES[..]))
        .prop_map(|(time, level, trace)| LineState { time, level, trace })
}

fn recognize(line: &[u8], mut state: LineState) -> (Record, LineState) {
    let record = Recognizer::new(clock_near(0)).recognize(line, &mut state);
    (record, state)
}

proptest! {
    #[test]
    fn an_anchor_does_not_depend_on_the_lines_before(line in line(), one in state(), other in state()) {
        if Recognizer::new(clock_near(0)).is_anchor(&line) {
            prop_assert_eq!(recognize(&line, one), recognize(&line, other));
        }
    }

    #[test]
    fn a_usual_level_is_that_of_the_record(lines in usual_lines(), state in state()) {
        let mut recognizer = Recognizer::new(clock_near(0));
        for line in lines {
            if let Some(level) = recognizer.usual_level(&line) {
                prop_assert!(recognizer.is_anchor(&line), "{:?}", String::from_utf8_lossy(&line));
                prop_assert_eq!(recognize(&line, state).0.level, Some(level));
            }
        }
    }

    #[test]
    fn the_end_of_a_long_line_says_nothing(line in line(), end in line(), state in state()) {
        let mut long = line;
        long.resize(EXAMINED, b'x');
        let whole = [&*long, &*end].concat();
        prop_assert_eq!(recognize(&whole, state), recognize(&long, state));
    }

    #[test]
    fn a_line_continues_with_the_level_and_time_of_its_entry(line in line(), state in state()) {
        let (record, after) = recognize(&line, state);
        prop_assert_eq!((record.time, record.level), (after.time, after.level));
        if record.continues {
            prop_assert_eq!((record.time, record.level), (state.time, state.level));
            prop_assert_ne!(state.trace, Trace::Nothing);
        }
    }

    #[test]
    fn escape_sequences_and_a_final_return_say_nothing(line in "[ -~]{0,40}", state in state()) {
        let expected = recognize(line.as_bytes(), state);
        let coloured = format!("\u{1b}[1;31m{line}\u{1b}[0m\r");
        prop_assert_eq!(recognize(coloured.as_bytes(), state), expected);
    }

    #[test]
    fn a_recognizer_keeps_nothing_of_other_lines(lines in vec(line(), 0..6)) {
        let mut recognizer = Recognizer::new(clock_near(0));
        let (mut state, mut expected) = (LineState::default(), LineState::default());
        for line in lines {
            let record = recognizer.recognize(&line, &mut state);
            let (alone, after) = recognize(&line, expected);
            expected = after;
            prop_assert_eq!((record, state), (alone, after));
        }
    }
}
