//! A file with one line beside the journal, which is replaced as often as it changes.
//!
//! After `kill -9`, the file has the newest line; after a crash of the machine, an older one or none.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

/// Most bytes of a line, with much room to spare.
const LONGEST: usize = 4096;

/// A file with one line.
#[derive(Debug)]
pub(crate) struct LineFile(File);

impl LineFile {
    /// Opens the file at `path`, which is created if it is missing; also returns its line.
    pub(crate) fn open(path: &Path) -> io::Result<(Self, Option<String>)> {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(path)?;
        let mut bytes = vec![0; LONGEST];
        let len = file.read_at(&mut bytes, 0)?;
        Ok((LineFile(file), line_in(&bytes[..len])))
    }

    /// Replaces the line.
    pub(crate) fn write(&self, line: &str) -> io::Result<()> {
        let text = format!("{:08x} {line}\n", crc32fast::hash(line.as_bytes()));
        self.0.write_all_at(text.as_bytes(), 0)
    }
}

/// Returns the first line without its checksum; none if it was not written as a whole.
fn line_in(bytes: &[u8]) -> Option<String> {
    let end = bytes.iter().position(|&byte| byte == b'\n')?;
    let (checksum, line) = std::str::from_utf8(&bytes[..end]).ok()?.split_once(' ')?;
    let is_whole = u32::from_str_radix(checksum, 16) == Ok(crc32fast::hash(line.as_bytes()));
    is_whole.then(|| line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_line_is_found_and_a_torn_one_is_not() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("file");
        assert_eq!(LineFile::open(&path).expect("created").1, None);
        for line in ["a long line", "short"] {
            let (file, _) = LineFile::open(&path).expect("opened");
            file.write(line).expect("written");
            assert_eq!(LineFile::open(&path).expect("opened").1.as_deref(), Some(line));
        }
        std::fs::write(&path, "00000000 torn\n").expect("written");
        assert_eq!(LineFile::open(&path).expect("opened").1, None);
    }
}
