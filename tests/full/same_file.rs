//! Files on an overlay, files that permissions protect, and pipes without notifications.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use crate::harness::{Running, Ssetail, append, eventually, is_root, numbered};
use crate::inotify::with_limit;

const PROGRAM: &str = env!("CARGO_BIN_EXE_ssetail");

/// Starts the program on an overlay with a log in its lower layer; returns it with the path of the
/// log, which only the mount namespace of the program has.
fn on_overlay(args: &str) -> (Running, PathBuf) {
    let script = format!(
        "mkdir upper work merged && mount -t overlay overlay \
         -o lowerdir=lower,upperdir=upper,workdir=work,userxattr merged && \
         exec {PROGRAM} --port 0 -n 2 {args}"
    );
    let namespaces = if is_root() { "-m" } else { "-Urm" };
    let ssetail = Ssetail::running("unshare", &[namespaces, "sh", "-c", &script]);
    let ssetail = ssetail.file("lower/a.log", numbered("old", 0..500)).start();
    let inside = ssetail.path("merged/a.log").display().to_string();
    let path = PathBuf::from(format!("/proc/{}/root{inside}", ssetail.pid()));
    (ssetail, path)
}

/// The first write copies the file to the upper layer, with another time of birth.
#[test]
fn a_file_that_an_overlay_copies_is_the_same_file() {
    let (ssetail, path) = on_overlay("'merged/*.log*'");
    let mut events = ssetail.events("/sse");
    assert_eq!(events.data(2), ["old 498", "old 499"]);
    for n in 0..3 {
        append(&path, format!("new {n}\n"));
        assert_eq!(events.data(1), [format!("new {n}")]);
    }
    std::fs::rename(&path, path.with_extension("log.1")).expect("renamed");
    append(&path, "next\n");
    assert_eq!(events.lines(1), ["next"]);
}

/// A rename copies the file, too.
#[test]
fn a_file_of_the_lower_layer_that_is_renamed_is_not_sent_again() {
    let (ssetail, path) = on_overlay("--linger 300ms 'merged/*.log*'");
    let mut events = ssetail.events("/sse");
    assert_eq!(events.data(2), ["old 498", "old 499"]);
    std::fs::rename(&path, path.with_extension("log.1")).expect("renamed");
    append(&path, "next\n");
    assert_eq!(events.lines(1), ["next"]);
    append(&path.with_extension("log.1"), "late\n");
    assert_eq!(events.lines(1), ["late"]);
}

/// Runs the program without the capability of root that overrides permissions.
fn without_capabilities<'a>(args: impl IntoIterator<Item = &'a str>) -> Ssetail {
    let without = ["--inh-caps=-all", "--bounding-set=-all", PROGRAM];
    let ssetail = if is_root() {
        Ssetail::running("setpriv", &without)
    } else {
        Ssetail::running(PROGRAM, &[])
    };
    ssetail.args(["--port", "0"]).args(args)
}

#[test]
fn a_file_that_becomes_readable_begins_with_its_last_lines() {
    let ssetail = without_capabilities(["-n", "2", "a.log"]);
    let ssetail = ssetail.file("a.log", numbered("line", 0..1000));
    let path = ssetail.path("a.log");
    set_permissions(&path, Permissions::from_mode(0o000)).expect("changed");
    let mut ssetail = ssetail.start();
    let mut events = ssetail.events("/sse?n=0");
    ssetail.wait_for("a.log cannot be read: permission denied");
    set_permissions(&path, Permissions::from_mode(0o600)).expect("changed");
    assert_eq!(events.control("source")["change"], "appeared");
    assert_eq!(events.data(2), ["line 998", "line 999"]);
    // A directory that is closed for a while.
    set_permissions(ssetail.directory.path(), Permissions::from_mode(0o000)).expect("changed");
    assert_eq!(events.control("source")["change"], "unreadable");
    set_permissions(ssetail.directory.path(), Permissions::from_mode(0o700)).expect("changed");
    assert_eq!(events.control("source")["change"], "appeared");
    append(&path, "next\n");
    assert_eq!(events.data(1), ["next"]);
    eventually("the source is live", || ssetail.get("/sources").body.contains("\"live\""));
}

#[test]
fn a_rotated_file_that_cannot_be_read_is_reported_and_does_not_hide_the_next_one() {
    let ssetail = without_capabilities(["a.log"]).file("a.log", "first\n");
    let mut ssetail = ssetail.start();
    let mut events = ssetail.events("/sse?n=1");
    assert_eq!(events.data(1), ["first"]);
    let rotate = |text: &str, mode: u32| {
        for number in (1..3).rev() {
            let new = ssetail.path(&format!("a.log.{}", number + 1));
            let _ = std::fs::rename(ssetail.path(&format!("a.log.{number}")), new);
        }
        std::fs::rename(ssetail.path("a.log"), ssetail.path("a.log.1")).expect("renamed");
        append(&ssetail.path("a.log"), text);
        set_permissions(ssetail.path("a.log"), Permissions::from_mode(mode)).expect("changed");
    };
    ssetail.while_stopped(|| {
        rotate("hidden\n", 0o000);
        rotate("second\n", 0o600);
        rotate("third\n", 0o600);
    });
    assert_eq!(events.lines(2), ["second", "third"]);
    ssetail.wait_for("a.log.2 cannot be read: permission denied; it is left out");
}

#[test]
fn a_pipe_is_read_without_notifications() {
    let script = r#"exec "$0" "$@" <(while read -r line; do echo "$line"; done < input)"#;
    let ssetail = with_limit(Ssetail::new().through(script), "instances");
    let status = std::process::Command::new("mkfifo").arg(ssetail.path("input")).status();
    assert!(status.expect("mkfifo starts").success());
    let ssetail = ssetail.start();
    let mut events = ssetail.events("/sse");
    let mut input = std::fs::File::options().write(true).open(ssetail.path("input")).expect("open");
    for n in 0..3 {
        std::io::Write::write_all(&mut input, format!("line {n}\n").as_bytes()).expect("written");
        assert_eq!(events.data(1), [format!("line {n}")]);
    }
}
