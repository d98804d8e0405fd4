//! Default values as texts for the help, in the syntax that flags accept.

use std::time::Duration;

use crate::follow::StartAt;

/// Units of sizes with their number of bytes, the largest first.
const UNITS: [(usize, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];

pub(super) fn duration(duration: Duration) -> String {
    match duration.subsec_millis() {
        0 => format!("{}s", duration.as_secs()),
        _ => format!("{}ms", duration.as_millis()),
    }
}

/// Uses the largest unit of which `bytes` is a multiple.
pub(super) fn size(bytes: usize) -> String {
    let unit = UNITS.iter().find(|(unit, _)| bytes > 0 && bytes.is_multiple_of(*unit));
    unit.map_or(bytes.to_string(), |(unit, name)| format!("{}{name}", bytes / unit))
}

pub(super) fn lines(start: &StartAt) -> String {
    match start {
        StartAt::Last(lines) => lines.to_string(),
        StartAt::Line(line) => format!("+{line}"),
        StartAt::Since { time, .. } => time.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::value::{parse_duration, parse_lines, parse_size};

    #[test]
    fn texts_are_short_and_parse_to_the_same_value() {
        for (millis, text) in [(500, "500ms"), (2000, "2s"), (60_000, "60s"), (1500, "1500ms")] {
            assert_eq!(duration(Duration::from_millis(millis)), text);
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)));
        }
        for (bytes, text) in [(0, "0"), (1000, "1000"), (32 << 10, "32KiB"), (16 << 20, "16MiB")] {
            assert_eq!(size(bytes), text);
            assert_eq!(parse_size(text), Ok(bytes));
        }
        for (start, text) in [(StartAt::Last(100), "100"), (StartAt::Line(1), "+1")] {
            assert_eq!(lines(&start), text);
            assert_eq!(parse_lines(text), Ok(start));
        }
    }
}
