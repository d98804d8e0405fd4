//! Logs of container runtimes, with `--decode` (docs/PROTOCOL.md, "Messages").

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::harness::{Running, Ssetail, append, write};
use crate::parser::Event;

const TINY_RING: [&str; 4] = ["--replay", "10", "--replay-bytes", "64KiB"];
const CONTAINER: &str = "docker/containers/4f1c";
const LOG: &str = "docker/containers/4f1c/4f1c-json.log";

/// A line as Docker writes it; `log` is the JSON text of the message.
fn docker(stream: &str, log: &str) -> String {
    format!(
        "{{\"log\":\"{log}\",\"stream\":\"{stream}\",\"attrs\":{{\"tag\":\"web\"}},\"time\":\"2026-11-25T19:00:01.123456789Z\"}}\n"
    )
}

fn docker_lines(numbers: std::ops::Range<usize>) -> String {
    numbers.map(|n| docker("stdout", &format!("<b>line</b> \\\"{n}\\\"\\n"))).collect()
}

fn messages(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|n| format!("<b>line</b> \"{n}\"")).collect()
}

/// A line as containerd writes it.
fn cri(stream: &str, tag: &str, message: &str) -> String {
    format!("2026-11-25T19:00:01.123456789+01:00 {stream} {tag} {message}\n")
}

fn objects(events: &[Event]) -> Vec<Value> {
    events.iter().map(|event| serde_json::from_str(&event.data).expect("JSON")).collect()
}

fn restart(before: &mut Running, args: &[&str]) -> Running {
    Ssetail::after(before).args(["--state", "state"]).args(args).start()
}

#[test]
fn messages_of_docker_are_those_of_the_program() {
    let first = docker("stdout", "start\\n");
    let lines = [
        docker("stdout", "long "),
        docker("stderr", "\\u001b[31mred\\u001b[0m\\r\\n"),
        docker("stdout", "line\\n"),
        "not an object\n".to_owned(),
        docker("stdout", "\\n"),
    ];
    let ssetail =
        Ssetail::new().file("a.log", &first).args(["a.log", "--decode", "docker"]).start();
    let mut live = ssetail.events("/sse?format=json");
    live.take(1);
    ssetail.append("a.log", lines.concat());
    let events = objects(&live.take(5));
    let texts: Vec<_> = events.iter().map(|event| event["message"].as_str()).collect();
    let expected = ["long ", "\u{1b}[31mred\u{1b}[0m\r", "line", "not an object", ""];
    assert_eq!(texts, expected.map(Some));
    let more: Vec<_> = events.iter().map(|event| event["more"] == true).collect();
    assert_eq!(more, [true, false, false, false, false]);
    let mut offset = first.len();
    for (event, line) in events.iter().zip(&lines) {
        assert_eq!(event["offset"], offset, "{event}");
        offset += line.len();
    }
    let expected = ["start", "long ", "\u{1b}[31mred\u{1b}[0m", "line", "not an object", ""];
    assert_eq!(ssetail.events("/sse").data(6), expected);
    assert_eq!(ssetail.events("/sse?grep=^red$").data(1), ["\u{1b}[31mred\u{1b}[0m"]);
    let found = ssetail.events("/sse?grep=stdout&follow=0").rest();
    assert!(found.iter().all(|event| event.kind == "ssetail"), "{found:?}");
}

#[test]
fn docker_rotates_a_log_behind_symbolic_links() {
    let mut ssetail = Ssetail::new().file(LOG, docker_lines(0..3));
    let pod = ssetail.path("pods/default_web_0a1b/web");
    let containers = ssetail.path("containers");
    fs::create_dir_all(&pod).and_then(|()| fs::create_dir_all(&containers)).expect("directories");
    symlink(ssetail.path(LOG), pod.join("0.log")).expect("a link");
    let link = containers.join("web_default_web-4f1c.log");
    symlink(pod.join("0.log"), &link).expect("a link");
    ssetail = ssetail.args(["containers/*.log", "--decode", "docker", "-n", "2"]).args(TINY_RING);
    let mut running = ssetail.args(["--state", "state"]).start();
    let mut live = running.events("/sse?n=all");
    let mut all = live.take(2);
    assert_eq!(all[0].kind, "web_default_web-4f1c.log");
    // Docker renames the log, and goes on in a new one.
    running.append(LOG, docker_lines(3..3000));
    all.extend(live.take(2997));
    running.rename(LOG, &format!("{CONTAINER}/4f1c-json.log.1"));
    running.append(LOG, docker_lines(3000..5000));
    let lines = |events: &[Event]| -> Vec<String> {
        let lines = events.iter().filter(|event| event.kind != "ssetail");
        lines.map(|event| event.data.clone()).collect()
    };
    while lines(&all).len() < 4999 {
        all.extend(live.take(1));
    }
    assert_eq!(lines(&all), messages(1..5000));
    // The ring is tiny: the rest is read from both files again.
    assert_eq!(running.events_after("/sse", &all[0].id).take(all.len() - 1), all[1..]);
    // Kubernetes starts the container again, and leads its link to the new log.
    write(&running.path("docker/containers/9e2d/9e2d-json.log"), docker_lines(5000..5001));
    symlink(running.path("docker/containers/9e2d/9e2d-json.log"), pod.join("1.log"))
        .expect("a link");
    symlink(pod.join("1.log"), running.path("new")).expect("a link");
    fs::rename(running.path("new"), &link).expect("renamed");
    while lines(&all).len() < 5000 {
        all.extend(live.take(1));
    }
    assert_eq!(lines(&all)[4999..], messages(5000..5001));
    running.stop();
    let again =
        restart(&mut running, &["containers/*.log", "--decode", "docker", "--replay", "10"]);
    assert_eq!(again.events_after("/sse", &all[0].id).take(all.len() - 1), all[1..]);
}

#[test]
fn kubernetes_rotates_logs_of_containerd() {
    const LOG: &str = "pods/default_web_0a1b/web/0.log";
    let record = |n: usize| cri(["stdout", "stderr"][n % 2], "F", &format!("line {n}"));
    let lines = |numbers: std::ops::Range<usize>| numbers.map(record).collect::<String>();
    let texts =
        |numbers: std::ops::Range<usize>| numbers.map(|n| format!("line {n}")).collect::<Vec<_>>();
    let ssetail =
        Ssetail::new().file(LOG, lines(0..10)).file(&format!("{LOG}.20261125-180001.gz"), "x");
    fs::create_dir_all(ssetail.path("containers")).expect("a directory");
    symlink(ssetail.path(LOG), ssetail.path("containers/web.log")).expect("a link");
    let args = ["containers/*.log", "--decode", "cri"];
    let mut running = ssetail.args(args).args(TINY_RING).args(["--state", "state"]).start();
    let mut live = running.events("/sse?n=all&file=web.log");
    let mut all = live.take(10);
    for rotation in 1..4 {
        running.append(LOG, lines(rotation * 1000 - 990..rotation * 1000));
        all.extend(live.take(990));
        running.rename(LOG, &format!("{LOG}.20261125-19000{rotation}"));
        running.append(LOG, lines(rotation * 1000..rotation * 1000 + 10));
        while all.iter().filter(|event| event.kind == "web.log").count() < rotation * 1000 + 10 {
            all.extend(live.take(1));
        }
    }
    let data = |events: &[Event]| -> Vec<String> {
        let lines = events.iter().filter(|event| event.kind == "web.log");
        lines.map(|event| event.data.clone()).collect()
    };
    assert_eq!(data(&all), texts(0..3010));
    assert_eq!(running.events_after("/sse", &all[5].id).take(all.len() - 6), all[6..]);
    running.kill();
    append(&running.path(LOG), lines(3010..3011));
    let again = restart(&mut running, &args);
    let rest = again.events_after("/sse", &all[5].id).take(all.len() - 5);
    assert_eq!(rest[..all.len() - 6], all[6..]);
    assert_eq!(rest[all.len() - 6].data, "line 3010");
}

#[test]
fn the_parts_of_a_line_stay_together_over_a_restart() {
    let args = ["a.log", "--decode", "cri", "--exclude", "^hide", "-n", "1"];
    let before = cri("stdout", "P", "hide ") + &cri("stderr", "P", "show ");
    let mut first = Ssetail::new().file("a.log", before + &cri("stdout", "P", "this "));
    first = first.args(["--state", "state"]).args(args);
    let mut first = first.start();
    first.append("a.log", cri("stderr", "F", "that") + &cri("stdout", "P", "too "));
    let last = first.events("/sse").take(1).pop().expect("an event");
    assert_eq!(last.data, "that");
    first.kill();
    append(&first.path("a.log"), cri("stdout", "F", "and this") + &cri("stdout", "F", "next"));
    let second = restart(&mut first, &args);
    assert_eq!(second.events_after("/sse", &last.id).data(1), ["next"]);
}

#[test]
fn the_form_is_named() {
    let (status, message) = Ssetail::new().args(["a.log", "--decode", "podman"]).fail();
    assert_eq!(status, 2);
    assert!(message.contains("docker") && message.contains("cri"), "{message}");
    let (status, message) = Ssetail::new().args(["a.log", "--decode", "cri", "--binary"]).fail();
    assert_eq!(status, 2);
    assert!(message.contains("--binary"), "{message}");
}

/// Lines that the filter hides count for the records of the lines behind them.
#[test]
fn hidden_parts_say_nothing_about_other_lines() {
    let hidden: String = (0..5).map(|_| cri("stdout", "P", &"HIDE ".repeat(2000))).collect();
    let text = [
        hidden,
        cri("stdout", "F", "HIDE end"),
        cri("stdout", "F", "ERROR boom"),
        cri("stdout", "F", "  at foo"),
        "no form\n".to_owned(),
    ];
    let ssetail = Ssetail::new().file("a.log", text.concat()).args(["a.log", "--decode", "cri"]);
    let ssetail = ssetail.args(["--exclude", "HIDE", "--from-start"]).start();
    let events = objects(&ssetail.events("/sse?format=json&level=error").take(2));
    assert_eq!(events[1]["message"], "  at foo");
    assert_eq!((&events[1]["level"], &events[1]["cont"]), (&"error".into(), &true.into()));
    let events = objects(&ssetail.events("/sse?format=json&grep=no+form").take(1));
    assert_eq!(events[0]["ts"], 1_795_629_601_123_u64, "the time of the line above");
}

#[test]
fn records_of_standard_input_do_not_depend_on_its_writes() {
    let mut ssetail = Ssetail::new().args(["-", "--decode", "cri"]).piped().start();
    let mut events = ssetail.events("/sse?format=json&n=0");
    for (tag, message) in [("P", "ERROR "), ("F", "boom"), ("F", "  at foo")] {
        ssetail.input(cri("stdout", tag, message));
        let event = objects(&events.take(1)).remove(0);
        assert_eq!(event["level"], "error", "{event}");
    }
}

/// Only the parts of one line are joined.
#[test]
fn plain_text_keeps_streams_apart() {
    let text = [
        cri("stdout", "P", "out 1, "),
        cri("stderr", "F", "err"),
        cri("stdout", "P", "out 2, "),
        cri("stdout", "F", "out 3"),
        cri("stdout", "P", "out 4"),
    ];
    let ssetail = Ssetail::new().file("a.log", text.concat());
    let ssetail = ssetail.args(["a.log", "--decode", "cri", "--from-start"]).start();
    crate::harness::eventually("all lines are read", || {
        ssetail.metric("ssetail_lines_read_total") == 5
    });
    let plain = ssetail.request("GET", "/sse?follow=0", &[("accept", "text/plain")]).body;
    assert_eq!(plain, "out 1, \nerr\nout 2, out 3\nout 4");
    let plain = ssetail.request("GET", "/sse?follow=0&grep=2|4", &[("accept", "text/plain")]).body;
    assert_eq!(plain, "out 2, \nout 4");
}
