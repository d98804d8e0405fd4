//! Lines that continue entries, and lines that do not.

use super::{Level, LineState, Recognizer, clock_near};

/// Lines, each with whether it continues the entry above and with its level.
type Lines = &'static [(&'static str, bool, Option<Level>)];

const LINES: [Lines; 16] = [
    // Nothing is above the first line.
    &[("  indented", false, None), ("  indented", true, None)],
    &[("}", false, None)],
    &[("INFO x", false, Some(Level::Info)), ("\tmore", true, Some(Level::Info))],
    &[("ERROR x", false, Some(Level::Error)), ("", false, None), ("  more", true, None)],
    &[("ERROR x\r", false, Some(Level::Error)), ("\r", false, None)],
    &[("INFO x", false, Some(Level::Info)), ("plain", false, None)],
    // The same exception below an error, and below something else.
    &[
        ("ERROR x", false, Some(Level::Error)),
        ("java.lang.IllegalStateException: boom", true, Some(Level::Error)),
    ],
    &[
        ("INFO x", false, Some(Level::Info)),
        ("java.lang.IllegalStateException: boom", false, Some(Level::Error)),
        ("at f (a.js:1:2)", true, Some(Level::Error)),
        ("... 12 more", true, Some(Level::Error)),
    ],
    &[("INFO x", false, Some(Level::Info)), ("at 10 we closed", false, None)],
    &[
        ("error[E0308]: mismatched types", false, Some(Level::Error)),
        (" --> src/main.rs:2:18", true, Some(Level::Error)),
        ("  |", true, Some(Level::Error)),
        ("2 |     let x: i32 = \"a\";", true, Some(Level::Error)),
        ("...", true, Some(Level::Error)),
        ("LL |     }", true, Some(Level::Error)),
        ("  = note: expected", true, Some(Level::Error)),
        ("note: defined here", true, Some(Level::Error)),
        ("help: try this", true, Some(Level::Error)),
        ("", false, None),
        ("warning: unused variable: `x`", false, Some(Level::Warn)),
    ],
    &[
        ("a.c:2:13: error: 'y' undeclared", false, Some(Level::Error)),
        ("    2 |     int x = y", true, Some(Level::Error)),
        ("      |             ^", true, Some(Level::Error)),
        ("a.c:2:13: note: each is reported once", true, Some(Level::Error)),
        ("a.c:3:5: error: expected ','", false, Some(Level::Error)),
    ],
    &[
        ("error: could not compile `shop`", false, Some(Level::Error)),
        ("   Compiling shop v0.1.0", false, None),
        ("    Finished `dev` profile", false, None),
        ("     Running `target/debug/shop`", false, None),
    ],
    &[
        ("FAIL ./sum.test.js", false, Some(Level::Error)),
        ("  \u{25cf} adds", true, Some(Level::Error)),
        ("", true, Some(Level::Error)),
        ("    Expected: 4", true, Some(Level::Error)),
        ("", true, Some(Level::Error)),
        ("Tests: 1 failed", false, None),
    ],
    // A time, an object and a request always begin an entry.
    &[
        ("thread 'main' panicked at src/main.rs:1:1:", false, Some(Level::Error)),
        ("{\"level\":\"info\"}", false, Some(Level::Info)),
        ("panic: boom", false, Some(Level::Fatal)),
        ("", true, Some(Level::Fatal)),
        ("I1125 19:00:01.123456 1 a.go:1] x", false, Some(Level::Info)),
    ],
    &[
        ("thread 'main' panicked at src/main.rs:1:1:", false, Some(Level::Error)),
        (
            "1.2.3.4 - - [25/Nov/2026:19:00:01 +0000] \"GET / HTTP/1.1\" 200 5",
            false,
            Some(Level::Info),
        ),
        ("\u{1b}[31mERROR\u{1b}[0m red", false, Some(Level::Error)),
    ],
    &[
        ("WARN low", false, Some(Level::Warn)),
        ("#0 /srv/a.php(3): f()", true, Some(Level::Warn)),
        ("#5 [internal] load build definition", false, None),
    ],
];

#[test]
fn lines_continue_entries() {
    let mut recognizer = Recognizer::new(clock_near(0));
    for lines in LINES {
        let mut state = LineState::default();
        for (line, continues, level) in lines {
            let record = recognizer.recognize(line.as_bytes(), &mut state);
            assert_eq!((record.continues, record.level), (*continues, *level), "{line}");
        }
    }
}
