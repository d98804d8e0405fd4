//! Copies of a followed file, which people and programs put beside it.

use super::file_source::FileSource;
use super::log_file::LogFile;

/// Number of bytes that are compared at the start and at the end of a file. Lines with times differ
/// within fewer; with twice the value, twice as much is read.
const COMPARED: usize = 1024;

/// Fewest bytes of a copy: shorter files of one program may have the same lines.
const SMALLEST: u64 = 256;

impl FileSource {
    /// Returns whether `other` is a copy of this file, made when that had fewer lines: the same bytes
    /// are at its start and at its end.
    pub(super) fn has_copy(&self, other: &LogFile) -> bool {
        if other.is_compressed() {
            return self.file.has_compressed_form(other);
        }
        let Ok(len) = other.len() else { return false };
        let bytes = |file: &LogFile, offset| {
            let mut bytes = vec![0; COMPARED.min(len as usize)];
            let read = file.read_at(&mut bytes, offset).ok()?;
            (read == bytes.len()).then_some(bytes)
        };
        let is_same = |offset| {
            let here = bytes(&self.file.log(), offset);
            here.is_some() && here == bytes(other, offset)
        };
        len >= SMALLEST && is_same(0) && is_same(len.saturating_sub(COMPARED as u64))
    }
}

impl LogFile {
    /// Returns whether `other` is compressed, and its text begins and ends with the same bytes as
    /// this file.
    pub(super) fn has_compressed_form(&self, other: &LogFile) -> bool {
        let Some(len) = self.len().ok().filter(|&len| len > 0 && other.is_compressed()) else {
            return false;
        };
        let start = len.saturating_sub(COMPARED as u64);
        let is_same = |offset, len| {
            let bytes = |file: &LogFile| file.read_back(offset, len).ok();
            bytes(self).is_some_and(|own| bytes(other) == Some(own))
        };
        // One byte more, because the end of both has to be the same.
        is_same(0, COMPARED.min(len as usize)) && is_same(start, COMPARED + 1)
    }
}
