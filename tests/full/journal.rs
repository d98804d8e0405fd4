//! The systemd journal, written by systemd-journal-remote and read by the real journalctl.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};

use crate::harness::Ssetail;

const WRITER: &str = "/lib/systemd/systemd-journal-remote";

/// A program that writes a journal from text; ended when dropped.
struct Journal(Child);

impl Journal {
    /// Starts to write the journal in the directory `journal` of a test.
    fn start(ssetail: &Ssetail) -> Self {
        let file = ssetail.path("journal/test.journal");
        fs::create_dir_all(file.parent().expect("a parent")).expect("made");
        let output = format!("--output={}", file.display());
        let writer = Command::new(WRITER)
            .args([&output, "--split-mode=none", "-"])
            .stdin(Stdio::piped())
            .spawn();
        Journal(writer.expect("systemd-journal-remote starts"))
    }

    /// Writes an entry in the export format of journals, at this many seconds.
    fn write(&mut self, seconds: u64, unit: &str, message: &[u8]) {
        let time = (1_795_633_000 + seconds) * 1_000_000 + 123_456;
        let mut entry = format!(
            "__REALTIME_TIMESTAMP={time}\n__MONOTONIC_TIMESTAMP={seconds}\n\
             _BOOT_ID=0123456789abcdef0123456789abcdef\n_SYSTEMD_UNIT={unit}\nPRIORITY=3\nMESSAGE\n"
        )
        .into_bytes();
        entry.extend((message.len() as u64).to_le_bytes());
        entry.extend_from_slice(message);
        entry.extend_from_slice(b"\n\n");
        let input = self.0.stdin.as_mut().expect("a pipe");
        input.write_all(&entry).and_then(|()| input.flush()).expect("written");
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Returns ssetail with a journalctl that reads the journal of the test.
fn with_journalctl(ssetail: Ssetail) -> Ssetail {
    let script = "#!/bin/bash\nPATH=${PATH#*:} exec journalctl -D journal \"$@\"\n";
    let ssetail = ssetail.file("bin/journalctl", script);
    let program = ssetail.path("bin/journalctl");
    fs::set_permissions(program, fs::Permissions::from_mode(0o755)).expect("executable");
    let path = format!("{}:{}", ssetail.path("bin").display(), std::env::var("PATH").expect("set"));
    ssetail.env("PATH", &path)
}

#[test]
fn entries_are_followed_and_a_restart_misses_and_repeats_none() {
    let ssetail = Ssetail::new();
    let mut journal = Journal::start(&ssetail);
    journal.write(1, "a.service", b"one");
    journal.write(2, "b.service", b"bytes \xff");
    let args = ["journal:", "--state", "state", "--from-start"];
    let mut before = with_journalctl(ssetail).args(args).start();
    let mut events = before.events("/sse?n=all&format=json");
    let objects: Vec<serde_json::Value> = events
        .take(2)
        .iter()
        .map(|event| serde_json::from_str(&event.data).expect("JSON"))
        .collect();
    let first = &objects[0];
    assert_eq!((&first["file"], &first["message"]), (&"a.service".into(), &"one".into()));
    assert_eq!((&first["level"], &first["ts"]), (&"error".into(), &1_795_633_001_123_u64.into()));
    assert_eq!(objects[1]["base64"], "Ynl0ZXMg/w==");
    journal.write(3, "a.service", b"three\nlines\nlong");
    let last = events.take(3).pop().expect("an event").id;

    let after = with_journalctl(Ssetail::after(&mut before));
    journal.write(4, "a.service", b"four");
    let after = after.args(args).start();
    let mut events = after.events_after("/sse", &last);
    assert_eq!(events.data(1), ["four"]);
    journal.write(5, "b.service", b"five");
    assert_eq!(events.data(1), ["five"]);
}

#[test]
fn one_unit_begins_with_its_last_lines_or_at_a_time() {
    let ssetail = Ssetail::new();
    let mut journal = Journal::start(&ssetail);
    for second in 1..=6 {
        let unit = if second % 2 == 0 { "even.service" } else { "odd.service" };
        journal.write(second, unit, format!("second {second}").as_bytes());
    }
    let mut running = with_journalctl(ssetail).args(["journal:even", "-n", "2"]).start();
    assert_eq!(running.events("/sse?n=all").data(2), ["second 4", "second 6"]);
    let since = with_journalctl(Ssetail::after(&mut running));
    let since = since.args(["journal:odd", "--since", "2026-11-25T18:56:43Z"]).start();
    assert_eq!(since.events("/sse?n=all").data(2), ["second 3", "second 5"]);
}
