//! The meaning of the numbers in the names of rotated files, as the times of the files tell it.
//!
//! Most programs give the number 1 to the newest file. log4j2 gives it to the oldest one, and often
//! puts it before the last ending, as in `app-1.log`, where other programs put the number of a
//! worker.

use super::rotated_files::RotatedFile;
use super::rotated_names::{Place, RotatedName};
use crate::event::FileId;

/// The meaning of numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RotationNumbers {
    /// A larger number behind the name is newer.
    behind_rise: bool,
    /// A number before the last ending is one of a rotation, and whether a larger one is newer.
    inside: Option<bool>,
}

impl RotationNumbers {
    /// Finds out what the numbers of `files` mean; `next` is the file behind them.
    ///
    /// Times count only if all files were written before `next` was born: copies are younger.
    pub(super) fn of(files: &[RotatedFile], next: Option<FileId>) -> Self {
        let Some(born) = next.and_then(|next| next.born) else { return Self::default() };
        let is_before = |file: &RotatedFile| file.modified <= born;
        let behind = with_numbers(files, |place| match place {
            Place::Index(number) => Some(*number),
            _ => None,
        });
        let inside = with_numbers(files, |place| match place {
            Place::Inside(number) => Some(*number),
            _ => None,
        });
        let behind_rise =
            behind.len() > 1 && behind.iter().all(|(_, file)| is_before(file)) && rise(&behind);
        let is_plain = |file: &&RotatedFile| file.name.compression.is_none();
        let mut plain: Vec<_> = inside.iter().map(|(_, file)| *file).filter(is_plain).collect();
        let are_rotated = plain.iter().all(|file| is_before(file)) && follow_each_other(&mut plain);
        let falling: Vec<_> = inside.iter().rev().copied().collect();
        let inside = are_rotated.then(|| inside.len() < 2 || !rise(&falling));
        RotationNumbers { behind_rise, inside }
    }

    /// Returns the numbers of files that rise or fall, as it is known otherwise.
    pub(super) fn known(rise: bool) -> Self {
        RotationNumbers { behind_rise: rise, inside: Some(rise) }
    }

    /// Sets the place of a name with a number.
    pub(super) fn settle(self, name: &mut RotatedName) {
        match (&name.place, self.inside) {
            (Place::Index(number), _) if self.behind_rise => name.place = Place::Rising(*number),
            (Place::Inside(number), Some(true)) => name.place = Place::Rising(*number),
            (Place::Inside(number), Some(false)) => name.place = Place::Index(*number),
            _ => {}
        }
    }
}

/// Returns the files with numbers, the lowest first, and one of those with the same number.
fn with_numbers(
    files: &[RotatedFile],
    number: impl Fn(&Place) -> Option<u64>,
) -> Vec<(u64, &RotatedFile)> {
    let numbered = files.iter().filter_map(|file| Some((number(&file.name.place)?, file)));
    let mut numbered: Vec<_> = numbered.collect();
    numbered.sort_by_key(|(number, file)| (*number, file.modified));
    numbered.dedup_by_key(|(number, _)| *number);
    numbered
}

/// Returns whether each file was written after the one before it.
fn rise(files: &[(u64, &RotatedFile)]) -> bool {
    files.is_sorted_by(|(_, one), (_, next)| one.modified < next.modified)
}

/// Returns whether no file was begun before the one before it was finished, as far as is known.
fn follow_each_other(files: &mut [&RotatedFile]) -> bool {
    files.sort_by_key(|file| file.modified);
    files.is_sorted_by(|one, next| {
        // A copy with the times of its original is younger than they are.
        let born = next.id.born.filter(|born| *born <= next.modified);
        born.is_none_or(|born| one.modified <= born)
    })
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::path::PathBuf;

    use super::*;

    const BORN: u64 = 1_000_000_000_000;

    fn id(born: u64) -> FileId {
        FileId { device: 1, inode: born, born: Some(born) }
    }

    /// Returns files that were born and last written at these seconds.
    fn files(names: &[(&str, u64, u64)]) -> Vec<RotatedFile> {
        let file = |&(name, born, modified): &(&str, u64, u64)| RotatedFile {
            path: PathBuf::from(name),
            id: id(born * 1_000_000_000),
            modified: modified * 1_000_000_000,
            len: 1,
            name: RotatedName::parse(OsStr::new(name), OsStr::new("a.log")).expect("a name"),
        };
        names.iter().map(file).collect()
    }

    fn numbers(names: &[(&str, u64, u64)]) -> RotationNumbers {
        RotationNumbers::of(&files(names), Some(id(BORN)))
    }

    #[test]
    fn times_tell_whether_numbers_rise() {
        let rising = [("a.log.1", 1, 2), ("a.log.2.gz", 4, 4), ("a.log.10", 4, 1000)];
        assert!(numbers(&rising).behind_rise);
        assert_eq!(RotationNumbers::of(&files(&rising), None), RotationNumbers::default());
        for falling in [
            &[("a.log.1", 4, 5), ("a.log.2", 2, 4)][..],
            // Times that rise and fall.
            &[("a.log.1", 1, 2), ("a.log.2", 2, 9), ("a.log.3", 4, 5)],
            // Copies that are younger than the followed file.
            &[("a.log.1", 1001, 1001), ("a.log.2", 1002, 1002)],
            &[("a.log.1", 1, 2)],
        ] {
            assert!(!numbers(falling).behind_rise, "{falling:?}");
        }
    }

    #[test]
    fn files_that_follow_each_other_are_rotated_and_others_are_of_workers() {
        let rising = [("a-1.log", 1, 2), ("a-2.log", 2, 4), ("a-3.log", 4, 1000)];
        assert_eq!(numbers(&rising).inside, Some(true));
        let falling = [("a-1.log", 4, 1000), ("a-2.log", 2, 4), ("a-3.log.gz", 9, 2)];
        assert_eq!(numbers(&falling).inside, Some(false));
        let copied = [("a-1.log", 2000, 2), ("a-2.log", 2000, 4)];
        assert_eq!(numbers(&copied).inside, Some(true));
        // Workers write at the same time, and go on.
        assert_eq!(numbers(&[("a-1.log", 1, 900), ("a-2.log", 1, 901)]).inside, None);
        assert_eq!(numbers(&[("a-1.log", 1, 1001)]).inside, None);
    }
}
