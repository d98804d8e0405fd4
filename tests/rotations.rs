//! Files that are rotated several times before ssetail looks at them.

use crate::harness::{Running, Ssetail, numbered, write};

/// Rotates `a.log` as logrotate does with six files, and writes `text` to a new one.
fn rotate(ssetail: &Running, text: &str) {
    for n in (1..6).rev().filter(|n| ssetail.path(&format!("a.log.{n}")).exists()) {
        ssetail.rename(&format!("a.log.{n}"), &format!("a.log.{}", n + 1));
    }
    ssetail.rename("a.log", "a.log.1");
    ssetail.append("a.log", text);
}

#[test]
fn files_of_several_rotations_at_once_are_read_in_their_order() {
    let ssetail = Ssetail::new().file("a.log", "begin\n");
    let ssetail = ssetail.args(["a.log", "--linger", "300ms"]).start();
    let mut events = ssetail.events("/sse");
    assert_eq!(events.lines(1), ["begin"]);
    for visit in 0..3 {
        let mut expected = Vec::new();
        ssetail.while_stopped(|| {
            for round in 0..5 {
                let text = numbered(&format!("visit {visit} round {round} line"), 0..200);
                rotate(&ssetail, &text);
                expected.extend(text.lines().map(str::to_owned));
            }
            ssetail.append("a.log.gz", "this is compressed\n");
        });
        assert_eq!(events.lines(1000), expected);
    }
    ssetail.append("a.log", "end\n");
    assert_eq!(events.lines(1), ["end"]);
}

#[test]
fn a_hundred_rotations_without_a_pause_lose_nothing() {
    let ssetail = Ssetail::new().file("a.log", "begin\n");
    let ssetail = ssetail.args(["a.log", "--linger", "300ms"]).start();
    let mut events = ssetail.events("/sse");
    assert_eq!(events.lines(1), ["begin"]);
    let mut expected = Vec::new();
    for round in 0..100 {
        let text = numbered(&format!("round {round} line"), 0..10);
        ssetail.rename("a.log", &format!("a.log.{round}"));
        ssetail.append("a.log", &text);
        expected.extend(text.lines().map(str::to_owned));
    }
    assert_eq!(events.lines(1000), expected);
}

#[test]
fn files_of_rotations_are_read_although_the_path_leads_nowhere() {
    let ssetail = Ssetail::new().file("a.log", "begin\n").args(["a.log"]).start();
    let mut events = ssetail.events("/sse");
    assert_eq!(events.lines(1), ["begin"]);
    ssetail.while_stopped(|| {
        rotate(&ssetail, "one\n");
        rotate(&ssetail, "two\n");
        ssetail.rename("a.log", "a.log-20261125");
    });
    assert_eq!(events.lines(2), ["one", "two"]);
}

#[test]
fn files_of_rotations_while_the_program_was_down_are_read() {
    let args = ["--state", "state", "a.log"];
    let mut first = Ssetail::new().file("a.log", "begin\n").args(args).start();
    let mut events = first.events("/sse");
    assert_eq!(events.lines(1), ["begin"]);
    std::fs::copy(first.path("a.log"), first.path("a.log.before")).expect("copied");
    first.append("a.log", "second\n");
    let last = events.take(1).remove(0);
    first.stop();
    for text in ["one\n", "two\n", "three\n"] {
        rotate(&first, text);
    }
    let second = Ssetail::after(&mut first).args(args).start();
    let mut events = second.events_after("/sse", &last.id);
    assert_eq!(events.lines(3), ["one", "two", "three"]);
    second.append("a.log", "end\n");
    assert_eq!(events.lines(1), ["end"]);
}

#[test]
fn files_that_were_there_before_the_last_look_are_not_of_the_path() {
    let ssetail = Ssetail::new().file("a.log", "begin\n").args(["a.log"]).start();
    let mut events = ssetail.events("/sse");
    assert_eq!(events.lines(1), ["begin"]);
    // Another program has written these while the followed file was idle.
    for name in ["a.log.7", "a.log2.csv"] {
        write(&ssetail.path(name), "another program\n");
    }
    let started = std::time::Instant::now();
    crate::harness::eventually("ssetail has looked since", || started.elapsed().as_secs() >= 3);
    rotate(&ssetail, "next\n");
    assert_eq!(events.lines(1), ["next"]);
}

#[test]
fn a_large_file_of_a_rotation_is_read_to_its_end_although_its_linger_is_over() {
    let args = ["a.log", "--state", "state", "--linger", "1ms"];
    let mut first = Ssetail::new().file("a.log", "begin\n").args(args).start();
    let mut events = first.events("/sse");
    let last = events.take(1).remove(0);
    first.stop();
    let text = numbered("a line of a file that is read in several turns", 0..60_000);
    for _ in 0..2 {
        rotate(&first, &text);
    }
    rotate(&first, "end\n");
    let second = Ssetail::after(&mut first).args(args).start();
    let lines = second.events_after("/sse", &last.id).lines(120_001);
    let mut expected: Vec<_> = [&*text, &*text].concat().lines().map(str::to_owned).collect();
    expected.push("end".to_owned());
    assert!(lines == expected, "the lines differ");
}

/// A copy has the lines of the followed file; another program's files are not of the path.
#[test]
fn a_copy_beside_a_followed_file_is_no_rotation() {
    let text = numbered("a line that is long enough", 0..100);
    let ssetail = Ssetail::new().file("a.log", &*text).args(["a.log", "-n", "1"]).start();
    let mut events = ssetail.events("/sse");
    assert_eq!(events.lines(1).len(), 1);
    ssetail.while_stopped(|| {
        std::fs::copy(ssetail.path("a.log"), ssetail.path("a.log.bak")).expect("copied");
        write(&ssetail.path("b.log"), "another program\n");
        rotate(&ssetail, "next\n");
    });
    assert_eq!(events.lines(1), ["next"]);
    ssetail.append("a.log", "end\n");
    assert_eq!(events.lines(1), ["end"]);
}
