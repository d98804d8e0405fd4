//! The names that rotations give to files, and the order that these names tell.
//!
//! A number, a date or a known ending stands behind the name of the followed file, or a date before
//! its last ending: `app.log.1`, `app.log-20261125`, `app.2026-11-25.0.log`. Compressed files have
//! one more ending, such as `.gz`.

use std::cmp::Ordering;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use super::compressed::Compression;
use super::rotation_date::{RotationDate, digit_runs};

/// Endings of names that rotations give, besides numbers and dates.
const ENDINGS: [&[u8]; 4] = [b".old", b".prev", b".bak", b".backup"];

/// The endings of these that people do not give to copies.
const ROTATED: [&[u8]; 2] = [b".old", b".prev"];

/// Most digits of the number of a rotation. With one more, ports count as numbers of rotations less
/// rarely than they do now.
const INDEX_DIGITS: usize = 4;

/// A name that a rotation gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RotatedName {
    pub(super) place: Place,
    /// The numbers in the name, such as the parts of a date.
    pub(super) numbers: Vec<u64>,
    pub(super) compression: Option<Compression>,
}

/// Place of a file among those of a rotation, as its name tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The number of rotations since: a larger one is older.
    Index(u64),
    /// The number of the rotation: a larger one is newer.
    Rising(u64),
    /// A number before the last ending, as in `app-1.log`, which other programs give too: only the
    /// times of the files tell what it is.
    Inside(u64),
    /// The time of the rotation, or of the first line: a later one is newer.
    Date(RotationDate),
    /// The file before the followed one.
    Before,
    /// Other numbers, or an ending that people give to copies too.
    Unknown,
}

impl RotatedName {
    /// Returns what `rotated` tells; none if no rotation of `name` has made that name.
    pub(super) fn parse(rotated: &OsStr, name: &OsStr) -> Option<Self> {
        let (rotated, name) = (rotated.as_bytes(), name.as_bytes());
        let (plain, compression) = match Compression::split(rotated) {
            Some((plain, compression)) => (plain, Some(compression)),
            None => (rotated, None),
        };
        let (added, is_behind) = match plain.strip_prefix(name) {
            Some(ending) => (ending, true),
            None => (added_inside(plain, name)?, false),
        };
        let numbers = || -> Vec<u64> {
            digit_runs(added).filter_map(|run| str::from_utf8(run).ok()?.parse().ok()).collect()
        };
        if ENDINGS.contains(&added) {
            let place = if ROTATED.contains(&added) { Place::Before } else { Place::Unknown };
            return Some(RotatedName { place, numbers: Vec::new(), compression });
        }
        if !is_numbered(added) {
            return None;
        }
        let place = match RotationDate::parse(added) {
            Some(date) => Place::Date(date),
            None if !is_behind => Place::Inside(index(added)?),
            None => index(added).map_or(Place::Unknown, Place::Index),
        };
        Some(RotatedName { place, numbers: numbers(), compression })
    }

    /// Returns true if the name alone tells that a rotation has made the file, not a person.
    pub(super) fn is_certain(&self) -> bool {
        !matches!(self.place, Place::Inside(_) | Place::Unknown)
    }

    /// Compares the places of two files as far as their names tell them: the older is less.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        match (&self.place, &other.place) {
            (Place::Index(one), Place::Index(other)) => other.cmp(one),
            (Place::Rising(one), Place::Rising(other)) => one.cmp(other),
            (Place::Date(one), Place::Date(other)) => one.compare(other),
            _ => Ordering::Equal,
        }
    }

    /// Returns true if both names have the same kind of place, so that they can be compared.
    pub(super) fn is_comparable(&self, other: &Self) -> bool {
        match (&self.place, &other.place) {
            (Place::Index(_), Place::Index(_)) | (Place::Rising(_), Place::Rising(_)) => true,
            (Place::Date(one), Place::Date(other)) => one.is_comparable(other),
            _ => false,
        }
    }
}

/// Returns the first part of a name, which all names of its rotations have.
pub(super) fn kept_part(name: &[u8]) -> &[u8] {
    let dot = name.iter().rposition(|&byte| byte == b'.').filter(|&dot| dot > 0);
    &name[..dot.unwrap_or(name.len())]
}

/// Returns what was added before the last ending of `name`: `-20261125` of `app-20261125.log`.
fn added_inside<'a>(rotated: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (stem, ending) = name.split_at(kept_part(name).len());
    rotated.strip_prefix(stem)?.strip_suffix(ending).filter(|_| !ending.is_empty())
}

fn is_numbered(added: &[u8]) -> bool {
    let is_of_date = |byte: &u8| byte.is_ascii_digit() || b"T:_.-".contains(byte);
    added.first().is_some_and(|byte| b"._-".contains(byte))
        && added.iter().any(u8::is_ascii_digit)
        && added.iter().all(is_of_date)
}

/// Returns the number of a rotation that stands alone behind a name.
fn index(added: &[u8]) -> Option<u64> {
    let digits = added.get(1..)?;
    let is_index = digits.len() <= INDEX_DIGITS && digits.iter().all(u8::is_ascii_digit);
    is_index.then(|| str::from_utf8(digits).ok()?.parse().ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(rotated: &str, name: &str) -> Option<RotatedName> {
        RotatedName::parse(OsStr::new(rotated), OsStr::new(name))
    }

    #[test]
    fn names_of_rotations_have_a_number_a_date_or_a_known_ending() {
        for name in [
            "app.log.1",
            "app.log.2.gz",
            "app.log-20261125",
            "app.log-20261125.gz",
            "app.log-20261125-1764028800.zst",
            "app-20261125.log",
            "app-20261125.log.xz",
            "app.2026-11-25.log",
            "app.2026-11-25.0.log.gz",
            "app-2026-11-25T18-30-00.000.log",
            "app.log.2026-11-25_10",
            "app.log.2026-11",
            "app.log.1764028800",
            "app.log.old",
            "app.log.prev.gz",
        ] {
            let parsed = parse(name, "app.log");
            assert!(parsed.is_some_and(|name| name.is_certain()), "{name}");
        }
    }

    #[test]
    fn other_names_are_not_of_a_rotation() {
        for name in [
            "app.log",
            "app.log.gz",
            "app.log.lock",
            "app.log.swp",
            "app.log~",
            "app.log1",
            "app.logs",
            "app.log.wf",
            "app.log.1.csv",
            "app.log.1.tmp",
            "app.log.1.gz.part",
            "app2.log",
            "app-worker-20261125.log",
            "app-20261125.txt",
            "b.log.1",
            ".app.log.1",
        ] {
            assert_eq!(parse(name, "app.log"), None, "{name}");
        }
        for name in [
            "app-2.log",
            "app.1.log",
            "app.log.bak",
            "app.log.backup.gz",
            "app.log.1.2.3",
            "app.log.80801",
        ] {
            let parsed = parse(name, "app.log");
            assert!(parsed.is_some_and(|name| !name.is_certain()), "{name}");
        }
        assert_eq!(parse("app.20261125", ".log"), None);
    }

    fn is_older(one: &str, other: &str) {
        let name = |name| parse(name, "a.log").expect("a name of a rotation");
        assert!(name(one).is_comparable(&name(other)), "{one} {other}");
        assert_eq!(name(one).compare(&name(other)), Ordering::Less, "{one} {other}");
    }

    #[test]
    fn names_tell_which_file_is_older() {
        is_older("a.log.10.gz", "a.log.9");
        is_older("a.log-20261124.gz", "a.log-20261125");
        is_older("a.log-20261124", "a.log.2026-11-25_03");
        is_older("a.2026-11-25.2.log.gz", "a.2026-11-25.10.log.gz");
        is_older("a.log.1764028800", "a.log.1764115200");
        is_older("a.log-20261125-1764028800", "a.log-20261125-1764028801");
        is_older("a-2026-11-25T18-30-00.000.log.gz", "a-2026-11-25T19-00-00.000.log");
    }

    proptest! {
        #[test]
        fn any_name_can_be_parsed(
            added in "[-._0-9TZ]{0,30}", ending in "(\\.log)?(\\.gz|\\.zst|\\.xz|\\.bz2)?",
        ) {
            for name in [format!("a{added}{ending}"), format!("a.log{added}{ending}")] {
                let parsed = parse(&name, "a.log");
                if let Some(parsed) = parsed {
                    prop_assert_eq!(parsed.compare(&parsed), Ordering::Equal);
                    prop_assert!(name != "a.log");
                }
            }
        }
    }
}
