//! Rotated files that are read before the followed one, plain and compressed.

mod compressed;
mod states;

use std::io::Write as _;
use std::time::{Duration, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::harness::{Running, Ssetail, eventually, numbered};

/// Compresses a text as gzip does.
fn gzip(text: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_ref()).expect("compressed");
    encoder.finish().expect("compressed")
}

/// Returns the lines from one number up to another.
fn text(range: std::ops::Range<usize>) -> String {
    numbered("line", range)
}

/// Returns the lines of a text.
fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// Replaces a file by its compressed form, as gzip does: with the same time of the last write.
fn compress(ssetail: &Running, name: &str) {
    let (path, compressed) = (ssetail.path(name), ssetail.path(&format!("{name}.gz")));
    let plain = std::fs::read(&path).expect("read");
    let modified = path.metadata().and_then(|metadata| metadata.modified()).expect("a time");
    std::fs::write(&compressed, gzip(plain)).expect("written");
    let file = std::fs::File::options().write(true).open(compressed).expect("opened");
    file.set_modified(modified).expect("set");
    std::fs::remove_file(path).expect("removed");
}

/// Rotates `a.log` as logrotate does, with four older files at most.
fn rotate(ssetail: &Running) {
    for n in (1..4).rev() {
        for ending in ["", ".gz"] {
            let name = format!("a.log.{n}{ending}");
            if ssetail.path(&name).exists() {
                ssetail.rename(&name, &format!("a.log.{}{ending}", n + 1));
            }
        }
    }
    ssetail.rename("a.log", "a.log.1");
}

/// Three rotated files and the followed one, with ten lines each.
fn rotated() -> Ssetail {
    Ssetail::new()
        .file("a.log.3.gz", gzip(text(0..10)))
        .file("a.log.2.gz", gzip(text(10..20)))
        .file("a.log.1", text(20..30))
        .file("a.log", text(30..40))
}

#[test]
fn rotated_files_come_first_and_the_oldest_of_them_before_all() {
    let ssetail = rotated()
        .file("a.log.gz", gzip("other\n"))
        .file("a.log.bak", "other\n")
        .file("a.log.lock", "other\n")
        .file("a2.log", "other\n")
        .args(["a.log", "--from-start"])
        .start();
    let mut events = ssetail.events("/sse?format=json");
    let objects: Vec<serde_json::Value> = events
        .take(40)
        .iter()
        .map(|event| serde_json::from_str(&event.data).expect("JSON"))
        .collect();
    for (n, object) in objects.iter().enumerate() {
        assert_eq!(object["message"], format!("line {n}"));
        assert_eq!(object["file"], "a.log");
        let before = text(n / 10 * 10..n).len();
        assert_eq!(object["offset"], before, "the offset is that of the text: {object}");
    }
    ssetail.append("a.log", "end\n");
    assert!(events.take(1)[0].data.contains("\"end\""));
    eventually("all lines are counted, as lines of one source", || {
        let sources = ssetail.get("/sources").body;
        let sources: Vec<serde_json::Value> = serde_json::from_str(&sources).expect("JSON");
        sources.len() == 1 && sources[0]["lines"] == 41
    });
}

#[test]
fn files_with_dates_in_their_names_come_in_the_order_of_the_dates() {
    let ssetail = Ssetail::new()
        .file("a.log-20261123.gz", gzip("first\n"))
        .file("a-20261124.log", "second\n")
        .file("a.log.2026-11-25_10", "third\n")
        .file("a.2026-11-25.11.log.gz", gzip("fourth\n"))
        .file("a.log", "last\n")
        .args(["a.log", "--from-start"])
        .start();
    let expected = ["first", "second", "third", "fourth", "last"];
    assert_eq!(ssetail.events("/sse").lines(5), expected);
}

#[test]
fn numbers_that_rise_and_a_directory_for_old_files_are_found() {
    for names in [
        ["a.log.1", "a.log.2", "a.log.10"],
        ["a-1.log", "a-2.log", "a-10.log.gz"],
        ["old/a.log.3.gz", "archive/a.log.2", "old/a.log.1"],
    ] {
        let mut ssetail = Ssetail::new();
        for (name, n) in names.iter().zip(0..) {
            let text = text(10 * n..10 * n + 10);
            let is_compressed = name.contains(".gz");
            let bytes = if is_compressed { gzip(text) } else { text.into_bytes() };
            ssetail = ssetail.file(name, bytes);
        }
        for (name, n) in names.iter().zip(0..) {
            let time = SystemTime::now() - Duration::from_secs(3600 - n);
            let file = std::fs::File::options().write(true).open(ssetail.path(name));
            file.expect("opened").set_modified(time).expect("set");
        }
        let ssetail = ssetail.file("a.log", text(30..40)).args(["a.log", "--from-start"]).start();
        assert_eq!(ssetail.events("/sse").lines(40), lines(&text(0..40)), "{names:?}");
    }
}

#[test]
fn files_of_workers_are_no_history() {
    let ssetail = Ssetail::new()
        .file("a.log", text(0..10))
        .file("a-1.log", "of a worker\n")
        .file("a-2.log", "of a worker\n")
        .args(["a.log", "--from-start"]);
    // Workers write on after the followed file was created.
    for name in ["a-1.log", "a-2.log"] {
        let file = std::fs::File::options().write(true).open(ssetail.path(name)).expect("opened");
        file.set_modified(SystemTime::now() + Duration::from_secs(1)).expect("set");
    }
    let ssetail = ssetail.start();
    assert_eq!(ssetail.events("/sse").lines(10), lines(&text(0..10)));
    ssetail.append("a.log", "end\n");
    assert_eq!(ssetail.events("/sse").lines(11)[10], "end");
}

#[test]
fn as_many_lines_are_read_as_the_followed_file_has_too_few() {
    for (wanted, first) in [("5", 35), ("10", 30), ("11", 29), ("25", 15), ("30", 10), ("99", 0)] {
        let ssetail = rotated().args(["a.log", "-n", wanted]).start();
        assert_eq!(
            ssetail.events("/sse").lines(40 - first),
            lines(&text(first..40)),
            "-n {wanted}"
        );
        // Lines are counted after they were published.
        eventually("no other line is read", || {
            ssetail.metric("ssetail_lines_read_total") == 40 - first as u64
        });
    }
    let ssetail = rotated().args(["a.log", "-n", "0"]).start();
    ssetail.append("a.log", "new\n");
    assert_eq!(ssetail.events("/sse").lines(1), ["new"]);
}

#[test]
fn an_unfinished_last_line_of_a_rotated_file_is_a_line() {
    let ssetail = Ssetail::new()
        .file("a.log.2.gz", gzip("one\ntwo"))
        .file("a.log.1", "three\nfour")
        .file("a.log", "five\n")
        .args(["a.log", "-n", "4", "--linger", "100ms"])
        .start();
    assert_eq!(ssetail.events("/sse").lines(2), ["two", "three"]);
    let mut all = ssetail.events("/sse").lines(4);
    all.sort();
    assert_eq!(all, ["five", "four", "three", "two"]);
}

#[test]
fn reading_begins_with_the_first_line_in_range() {
    let hour = |hour: usize| {
        let line = |minute| format!("2026-11-25 {hour:02}:{minute:02}:00 line\n  and more\n");
        (0..60).map(line).collect::<String>()
    };
    for (since, file, minute) in [("10:30", 10, 30), ("11:15", 11, 15), ("12:00", 12, 0)] {
        let ssetail = Ssetail::new()
            .env("TZ", "UTC")
            .file("a.log.3.gz", gzip(hour(10)))
            .file("a.log.2.gz", gzip(hour(11)))
            .file("a.log.1", hour(12))
            .file("a.log", hour(13))
            .args(["a.log", "--since", &format!("2026-11-25T{since}:00Z")])
            .start();
        let expected: String = (file..14).map(hour).collect();
        let expected = lines(&expected)[2 * minute..].to_vec();
        assert_eq!(ssetail.events("/sse").lines(expected.len()), expected, "{since}");
    }
}

#[test]
fn a_file_that_was_written_before_the_time_is_not_opened() {
    let ssetail = rotated().file("a.log.3.gz", "this is not compressed");
    let old = SystemTime::now() - Duration::from_secs(86_400);
    let file = std::fs::File::options().write(true).open(ssetail.path("a.log.3.gz"));
    file.expect("opened").set_modified(old).expect("set");
    let mut ssetail = ssetail.args(["a.log", "--since", "1h"]).start();
    assert_eq!(ssetail.events("/sse").lines(30), lines(&text(10..40)));
    ssetail.stop();
    let (code, stderr) = ssetail.end();
    assert!(code == 0 && !stderr.contains("cannot be read"), "{stderr}");
}

#[test]
fn a_file_that_is_followed_itself_is_not_read_twice() {
    let ssetail = rotated().args(["a.log", "a.log.[0-9]", "--from-start"]).start();
    let mut all = ssetail.events("/sse").take(40);
    let of = |name: &str| all.iter().filter(|event| event.kind == name).count();
    assert_eq!((of("a.log"), of("a.log.1")), (30, 10));
    all.sort_by_key(|event| event.data["line ".len()..].parse::<usize>().expect("a number"));
    let data: Vec<_> = all.into_iter().map(|event| event.data).collect();
    assert_eq!(data, lines(&text(0..40)));
}

#[test]
fn a_copy_of_the_followed_file_is_no_history() {
    let text = text(0..100);
    let start: String = text.split_inclusive('\n').take(60).collect();
    let ssetail = Ssetail::new().file("a.log", &text).file("a.log.1", start);
    std::fs::copy(ssetail.path("a.log"), ssetail.path("a.log.2")).expect("copied");
    let ssetail = ssetail.args(["a.log", "--from-start"]).start();
    assert_eq!(ssetail.events("/sse").lines(100), lines(&text));
    ssetail.append("a.log", "end\n");
    assert_eq!(ssetail.events("/sse").lines(101)[100], "end");
}

#[test]
fn a_rotated_file_may_still_be_written() {
    let ssetail = rotated().args(["a.log", "--from-start", "--linger", "1h"]).start();
    let mut events = ssetail.events("/sse");
    assert_eq!(events.lines(40), lines(&text(0..40)));
    ssetail.append("a.log.1", "late\n");
    assert_eq!(events.lines(1), ["late"]);
    ssetail.append("a.log", "new\n");
    assert_eq!(events.lines(1), ["new"]);
}
