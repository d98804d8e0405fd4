//! Standard input that is written to a spool, with `--spool`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::harness::{Running, Signal, Ssetail, eventually, numbered};

const TINY_RING: [&str; 4] = ["--replay", "10", "--replay-bytes", "64KiB"];

fn spooling(args: &[&str]) -> Ssetail {
    Ssetail::new().piped().args(["-", "--spool", "spool"]).args(TINY_RING).args(args)
}

fn text(range: std::ops::Range<usize>) -> Vec<String> {
    numbered("line", range).lines().map(str::to_owned).collect()
}

fn wait_until_read(ssetail: &Running, lines: u64) {
    eventually("all is read", || ssetail.metric("ssetail_lines_read_total") == lines);
}

#[test]
fn history_is_read_from_the_spool() {
    let mut ssetail = spooling(&[]).start();
    let all = numbered("line", 0..100_000) + &"é".repeat(40_000) + "\nwithout end";
    ssetail.input(&all[..20]);
    let first = ssetail.events("/sse?n=all").take(2);
    ssetail.input(&all[20..]);
    wait_until_read(&ssetail, 100_001);
    let mut back = ssetail.events_after("/sse", &first[0].id);
    assert_eq!(back.data(99_999), text(1..100_000));
    let parts = back.data(3).concat();
    assert_eq!(parts, "é".repeat(40_000));
    ssetail.close_input();
    assert_eq!(back.data(2), ["without end", r#"{"type":"end","file":"stdin"}"#]);
    // All events can be read again, with the same ids.
    let again = ssetail.events("/sse?n=all").take(100_005);
    assert_eq!(again[..2], first);
    assert_eq!(ssetail.events_after("/sse", &again[70_000].id).take(30_004), again[70_001..]);
    assert_eq!(ssetail.events("/sse?n=50000").take(50_001), again[50_004..]);
    assert_eq!(ssetail.events("/sse?n=all&grep=0000$").take(10).len(), 10);
    let object = ssetail.events("/sse?n=all&format=json").next().expect("an event");
    assert!(!object.data.contains("offset"), "standard input has no offset: {}", object.data);
    let spool = fs::metadata(ssetail.path("spool")).expect("a spool");
    assert_eq!(spool.permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read(ssetail.path("spool")).expect("readable"), all.as_bytes());
}

#[test]
fn binary_chunks_are_read_from_the_spool() {
    let mut ssetail = spooling(&["--binary"]).start();
    let bytes: Vec<u8> = (0..1_000_000u64).map(|n| ((n * n) >> 7) as u8).collect();
    ssetail.input(&bytes);
    ssetail.close_input();
    eventually("all is read", || ssetail.metric("ssetail_bytes_read_total") == 1_000_000);
    let mut events = ssetail.events("/sse?n=all&file=*&format=base64");
    let mut joined = Vec::new();
    while joined.len() < bytes.len() {
        let event = events.next().expect("an event");
        joined.extend(
            base64::Engine::decode(&base64::engine::general_purpose::STANDARD, event.data)
                .expect("base64"),
        );
    }
    assert_eq!(joined, bytes);
}

#[test]
fn the_oldest_lines_beyond_the_bound_are_a_gap_with_an_exact_count() {
    let mut ssetail = spooling(&["--spool-bytes", "1MiB"]).start();
    ssetail.input(numbered("line", 0..2));
    let first = ssetail.events("/sse?n=all").take(2);
    let mut slow = ssetail.events("/sse?n=all");
    slow.take(1);
    ssetail.input(numbered("line", 2..500_000));
    wait_until_read(&ssetail, 500_000);
    let mut back = ssetail.events_after("/sse", &first[0].id);
    let gap = back.control("gap");
    assert_eq!(gap["reason"], "evicted");
    let kept = 1 + gap["lost"].as_u64().expect("a count") as usize;
    assert!((400_000..470_000).contains(&kept), "a megabyte is some 80,000 lines, not {kept}");
    assert_eq!(back.data(500_000 - kept), text(kept..500_000));
    // A client that was connected gets a gap for the lines that it did not read in time.
    let mut next = 1;
    while next < 500_000 {
        let event = slow.next().expect("an event");
        if event.kind == "ssetail" {
            let gap: serde_json::Value = serde_json::from_str(&event.data).expect("JSON");
            assert_eq!(gap["reason"], "slow");
            next += gap["lost"].as_u64().expect("a count") as usize;
        } else {
            assert_eq!(event.data, format!("line {next}"));
            next += 1;
        }
    }
    // A new client with `n=all` gets every line that is kept.
    let all = ssetail.events("/sse?n=all").data(500_000 - kept);
    assert_eq!(all, text(kept..500_000));
    let names = || (0..).map(|n| if n == 0 { "spool".into() } else { format!("spool.{n}") });
    let files = names().map_while(|name| fs::read_to_string(ssetail.path(&name)).ok());
    let files: Vec<String> = files.collect();
    assert!(files.concat().len() <= 1 << 20);
    let kept_text: String = files.iter().rev().map(String::as_str).collect();
    assert!(
        kept_text.ends_with(&numbered("line", kept..500_000)),
        "the files have the lines that were sent"
    );
}

#[test]
fn the_spool_of_an_earlier_run_is_kept() {
    let mut first = spooling(&["--exit-on-eof"]).start();
    first.input("first\n");
    first.close_input();
    assert_eq!(first.wait().code(), Some(0));
    let directory = first.directory.path().to_owned();
    let second = || {
        let path = directory.join("spool");
        Ssetail::new().piped().arg("-").arg("--spool").arg(path)
    };
    let mut running = second().start();
    running.input("second\n");
    assert_eq!(running.events("/sse?n=all").data(1), ["second"]);
    assert_eq!(fs::read(directory.join("spool.1")).expect("kept"), b"first\n");
    assert_eq!(fs::read(directory.join("spool")).expect("written"), b"second\n");
    let (status, stderr) = second().fail();
    assert_eq!(status, 1);
    assert!(stderr.ends_with("another ssetail writes to it\n"), "{stderr}");
    assert_eq!(fs::read(directory.join("spool")).expect("untouched"), b"second\n");
}

#[test]
fn a_deleted_spool_can_still_be_read() {
    let mut ssetail = spooling(&["--spool-bytes", "16MiB"]).start();
    ssetail.input(numbered("line", 0..100_000));
    wait_until_read(&ssetail, 100_000);
    fs::remove_file(ssetail.path("spool")).expect("removed");
    ssetail.input(numbered("line", 100_000..300_000));
    wait_until_read(&ssetail, 300_000);
    assert_eq!(ssetail.events("/sse?n=all").data(300_000), text(0..300_000));
    assert!(ssetail.path("spool").exists(), "the next segment has the same name");
}

#[test]
fn a_full_disk_is_reported_once_and_stops_nothing() {
    // A limit of the file size has the effect of a full disk.
    let mut ssetail =
        spooling(&["--tee"]).through("trap '' XFSZ; ulimit -f 500; exec \"$0\" \"$@\"");
    ssetail = ssetail.piped();
    let mut ssetail = ssetail.start();
    ssetail.input(numbered("line", 0..2));
    let first = ssetail.events("/sse?n=all").take(2);
    ssetail.input(numbered("line", 2..200_000));
    wait_until_read(&ssetail, 200_000);
    let mut back = ssetail.events_after("/sse", &first[1].id);
    let mut next = 2;
    let mut gaps = 0;
    while next < 200_000 {
        let event = back.next().expect("an event");
        if event.kind == "ssetail" {
            let gap: serde_json::Value = serde_json::from_str(&event.data).expect("JSON");
            assert_eq!(gap["reason"], "evicted");
            next += gap["lost"].as_u64().expect("a count") as usize;
            gaps += 1;
        } else {
            assert_eq!(event.data, format!("line {next}"));
            next += 1;
        }
    }
    assert_eq!(gaps, 1);
    ssetail.wait_for("cannot be written");
    ssetail.signal(Signal::TERM);
    let (status, stderr) = ssetail.end();
    assert_eq!((status, stderr.matches("spool").count()), (0, 1), "{stderr}");
}

#[test]
fn globs_do_not_match_the_spool() {
    let mut ssetail = Ssetail::new()
        .piped()
        .file("other.log", "other\n")
        .file("spool.log", "old\n")
        .file("spool.log.1", "older\n")
        .args(["-", "*.log*", "--spool", "spool.log"])
        .start();
    ssetail.input("in\n");
    eventually("both are read", || ssetail.metric("ssetail_lines_read_total") >= 2);
    let sources: serde_json::Value =
        serde_json::from_str(&ssetail.get("/sources").body).expect("JSON");
    let names: Vec<_> = sources.as_array().expect("sources").iter().map(|s| &s["name"]).collect();
    assert_eq!(names.len(), 2, "{sources}");
}

#[test]
fn an_unusable_spool_is_one_sentence() {
    let refused = |ssetail: Ssetail, status: i32, words: &str| {
        let (code, stderr) = ssetail.fail();
        assert_eq!((code, stderr.lines().count()), (status, 1), "{stderr}");
        assert!(stderr.contains(words), "{stderr}");
    };
    let file = || Ssetail::new().file("a.log", "a\n");
    refused(file().args(["a.log", "--spool", "x"]), 2, "not followed");
    refused(file().args(["-", "a.log", "--spool", "a.log"]), 2, "a.log cannot be followed");
    refused(file().args(["-", "a.log.1", "--spool", "a.log"]), 2, "a.log.1 cannot be followed");
    refused(file().args(["-", "--spool", "none/x"]), 1, "No such file or directory");
    refused(file().args(["-", "--spool", "/dev/null"]), 1, "not a regular file");
    let link = file();
    std::os::unix::fs::symlink("a.log", link.path("link")).expect("linked");
    refused(link.args(["-", "--spool", "link"]), 1, "not a regular file");
    let (code, _) = file().args(["-", "--spool", "x", "--spool-bytes", "1KiB"]).fail();
    assert_eq!(code, 2);
    let (code, _) = file().args(["-", "--spool-bytes", "1GiB"]).fail();
    assert_eq!(code, 2);
}
