//! Compressed forms of files that were deleted, such as by `gzip`, although events are in them.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;

use super::comparison::HEAD;
use super::compressed::Compression;
use super::descriptors::{Descriptors, HeldFile};
use super::log_file::LogFile;
use super::rotated_files::with_old;

/// Most names of a directory that are looked at. Twice as many take twice as long for each file
/// that was deleted.
const LISTED: usize = 2048;

/// Most files whose first bytes are compared.
const OPENED: usize = 16;

impl Descriptors {
    /// Lets a file that was deleted go on with its compressed form; returns false if none is beside
    /// the place where it was.
    ///
    /// The checksums of events tell whether the text is the same.
    pub(super) fn replace(self: &Arc<Self>, file: &LogFile) -> bool {
        let Some(form) = self.compressed_form(file) else { return false };
        file.replace(&form);
        true
    }

    fn compressed_form(self: &Arc<Self>, file: &LogFile) -> Option<HeldFile> {
        let head = file.read_back(0, HEAD).ok().filter(|head| !head.is_empty())?;
        let modified = file.metadata().ok()?.mtime();
        let directory = file.path().parent()?;
        let stem = stem(file.path())?;
        let mut forms = Vec::new();
        let entries = with_old(directory).flat_map(fs::read_dir).flatten().flatten();
        for entry in entries.take(LISTED) {
            let name = entry.file_name();
            let Some((_, compression)) = Compression::split(name.as_bytes()) else { continue };
            if name.as_bytes().starts_with(stem)
                && let Ok(metadata) = entry.metadata()
            {
                forms.push((metadata.mtime().abs_diff(modified), entry.path(), compression));
            }
        }
        // Compressing keeps the time of the last write.
        forms.sort_by_key(|(difference, ..)| *difference);
        forms.into_iter().take(OPENED).find_map(|(_, path, compression)| {
            let form = self.open_as(&path, file.mount(), Some(compression)).ok()?;
            let is_form = form.read_back(0, head.len()).ok()? == head;
            is_form.then_some(form)
        })
    }
}

/// Returns the first part of a name, which rotations keep.
fn stem(path: &Path) -> Option<&[u8]> {
    let name = path.file_name()?.as_bytes();
    let end = name.iter().skip(1).position(|byte| b"._-".contains(byte));
    Some(&name[..end.map_or(name.len(), |end| end + 1)])
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::super::mount::Mount;
    use super::*;
    use crate::event::Log as _;

    #[test]
    fn a_deleted_file_goes_on_with_its_compressed_form() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = |name: &str| directory.path().join(name);
        let text: String = (0..100_000).map(|n| format!("line {n}\n")).collect();
        let compressed = |name: &str, text: &str| {
            let file = fs::File::create(path(name)).expect("created");
            let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
            gzip.write_all(text.as_bytes()).and_then(|()| gzip.try_finish()).expect("written");
        };
        fs::write(path("a.log"), &text).expect("written");
        let descriptors = Descriptors::new();
        let file = descriptors.open(&path("a.log"), Mount::Local).expect("opened");
        fs::remove_file(path("a.log")).expect("removed");
        compressed("a.log.2.gz", "another text\n");
        assert!(!descriptors.replace(&file), "there is no form of it");
        compressed("a.log.1.gz", &text);
        assert!(descriptors.replace(&file) && file.is_linked());
        for offset in [700_000, 5, 690_000, 700_000] {
            let mut bytes = [0; 100];
            file.read_exact_at(&mut bytes, offset).expect("read");
            assert_eq!(bytes, text.as_bytes()[offset as usize..][..100]);
        }
        let mut bytes = [0; 100];
        assert!(file.read_exact_at(&mut bytes, text.len() as u64 - 99).is_err());
    }

    #[test]
    fn the_stem_of_a_name_ends_before_what_rotations_change() {
        for name in ["app.log", "app.log.1", "app-20261125.log", "app"] {
            assert_eq!(stem(Path::new(name)), Some(&b"app"[..]), "{name}");
        }
        assert_eq!(stem(Path::new("/var/.hidden.log")), Some(&b".hidden"[..]));
    }
}
