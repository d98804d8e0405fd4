//! Text as other systems write it: line ends, and long lines with filters.

use serde_json::Value;

use crate::harness::{Running, Ssetail, eventually};

/// Waits until so many bytes of the first source are read.
fn wait_for_offset(ssetail: &Running, offset: usize) {
    eventually("the bytes are read", || {
        let sources: Value = serde_json::from_str(&ssetail.get("/sources").body).expect("JSON");
        sources[0]["offset"] == offset
    });
}

#[test]
fn filters_do_not_see_the_return_of_a_line_end() {
    let lines = "job 1 done\r\njob 2 failed\r\njob 3 done\r\n\r\n\r\r\nend\n";
    let start = |args: &[&str]| Ssetail::new().file("a.log", lines).arg("a.log").args(args).start();
    let included = start(&["--include", "done$|^end$"]);
    assert_eq!(included.events("/sse").data(3), ["job 1 done", "job 3 done", "end"]);
    let excluded = start(&["--exclude", "failed$", "--exclude", "^$"]);
    assert_eq!(excluded.events("/sse").data(4), ["job 1 done", "job 3 done", "\n", "end"]);
    let all = start(&[]);
    assert_eq!(
        all.events("/sse?grep=done%24|^end").data(3),
        ["job 1 done", "job 3 done", "end"],
        "grep"
    );
    assert_eq!(all.events("/sse?grep=^%24|^end").data(2), ["", "end"]);
    // A `\r` that is not at the end is a character of the line.
    assert_eq!(all.events("/sse?grep=^%5Cr%24|^end").data(2), ["\n", "end"]);
}

#[test]
fn chunks_of_a_binary_file_keep_returns() {
    let ssetail = Ssetail::new()
        .file("a.bin", b"\xFF\xFEa\0\r\0".as_slice())
        .args(["a.bin", "--binary", "--from-start"])
        .start();
    assert_eq!(ssetail.events("/sse?grep=%5Cr.%24").data(1), ["//5hAA0A"]);
}

/// Two lines of 100 KB that differ only at their end, without the second newline.
fn long_lines() -> (String, String) {
    let body = "x".repeat(100_000);
    (format!("{body} level=error"), format!("{body} level=info"))
}

#[test]
fn filters_see_the_end_of_a_long_line() {
    let (error, info) = long_lines();
    let text = format!("{error}\n{info}\nend\n");
    let start = |args: &[&str]| Ssetail::new().file("a.log", &text).arg("a.log").args(args).start();
    let end = "end".to_owned();
    let included = start(&["--include", "level=error$", "--include", "^end"]);
    let lines = included.events("/sse").data(5);
    assert_eq!((lines[..4].concat(), &lines[4]), (error.clone(), &end));
    let excluded = start(&["--exclude", "level=info$"]);
    let lines = excluded.events("/sse").data(5);
    assert_eq!((lines[..4].concat(), &lines[4]), (error.clone(), &end));
    let all = start(&["--replay-bytes", "1KiB"]);
    let mut events = all.events("/sse?n=all&grep=level=info%24|^end");
    let parts = events.take(5);
    let data: String = parts[..4].iter().map(|event| event.data.as_str()).collect();
    assert_eq!((data, &parts[4].data), (info.clone(), &end));
    // A client that has the first part gets the other ones.
    let mut events = all.events_after("/sse?grep=level=info%24|^end", &parts[1].id);
    assert_eq!(events.data(3).concat(), info[65_536..].to_owned() + "end");
}

#[test]
fn a_long_line_is_seen_as_a_whole_however_it_is_written() {
    let (error, info) = long_lines();
    let ssetail =
        Ssetail::new().file("a.log", "").args(["a.log", "--include", "error$|^end"]).start();
    let mut events = ssetail.events("/sse");
    let mut written = 0;
    for line in [&info, &error] {
        for piece in format!("{line}\n").as_bytes().chunks(9000) {
            ssetail.append("a.log", piece);
            written += piece.len();
            wait_for_offset(&ssetail, written);
        }
    }
    ssetail.append("a.log", "end\n");
    assert_eq!(events.data(4).concat(), error);
    assert_eq!(events.data(1), ["end"]);
}

#[test]
fn a_line_over_the_bound_is_decided_by_its_first_mebibyte() {
    let line = format!("{}wanted{}late", "x".repeat((1 << 20) - 6), "y".repeat(3 << 20));
    let text = format!("{line}\n{}late\nend\n", "z".repeat(1 << 20));
    let args = ["a.log", "--include", "wanted|^end", "--from-start", "--replay-bytes", "64KiB"];
    let ssetail = Ssetail::new().file("a.log", &text).args(args).start();
    let count = line.len().div_ceil(32 << 10);
    let mut events = ssetail.events("/sse?n=all");
    assert!(events.data(count).concat() == line);
    assert_eq!(events.data(1), ["end"]);
    // grep decides each mebibyte on its own.
    let mut events = ssetail.events("/sse?n=all&grep=wanted|^end");
    assert!(events.data(32).concat() == line[..1 << 20]);
    assert_eq!(events.data(1), ["end"]);
    let memory = ssetail.memory("VmHWM:");
    assert!(memory < 100 << 10, "{memory} KiB");
}
