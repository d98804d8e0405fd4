//! Following files on a mount whose program does not answer.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{Running, Signal, Ssetail, append, eventually, numbered, send_signal, write};

/// A directory that a FUSE program shows under another path.
struct FuseMount {
    point: PathBuf,
    program: Child,
    _directory: tempfile::TempDir,
    source: PathBuf,
}

impl FuseMount {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory can be created");
        let (source, point) = (directory.path().join("source"), directory.path().join("point"));
        std::fs::create_dir(&source).expect("made");
        std::fs::create_dir(&point).expect("made");
        let program = Command::new("bindfs")
            .args(["-f", "--no-allow-other"])
            .args([&source, &point])
            .stdin(Stdio::null())
            .spawn()
            .expect("bindfs starts");
        let mount = FuseMount { point, program, _directory: directory, source };
        eventually("the directory is mounted", || is_mounted(&mount.point));
        mount
    }

    /// Returns the path under which a file is followed.
    fn path(&self, name: &str) -> String {
        self.point.join(name).to_str().expect("text").to_owned()
    }

    fn append(&self, name: &str, text: &str) {
        append(&self.source.join(name), text);
    }

    /// Lets every call that needs the program wait until the result is dropped.
    fn hang(&self) -> Hanging<'_> {
        send_signal(&self.program, Signal::STOP);
        Hanging(&self.program)
    }
}

/// A mount that does not answer.
struct Hanging<'a>(&'a Child);

impl Drop for Hanging<'_> {
    fn drop(&mut self) {
        send_signal(self.0, Signal::CONT);
    }
}

impl Drop for FuseMount {
    fn drop(&mut self) {
        // A user may only unmount with this program.
        let _ = Command::new("fusermount3").args(["-u", "-z"]).arg(&self.point).status();
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

fn is_mounted(point: &Path) -> bool {
    let table = std::fs::read_to_string("/proc/self/mountinfo").expect("read");
    let point = point.to_str().expect("text");
    table.lines().any(|line| line.split(' ').nth(4) == Some(point))
}

fn state(ssetail: &Running, name: &str) -> String {
    let sources: serde_json::Value =
        serde_json::from_str(&ssetail.get("/sources").body).expect("JSON");
    let sources = sources.as_array().expect("an array");
    let source = sources.iter().find(|source| source["name"] == name).expect("the source exists");
    source["state"].as_str().expect("text").to_owned()
}

#[test]
fn a_mount_that_hangs_holds_up_only_its_own_files() {
    let mount = FuseMount::new();
    mount.append("far.log", "far 1\n");
    let mut ssetail = Ssetail::new()
        .file("near.log", "near 1\n")
        .args([&mount.path("far.log"), "near.log"])
        .start();
    let mut far = ssetail.events("/sse?file=far.log");
    let mut near = ssetail.events("/sse?file=near.log");
    assert_eq!(far.data(1), ["far 1"]);
    assert_eq!(near.data(1), ["near 1"]);
    mount.append("far.log", "far 2\n");
    assert_eq!(far.data(1), ["far 2"]);
    let hanging = mount.hang();
    for n in 2..6 {
        ssetail.append("near.log", format!("near {n}\n"));
        assert_eq!(near.data(1), [format!("near {n}")]);
    }
    ssetail.wait_for("does not answer");
    assert_eq!(state(&ssetail, "far.log"), "stalled");
    assert_eq!(state(&ssetail, "near.log"), "live");
    ssetail.rename("near.log", "near.log.1");
    ssetail.append("near.log", "near 6\n");
    assert_eq!(near.lines(1), ["near 6"]);
    mount.append("far.log", "far 3\n");
    drop(hanging);
    assert_eq!(far.data(1), ["far 3"]);
    ssetail.wait_for("answers again");
    eventually("the state is live again", || state(&ssetail, "far.log") == "live");
    assert_eq!(ssetail.stderr.matches("does not answer").count(), 1);
}

#[test]
fn a_signal_ends_the_program_while_a_mount_hangs() {
    let mount = FuseMount::new();
    mount.append("far.log", "far 1\n");
    let mut ssetail =
        Ssetail::new().file("near.log", "").args([&mount.path("far.log"), "near.log"]).start();
    assert_eq!(ssetail.events("/sse").data(1), ["far 1"]);
    let _hanging = mount.hang();
    ssetail.wait_for("does not answer");
    let mut near = ssetail.events("/sse?file=near.log&n=0");
    near.until_comments(1);
    ssetail.append("near.log", "last\n");
    let began = Instant::now();
    ssetail.signal(Signal::TERM);
    assert_eq!(near.data(1), ["last"]);
    assert_eq!(ssetail.wait().code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(20), "the mount delays the end");
}

#[test]
fn a_command_gets_each_signal_once_beside_files_of_such_a_mount() {
    let mount = FuseMount::new();
    mount.append("far.log", "far 1\n");
    let script = "trap 'echo interrupted' INT; trap 'echo cleaned up; exit 7' TERM; echo ready
        while :; do sleep 0.05; done";
    let path = std::env::var("PATH").expect("a path");
    let start = || {
        let ssetail = Ssetail::new().env("PATH", &path).arg(mount.path("far.log"));
        let ssetail = ssetail.args(["--", "bash", "-c", script]).start();
        let mut events = ssetail.events("/sse?n=all&file=bash");
        assert_eq!(events.data(1), ["ready"]);
        (ssetail, events)
    };
    let (mut ssetail, mut events) = start();
    ssetail.signal(Signal::INT);
    assert_eq!(events.data(1), ["interrupted"]);
    ssetail.signal(Signal::INT);
    assert_eq!(ssetail.wait().code(), Some(130));

    // The first signal may take longer than the program has without a command.
    let (mut ssetail, mut events) = start();
    let hanging = mount.hang();
    ssetail.wait_for("does not answer");
    ssetail.signal(Signal::INT);
    assert_eq!(events.data(1), ["interrupted"]);
    ssetail.signal(Signal::TERM);
    assert_eq!(ssetail.wait().code(), Some(143));
    drop(hanging);

    // One signal is enough to end both, although the mount hangs.
    let (mut ssetail, mut events) = start();
    let hanging = mount.hang();
    ssetail.wait_for("does not answer");
    ssetail.signal(Signal::TERM);
    assert!(events.rest().iter().any(|event| event.data == "cleaned up"));
    assert_eq!(ssetail.wait().code(), Some(7));
    drop(hanging);

    let (mut ssetail, mut events) = start();
    ssetail.signal(Signal::TERM);
    assert!(events.rest().iter().any(|event| event.data == "cleaned up"));
    assert_eq!(ssetail.wait().code(), Some(7));
}

#[test]
fn a_mount_that_hangs_at_the_start_delays_only_its_own_files() {
    let mount = FuseMount::new();
    write(&mount.source.join("far.log"), "far 1\nfar 2\nfar 3\n");
    let hanging = mount.hang();
    let mut ssetail = Ssetail::new()
        .file("near.log", "near 1\n")
        .args([&mount.path("far.log"), &mount.path("*.txt"), "near.log", "-n", "2"])
        .start();
    let mut near = ssetail.events("/sse?file=near.log");
    assert_eq!(near.data(1), ["near 1"]);
    ssetail.append("near.log", "near 2\n");
    assert_eq!(near.data(1), ["near 2"]);
    ssetail.wait_for("does not answer");
    assert_eq!(state(&ssetail, "far.log"), "stalled");
    drop(hanging);
    assert_eq!(ssetail.events("/sse?file=far.log").data(2), ["far 2", "far 3"]);
    mount.append("new.txt", "new\n");
    assert_eq!(ssetail.events("/sse?file=new.txt").lines(1), ["new"]);
}

#[test]
fn a_restart_while_a_mount_hangs_repeats_nothing() {
    let mount = FuseMount::new();
    mount.append("far.log", &numbered("old", 0..50));
    let run = |ssetail: Ssetail| {
        ssetail.args([&mount.path("far.log"), &mount.path("*.txt"), "near.log", "--state", "state"])
    };
    let mut ssetail = run(Ssetail::new().file("near.log", "")).start();
    let mut events = ssetail.events("/sse");
    let last = events.take(50).pop().expect("a line").id;
    let hanging = mount.hang();
    ssetail.wait_for("does not answer");
    ssetail.signal(Signal::TERM);
    assert_eq!(ssetail.wait().code(), Some(0));
    let mut ssetail = run(Ssetail::after(&mut ssetail)).start();
    ssetail.wait_for("does not answer");
    mount.append("far.log", "new\n");
    drop(hanging);
    let mut events = ssetail.events_after("/sse", &last);
    assert_eq!(events.data(1), ["new"]);
}
