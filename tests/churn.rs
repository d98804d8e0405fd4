//! Files that come and go: what is kept of them, and what is let go.

use crate::harness::{Running, Ssetail, eventually, numbered};

/// Returns the descriptors of deleted files.
fn deleted_files(ssetail: &Running) -> usize {
    let directory = std::fs::read_dir(format!("/proc/{}/fd", ssetail.pid()));
    let targets = directory.expect("the program runs").filter_map(|entry| {
        // A descriptor may be closed meanwhile.
        std::fs::read_link(entry.ok()?.path()).ok()
    });
    targets.filter(|target| target.to_string_lossy().ends_with("(deleted)")).count()
}

fn names(ssetail: &Running) -> Vec<String> {
    let sources: serde_json::Value =
        serde_json::from_str(&ssetail.get("/sources").body).expect("JSON");
    let name = |source: &serde_json::Value| source["name"].as_str().expect("text").to_owned();
    sources.as_array().expect("an array").iter().map(name).collect()
}

#[test]
fn a_deleted_file_is_let_go_after_the_linger_and_its_lines_are_evicted() {
    let ssetail = Ssetail::new()
        .file("a.log", "")
        .args(["a.log", "--linger", "200ms", "--replay", "100", "--replay-bytes", "10KiB"])
        .start();
    let mut events = ssetail.events("/sse");
    ssetail.append("a.log", "first\n");
    let first = events.take(1)[0].id.clone();
    for round in 0..3 {
        ssetail.append("a.log", numbered("old", round * 1000..round * 1000 + 1000));
        assert_eq!(events.lines(1000).len(), 1000);
        ssetail.rename("a.log", "a.log.1");
        ssetail.append("a.log", "");
        assert_eq!(events.control("source")["change"], "rotated");
        std::fs::remove_file(ssetail.path("a.log.1")).expect("removed");
    }
    eventually("deleted files are closed", || deleted_files(&ssetail) == 0);
    ssetail.append("a.log", numbered("new", 0..1000));
    assert_eq!(events.lines(1000).len(), 1000);
    // The rotations can be read, but none of the lines before and between them.
    let mut all = ssetail.events_after("/sse", &first);
    let mut lost = 0;
    let first = loop {
        let event = all.next().expect("an event");
        if event.kind != "ssetail" {
            break event.data;
        }
        let control: serde_json::Value = serde_json::from_str(&event.data).expect("JSON");
        if control["type"] == "gap" {
            assert_eq!(control["reason"], "evicted");
            lost += control["lost"].as_u64().expect("an exact number");
        }
    };
    assert_eq!((lost, &*first), (3000, "new 0"));
    assert_eq!(all.lines(999).len(), 999);
}

#[test]
fn short_lived_files_do_not_use_up_the_descriptors() {
    let ssetail = Ssetail::new()
        .file("kept.log", "")
        .file("jobs/.keep", "")
        .args(["kept.log", "jobs/*.log", "--linger", "100ms"])
        .through("ulimit -n 128; exec \"$0\" \"$@\"")
        .start();
    let mut events = ssetail.events("/sse");
    for n in 0..300 {
        let name = format!("jobs/job-{n}.log");
        ssetail.append(&name, format!("job {n}\n"));
        assert_eq!(events.lines(1), [format!("job {n}")]);
        if n >= 20 {
            let old = ssetail.path(&format!("jobs/job-{}.log", n - 20));
            std::fs::remove_file(old).expect("removed");
        }
    }
    ssetail.rename("kept.log", "kept.log.1");
    ssetail.append("kept.log", "after the rotation\n");
    assert_eq!(events.lines(1), ["after the rotation"]);
}

#[test]
fn names_that_are_gone_are_forgotten_and_come_back_as_themselves() {
    let ssetail = Ssetail::new()
        .file("kept.log", "")
        .file("jobs/.keep", "")
        .args(["kept.log", "jobs/*.log", "--linger", "50ms"])
        .args(["--replay", "10", "--replay-bytes", "1KiB"])
        .start();
    let mut events = ssetail.events("/sse");
    for n in 0..50 {
        let name = format!("jobs/job-{n}.log");
        ssetail.append(&name, format!("job {n}\n"));
        assert_eq!(events.lines(1), [format!("job {n}")]);
        std::fs::remove_file(ssetail.path(&name)).expect("removed");
    }
    // Lines of other sources move those of the jobs out of the ring.
    ssetail.append("kept.log", numbered("line", 0..20_000));
    assert_eq!(events.lines(20_000).len(), 20_000);
    eventually("the jobs are forgotten", || names(&ssetail) == ["kept.log"]);
    assert_eq!(ssetail.metric("ssetail_lines_read_total"), 20_050);
    ssetail.append("jobs/job-7.log", "again\n");
    assert_eq!(events.lines(1), ["again"]);
    assert_eq!(names(&ssetail), ["kept.log", "job-7.log"]);
    // The line is published before it is counted.
    eventually("the line is counted", || ssetail.metric("ssetail_lines_read_total") == 20_051);
}

#[test]
fn a_file_that_comes_back_before_it_is_forgotten_is_the_same_source() {
    let ssetail =
        Ssetail::new().args(["jobs/*.log", "--linger", "50ms"]).file("jobs/a.log", "one\n").start();
    let mut events = ssetail.events("/sse");
    assert_eq!(events.lines(1), ["one"]);
    for n in 0..3 {
        std::fs::remove_file(ssetail.path("jobs/a.log")).expect("removed");
        assert_eq!(events.control("source")["change"], "removed");
        eventually("the file is closed", || deleted_files(&ssetail) == 0);
        ssetail.append("jobs/a.log", format!("line {n}\n"));
        assert_eq!(events.control("source")["change"], "appeared");
        assert_eq!(events.lines(1), [format!("line {n}")]);
    }
    assert_eq!(names(&ssetail), ["a.log"]);
    let lines = ssetail.events("/sse?n=all").lines(4);
    assert_eq!(lines, ["one", "line 0", "line 1", "line 2"]);
}
