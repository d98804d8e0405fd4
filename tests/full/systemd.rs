//! The units of the service, checked and run by systemd.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::documents::{read, recipe};
use crate::harness::{Signal, Ssetail, client, output_of, write};

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

/// Checks that systemd finds no fault in these units and drop-ins, which run the built program.
pub fn verify(files: &[(&str, &str)]) {
    verify_for("--system", files);
}

fn verify_for(manager: &str, files: &[(&str, &str)]) {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, text) in files {
        let text = text.replace("/usr/bin/ssetail", env!("CARGO_BIN_EXE_ssetail"));
        write(&directory.path().join(name), text);
    }
    let units = files.iter().map(|(name, _)| directory.path().join(name));
    let output = Command::new("systemd-analyze")
        .args([manager, "verify", "--man=no"])
        .args(units.filter(|path| !path.ends_with("override.conf")))
        .env("XDG_RUNTIME_DIR", directory.path())
        .output()
        .expect("systemd-analyze starts; tests/run installs it");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{files:?}");
    assert!(output.status.success());
}

/// Returns a unit of the package.
fn packaged(name: &str) -> String {
    read(&format!("packaging/{name}"))
}

#[test]
fn systemd_accepts_the_units_of_the_recipes() {
    let section = |name: &str| recipe("systemd.md", name, "ini");
    let (service, socket) = (packaged("ssetail.service"), packaged("ssetail.socket"));
    let (address, permissions) = (section("Another address"), section("Other permissions"));
    // The groups of other programs need not exist where the tests run.
    let permissions = permissions.replace("=postgres", "=adm");
    let address = address.replace("=www-data", "=adm");
    verify(&[
        ("ssetail.service", &service),
        ("ssetail.service.d/override.conf", &permissions),
        ("ssetail.socket", &socket),
        ("ssetail.socket.d/override.conf", &address),
    ]);
    verify_for("--user", &[("ssetail.service", &section("A service of a user"))]);
}

#[test]
fn the_settings_of_the_recipe_are_those_of_the_package() {
    let settings = recipe("systemd.md", "The service of the package", "ini");
    for line in settings.lines() {
        let (name, _) = line.split_once('=').expect("a setting");
        assert!(packaged("ssetail.default").contains(&format!("\n#{name}=")), "{line}");
    }
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
