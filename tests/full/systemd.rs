//! The units of the service, checked and run by systemd.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{Signal, Ssetail, client, output_of};

/// Writes the units with the path of the built program; returns their paths.
fn units(directory: &Path) -> [PathBuf; 2] {
    ["ssetail.service", "ssetail.socket"].map(|name| {
        let unit = std::fs::read_to_string(
            Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging").join(name),
        );
        let unit = unit.expect("a unit");
        let path = directory.join(name);
        let unit = unit.replace("/usr/bin/ssetail", env!("CARGO_BIN_EXE_ssetail"));
        std::fs::write(&path, unit).expect("written");
        path
    })
}

#[test]
fn systemd_accepts_the_units_and_finds_the_service_confined() {
    let directory = tempfile::tempdir().expect("a directory");
    let [service, socket] = units(directory.path());
    let [service, socket] = [&service, &socket].map(|path| path.to_str().expect("a path"));
    assert_eq!(output_of("systemd-analyze", &["verify", "--man=no", service, socket]), "");
    // The threshold is an exposure of 1.5, on a scale from 0 to 10.
    let security = ["security", "--offline=true", "--threshold=15", service];
    let output = Command::new("systemd-analyze")
        .args(security)
        .output()
        .expect("systemd-analyze starts; tests/run installs it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn systemd_starts_the_program_when_a_client_connects() {
    let directory = tempfile::tempdir().expect("a directory");
    let socket = directory.path().join("s");
    let socket = socket.to_str().expect("a path");
    let program = env!("CARGO_BIN_EXE_ssetail");
    let waiting = Ssetail::running("systemd-socket-activate", &["-l", socket, program]);
    let mut ssetail = waiting.file("a.log", "x\n").arg("a.log").spawn();
    ssetail.wait_for("Listening on");
    assert!(
        !ssetail.stderr.contains("ssetail:"),
        "the program does not run yet: {}",
        ssetail.stderr
    );
    assert!(client::get_through_socket(Path::new(socket), "/sources").contains("a.log"));
    ssetail.wait_for(&format!("listening on unix:{socket}"));
    ssetail.signal(Signal::TERM);
    assert_eq!(ssetail.wait().code(), Some(0));
}
