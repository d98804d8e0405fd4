//! Files of a test, and lines to write to them.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Creates or replaces a file, and creates its directory.
pub fn write(path: &Path, content: impl AsRef<[u8]>) {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).expect("the directory can be created");
    }
    std::fs::write(path, content).expect("the file can be written");
}

/// Appends to a file, which is created if it does not exist.
pub fn append(path: &Path, text: impl AsRef<[u8]>) {
    let file = OpenOptions::new().append(true).create(true).open(path);
    let mut file = file.expect("the file can be opened");
    file.write_all(text.as_ref()).expect("the file can be written");
}

/// Returns the lines `prefix 0`, `prefix 1` and so on, each with its newline.
pub fn numbered(prefix: &str, numbers: Range<usize>) -> String {
    numbers.map(|n| format!("{prefix} {n}\n")).collect()
}

/// Writes numbered lines until `stop`; returns their number.
pub fn write_until(path: &Path, stop: &AtomicBool) -> usize {
    let mut written = 0;
    while !stop.load(Ordering::Relaxed) {
        let burst = 1 + written % 7 * (written % 5);
        append(path, numbered("line", written..written + burst));
        written += burst;
        // The rate of the writer; no check depends on it.
        std::thread::sleep(Duration::from_millis(2));
    }
    written
}
