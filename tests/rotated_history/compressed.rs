//! Compressed files: read again, broken, and compressed while they are read.

use std::io::Write as _;

use super::{compress, gzip, lines, rotate, text};
use crate::harness::{Ssetail, eventually, numbered};

#[test]
fn evicted_lines_of_compressed_files_are_read_again() {
    let long = |from: usize| numbered("a line of a compressed file", from..from + 40_000);
    let ssetail = Ssetail::new()
        .file("a.log.2.gz", gzip(long(0)))
        .file("a.log.1.gz", gzip(long(40_000)))
        .file("a.log", "last\n")
        .args(["a.log", "--from-start", "--replay", "100"])
        .start();
    let expected: Vec<String> =
        lines(&(long(0) + &long(40_000))).into_iter().chain(["last".to_owned()]).collect();
    let mut all = ssetail.events("/sse?n=all");
    let events = all.take(80_001);
    assert!(events.iter().map(|event| &event.data).eq(&expected), "the lines differ");
    for at in [70_000, 100, 39_990] {
        let again = ssetail.events_after("/sse", &events[at].id).take(100);
        assert_eq!(again, events[at + 1..at + 101]);
    }
    assert_eq!(ssetail.metric("ssetail_gaps_total"), 0);
}

#[test]
fn zstandard_and_xz_are_read_too() {
    let ssetail = Ssetail::new()
        .file("a.log.3.xz", include_bytes!("lines.xz"))
        .file("a.log.2.zst", include_bytes!("lines.zst"))
        .file("a.log", "last\n")
        .args(["a.log", "--from-start", "--replay", "10"])
        .start();
    // Each of the two has two members, one after the other.
    let expected = text(0..2000) + &text(2000..4000) + "last\n";
    assert_eq!(ssetail.events("/sse?n=all").lines(4001), lines(&expected));
    assert_eq!(ssetail.events("/sse?n=all&grep=7$").lines(3), ["line 7", "line 17", "line 27"]);
}

#[test]
fn bzip2_and_lz4_are_read_too() {
    let bzip2 = |text: String| {
        let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        encoder.write_all(text.as_bytes()).expect("compressed");
        encoder.finish().expect("compressed")
    };
    let lz4 = |text: String| {
        let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
        encoder.write_all(text.as_bytes()).expect("compressed");
        encoder.finish().expect("compressed")
    };
    // Each of the two has two members, one after the other.
    let ssetail = Ssetail::new()
        .file("a.log.3.bz2", [bzip2(text(0..1000)), bzip2(text(1000..2000))].concat())
        .file("a.log.2.lz4", [lz4(text(2000..3000)), lz4(text(3000..4000))].concat())
        .file("a.log", "last\n")
        .args(["a.log", "--from-start", "--replay", "10"])
        .start();
    let expected = text(0..4000) + "last\n";
    assert_eq!(ssetail.events("/sse?n=all").lines(4001), lines(&expected));
    assert_eq!(ssetail.events("/sse?n=all&grep=7$").lines(3), ["line 7", "line 17", "line 27"]);
}

#[test]
fn the_lines_before_a_damaged_place_are_published_and_the_rest_is_left_out() {
    let whole = numbered("a line that is cut off somewhere", 0..20_000);
    for (name, bytes) in [
        ("a.log.2.gz", gzip(&whole)),
        ("a.log.2.xz", include_bytes!("lines.xz").to_vec()),
        ("a.log.2.zst", include_bytes!("lines.zst").to_vec()),
    ] {
        let cut = &bytes[..bytes.len() - bytes.len() / 4];
        let mut ssetail = Ssetail::new()
            .file(name, cut)
            .file("a.log.1", "next\n")
            .file("a.log", "last\n")
            .args(["a.log", "--from-start"])
            .start();
        let said = ssetail.wait_for("cannot be read behind byte");
        assert!(said.contains(name) && said.contains("the rest of it is left out"), "{said}");
        let all = ssetail.get("/sse?n=all&follow=0").body;
        let data: Vec<&str> = all.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
        assert_eq!(data[data.len() - 2..], ["next", "last"], "{name}");
        let published = data.len() - 3;
        let complete = match name {
            "a.log.2.gz" => whole.clone(),
            "a.log.2.xz" => text(0..2000),
            _ => text(2000..4000),
        };
        assert!(published > 500, "{name}: {published} lines");
        assert!(lines(&complete)[..published] == data[..published], "{name}");
    }
}

#[test]
fn a_file_that_is_not_what_its_name_says_is_left_out() {
    for name in ["a.log.2.gz", "a.log.2.xz", "a.log.2.zst"] {
        let mut ssetail = Ssetail::new()
            .file(name, "this is not compressed\n")
            .file("a.log.1", "next\n")
            .file("a.log", "last\n")
            .args(["a.log", "--from-start"])
            .start();
        assert_eq!(ssetail.events("/sse").lines(2), ["next", "last"]);
        ssetail.wait_for(&format!("{name} cannot be read behind byte 0 of its text"));
    }
}

#[test]
fn much_text_in_a_small_file_takes_no_memory() {
    let line = "x".repeat(99) + "\n";
    let ssetail = Ssetail::new()
        .file("a.log.1.gz", gzip(line.repeat(3_000_000)))
        .file("a.log", "last\n")
        .args(["a.log", "--from-start", "--replay", "100", "--index-bytes", "100KiB"])
        .start();
    let mut events = ssetail.events("/sse?n=0");
    eventually("all lines are read", || ssetail.metric("ssetail_lines_read_total") == 3_000_001);
    ssetail.append("a.log", "end\n");
    while events.next().is_some_and(|event| event.data != "end") {}
    let memory = ssetail.memory("VmHWM");
    assert!(memory < 150 * 1024, "{memory} KiB for 300 MB of text");
}

#[test]
fn evicted_lines_are_read_again_although_their_file_was_compressed() {
    let ssetail = Ssetail::new()
        .file("a.log", text(0..2000))
        .args(["a.log", "--from-start", "--replay", "10", "--linger", "200ms"])
        .start();
    let events = ssetail.events("/sse?n=all").take(2000);
    rotate(&ssetail);
    ssetail.append("a.log", "new\n");
    compress(&ssetail, "a.log.1");
    // The deleted file is closed after its linger.
    eventually("the deleted file is closed", || !ssetail.holds_deleted("a.log.1"));
    let again = ssetail.events("/sse?n=all").take(2001);
    assert_eq!(again[..2000], events);
    assert_eq!(ssetail.metric("ssetail_gaps_total"), 0);
}

#[test]
fn a_file_that_is_compressed_while_it_is_read_loses_nothing() {
    let long = numbered("a line of a file that takes several turns", 0..200_000);
    let ssetail =
        Ssetail::new().file("a.log", "begin\n").args(["a.log", "--linger", "1ms"]).start();
    let mut events = ssetail.events("/sse");
    assert_eq!(events.lines(1), ["begin"]);
    ssetail.while_stopped(|| ssetail.append("a.log", &long));
    rotate(&ssetail);
    compress(&ssetail, "a.log.1");
    ssetail.append("a.log", "end\n");
    let mut expected = lines(&long);
    expected.push("end".to_owned());
    assert!(events.lines(200_001) == expected, "the lines differ");
}

#[test]
fn files_that_were_rotated_and_compressed_between_two_looks_are_read() {
    let args = ["a.log", "--linger", "300ms"];
    let ssetail = Ssetail::new().file("a.log", "begin\n").args(args).start();
    let mut events = ssetail.events("/sse");
    assert_eq!(events.lines(1), ["begin"]);
    for visit in 0..3 {
        let mut expected = Vec::new();
        ssetail.while_stopped(|| {
            for round in 0..4 {
                let rest = format!("visit {visit} rest of round {round}\n");
                ssetail.append("a.log", &rest);
                rotate(&ssetail);
                compress(&ssetail, "a.log.1");
                let new = numbered(&format!("visit {visit} round {round} line"), 0..200);
                ssetail.append("a.log", &new);
                expected.extend(lines(&(rest + &new)));
            }
        });
        assert_eq!(events.lines(804), expected);
    }
    ssetail.append("a.log", "end\n");
    assert_eq!(events.lines(1), ["end"]);
}

#[test]
fn a_damaged_file_between_two_looks_is_reported() {
    let mut ssetail = Ssetail::new().file("a.log", "begin\n").args(["a.log"]).start();
    let mut events = ssetail.events("/sse");
    assert_eq!(events.lines(1), ["begin"]);
    let long = numbered("a line of a file that is cut off", 0..20_000);
    ssetail.while_stopped(|| {
        rotate(&ssetail);
        ssetail.rename("a.log.1", "a.log.2");
        let compressed = gzip(&long);
        ssetail.append("a.log.1.gz", &compressed[..compressed.len() / 2]);
        ssetail.append("a.log", "end\n");
    });
    let mut lines = Vec::new();
    while lines.last().is_none_or(|line| line != "end") {
        lines.extend(events.lines(1));
    }
    assert!(lines.len() > 5000 && long.starts_with(&(lines[..5000].join("\n") + "\n")));
    ssetail.wait_for("a.log.1.gz cannot be read behind byte");
}

#[test]
fn a_compressed_file_that_is_being_written_is_no_file_of_its_own() {
    let old = numbered("a line that is compressed meanwhile", 0..20_000);
    let ssetail = Ssetail::new().file("a.log", &old);
    let ssetail = ssetail.args(["a.log", "--from-start", "--linger", "300ms"]).start();
    let mut events = ssetail.events("/sse?n=all");
    assert_eq!(events.lines(20_000), lines(&old));
    ssetail.while_stopped(|| {
        let compressed = gzip(&old);
        ssetail.rename("a.log", "a.log-20261125");
        ssetail.append("a.log-20261125.gz", &compressed[..compressed.len() / 2]);
        ssetail.append("a.log", "new\n");
    });
    assert_eq!(events.lines(1), ["new"]);
    ssetail.append("a.log", "last\n");
    assert_eq!(events.lines(1), ["last"]);
}

#[test]
fn a_compressed_file_that_was_deleted_is_closed_although_clients_have_read_it() {
    let long = numbered("a line of a compressed file", 0..40_000);
    let ssetail = Ssetail::new()
        .file("a.log.1.gz", gzip(&long))
        .file("a.log", "last\n")
        .args(["a.log", "--from-start", "--replay", "100", "--linger", "100ms"])
        .start();
    let events = ssetail.events("/sse?n=all").take(40_001);
    // A decoder stands in the middle of the file.
    assert_eq!(ssetail.events_after("/sse", &events[9].id).take(10), events[10..20]);
    std::fs::remove_file(ssetail.path("a.log.1.gz")).expect("removed");
    eventually("the deleted file is closed", || !ssetail.holds_deleted("a.log.1.gz"));
    let gap = ssetail.events_after("/sse", &events[9].id).control("gap");
    assert_eq!(gap["reason"], "evicted");
}
