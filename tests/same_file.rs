//! Followed files that are cut, edited, punched or copied, and are the same files afterwards; files
//! with holes; and files that cannot be read for a while.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt as _, symlink};

use rustix::fs::{FallocateFlags, fallocate};

use crate::harness::{Events, Running, Ssetail, eventually, numbered, write};

/// Opens a followed file, to change it.
fn open(ssetail: &Running, name: &str) -> File {
    let file = OpenOptions::new().read(true).write(true).open(ssetail.path(name));
    file.expect("the file can be opened")
}

fn cut(ssetail: &Running, name: &str, bytes: u64) {
    let file = open(ssetail, name);
    let len = file.metadata().expect("metadata").len();
    file.set_len(len - bytes).expect("truncated");
}

/// Checks that the next events are these lines, and no control events.
#[track_caller]
fn expect(events: &mut Events, lines: &[&str]) {
    let next = events.take(lines.len());
    let data: Vec<&str> = next.iter().map(|event| &*event.data).collect();
    assert_eq!(data, lines);
}

#[test]
fn a_last_line_that_is_rewritten_is_a_new_line() {
    let ssetail =
        Ssetail::new().file("a.log", numbered("line", 0..5000)).args(["a.log", "-n", "1"]).start();
    let mut events = ssetail.events("/sse");
    expect(&mut events, &["line 4999"]);
    ssetail.append("a.log", "progress 0%\n");
    expect(&mut events, &["progress 0%"]);
    for percent in [10, 20, 30] {
        // Both the cut and the line may be found by one read, or by two.
        cut(&ssetail, "a.log", if percent == 10 { 12 } else { 13 });
        ssetail.append("a.log", format!("progress {percent}%\n"));
        expect(&mut events, &[&format!("progress {percent}%")]);
    }
}

#[test]
fn a_bracket_that_is_taken_back_does_not_repeat_the_entries() {
    let entries: String = (1..500).map(|n| format!("{{\"n\":{n}}},\n")).collect();
    let content = format!("[\n{entries}{{\"n\":500}}\n]\n");
    let ssetail = Ssetail::new().file("a.json", content).args(["a.json", "-n", "2"]).start();
    let mut events = ssetail.events("/sse");
    expect(&mut events, &["{\"n\":500}", "]"]);
    for n in 501..510 {
        cut(&ssetail, "a.json", 3);
        ssetail.append("a.json", format!(",\n{{\"n\":{n}}}\n]\n"));
        expect(&mut events, &[",", &format!("{{\"n\":{n}}}"), "]"]);
    }
    // A writer that overwrites the bracket and does not cut.
    let file = open(&ssetail, "a.json");
    let len = file.metadata().expect("metadata").len();
    file.write_all_at(b",\n{\"n\":510}\n]\n", len - 3).expect("written");
    expect(&mut events, &[",", "{\"n\":510}", "]"]);
}

#[test]
fn a_cut_may_be_anywhere_in_the_last_lines() {
    let content = numbered("line", 0..1000);
    let ssetail = Ssetail::new().file("a.log", &*content).args(["a.log", "-n", "1"]).start();
    let mut events = ssetail.events("/sse");
    expect(&mut events, &["line 999"]);
    // In the middle of a published line, which is whole again.
    cut(&ssetail, "a.log", 2);
    ssetail.append("a.log", "7 rewritten\n");
    expect(&mut events, &["line 997 rewritten"]);
    // To the end of a line, without anything new.
    cut(&ssetail, "a.log", 19);
    ssetail.append("a.log", "unfinished");
    ssetail.append("a.log", " line\n");
    expect(&mut events, &["unfinished line"]);
    // In the middle of an unfinished line.
    ssetail.append("a.log", "next");
    cut(&ssetail, "a.log", 2);
    ssetail.append("a.log", "arly\n");
    expect(&mut events, &["nearly"]);
    // A screen of lines.
    let screen = numbered("some text that fills the line of a screen, more or less", 0..40);
    ssetail.append("a.log", &screen);
    assert_eq!(events.lines(40).len(), 40);
    cut(&ssetail, "a.log", screen.len() as u64);
    ssetail.append("a.log", "after the screen\n");
    expect(&mut events, &["after the screen"]);
}

#[test]
fn a_cut_and_growth_between_two_reads_lose_no_line() {
    let mut ssetail =
        Ssetail::new().file("a.log", numbered("line", 0..1000)).args(["a.log", "-n", "1"]).start();
    let mut events = ssetail.events("/sse");
    expect(&mut events, &["line 999"]);
    for round in 0..3 {
        let lines = numbered("new", 0..20);
        ssetail.while_stopped(|| {
            cut(&ssetail, "a.log", 4);
            ssetail.append("a.log", format!("{round}\n"));
            ssetail.append("a.log", &lines);
        });
        let first = events.data(1);
        assert!(first[0].ends_with(&round.to_string()), "{first:?}");
        assert_eq!(events.data(20).join("\n") + "\n", lines);
    }
    ssetail.stop();
}

#[test]
fn a_file_that_is_emptied_is_read_from_its_start_even_if_it_has_grown() {
    let ssetail =
        Ssetail::new().file("a.log", numbered("old", 0..100)).args(["a.log", "-n", "1"]).start();
    let mut events = ssetail.events("/sse");
    expect(&mut events, &["old 99"]);
    ssetail.while_stopped(|| write(&ssetail.path("a.log"), numbered("new", 0..1000)));
    assert_eq!(events.control("source")["change"], "truncated");
    assert_eq!(events.data(1000).join("\n") + "\n", numbered("new", 0..1000));
}

#[test]
fn a_changed_start_is_no_other_file() {
    let content = numbered("a line that is long enough for a block of the disk", 0..20_000);
    let mut ssetail = Ssetail::new().file("a.log", &*content).args(["a.log", "-n", "1"]).start();
    let mut events = ssetail.events("/sse");
    events.data(1);
    let file = open(&ssetail, "a.log");
    file.write_all_at(b"A LINE", 0).expect("written");
    ssetail.append("a.log", "after a header\n");
    expect(&mut events, &["after a header"]);
    let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    fallocate(&file, flags, 0, 100 * 4096).expect("punched");
    ssetail.append("a.log", "after a hole\n");
    expect(&mut events, &["after a hole"]);
    ssetail.stop();
    assert!(!ssetail.stderr.contains("changed"), "{}", ssetail.stderr);
}

#[test]
fn an_edit_in_place_is_one_sentence() {
    let content = numbered("line", 0..1000);
    let mut ssetail = Ssetail::new().file("a.log", &*content).args(["a.log", "-n", "1"]).start();
    let mut events = ssetail.events("/sse");
    expect(&mut events, &["line 999"]);
    ssetail.while_stopped(|| {
        let file = open(&ssetail, "a.log");
        file.write_all_at(b"LINE", content.len() as u64 - 18).expect("written");
        ssetail.append("a.log", "next\n");
    });
    expect(&mut events, &["next"]);
    ssetail.wait_for("a.log was changed where it had been read already");
}

/// The fallback reads a hole as NULs.
#[cfg(not(feature = "portable"))]
#[test]
fn holes_are_no_lines_wherever_they_are() {
    let ssetail = Ssetail::new().file("other.log", "ok\n");
    let sparse = |name: &str, len: u64, texts: &[(u64, &str)]| {
        let file = File::create(ssetail.path(name)).expect("created");
        file.set_len(len).expect("extended");
        for (offset, text) in texts {
            file.write_all_at(text.as_bytes(), *offset).expect("written");
        }
    };
    let far = 20 << 30;
    sparse("first.log", 0, &[(far, "one\ntwo\n")]);
    sparse("middle.log", 0, &[(0, "one\n"), (far, "two\nthree\n")]);
    sparse("torn.log", 0, &[(0, "one\nunfinished"), (far, "two\n")]);
    sparse("last.log", far, &[(292, "pts/0 host")]);
    let ssetail = ssetail.args(["*.log", "-n", "9"]).start();
    let mut texts: Vec<_> =
        ssetail.events("/sse").take(9).into_iter().map(|event| (event.kind, event.data)).collect();
    texts.sort();
    let expected = [
        ("first.log", "one"),
        ("first.log", "two"),
        ("middle.log", "one"),
        ("middle.log", "three"),
        ("middle.log", "two"),
        ("other.log", "ok"),
        ("torn.log", "one"),
        ("torn.log", "two"),
        ("torn.log", "unfinished"),
    ];
    assert!(texts.iter().map(|(name, text)| (&**name, &**text)).eq(expected), "{texts:?}");
    // A hole that comes later.
    let mut events = ssetail.events("/sse?n=0");
    let file = open(&ssetail, "other.log");
    file.write_all_at(b"after a hole\n", far).expect("written");
    expect(&mut events, &["after a hole"]);
    ssetail.append("last.log", "\nend\n");
    expect(&mut events, &[&("\0".repeat(292) + "pts/0 host"), "", "end"]);
}

#[test]
fn nuls_at_the_end_wait_for_text() {
    let ssetail = Ssetail::new();
    let file = File::create(ssetail.path("a.log")).expect("created");
    fallocate(&file, FallocateFlags::empty(), 0, 1 << 20).expect("allocated");
    file.write_all_at(b"one\n", 0).expect("written");
    // The same with NULs that take space.
    let full = File::create(ssetail.path("b.log")).expect("created");
    full.write_all_at(&vec![0; 1 << 20], 0).expect("written");
    full.write_all_at(b"one\n", 0).expect("written");
    let ssetail = ssetail.args(["a.log", "b.log", "-n", "5"]).start();
    let mut events = ssetail.events("/sse");
    expect(&mut events, &["one", "one"]);
    for (file, mut offset) in [(&file, 4), (&full, 4)] {
        for piece in ["two\n", "thr", "ee\n", "nul\0s\n"] {
            file.write_all_at(piece.as_bytes(), offset).expect("written");
            offset += piece.len() as u64;
        }
        expect(&mut events, &["two", "three", "nul\0s"]);
    }
}

#[test]
fn a_chunk_of_a_binary_file_has_its_nuls() {
    use base64::Engine as _;
    let ssetail = Ssetail::new().file("a.bin", "x").args(["a.bin", "--binary"]).start();
    let mut events = ssetail.events("/sse");
    events.data(1);
    ssetail.append("a.bin", [0; 5]);
    let data = base64::engine::general_purpose::STANDARD.decode(events.data(1).concat());
    assert_eq!(data.expect("base64"), [0; 5]);
}

/// A loop of symbolic links stops every user, also one whom no permissions stop.
#[test]
fn a_file_that_cannot_be_read_at_the_start_begins_with_its_last_lines() {
    let ssetail = Ssetail::new().file("real.log", numbered("line", 0..1000));
    symlink("a.log", ssetail.path("a.log")).expect("linked");
    symlink("b.log", ssetail.path("b.log")).expect("linked");
    let mut ssetail = ssetail.args(["a.log", "b.log", "-n", "2"]).start();
    let mut events = ssetail.events("/sse?n=0");
    ssetail.wait_for("a.log is a loop of symbolic links");
    ssetail.wait_for("b.log is a loop of symbolic links");
    symlink("real.log", ssetail.path("next")).expect("linked");
    ssetail.rename("next", "a.log");
    assert_eq!(events.control("source")["change"], "appeared");
    expect(&mut events, &["line 998", "line 999"]);
    // A file that did not exist at the start begins with its first line.
    write(&ssetail.path("new.log"), "one\ntwo\nthree\n");
    symlink("new.log", ssetail.path("next")).expect("linked");
    ssetail.rename("next", "b.log");
    assert_eq!(events.control("source")["change"], "appeared");
    expect(&mut events, &["one", "two", "three"]);
}

#[test]
fn a_path_that_can_be_read_again_appears() {
    let mut ssetail = Ssetail::new().file("real.log", "one\n").arg("a.log").start();
    let mut events = ssetail.events("/sse");
    symlink("real.log", ssetail.path("a.log")).expect("linked");
    assert_eq!(events.control("source")["change"], "appeared");
    expect(&mut events, &["one"]);
    symlink("a.log", ssetail.path("next")).expect("linked");
    ssetail.rename("next", "a.log");
    assert_eq!(events.control("source")["change"], "unreadable");
    ssetail.wait_for("a.log is a loop of symbolic links");
    symlink("real.log", ssetail.path("next")).expect("linked");
    ssetail.rename("next", "a.log");
    assert_eq!(events.control("source")["change"], "appeared");
    ssetail.append("real.log", "two\n");
    expect(&mut events, &["two"]);
}

/// The file and its times stay as they are.
#[test]
fn a_path_appears_when_a_directory_above_it_is_back() {
    let mut ssetail = Ssetail::new().file("sub/a.log", "one\n").arg("sub/a.log").start();
    ssetail.wait_for("following a.log");
    let mut events = ssetail.events("/sse");
    expect(&mut events, &["one"]);
    for _ in 0..2 {
        ssetail.rename("sub", "away");
        assert_eq!(events.control("source")["change"], "removed");
        ssetail.rename("away", "sub");
        assert_eq!(events.control("source")["change"], "appeared");
    }
    ssetail.append("sub/a.log", "two\n");
    expect(&mut events, &["two"]);
}

#[test]
fn a_cut_is_known_after_a_restart() {
    let run = |ssetail: Ssetail| ssetail.args(["a.log", "-n", "1", "--state", "state"]);
    let mut ssetail = run(Ssetail::new().file("a.log", numbered("line", 0..1000))).start();
    let mut events = ssetail.events("/sse");
    expect(&mut events, &["line 999"]);
    cut(&ssetail, "a.log", 2);
    ssetail.append("a.log", "7 rewritten\nunfin");
    expect(&mut events, &["line 997 rewritten"]);
    let ssetail = run(Ssetail::after(&mut ssetail)).start();
    let mut events = ssetail.events("/sse?n=0");
    ssetail.append("a.log", "ished\n");
    expect(&mut events, &["unfinished"]);
}

/// The fallback reads a hole as NULs.
#[cfg(not(feature = "portable"))]
#[test]
fn a_hole_is_known_after_a_restart() {
    let run = |ssetail: Ssetail| ssetail.args(["a.log", "--state", "state"]);
    let mut ssetail = run(Ssetail::new().file("a.log", "one\n")).start();
    let mut events = ssetail.events("/sse");
    expect(&mut events, &["one"]);
    let file = open(&ssetail, "a.log");
    file.set_len(1 << 20).expect("extended");
    ssetail.append("a.log", "two\n");
    expect(&mut events, &["two"]);
    file.set_len(2 << 20).expect("extended");
    let ssetail = run(Ssetail::after(&mut ssetail)).start();
    let mut events = ssetail.events("/sse?n=0");
    file.write_all_at(b"three\n", (1 << 20) + 4).expect("written");
    expect(&mut events, &["three"]);
}

#[test]
fn a_long_unfinished_line_can_be_cut_often() {
    let ssetail = Ssetail::new()
        .file("a.json", "[".to_owned() + &"x".repeat(1_300_000) + "]")
        .file("b.log", "")
        .args(["a.json", "b.log", "-n", "0", "--max-line", "1MiB"])
        .start();
    let mut events = ssetail.events("/sse?file=b.log");
    let file = open(&ssetail, "a.json");
    let mut len = 1_300_002;
    let is_read = |len: u64| {
        let sources: serde_json::Value =
            serde_json::from_str(&ssetail.get("/sources").body).expect("JSON");
        sources[0]["offset"] == len
    };
    for _ in 0..300 {
        file.set_len(len - 1).expect("cut");
        ssetail.append("a.json", ",{}]");
        len += 3;
        eventually("the file is read", || is_read(len));
    }
    ssetail.append("b.log", "still followed\n");
    assert_eq!(events.lines(1), ["still followed"]);
}
