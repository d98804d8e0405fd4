//! Following files when a limit of inotify is reached.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use crate::harness::Ssetail;

/// Returns the path of a library that lets the calls of inotify fail; the first call builds it.
///
/// A user namespace with a limit of zero would do as well, but containers refuse to make one.
fn failing_calls() -> &'static PathBuf {
    static LIBRARY: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, library) = LIBRARY.get_or_init(|| {
        let directory = tempfile::tempdir().expect("a directory can be created");
        let library = directory.path().join("limits.so");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/full/inotify/limits.c");
        let status =
            Command::new("cc").args(["-shared", "-fPIC", source, "-o"]).arg(&library).status();
        assert!(status.expect("cc starts").success());
        (directory, library)
    });
    library
}

/// Sets the environment in which a limit, `instances` or `watches`, is reached.
pub fn with_limit(ssetail: Ssetail, limit: &str) -> Ssetail {
    let library = failing_calls().display().to_string();
    ssetail.env("LD_PRELOAD", &library).env("INOTIFY_LIMIT", limit)
}

#[test]
fn without_notifications_the_program_says_so_once_and_polls() {
    for (limit, sysctl) in
        [("instances", "fs.inotify.max_user_instances"), ("watches", "fs.inotify.max_user_watches")]
    {
        let ssetail = with_limit(Ssetail::new().args(["a.log"]).file("a.log", ""), limit);
        let mut ssetail = ssetail.start();
        ssetail.wait_for(sysctl);
        let mut events = ssetail.events("/sse");
        for n in 0..5 {
            ssetail.append("a.log", format!("line {n}\n"));
            assert_eq!(events.data(1), [format!("line {n}")]);
        }
        assert_eq!(ssetail.stderr.matches("sysctl").count(), 1);
    }
}
