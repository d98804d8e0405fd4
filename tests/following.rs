//! Followed files that are written, rotated, truncated, deleted and replaced.

use std::os::unix::fs::symlink;

use crate::harness::{Signal, Ssetail, append, numbered, write};

#[test]
fn lines_that_are_written_in_pieces_are_delivered_whole() {
    let ssetail = Ssetail::new().file("a.log", "").arg("a.log").start();
    let mut events = ssetail.events("/sse");
    for piece in ["hel", "lo", " wor", "ld\nne", "xt\n", "\n", "\r\n", "\u{FEFF}x\n"] {
        ssetail.append("a.log", piece);
    }
    assert_eq!(events.data(5), ["hello world", "next", "", "", "\u{FEFF}x"]);
}

#[test]
fn lines_may_hold_any_bytes() {
    let ssetail =
        Ssetail::new().file("a.log", b"\xff\x00\xfe\nok\ncr\rlf\n".as_slice()).arg("a.log").start();
    assert_eq!(ssetail.events("/sse").data(3), ["\u{FFFD}\0\u{FFFD}", "ok", "cr\nlf"]);
    assert_eq!(ssetail.events("/sse?format=base64").data(1), ["/wD+"]);
}

#[test]
fn a_rename_and_a_new_file_lose_nothing() {
    let ssetail = Ssetail::new().file("a.log", "").args(["a.log", "--linger", "1s"]).start();
    let mut events = ssetail.events("/sse");
    let mut expected = Vec::new();
    for round in 0..5 {
        let old = numbered("old", round * 100..round * 100 + 100);
        ssetail.append("a.log", &old);
        ssetail.rename("a.log", &format!("a.{round}"));
        ssetail.append(&format!("a.{round}"), "after the rename\n");
        ssetail.append("a.log", format!("new {round}\n"));
        expected.extend(old.lines().map(str::to_owned));
        expected.extend(["after the rename".to_owned(), format!("new {round}")]);
        let mut seen = events.lines(102);
        let mut wanted = expected.split_off(expected.len() - 102);
        seen.sort();
        wanted.sort();
        assert_eq!(seen, wanted);
    }
}

#[test]
fn a_truncated_file_is_read_from_its_start() {
    let ssetail = Ssetail::new().file("a.log", "").arg("a.log").start();
    let mut events = ssetail.events("/sse");
    ssetail.append("a.log", numbered("old", 0..100));
    assert_eq!(events.lines(100).len(), 100);
    write(&ssetail.path("a.log"), "new\n");
    let change = events.control("source");
    assert_eq!((&change["file"], &change["change"]), (&"a.log".into(), &"truncated".into()));
    assert_eq!(events.data(1), ["new"]);
    // The new content is longer than the old one, so the size does not show the truncation.
    write(&ssetail.path("a.log"), numbered("longer than before", 0..100));
    assert_eq!(events.control("source")["change"], "truncated");
    assert_eq!(events.data(1), ["longer than before 0"]);
}

#[test]
fn a_hole_after_a_truncation_is_not_a_line() {
    use std::io::Write as _;
    let ssetail = Ssetail::new().file("a.log", "").arg("a.log").start();
    let mut events = ssetail.events("/sse");
    let mut writer = std::fs::File::create(ssetail.path("a.log")).expect("opened");
    writer.write_all(numbered("old", 0..3000).as_bytes()).expect("written");
    events.lines(3000);
    writer.set_len(0).expect("truncated");
    writer.write_all(b"after\n").expect("written");
    events.control("source");
    assert_eq!(events.data(1), ["after"]);
}

#[test]
fn files_and_directories_may_be_created_later() {
    let ssetail = Ssetail::new().args(["deep/er/a.log", "logs/**/*.log"]).start();
    let mut events = ssetail.events("/sse");
    write(&ssetail.path("deep/er/a.log"), "first\n");
    assert_eq!(events.lines(1), ["first"]);
    write(&ssetail.path("logs/x/b.log"), "second\n");
    assert_eq!(events.lines(1), ["second"]);
    std::fs::remove_dir_all(ssetail.path("deep")).expect("removed");
    write(&ssetail.path("deep/er/a.log"), "third\n");
    assert_eq!(events.lines(1), ["third"]);
}

#[test]
fn a_deleted_file_is_reported_and_its_successor_is_read() {
    let ssetail = Ssetail::new().file("a.log", "a\n").arg("a.log").start();
    let mut events = ssetail.events("/sse");
    assert_eq!(events.data(1), ["a"]);
    std::fs::remove_file(ssetail.path("a.log")).expect("removed");
    assert_eq!(events.control("source")["change"], "removed");
    ssetail.append("a.log", "b\n");
    assert_eq!(events.control("source")["change"], "appeared");
    assert_eq!(events.data(1), ["b"]);
}

#[test]
fn a_changed_symbolic_link_is_followed() {
    let ssetail = Ssetail::new().file("1/a.log", "one\n").file("2/a.log", "two\n");
    let ssetail = ssetail.args(["current/a.log"]).start();
    let mut events = ssetail.events("/sse");
    symlink("1", ssetail.path("current")).expect("linked");
    assert_eq!(events.lines(1), ["one"]);
    symlink("2", ssetail.path("next")).expect("linked");
    ssetail.rename("next", "current");
    assert_eq!(events.lines(1), ["two"]);
    ssetail.append("2/a.log", "more\n");
    assert_eq!(events.lines(1), ["more"]);
}

#[test]
fn an_unfinished_line_is_published_when_its_file_is_closed() {
    let ssetail = Ssetail::new().file("a.log", "").args(["a.log", "--linger", "200ms"]).start();
    let mut events = ssetail.events("/sse");
    ssetail.append("a.log", "begun\nunfinished");
    assert_eq!(events.lines(1), ["begun"]);
    ssetail.rename("a.log", "a.old");
    ssetail.append("a.log", "new\n");
    let mut lines = events.lines(2);
    lines.sort();
    assert_eq!(lines, ["new", "unfinished"]);
}

#[test]
fn rotation_to_a_name_that_the_glob_matches_doubles_nothing() {
    let ssetail = Ssetail::new().file("a.log", "").args(["a.log*", "--linger", "300ms"]).start();
    let mut events = ssetail.events("/sse");
    let mut seen = Vec::new();
    for round in 0..4 {
        ssetail.append("a.log", numbered("line", round * 10..round * 10 + 10));
        seen.extend(events.lines(10));
        for n in (1..=round).rev() {
            ssetail.rename(&format!("a.log.{n}"), &format!("a.log.{}", n + 1));
        }
        ssetail.rename("a.log", "a.log.1");
        append(&ssetail.path("a.log.1"), "late\n");
        append(&ssetail.path("a.log"), "first of the next\n");
        seen.extend(events.lines(2));
    }
    ssetail.append("a.log", "end\n");
    while seen.last().is_none_or(|line| line != "end") {
        seen.extend(events.lines(1));
    }
    let unique: std::collections::HashSet<_> =
        seen.iter().filter(|line| line.starts_with("line")).collect();
    assert_eq!(unique.len(), 40);
    assert_eq!(seen.len(), 40 + 8 + 1, "{seen:?}");
}

#[test]
fn a_path_that_is_given_twice_is_one_source_and_a_hard_link_is_another() {
    let ssetail = Ssetail::new().file("a.log", "x\n");
    let ssetail = ssetail.args(["a.log", "./a.log", "*.log", "b"]).start();
    let mut events = ssetail.events("/sse");
    assert_eq!(events.data(1), ["x"]);
    std::fs::hard_link(ssetail.path("a.log"), ssetail.path("b")).expect("linked");
    assert_eq!(events.control("source")["file"], "b");
    assert_eq!(events.data(1), ["x"]);
    ssetail.append("a.log", "y\n");
    let mut kinds: Vec<_> = events.take(2).into_iter().map(|event| event.kind).collect();
    kinds.sort();
    assert_eq!(kinds, ["a.log", "b"]);
}

#[test]
fn a_path_that_cannot_be_followed_is_one_sentence_and_stops_no_other() {
    let ssetail = Ssetail::new().file("a.log", "x\n");
    let mut ssetail = ssetail.args(["a.log", "/proc/uptime", "/dev/null", "loop", "late"]).start();
    symlink("loop", ssetail.path("loop")).expect("linked");
    std::fs::create_dir(ssetail.path("late")).expect("made");
    for sentence in
        ["/dev/null is a device", "loop is a loop of symbolic links", "late is a directory"]
    {
        ssetail.wait_for(sentence);
    }
    // The fallback takes files of /proc for ordinary ones.
    if !cfg!(feature = "portable") {
        ssetail.wait_for("/proc/uptime is made up by the kernel");
    }
    assert_eq!(ssetail.events("/sse").lines(1), ["x"]);
}

#[test]
fn a_named_pipe_may_have_several_writers_in_turn() {
    let ssetail = Ssetail::new().arg("pipe").start();
    let status = std::process::Command::new("mkfifo").arg(ssetail.path("pipe")).status();
    assert!(status.expect("mkfifo starts").success());
    let mut events = ssetail.events("/sse");
    for n in 0..3 {
        write(&ssetail.path("pipe"), format!("writer {n}\nunfinished"));
        assert_eq!(events.lines(2), [format!("writer {n}"), "unfinished".to_owned()]);
    }
}

#[test]
fn a_thousand_files_are_followed_on_default_limits() {
    let ssetail =
        (0..1000).fold(Ssetail::new(), |ssetail, n| ssetail.file(&format!("{n}.log"), ""));
    let mut ssetail = ssetail.arg("*.log").start();
    let mut events = ssetail.events("/sse");
    for n in 0..1000 {
        ssetail.append(&format!("{n}.log"), format!("{n}\n"));
    }
    let mut seen: Vec<usize> =
        events.lines(1000).iter().map(|n| n.parse().expect("a number")).collect();
    seen.sort_unstable();
    assert!(seen.into_iter().eq(0..1000));
    ssetail.signal(Signal::TERM);
    ssetail.wait();
    assert!(!ssetail.stderr.contains("sysctl"), "{}", ssetail.stderr);
}

#[test]
fn standard_input_has_several_names() {
    for name in ["-", "/dev/stdin"] {
        let mut ssetail = Ssetail::new().piped().arg(name).start();
        ssetail.input("x\n");
        let event = ssetail.events("/sse").next().expect("a line");
        assert_eq!((&*event.kind, &*event.data), ("stdin", "x"));
    }
}

#[test]
fn only_lines_that_the_filters_accept_are_published() {
    let ssetail = Ssetail::new()
        .file("a.log", "error 1\ninfo\nerror 2 ignore\nerror 3\n")
        .args(["a.log", "--include", "^error", "--include", "^fatal", "--exclude", "ignore"])
        .start();
    let mut events = ssetail.events("/sse");
    assert_eq!(events.data(2), ["error 1", "error 3"]);
    ssetail.append("a.log", "debug\nfatal\n");
    let event = events.next().expect("a line");
    assert_eq!(event.data, "fatal");
    assert!(event.id.ends_with("-3"), "only published lines have an id: {}", event.id);
}

#[test]
fn the_chunks_of_a_binary_file_are_the_file() {
    use base64::Engine as _;
    let bytes: Vec<u8> = (0..300_000u32).map(|n| (n * 7 + n / 251) as u8).collect();
    let ssetail = Ssetail::new()
        .file("a.bin", &bytes[..100_000])
        .args(["a.bin", "--binary", "--from-start"])
        .start();
    let mut events = ssetail.events("/sse");
    for piece in bytes[100_000..].chunks(30_000) {
        ssetail.append("a.bin", piece);
    }
    let mut joined = Vec::new();
    while joined.len() < bytes.len() {
        let data = events.data(1).concat();
        joined.extend(base64::engine::general_purpose::STANDARD.decode(data).expect("base64"));
    }
    assert!(joined == bytes);
}

/// Standard input is a source, too, so that the numbers of sources and of paths differ.
#[test]
fn files_that_appear_beside_standard_input_are_followed() {
    let ssetail = Ssetail::new().piped().file("a.log", "").args(["-", "*.log"]).start();
    let mut events = ssetail.events("/sse?file=*.log");
    events.until_comments(1);
    for name in ["b.log", "c.log"] {
        for line in ["one", "two", "three"] {
            ssetail.append(name, format!("{name} {line}\n"));
            assert_eq!(events.lines(1), [format!("{name} {line}")]);
        }
        ssetail.append("a.log", format!("{name} is read\n"));
        assert_eq!(events.lines(1), [format!("{name} is read")]);
    }
}
