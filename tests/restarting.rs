//! Restarts with `--state` (docs/PROTOCOL.md, "Resuming").

mod kills;

use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt as _;

use crate::harness::{Running, Ssetail, append, numbered};
use crate::parser::Event;

const STATE: [&str; 2] = ["--state", "state"];

/// Kills the program if it runs, and starts it again in its directory.
fn restart(before: &mut Running, args: &[&str]) -> Running {
    Ssetail::after(before).args(STATE).args(args).start()
}

fn text(range: std::ops::Range<usize>) -> Vec<String> {
    numbered("line", range).lines().map(str::to_owned).collect()
}

#[test]
fn ids_and_positions_are_valid_after_a_restart() {
    let mut first = Ssetail::new()
        .file("a.log", numbered("line", 0..50))
        .args(STATE)
        .args(["a.log", "-n", "20"])
        .start();
    let all = first.events("/sse").take(20);
    assert_eq!(all[0].data, "line 30");
    let mode = std::fs::metadata(first.path("state")).expect("made").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    first.stop();
    append(&first.path("a.log"), numbered("line", 50..60));
    let mut second = restart(&mut first, &["a.log", "-n", "3"]);
    let rest = second.events_after("/sse", &all[4].id).take(25);
    assert_eq!(rest[..15], all[5..], "the same events, with the same ids");
    assert_eq!(second.events("/sse").data(30), text(30..60), "a new client gets the same lines");
    // The program is killed in the middle of a line.
    second.append("a.log", "line 60\nline");
    assert_eq!(second.events_after("/sse", &rest[24].id).data(1), ["line 60"]);
    second.kill();
    append(&second.path("a.log"), " 61\n");
    let third = restart(&mut second, &["a.log"]);
    assert_eq!(third.events_after("/sse", &rest[20].id).data(6), text(56..62));
    assert_eq!(third.events_after("/sse", &all[4].id).take(25), rest);
    assert_eq!(third.events("/sse?n=all").data(32), text(30..62));
}

#[test]
fn without_state_a_restart_is_a_gap() {
    let mut first = Ssetail::new().file("a.log", "a\nb\n").arg("a.log").start();
    let all = first.events("/sse").take(2);
    let second = Ssetail::after(&mut first).arg("a.log").start();
    let mut events = second.events_after("/sse", &all[0].id);
    assert_eq!(events.control("gap")["reason"], "restart");
    assert_eq!(events.data(2), ["a", "b"]);
}

#[test]
fn files_that_were_rotated_during_the_restart_are_read_to_their_end() {
    let args = ["a.log", "sub*/*.log*", "new.log"];
    let mut first = Ssetail::new()
        .file("a.log", "a1\n")
        .file("sub/b.log", "b1\n")
        .args(STATE)
        .args(args)
        .start();
    let last = first.events("/sse").take(2).pop().expect("an event");
    first.kill();
    for name in ["a.log", "sub/b.log"] {
        append(&first.path(name), "the end\n");
        first.rename(name, &format!("{name}.2"));
        append(&first.path(&format!("{name}.1")), "between\n");
        append(&first.path(name), "new file\n");
    }
    append(&first.path("new.log"), "was waited for\n");
    let second = restart(&mut first, &args);
    let mut events = second.events_after("/sse", &last.id);
    let mut lines = HashMap::<String, Vec<String>>::new();
    while lines.values().flatten().count() < 7 {
        let Event { kind, data, .. } = events.next().expect("an event");
        if kind != "ssetail" {
            lines.entry(kind).or_default().push(data);
        }
    }
    // `a.log` led to `a.log.1` in between; `b.log.1` is a source of its own.
    assert_eq!(lines["a.log"], ["the end", "between", "new file"]);
    assert_eq!(lines["b.log"], ["the end", "new file"]);
    assert_eq!(
        lines["b.log.1"],
        ["between"],
        "a new file that a glob matches is read from its start"
    );
    assert_eq!(lines["new.log"], ["was waited for"]);
}

#[test]
fn a_file_that_was_rewritten_during_the_restart_is_truncated() {
    for rewritten in ["x\n", &numbered("other", 0..100)] {
        let mut first = Ssetail::new()
            .file("a.log", numbered("line", 0..10))
            .args(STATE)
            .args(["a.log", "--replay", "1"])
            .start();
        let all = first.events("/sse?n=all").take(10);
        first.kill();
        std::fs::write(first.path("a.log"), rewritten).expect("written");
        let second = restart(&mut first, &["a.log"]);
        let mut events = second.events_after("/sse", &all[3].id);
        let gap = events.control("gap");
        assert_eq!((&gap["reason"], &gap["lost"]), (&"truncated".into(), &6.into()));
        assert_eq!(events.control("source")["change"], "truncated");
        assert_eq!(events.data(1), [rewritten.lines().next().expect("a line")]);
    }
}

#[test]
fn a_state_directory_is_used_by_one_process() {
    let first = Ssetail::new().file("a.log", "a\n").args(STATE).arg("a.log").start();
    let state = first.path("state").display().to_string();
    let (status, stderr) = Ssetail::new().args(["--state", &state, "a.log"]).fail();
    assert_eq!(status, 1);
    assert_eq!(
        stderr,
        format!(
            "ssetail: another ssetail keeps its state in {state}; stop it, or give --state a \
             directory of its own\n"
        )
    );
    assert_eq!(first.events("/sse").data(1), ["a"]);
}

#[test]
fn an_unusable_state_directory_is_one_sentence() {
    for (name, content, sentence) in [
        (
            "state",
            "a file",
            "ssetail: --state state is not a directory; give one, which need not exist\n",
        ),
        (
            "state/journal",
            "ssetail journal 9\n+",
            "ssetail: state/journal is not a journal that this version of ssetail can read; \
             remove it, or give --state another directory\n",
        ),
    ] {
        let failed = Ssetail::new().file(name, content).args(STATE).arg("a.log").fail();
        assert_eq!(failed, (1, sentence.to_owned()));
    }
}

#[test]
fn an_incomplete_record_is_dropped_and_a_damaged_journal_is_not_trusted() {
    let mut ssetail = Ssetail::new().file("a.log", "a\n").args(STATE).arg("a.log").start();
    let id = ssetail.events("/sse").take(1).remove(0).id;
    ssetail.kill();
    append(&ssetail.path("state/journal"), [5, 0, 0]);
    let mut ssetail = restart(&mut ssetail, &["a.log"]);
    ssetail.wait_for("the last record is incomplete; dropped 3 bytes");
    ssetail.append("a.log", "b\n");
    let event = ssetail.events_after("/sse", &id).take(1).remove(0);
    assert_eq!(event.data, "b", "no client has seen the events of the incomplete record");
    ssetail.kill();
    append(&ssetail.path("state/journal"), [7; 40]);
    let mut ssetail = restart(&mut ssetail, &["a.log"]);
    ssetail.wait_for("dropped 40 unreadable bytes at the end");
    ssetail.append("a.log", "c\n");
    let mut events = ssetail.events_after("/sse", &event.id);
    assert_eq!(events.control("gap")["reason"], "restart");
    assert_eq!(events.data(3), ["a", "b", "c"], "the lines have other ids");
}

#[test]
fn flags_that_change_the_lines_begin_another_run() {
    let mut first =
        Ssetail::new().file("a.log", numbered("line", 0..9)).args(STATE).arg("a.log").start();
    let id = first.events("/sse").take(9).remove(5).id;
    first.stop();
    append(&first.path("a.log"), numbered("line", 9..12));
    let mut second = restart(&mut first, &["a.log", "--exclude", "10"]);
    second.wait_for("has changed; earlier ids cannot be resumed");
    let mut events = second.events_after("/sse", &id);
    assert_eq!(events.control("gap")["reason"], "restart");
    assert_eq!(
        events.data(2),
        ["line 9", "line 11"],
        "the file is read from where the first run stopped"
    );
}

#[test]
fn lines_of_standard_input_are_a_gap_after_a_restart() {
    let args = ["-", "a.log"];
    let mut first = Ssetail::new().file("a.log", "a\n").piped().args(STATE).args(args).start();
    let mut events = first.events("/sse");
    let id = events.take(1).remove(0).id;
    first.input("b\nc\n");
    assert_eq!(events.data(2), ["b", "c"]);
    first.append("a.log", "d\n");
    let last = events.take(1).remove(0);
    let second = restart(&mut first, &args);
    let mut events = second.events_after("/sse", &id);
    let gap = events.control("gap");
    assert_eq!((&gap["reason"], &gap["lost"]), (&"evicted".into(), &2.into()));
    assert_eq!(events.take(1), [last]);
}

#[test]
fn a_journal_that_cannot_be_written_is_reported_and_not_trusted() {
    // A limit of the file size has the effect of a full disk.
    let mut first = Ssetail::new()
        .file("a.log", "line 0\n")
        .args(STATE)
        .arg("a.log")
        .through("ulimit -f 8; trap '' XFSZ; exec \"$0\" \"$@\"")
        .start();
    let mut events = first.events("/sse");
    let id = events.take(1).remove(0).id;
    for n in 1..500 {
        first.append("a.log", format!("line {n}\n"));
        assert_eq!(events.lines(1), [format!("line {n}")]);
    }
    first.wait_for("state/journal cannot be written: File too large");
    let mut second = restart(&mut first, &["a.log"]);
    second.wait_for("could not write all records; earlier ids cannot be resumed");
    assert_eq!(second.events_after("/sse", &id).control("gap")["reason"], "restart");
}
