//! The names in a directory, listed once for all of its followed files.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::rotated_files::with_old;
use super::rotated_names::{RotatedName, kept_part};

/// Time for which a listing is used. Sources of one directory are opened one after the other; twice
/// the time only matters for a start that takes longer.
const VALID: Duration = Duration::from_secs(1);

/// The sorted names in the directory that was listed last.
#[derive(Debug, Default)]
pub(super) struct DirectoryNames {
    directory: PathBuf,
    names: Vec<OsString>,
    listed: Option<Instant>,
}

impl DirectoryNames {
    /// Returns whether a file with a name of a rotation stood beside `path` when its directory was
    /// listed, at most a second ago.
    pub(super) fn has_rotated(&mut self, path: &Path, now: Instant) -> bool {
        let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
            return false;
        };
        let is_valid = self.listed.is_some_and(|listed| now.duration_since(listed) < VALID);
        if self.directory != directory || !is_valid {
            self.list(directory, now);
        }
        let kept = kept_part(name.as_bytes());
        let first = self.names.partition_point(|name| name.as_bytes() < kept);
        self.names[first..]
            .iter()
            .take_while(|name| name.as_bytes().starts_with(kept))
            .any(|rotated| RotatedName::parse(rotated, name).is_some())
    }

    fn list(&mut self, directory: &Path, now: Instant) {
        let entries = with_old(directory).flat_map(fs::read_dir).flatten().flatten();
        self.names = entries.map(|entry| entry.file_name()).collect();
        self.names.sort_unstable();
        directory.clone_into(&mut self.directory);
        self.listed = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_names_are_found_in_one_listing() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = |name: &str| directory.path().join(name);
        for name in ["a.log", "a.log.1", "b.log", "b-20261125.log", "c.log", "c.logs", "ab.log.1"] {
            fs::write(path(name), "").expect("written");
        }
        let (mut names, now) = (DirectoryNames::default(), Instant::now());
        assert!(names.has_rotated(&path("a.log"), now));
        assert!(names.has_rotated(&path("b.log"), now));
        assert!(!names.has_rotated(&path("c.log"), now));
        fs::write(path("c.log.2.gz"), "").expect("written");
        assert!(!names.has_rotated(&path("c.log"), now), "it is not listed again at once");
        assert!(names.has_rotated(&path("c.log"), now + VALID));
    }
}
