//! A path that is looked at while its files are rotated.

use std::cell::Cell;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use super::super::clock::wall_clock_nanos;
use super::super::path_origin::PathOrigin;
use super::*;
use crate::event::{Names, Source};

/// A directory with `a.log`, which is followed.
struct Rotated {
    directory: tempfile::TempDir,
    descriptors: Arc<Descriptors>,
    followed: FollowedPath,
}

impl Rotated {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a.log");
        fs::write(&path, "first\n").expect("written");
        let source = Arc::new(Source { id: 0, name: Names::default().assign(&path) });
        let origin = PathOrigin { is_explicit: true, was_followed: false };
        let descriptors = Descriptors::new();
        let budget = Arc::clone(&descriptors);
        let followed =
            FollowedPath::new(source, path, origin, Mount::Local, budget, Arc::default());
        let mut rotated = Rotated { directory, descriptors, followed };
        let first = Generation::new(rotated.opened(), 6).expect("read");
        rotated.followed.push(first, Instant::now(), &mut Vec::new());
        rotated.followed.seen_at = Some(wall_clock_nanos());
        rotated
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Opens the file that the path leads to.
    fn opened(&self) -> OpenedFile {
        let file = self.descriptors.open(&self.path("a.log"), Mount::Local).expect("opened");
        let id = file.id();
        OpenedFile { file, id, kind: FileKind::Regular }
    }

    /// Renames the files `a.log` and `a.log.N`, the newer of which may be compressed, as
    /// logrotate does, and creates `a.log`.
    fn rotate(&self, is_compressed: bool) {
        for ending in ["", ".gz"] {
            for number in (1..5).rev() {
                let new = self.path(&format!("a.log.{}{ending}", number + 1));
                let _ = fs::rename(self.path(&format!("a.log.{number}{ending}")), new);
            }
        }
        fs::rename(self.path("a.log"), self.path("a.log.1")).expect("renamed");
        fs::write(self.path("a.log"), "").expect("created");
        if is_compressed {
            self.compress();
        }
    }

    /// Compresses `a.log.1`.
    fn compress(&self) {
        let text = fs::read(self.path("a.log.1")).expect("read");
        let file = fs::File::create(self.path("a.log.1.gz")).expect("created");
        let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        gzip.write_all(&text).and_then(|()| gzip.try_finish()).expect("written");
        fs::remove_file(self.path("a.log.1")).expect("removed");
    }
}

fn texts(passed: &PassedFiles) -> Vec<String> {
    let text = |opened: &OpenedFile| {
        let bytes = opened.file.read_back(0, 100).expect("read");
        String::from_utf8(bytes).expect("text")
    };
    passed.files.iter().map(text).collect()
}

/// The program may be stopped between the two.
#[test]
fn files_that_are_rotated_after_the_target_of_the_path_was_found_come_behind_it() {
    for is_compressed in [false, true] {
        let rotated = Rotated::new();
        rotated.rotate(false);
        fs::write(rotated.path("a.log"), "second\n").expect("written");
        rotated.rotate(is_compressed);
        fs::write(rotated.path("a.log"), "third\n").expect("written");
        let now = rotated.opened();
        rotated.rotate(is_compressed);
        fs::write(rotated.path("a.log"), "fourth\n").expect("written");
        rotated.rotate(is_compressed);
        let passed = rotated.followed.passed_files(Some(&now), |_, _| true);
        assert_eq!(texts(&passed), ["second\n"], "compressed: {is_compressed}");
        let passed = rotated.followed.passed_files(Some(&rotated.opened()), |_, _| true);
        let all = ["second\n", "third\n", "fourth\n"];
        assert_eq!(texts(&passed), all, "compressed: {is_compressed}");
    }
}

#[test]
fn a_file_that_is_compressed_after_the_listing_is_not_left_out() {
    let rotated = Rotated::new();
    rotated.rotate(false);
    fs::write(rotated.path("a.log"), "second\n").expect("written");
    rotated.rotate(false);
    let is_compressed = Cell::new(false);
    let compress = |_: &Path, _| {
        if !is_compressed.replace(true) {
            rotated.compress();
        }
        true
    };
    let passed = rotated.followed.passed_files(Some(&rotated.opened()), compress);
    assert_eq!(texts(&passed), ["second\n"]);
}
