//! Rotation by logrotate, while the writer continues.

use std::process::Command;

use crate::harness::{Ssetail, numbered, write};

/// Rotates `a.log` by this configuration; every line is delivered once, in order.
fn check_rotation(config: &str, sources: &[&str]) {
    let ssetail = Ssetail::new().file("a.log", "").args(sources).args(["--linger", "1s"]).start();
    let log = ssetail.path("a.log");
    let config = format!("{} {{ su root root\n rotate 9\n size 1\n {config}\n}}\n", log.display());
    write(&ssetail.path("conf"), config);
    let mut events = ssetail.events("/sse");
    let mut expected = Vec::new();
    let mut seen = Vec::new();
    for round in 0..4 {
        let text = numbered(&format!("round {round} line"), 0..200);
        ssetail.append("a.log", &text);
        expected.extend(text.lines().map(str::to_owned));
        // Lines that are not read before a truncation may be lost, so all are read first.
        seen.extend(events.lines(expected.len() - seen.len()));
        let status = Command::new("logrotate")
            .args(["--force", "--state"])
            .args([ssetail.path("state"), ssetail.path("conf")])
            .status()
            .expect("logrotate starts; tests/run installs it");
        assert!(status.success());
    }
    ssetail.append("a.log", "end\n");
    expected.push("end".to_owned());
    seen.extend(events.lines(expected.len() - seen.len()));
    assert_eq!(seen, expected);
}

#[test]
fn rotation_by_logrotate_loses_and_doubles_nothing() {
    check_rotation("create", &["a.log"]);
    check_rotation("create", &["a.log*"]);
    check_rotation("copytruncate", &["a.log"]);
    check_rotation("create\n compress\n delaycompress", &["a.log", "a.log.[0-9]"]);
    check_rotation("nocreate", &["a.log*"]);
}
