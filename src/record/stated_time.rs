//! The time that a line states, by itself.

use super::{Clock, LineState, Recognizer};

/// Mark at the start of a text in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Returns the time that `line` itself states, in milliseconds since 1970.
///
/// `line` has no terminator; a byte order mark and NULs before it say nothing.
#[must_use]
pub fn stated_time(line: &[u8], clock: &Clock) -> Option<i64> {
    let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
    let text = line.iter().position(|&byte| byte != 0)?;
    Recognizer::new(clock.clone()).recognize(&line[text..], &mut LineState::default()).time
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Zone;

    #[test]
    fn a_mark_and_nuls_before_a_line_say_nothing() {
        let clock = Clock::new(&Zone::utc(), 0);
        let time = Some(1_764_097_201_000);
        for line in [
            "2025-11-25T19:00:01Z a",
            "\u{FEFF}2025-11-25T19:00:01Z a",
            "\0\0\x002025-11-25T19:00:01Z a",
            "\u{FEFF}1764097201 a",
            "level=info time=2025-11-25T19:00:01Z",
        ] {
            assert_eq!(stated_time(line.as_bytes(), &clock), time, "{line:?}");
        }
        for line in ["", "\0\0", "{\"message\":\"2025-11-25T19:00:01Z\"}", "a=b"] {
            assert_eq!(stated_time(line.as_bytes(), &clock), None, "{line:?}");
        }
    }
}
