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
