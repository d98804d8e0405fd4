//! The file names of a spool.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The names of the files of a spool: a path, and this path with numbers.
#[derive(Clone, Debug)]
pub struct SpoolNames(PathBuf);

impl SpoolNames {
    /// The names of a spool at an absolute path.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        SpoolNames(path)
    }

    /// Returns true if `path` is one of the names.
    #[must_use]
    pub fn include(&self, path: &Path) -> bool {
        let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
        let (Some(own), Some(other)) = (name(&self.0), name(path)) else { return false };
        let is_number =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_named = other
            .strip_prefix(&own)
            .is_some_and(|rest| rest.is_empty() || rest.strip_prefix('.').is_some_and(is_number));
        is_named && directory(&self.0) == directory(path)
    }

    /// The name of segment `n`; 0 is the newest.
    pub(super) fn number(&self, n: usize) -> PathBuf {
        let mut name = self.0.clone().into_os_string();
        if n > 0 {
            name.push(format!(".{n}"));
        }
        name.into()
    }

    /// Returns the first number, at least `from`, without a file.
    pub(super) fn free(&self, from: usize) -> usize {
        let mut n = from;
        while self.number(n).symlink_metadata().is_ok() {
            n += 1;
        }
        n
    }

    /// Moves the newest segment of an earlier run out of the way.
    ///
    /// Fails if the file is not a regular one, or if another process writes to it.
    pub(super) fn shift_earlier(&self) -> io::Result<()> {
        let metadata = match self.0.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            metadata => metadata?,
        };
        if !metadata.is_file() {
            return Err(io::Error::other("the path exists and is not a regular file"));
        }
        if let Err(TryLockError::WouldBlock) = File::open(&self.0)?.try_lock() {
            return Err(io::Error::other("another ssetail writes to it"));
        }
        if metadata.len() == 0 { fs::remove_file(&self.0) } else { self.shift() }
    }

    /// Renames every segment up to the first free number to the next number.
    pub(super) fn shift(&self) -> io::Result<()> {
        (0..self.free(0)).rev().try_for_each(|n| fs::rename(self.number(n), self.number(n + 1)))
    }

    /// Removes the oldest segments until the numbered ones have at most `capacity` bytes.
    pub(super) fn limit(&self, capacity: u64) -> io::Result<()> {
        let mut size = 0;
        for n in 1..self.free(1) {
            size += self.number(n).symlink_metadata()?.len();
            if size > capacity {
                return (n..self.free(n)).rev().try_for_each(|n| fs::remove_file(self.number(n)));
            }
        }
        Ok(())
    }

    /// Creates the newest segment, and locks it against other processes.
    pub(super) fn create(&self) -> io::Result<Arc<File>> {
        let file =
            File::options().read(true).write(true).create_new(true).mode(0o600).open(&self.0)?;
        // A file system without locks excludes no other process.
        let _ = file.try_lock();
        Ok(Arc::new(file))
    }
}

impl fmt::Display for SpoolNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

/// Returns the directory of a file, without symbolic links.
fn directory(path: &Path) -> Option<PathBuf> {
    path.parent().and_then(|parent| parent.canonicalize().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_path_and_its_numbers_are_names() {
        let directory = tempfile::tempdir().expect("a directory");
        let names = SpoolNames::new(directory.path().join("spool"));
        let is_own = |name: &str| names.include(&directory.path().join(name));
        assert!(is_own("spool") && is_own("spool.1") && is_own("spool.12"));
        assert!(!is_own("spool.log") && !is_own("spool1") && !is_own("a/spool"));
        assert!(!is_own("spool."));
    }
}
