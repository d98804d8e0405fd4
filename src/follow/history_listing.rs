//! The rotated files beside a followed one, in the order in which they were written.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::Path;

use super::rotated_files::{LISTINGS, RotatedFile, visit_rotated};
use super::rotated_names::Place;
use super::rotation_numbers::RotationNumbers;
use crate::event::FileId;

/// Returns the rotated files of `name`, the oldest first, and the meaning of their numbers; `next`
/// is the file behind them.
///
/// The directory is listed until nothing new is found, because files are renamed meanwhile.
pub(super) fn rotated_files(
    directory: &Path,
    name: &OsStr,
    next: Option<FileId>,
) -> (Vec<RotatedFile>, RotationNumbers) {
    let mut found: HashMap<FileId, RotatedFile> = HashMap::new();
    for _ in 0..LISTINGS {
        let before = found.len();
        visit_rotated(directory, name, |file| {
            if file.name.place != Place::Unknown && file.len > 0 {
                found.insert(file.id, file);
            }
        });
        if found.len() == before {
            break;
        }
    }
    let mut files: Vec<_> = found.into_values().collect();
    let numbers = RotationNumbers::of(&files, next);
    for file in &mut files {
        numbers.settle(&mut file.name);
    }
    files.retain(|file| file.name.is_certain());
    sort_rotated(&mut files);
    (files, numbers)
}

/// Sorts files by their names; by the time of their last write if the names do not tell the order.
pub(super) fn sort_rotated(files: &mut [RotatedFile]) {
    let first = files.first().map(|file| file.name.clone());
    let names_tell =
        files.iter().all(|file| first.as_ref().is_some_and(|name| name.is_comparable(&file.name)));
    files.sort_by(|one, other| {
        let names = one.name.compare(&other.name);
        let names = if names_tell { names } else { Ordering::Equal };
        names.then(one.modified.cmp(&other.modified)).then_with(|| other.path.cmp(&one.path))
    });
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::{Duration, SystemTime};

    use super::*;

    /// Makes files whose last writes are minutes apart; returns the names of those that are found.
    fn found(names: &[&str]) -> Vec<String> {
        let directory = tempfile::tempdir().expect("a directory");
        for (minute, name) in names.iter().enumerate() {
            let path = directory.path().join(name);
            fs::write(&path, "text\n").expect("written");
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + 60 * minute as u64);
            let file = fs::File::options().write(true).open(path).expect("opened");
            file.set_modified(time).expect("set");
        }
        let name = |file: RotatedFile| file.path.file_name().map(|name| name.display().to_string());
        let (files, _) = rotated_files(directory.path(), OsStr::new("app.log"), None);
        files.into_iter().filter_map(name).collect()
    }

    #[test]
    fn names_tell_the_order_before_times() {
        let names = ["app.log.1", "app.log.2.gz", "app.log.10.xz", "app.log", "app.log.lock"];
        assert_eq!(found(&names), ["app.log.10.xz", "app.log.2.gz", "app.log.1"]);
        let names = ["app.log-20261125", "app.log-20261124.gz", "app-20261123.log"];
        assert_eq!(found(&names), ["app-20261123.log", "app.log-20261124.gz", "app.log-20261125"]);
    }

    #[test]
    fn times_tell_the_order_of_names_of_different_kinds() {
        let names = ["app.log.2.gz", "app.log-20261124", "app.log.1", "app.log.old"];
        assert_eq!(found(&names), names);
    }

    #[test]
    fn a_link_to_a_file_and_an_empty_file_are_left_out() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = |name: &str| directory.path().join(name);
        fs::write(path("app.log.1"), "text\n").expect("written");
        fs::write(path("app.log.3"), "").expect("written");
        std::os::unix::fs::symlink(path("app.log.1"), path("app.log.2")).expect("linked");
        fs::hard_link(path("app.log.1"), path("app.log.4")).expect("linked");
        let (files, _) = rotated_files(directory.path(), OsStr::new("app.log"), None);
        assert_eq!(files.len(), 1, "{files:?}");
    }
}
