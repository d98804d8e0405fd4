//! Names and numbers of levels, as loggers write them.

use super::Level;

/// Length of the longest name.
const LONGEST: usize = 13;

/// Returns the level that `name` names, in any case.
pub(super) fn named(name: &[u8]) -> Option<Level> {
    let mut lower = [0; LONGEST];
    let lower = lower.get_mut(..name.len())?;
    lower.copy_from_slice(name);
    lower.make_ascii_lowercase();
    let level = match &*lower {
        b"trace" | b"trc" | b"trce" | b"verbose" | b"vrb" | b"silly" | b"finer" | b"finest" => {
            Level::Trace
        }
        b"debug" | b"dbg" | b"dbug" | b"fine" => Level::Debug,
        b"info" | b"inf" | b"information" | b"informational" => Level::Info,
        b"notice" => Level::Notice,
        b"warn" | b"warning" | b"wrn" => Level::Warn,
        b"error" | b"err" | b"eror" | b"severe" => Level::Error,
        b"fatal" | b"ftl" | b"critical" | b"crit" | b"alert" | b"emerg" | b"emergency"
        | b"panic" | b"dpanic" => Level::Fatal,
        _ => return None,
    };
    Some(level)
}

/// Returns the level of a severity of syslog, from 0 (emergency) to 7 (debug).
pub(super) fn of_syslog(severity: u64) -> Option<Level> {
    match severity {
        0..=2 => Some(Level::Fatal),
        3 => Some(Level::Error),
        4 => Some(Level::Warn),
        5 => Some(Level::Notice),
        6 => Some(Level::Info),
        7 => Some(Level::Debug),
        _ => None,
    }
}

/// Returns the level of a number: of syslog below 8, as GELF has it, else of bunyan and pino,
/// where a number between two levels is the lower one.
pub(super) fn numbered(number: u64) -> Level {
    match number {
        0..=7 => of_syslog(number).unwrap_or(Level::Debug),
        8..=19 => Level::Trace,
        20..=29 => Level::Debug,
        30..=39 => Level::Info,
        40..=49 => Level::Warn,
        50..=59 => Level::Error,
        60.. => Level::Fatal,
    }
}

/// Returns the whole number that `digits` writes.
pub(super) fn number(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_any_case() {
        for (name, level) in Level::NAMES {
            assert_eq!(named(name.as_bytes()), Some(level));
            assert_eq!(named(name.to_uppercase().as_bytes()), Some(level));
        }
        assert_eq!(named(b"Informational"), Some(Level::Info));
        assert_eq!(named(b"CRIT"), Some(Level::Fatal));
        assert_eq!(named(b"errors"), None);
        assert_eq!(named(b""), None);
        assert_eq!(named(b"a name that is longer than all"), None);
    }

    #[test]
    fn numbers_are_of_syslog_or_of_pino() {
        let levels = [(3, Level::Error), (7, Level::Debug), (10, Level::Trace), (30, Level::Info)];
        for (number, level) in levels {
            assert_eq!(numbered(number), level);
        }
        assert_eq!(numbered(35), Level::Info);
        assert_eq!(numbered(61), Level::Fatal);
        assert_eq!(of_syslog(8), None);
        assert_eq!(number(b"50"), Some(50));
        assert_eq!(number(b"5x"), None);
    }
}
