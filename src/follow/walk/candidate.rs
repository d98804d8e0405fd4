//! Candidates: names that a pattern matches, and whether they are files to follow.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::SystemTime;

use super::super::file::FileKind;
use super::super::own_streams::own_stream;
use super::super::pattern::Pattern;

/// Suffixes of compressed files and archives. logrotate and its relatives write the first six.
const COMPRESSED: [&str; 17] = [
    ".gz", ".zst", ".xz", ".bz2", ".lz4", ".br", ".Z", ".zip", ".lzma", ".7z", ".lz", ".lzo",
    ".sz", ".zstd", ".tgz", ".txz", ".tbz2",
];

/// The target of a name that matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Candidate {
    /// A file to follow, with the time of its birth if the file system knows it.
    File(Option<SystemTime>),
    /// A file that is not followed.
    PassedOver(PassedOver),
    /// A directory, a device, or nothing.
    Nothing,
}

/// A reason not to follow a file that matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum PassedOver {
    Compressed,
    Pipe,
    /// The file is the standard output or standard error of this process; the text says so.
    OwnStream(&'static str),
}

impl Candidate {
    /// Looks at the file that `path` leads to.
    ///
    /// `is_named` says that its name has no wildcard, so that also a pipe and a compressed file
    /// are meant.
    pub(super) fn at(path: &Path, is_named: bool) -> Self {
        if !is_named && path.file_name().is_some_and(is_compressed) {
            return Candidate::PassedOver(PassedOver::Compressed);
        }
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            // The follower says why the file cannot be read.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                return Candidate::File(None);
            }
            Err(_) => return Candidate::Nothing,
        };
        let Ok(kind) = FileKind::of(&metadata) else { return Candidate::Nothing };
        if let Some(sentence) = own_stream(&metadata) {
            return Candidate::PassedOver(PassedOver::OwnStream(sentence));
        }
        match kind {
            FileKind::Pipe if !is_named => Candidate::PassedOver(PassedOver::Pipe),
            FileKind::Pipe | FileKind::Regular => Candidate::File(metadata.created().ok()),
        }
    }
}

impl PassedOver {
    /// Returns the sentence that reports it for a file that `pattern` matches.
    pub(super) fn sentence(self, path: &Path, pattern: &Pattern) -> String {
        let (file, name) = (path.display(), path.file_name().unwrap_or_default().display());
        match self {
            PassedOver::Compressed => format!(
                "{file} is compressed and is skipped, as is every compressed file that \
                 matches {pattern}; to follow the text in one, decompress it into ssetail -"
            ),
            PassedOver::Pipe => format!(
                "{file} is a named pipe and is skipped, because reading takes the data from \
                 other readers; to follow it, give {name} without a glob"
            ),
            PassedOver::OwnStream(reason) => format!("{file} {reason}; it is skipped"),
        }
    }
}

fn is_compressed(name: &OsStr) -> bool {
    COMPRESSED.iter().any(|suffix| name.as_bytes().ends_with(suffix.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compressed_files_are_known_by_their_suffix() {
        let compressed = |name: &str| is_compressed(OsStr::new(name));
        assert!(compressed("app.log.2.gz") && compressed("app.log-20260101.xz"));
        assert!(!compressed("app.log") && !compressed("app.gz.log") && !compressed("gz"));
    }
}
