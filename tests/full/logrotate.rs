//! Rotation by logrotate, while the writer continues.

use std::path::Path;
use std::process::Command;

use crate::harness::{Running, Ssetail, eventually, is_root, numbered, write};

/// Returns a configuration of logrotate for one file.
///
/// As root, logrotate refuses a directory that others may write to, unless `su` names a user.
/// Other users may not change to root.
fn configuration(log: &Path, directives: &str) -> String {
    let user = if is_root() { " su root root\n" } else { "" };
    format!("{} {{\n{user} {directives}\n}}\n", log.display())
}

/// Rotates `a.log` by this configuration; every line is delivered once, in order.
fn check_rotation(config: &str, sources: &[&str]) {
    let ssetail = Ssetail::new().file("a.log", "").args(sources).args(["--linger", "1s"]).start();
    let log = ssetail.path("a.log");
    write(&ssetail.path("conf"), configuration(&log, &format!("rotate 9\n size 1\n {config}")));
    let mut events = ssetail.events("/sse");
    let mut expected = Vec::new();
    let mut seen = Vec::new();
    for round in 0..4 {
        let text = numbered(&format!("round {round} line"), 0..200);
        ssetail.append("a.log", &text);
        expected.extend(text.lines().map(str::to_owned));
        // Lines that are not read before a truncation may be lost, so all are read first.
        seen.extend(events.lines(expected.len() - seen.len()));
        let status = Command::new("logrotate")
            .args(["--force", "--state"])
            .args([ssetail.path("state"), ssetail.path("conf")])
            .status()
            .expect("logrotate starts; tests/run installs it");
        assert!(status.success());
    }
    ssetail.append("a.log", "end\n");
    expected.push("end".to_owned());
    seen.extend(events.lines(expected.len() - seen.len()));
    assert_eq!(seen, expected);
}

#[test]
fn rotation_by_logrotate_loses_and_doubles_nothing() {
    check_rotation("create", &["a.log"]);
    check_rotation("create", &["a.log*"]);
    check_rotation("copytruncate", &["a.log"]);
    check_rotation("create\n compress\n delaycompress", &["a.log", "a.log.[0-9]"]);
    check_rotation("nocreate", &["a.log*"]);
}

/// Options with which logrotate names and compresses files.
const NAMES: [&str; 6] = [
    "",
    "dateext\n dateformat -%Y%m%d-%s",
    "compress",
    "compress\n delaycompress",
    "compress\n compresscmd /usr/bin/zstd\n compressext .zst\n compressoptions -q",
    "compress\n compresscmd /usr/bin/xz\n compressext .xz\n dateext\n dateformat .%s",
];

/// Appends 200 lines and rotates, six times; returns the lines.
fn rotate_six_times(ssetail: &Running, names: &str, visit: usize) -> Vec<String> {
    let log = ssetail.path("a.log");
    write(&ssetail.path("conf"), configuration(&log, &format!("rotate 90\n create\n {names}")));
    let mut lines = Vec::new();
    for round in 0..6 {
        let text = numbered(&format!("visit {visit} round {round} line"), 0..200);
        ssetail.append("a.log", &text);
        lines.extend(text.lines().map(str::to_owned));
        // A file whose name has the time is rotated once in a second.
        eventually("logrotate rotates", || {
            let mut logrotate = Command::new("logrotate");
            logrotate.args(["--force", "--state"]);
            logrotate.args([ssetail.path("state"), ssetail.path("conf")]);
            let output = logrotate.output().expect("logrotate starts; tests/run installs it");
            output.status.success()
        });
    }
    lines
}

#[test]
fn six_rotations_lose_and_double_nothing_while_the_program_runs_or_is_stopped() {
    for names in NAMES {
        let args = ["a.log", "--linger", "300ms", "--replay", "100"];
        let ssetail = Ssetail::new().file("a.log", "begin\n").args(args).start();
        let mut events = ssetail.events("/sse");
        let mut all = events.lines(1);
        let mut expected = all.clone();
        for visit in 0..2 {
            expected.extend(rotate_six_times(&ssetail, names, 2 * visit));
            all.extend(events.lines(1200));
            assert!(all == expected, "{names}: {:?}", difference(&all, &expected));
            ssetail.while_stopped(|| {
                expected.extend(rotate_six_times(&ssetail, names, 2 * visit + 1));
            });
            all.extend(events.lines(1200));
            assert!(all == expected, "{names}: {:?}", difference(&all, &expected));
        }
        ssetail.append("a.log", "end\n");
        assert_eq!(events.lines(1), ["end"], "{names}");
    }
}

#[test]
fn six_rotations_while_the_program_is_down_lose_and_double_nothing() {
    for names in NAMES {
        let args = ["a.log", "--state", "ids", "--replay", "100"];
        let mut running = Ssetail::new().file("a.log", "begin\n").args(args).start();
        let first = running.events("/sse").take(1).remove(0);
        let mut expected = Vec::new();
        for visit in 0..2 {
            running.kill();
            expected.extend(rotate_six_times(&running, names, visit));
            running = Ssetail::after(&mut running).args(args).start();
            let all = running.events_after("/sse", &first.id).lines(expected.len());
            assert!(all == expected, "{names}: {:?}", difference(&all, &expected));
        }
        running.append("a.log", "end\n");
        let all = running.events_after("/sse", &first.id).lines(expected.len() + 1);
        assert_eq!(all[expected.len()], "end", "{names}");
    }
}

#[test]
fn rotated_files_of_logrotate_are_read_from_their_start() {
    for names in NAMES {
        let ssetail = Ssetail::new().file("a.log", "");
        let mut running = ssetail.args(["other.log"]).start();
        let expected = rotate_six_times(&running, names, 0);
        let ssetail = Ssetail::after(&mut running).args(["a.log", "--from-start"]).start();
        let all = ssetail.events("/sse").lines(1200);
        assert!(all == expected, "{names}: {:?}", difference(&all, &expected));
        ssetail.append("a.log", "end\n");
        assert_eq!(ssetail.events("/sse").lines(1201)[1200], "end", "{names}");
    }
}

/// Returns the number and the content of the first line that differs.
fn difference<'a>(
    all: &'a [String],
    expected: &'a [String],
) -> Option<(usize, &'a String, &'a String)> {
    let mut both = all.iter().zip(expected).enumerate();
    both.find(|(_, (line, expected))| line != expected)
        .map(|(n, (line, expected))| (n, line, expected))
}
