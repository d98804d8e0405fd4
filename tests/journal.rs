//! The systemd journal, with a program in place of journalctl that prints what a test has written.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::harness::{Running, Ssetail, eventually};

/// Prints the file `entries.N` at start N, and ends if there is a file `ends.N`.
const JOURNALCTL: &str = r#"#!/bin/bash
printf '%s\n' "$*" >>arguments
n=$(wc -l <arguments)
cat "entries.$n" 2>/dev/null
if [ -e "ends.$n" ]; then echo 'it is broken' >&2; exit 3; fi
while kill -0 $PPID 2>/dev/null; do sleep 0.05; done
"#;

/// Returns ssetail with the program that stands for journalctl.
fn ssetail() -> Ssetail {
    let ssetail = Ssetail::new().file("bin/journalctl", JOURNALCTL);
    let program = ssetail.path("bin/journalctl");
    fs::set_permissions(program, fs::Permissions::from_mode(0o755)).expect("executable");
    let path = format!("{}:{}", ssetail.path("bin").display(), std::env::var("PATH").expect("set"));
    ssetail.env("PATH", &path)
}

/// Returns an entry with a cursor, fields and the time 1,795,633,201,123.
fn entry(cursor: &str, fields: &Value) -> String {
    let mut entry = json!({ "__CURSOR": cursor, "__REALTIME_TIMESTAMP": "1795633201123456" });
    let fields = fields.as_object().expect("fields").clone();
    entry.as_object_mut().expect("an object").extend(fields);
    format!("{entry}\n")
}

fn line(cursor: &str, unit: &str, message: &str) -> String {
    entry(cursor, &json!({ "MESSAGE": message, "_SYSTEMD_UNIT": unit, "PRIORITY": "6" }))
}

/// Returns the arguments of all starts of journalctl.
fn arguments(ssetail: &Running) -> Vec<String> {
    let text = fs::read_to_string(ssetail.path("arguments")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn the_rest_of_a_private_key_is_redacted_after_a_restart() {
    let begin = [
        line("c1", "a.service", "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq"),
        line("c2", "b.service", "plain 1"),
    ];
    let rest = [
        line("c3", "b.service", "plain 2"),
        line("c4", "a.service", "hkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\nplain 3"),
    ];
    let files = ssetail().file("entries.1", begin.concat()).file("entries.2", "");
    let files = files.file("entries.3", rest.concat());
    let args = ["journal:", "--redact-secrets", "--state", "state"];
    let mut before = files.args(args).start();
    let last = before.events("/sse?n=all").take(3).remove(2).id;
    let path = std::env::var("PATH").expect("set");
    let path = format!("{}:{path}", before.path("bin").display());
    // The second run reads nothing.
    let mut silent = Ssetail::after(&mut before).env("PATH", &path).args(args).start();
    eventually("it follows the journal", || arguments(&silent).len() == 2);
    let after = Ssetail::after(&mut silent).env("PATH", &path).args(args).start();
    let mut events = after.events_after("/sse", &last);
    assert_eq!(events.data(4), ["plain 2", "[redacted]", "[redacted]", "plain 3"]);
    assert!(arguments(&after)[2].contains("--after-cursor=c2"));
}

#[test]
fn every_unit_is_a_source_with_the_times_and_levels_of_the_journal() {
    let entries = [
        line("c1", "ssh.service", "Accepted"),
        entry(
            "c2",
            &json!({ "MESSAGE": [255, 97], "SYSLOG_IDENTIFIER": "kernel", "PRIORITY": "3" }),
        ),
        entry(
            "c3",
            &json!({ "MESSAGE": "two\nlines", "_SYSTEMD_UNIT": "ssh.service", "PRIORITY": "1" }),
        ),
        entry("c4", &json!({ "MESSAGE": null })),
    ];
    let ssetail = ssetail().file("entries.1", entries.concat()).arg("journal:").start();
    let mut events = ssetail.events("/sse?n=all&format=json");
    let objects: Vec<Value> = events
        .take(5)
        .iter()
        .map(|event| serde_json::from_str(&event.data).expect("JSON"))
        .collect();
    let shown: Vec<(&str, &str, &str)> = objects
        .iter()
        .map(|object| {
            assert_eq!(object["ts"], 1_795_633_201_123_u64, "{object}");
            let text = |name: &str| object[name].as_str().unwrap_or_default();
            (text("file"), text("message"), text("level"))
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("ssh.service", "Accepted", "info"),
            ("kernel", "\u{fffd}a", "error"),
            ("ssh.service", "two", "fatal"),
            ("ssh.service", "lines", "fatal"),
            ("journal", "", ""),
        ]
    );
    assert_eq!(objects[1]["base64"], "/2E=", "the bytes are those of the journal");
    let errors = ssetail.events("/sse?n=all&level=error&file=ssh*").data(2);
    assert_eq!(errors, ["two", "lines"]);
    let sources: Value = serde_json::from_str(&ssetail.get("/sources").body).expect("JSON");
    let row = |index: usize| {
        let source: &Value = &sources[index];
        ["name", "kind", "path", "state"].map(|name| source[name].as_str().unwrap_or_default())
    };
    assert_eq!(row(0), ["journal", "journal", "journal:", "live"]);
    assert_eq!(row(1), ["ssh.service", "journal", "journal:ssh.service", "live"]);
    let fields = "--output-fields=MESSAGE,PRIORITY,_SYSTEMD_UNIT,SYSLOG_IDENTIFIER";
    let expected = format!("--follow --all --output=json {fields} --lines=100");
    assert_eq!(arguments(&ssetail), [expected]);
}

#[test]
fn one_unit_is_one_source_and_is_filtered_and_redacted() {
    let entries = ["drop me", "pass=secret", "kept"];
    let entries: String = entries.iter().map(|text| line(text, "nginx.service", text)).collect();
    let args = ["web=journal:nginx", "--since", "2026-11-25T14:00:00Z"];
    let flags = ["--exclude", "^drop", "--redact", "(?P<keep>pass=).*"];
    let ssetail = ssetail().file("entries.1", entries).args(args).args(flags).start();
    let events = ssetail.events("/sse?n=all").take(2);
    assert!(events.iter().all(|event| event.kind == "web"));
    assert_eq!((&*events[0].data, &*events[1].data), ("pass=[redacted]", "kept"));
    let arguments = arguments(&ssetail).concat();
    assert!(arguments.ends_with(" --unit=nginx --no-tail --since=@1795615200.000"), "{arguments}");
}

#[test]
fn journalctl_is_started_again_behind_its_last_entry() {
    let ssetail = ssetail()
        .file("entries.1", line("c1", "a.service", "one") + &line("c2", "a.service", "two"))
        .file("ends.1", "")
        .file("ends.2", "")
        .file("entries.3", line("c3", "a.service", "three"));
    let mut ssetail = ssetail.args(["journal:a", "--lines", "+2"]).start();
    let mut events = ssetail.events("/sse?n=all");
    assert_eq!(events.lines(2), ["two", "three"], "+2 begins with the second entry");
    ssetail.wait_for("journalctl: it is broken");
    ssetail.wait_for("journalctl has ended (exit status: 3); it is started again");
    let arguments = arguments(&ssetail);
    assert!(arguments[0].ends_with(" --no-tail"), "{arguments:?}");
    let resumed = " --no-tail --after-cursor=c2";
    assert!(arguments[1].ends_with(resumed) && arguments[2].ends_with(resumed), "{arguments:?}");
    assert_eq!(ssetail.stderr.matches("it is broken").count(), 1);
}

#[test]
fn a_restart_goes_on_behind_the_last_entry() {
    let first = line("c1", "a.service", "one") + &line("c2", "b.service", "two");
    let args = ["journal:", "--state", "state"];
    let mut before = ssetail().file("entries.1", first).args(args).start();
    let last = before.events("/sse?n=all").take(2).pop().expect("an event");
    let state = before.path("state");
    eventually("the state is written", || state.join("journal").exists());
    let after = Ssetail::after(&mut before).file("entries.2", line("c3", "a.service", "three"));
    let path = format!("{}:{}", after.path("bin").display(), std::env::var("PATH").expect("set"));
    let after = after.env("PATH", &path).args(args).start();
    let mut events = after.events_after("/sse", &last.id);
    assert_eq!(events.data(1), ["three"], "the ids of the earlier run are valid");
    let arguments = arguments(&after);
    assert!(arguments[1].ends_with(" --no-tail --after-cursor=c2"), "{arguments:?}");
}

#[test]
fn a_machine_without_journalctl_is_one_sentence() {
    let ssetail = Ssetail::new().env("PATH", "/none").file("a.log", "a\n");
    let mut ssetail = ssetail.args(["journal:", "a.log"]).start();
    ssetail.wait_for("the systemd journal cannot be followed without the program journalctl");
    assert_eq!(ssetail.events("/sse?n=all&file=a.log").data(1), ["a"]);
    let is_unreadable = || ssetail.get("/sources").body.contains(r#""state":"unreadable""#);
    eventually("the state is shown", is_unreadable);
    ssetail.stop();
    assert_eq!(ssetail.end().1.matches("journalctl").count(), 1);
}

#[test]
fn bytes_of_the_journal_are_refused() {
    let (status, said) = ssetail().args(["journal:", "--binary"]).fail();
    assert_eq!(status, 2);
    assert!(said.contains("--binary publishes bytes, and the systemd journal has lines"), "{said}");
}
