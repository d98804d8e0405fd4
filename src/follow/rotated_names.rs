//! The names that rotations give to files: the name of the followed file with a number, a date or a
//! known ending behind it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

/// Endings of names that rotations give, besides numbers and dates.
const ENDINGS: [&[u8]; 4] = [b".old", b".prev", b".bak", b".backup"];

/// Returns what a rotation has put behind `name` to make `rotated`; none if no rotation has made
/// that name. A compressed file has another name.
pub(super) fn rotated_ending<'a>(rotated: &'a OsStr, name: &OsStr) -> Option<&'a [u8]> {
    let ending = rotated.as_bytes().strip_prefix(name.as_bytes())?;
    let is_of_date = |byte: &u8| byte.is_ascii_digit() || b"T:_.-".contains(byte);
    let is_numbered = ending.first().is_some_and(|byte| b"._-".contains(byte))
        && ending.iter().any(u8::is_ascii_digit)
        && ending.iter().all(is_of_date);
    (is_numbered || ENDINGS.contains(&ending)).then_some(ending)
}

/// Returns the numbers in an ending, such as the parts of a date; two endings of the same rotation
/// compare as these do.
pub(super) fn numbers(ending: &[u8]) -> Vec<u64> {
    let runs = ending.split(|byte| !byte.is_ascii_digit()).filter(|run| !run.is_empty());
    runs.filter_map(|run| str::from_utf8(run).ok()?.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_rotations_have_a_number_a_date_or_a_known_ending() {
        let ending = |name| rotated_ending(OsStr::new(name), OsStr::new("a.log"));
        for name in ["a.log.1", "a.log-20261125", "a.log.2026-11-25_14", "a.log.old"] {
            assert!(ending(name).is_some(), "{name}");
        }
        for name in [
            "a.log",
            "a.log.1.gz",
            "a.log.wf",
            "a.log.1.csv",
            "a.log1",
            "b.log.1",
            "a.logs",
            "a.log~",
        ] {
            assert!(ending(name).is_none(), "{name}");
        }
        assert_eq!(numbers(b".2026-11-25T07"), [2026, 11, 25, 7]);
        assert!(numbers(b".10") > numbers(b".9"));
    }
}
