//! Looks at the paths in arguments, with a deadline: a mount can hang, and then never answers.

use std::collections::HashMap;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// Time without an answer after which more threads help. A local path answers within microseconds;
/// twice the time delays the paths after one that hangs twice as long.
const TICK: Duration = Duration::from_millis(20);

/// Number of ticks without an answer, for all paths together, that are waited for: 0.5 s. Twice as
/// many delay the address as much when a mount hangs; with half as many, a slow server may be
/// taken for one that hangs.
const TICKS: usize = 25;

/// The kind of file at a path, as it was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Something has this name, be it a link that leads nowhere.
    pub(super) exists: bool,
    pub(super) is_directory: bool,
    /// A device or a socket.
    pub(super) is_device: bool,
}

/// The paths that were looked at.
#[derive(Debug, Default)]
pub(super) struct Probe(HashMap<PathBuf, Found>);

impl Probe {
    /// Looks at all paths, for half a second at most.
    ///
    /// If every path has answered, all threads have ended.
    pub(super) fn new(paths: Vec<PathBuf>) -> Self {
        Probe::with(paths, |path| Found {
            exists: path.symlink_metadata().is_ok(),
            is_directory: path.is_dir(),
            is_device: path.metadata().is_ok_and(|metadata| {
                let kind = metadata.file_type();
                kind.is_char_device() || kind.is_block_device() || kind.is_socket()
            }),
        })
    }

    fn with(paths: Vec<PathBuf>, look: fn(&Path) -> Found) -> Self {
        let (sender, answers) = channel();
        let looks = Looks { paths: paths.into(), next: Arc::default(), look, sender };
        let (mut threads, mut found, mut ticks) = (Vec::new(), HashMap::new(), 0);
        threads.extend(looks.start());
        while found.len() < looks.paths.len() && ticks < TICKS {
            if let Ok((index, answer)) = answers.recv_timeout(TICK) {
                found.insert(index, answer);
            } else {
                ticks += 1;
                // Twice as many threads get past any number of paths that hang.
                let more: Vec<_> = threads.iter().filter_map(|_| looks.start()).collect();
                threads.extend(more);
            }
        }
        if found.len() == looks.paths.len() {
            for thread in threads {
                // A thread that panics leaves a path without an answer.
                let _ = thread.join();
            }
        }
        Probe(found.into_iter().map(|(at, found)| (looks.paths[at].clone(), found)).collect())
    }

    /// Returns what is at a path; nothing if it did not answer.
    pub(super) fn at(&self, path: &Path) -> Found {
        self.0.get(path).copied().unwrap_or_default()
    }
}

/// The work of the threads: each takes the next path until there is none.
#[derive(Clone)]
struct Looks {
    paths: Arc<[PathBuf]>,
    next: Arc<AtomicUsize>,
    look: fn(&Path) -> Found,
    sender: Sender<(usize, Found)>,
}

impl Looks {
    /// Starts a thread, if paths are left; without one, they count as not answering.
    fn start(&self) -> Option<JoinHandle<()>> {
        let looks = self.clone();
        let has_more = self.next.load(Ordering::Relaxed) < self.paths.len();
        let builder = Builder::new().name("probe".to_owned());
        has_more.then(|| builder.spawn(move || looks.run()).ok()).flatten()
    }

    fn run(self) {
        loop {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(path) = self.paths.get(index) else { return };
            if self.sender.send((index, (self.look)(path))).is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THERE: Found = Found { exists: true, is_directory: false, is_device: false };

    fn paths(names: impl IntoIterator<Item = String>) -> Vec<PathBuf> {
        names.into_iter().map(PathBuf::from).collect()
    }

    #[test]
    fn paths_that_hang_delay_no_other_path() {
        let hang_or_answer = |path: &Path| {
            while path.starts_with("hung") {
                std::thread::park();
            }
            THERE
        };
        let mut all = paths((0..40).map(|n| format!("hung/{n}")));
        all.extend(paths((0..40).map(|n| format!("there/{n}"))));
        let probe = Probe::with(all, hang_or_answer);
        assert_eq!(probe.at(Path::new("hung/0")), Found::default());
        assert!((0..40).all(|n| probe.at(Path::new(&format!("there/{n}"))) == THERE));
    }

    #[test]
    fn links_that_lead_nowhere_exist() {
        let root = tempfile::tempdir().expect("a directory");
        std::os::unix::fs::symlink("nowhere", root.path().join("link")).expect("linked");
        let all = ["", "link", "none"].map(|name| root.path().join(name));
        let probe = Probe::new(all.to_vec());
        let found = all.map(|path| probe.at(&path));
        let directory = Found { is_directory: true, ..THERE };
        assert_eq!(found, [directory, THERE, Found::default()]);
    }
}
