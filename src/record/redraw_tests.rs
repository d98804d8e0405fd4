//! Levels of lines that terminal programs have written over, which the page shows as a terminal.

use super::{Level, LineState, Recognizer, clock_near};

fn level(line: &str) -> Option<Level> {
    Recognizer::new(clock_near(1_795_633_201_000))
        .recognize(line.as_bytes(), &mut LineState::default())
        .level
}

#[test]
fn sequences_and_erased_text_hide_no_level() {
    for line in [
        "\u{1b}(BERROR x",
        "a \u{1b}(B\u{1b}[mERROR x",
        "\u{1b}]0;t\u{7}ERROR x",
        "\u{1b}[?25lERROR x",
        "50%\r\u{1b}[KERROR x",
        "ERROR x\u{1b}[2K\rok",
        "ERROR x\rfine, all is well",
        "ERROR\u{8}\u{8}\u{8}\u{8}\u{8}fine.",
        "ERROR x\r\u{1b}[K",
    ] {
        assert_eq!(level(line), Some(Level::Error), "{line:?}");
    }
}

/// Each line that a terminal shows has a level; the bytes that made it have the same one.
#[test]
fn recorded_sessions_have_the_levels_that_a_terminal_shows() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/viewer/fixtures");
    let mut with_level = 0;
    for file in std::fs::read_dir(folder).expect("the fixtures").flatten() {
        let path = file.path();
        if path.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        let read = |path| std::fs::read_to_string(path).expect("a fixture");
        let (raw, shown) = (read(path.clone()), read(path.with_extension("expected")));
        for (raw, shown) in raw.split('\n').zip(shown.split('\n')) {
            let Some(expected) = level(shown) else { continue };
            assert_eq!(level(raw), Some(expected), "{}: {raw:?}", path.display());
            with_level += 1;
        }
    }
    assert!(with_level > 10, "only {with_level} lines have a level");
}
