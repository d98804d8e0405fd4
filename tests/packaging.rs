//! What is packaged: the crate, the Debian package, and the service in it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::harness::{Ssetail, output_of};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn cargo(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(args).current_dir(ROOT).output();
    let output = output.expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// All files below `directory`, as paths from the root.
fn files(directory: &str) -> Vec<String> {
    let entries = Path::new(ROOT).join(directory).read_dir().expect("a directory");
    let file = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.expect("an entry").path();
        let name = path.strip_prefix(ROOT).expect("below it").to_str().expect("a name").to_owned();
        if path.is_dir() { files(&name) } else { vec![name] }
    };
    entries.flat_map(file).collect()
}

fn read(file: &str) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(file)).expect("a file")
}

/// `[package.metadata.deb]`
fn debian() -> Value {
    let metadata = cargo(&["metadata", "--no-deps", "--format-version", "1", "--locked"]);
    let metadata: Value = serde_json::from_str(&metadata).expect("JSON");
    metadata["packages"][0]["metadata"]["deb"].clone()
}

#[test]
fn the_crate_is_what_it_is_built_from_and_its_papers() {
    let listed = cargo(&["package", "--list", "--allow-dirty", "--locked"]);
    let listed: BTreeSet<String> = listed.lines().map(ToOwned::to_owned).collect();
    let mut expected: BTreeSet<String> = ["completions", "examples", "man", "packaging", "src"]
        .iter()
        .flat_map(|directory| files(directory))
        .collect();
    for file in [
        "CHANGELOG.md",
        "Cargo.lock",
        "Cargo.toml",
        "Cargo.toml.orig",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
    ] {
        expected.insert(file.to_owned());
    }
    // Only where there is a repository.
    expected.extend(listed.get(".cargo_vcs_info.json").cloned());
    assert_eq!(listed, expected);
}

#[test]
fn the_debian_package_has_everything_in_its_place() {
    let debian = debian();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let mut places = BTreeSet::new();
    for asset in debian["assets"].as_array().expect("assets") {
        let (source, target, mode) = (text(&asset[0]), text(&asset[1]), text(&asset[2]));
        let is_built = source == "target/release/ssetail";
        assert!(is_built || Path::new(ROOT).join(&source).is_file(), "{source}");
        let name = if target.ends_with('/') { source.rsplit('/').next() } else { None };
        places.insert(format!("{mode} {target}{}", name.unwrap_or("")));
    }
    let expected = [
        // It may hold a token.
        "600 etc/default/ssetail",
        "644 usr/share/bash-completion/completions/ssetail",
        "644 usr/share/doc/ssetail/CHANGELOG.md",
        "644 usr/share/doc/ssetail/README.md",
        "644 usr/share/fish/vendor_completions.d/ssetail.fish",
        "644 usr/share/man/man1/ssetail.1",
        "644 usr/share/zsh/vendor-completions/_ssetail",
        "755 usr/bin/ssetail",
    ];
    assert_eq!(places, expected.map(ToOwned::to_owned).into());
    assert!(read(&text(&debian["license-file"])).contains("License: Expat or Apache-2.0"));
    let units = text(&debian["systemd-units"]["unit-scripts"]);
    assert!(read(&format!("{units}/ssetail.socket")).contains("ListenStream=127.0.0.1:8088\n"));
    let service = read(&format!("{units}/ssetail.service"));
    assert!(service.contains("\nEnvironmentFile=/etc/default/ssetail\n"));
    assert!(service.contains("\nExecStart=/usr/bin/ssetail $SOURCES\n"));
}

#[test]
fn the_service_is_set_up_with_flags_that_there_are() {
    let known = output_of(env!("CARGO_BIN_EXE_ssetail"), &["--help"]);
    let known: Vec<&str> = known.split(['[', ' ', '=', ']']).collect();
    let settings = read("packaging/ssetail.default");
    let names = settings.lines().filter_map(|line| line.strip_prefix('#')?.split_once('='));
    let names: Vec<&str> = names.map(|(name, _)| name).filter(|name| !name.contains(' ')).collect();
    assert_eq!(names[0], "SOURCES");
    assert!(names.len() > 1);
    for name in &names[1..] {
        assert!(known.contains(name), "{name}");
    }
}

/// The units, with the program where it is now.
fn units(directory: &Path) -> [PathBuf; 2] {
    ["ssetail.service", "ssetail.socket"].map(|name| {
        let unit = read(&format!("packaging/{name}"));
        let path = directory.join(name);
        let unit = unit.replace("/usr/bin/ssetail", env!("CARGO_BIN_EXE_ssetail"));
        std::fs::write(&path, unit).expect("written");
        path
    })
}

#[test]
fn systemd_takes_the_units_and_finds_the_service_confined() {
    let directory = tempfile::tempdir().expect("a directory");
    let [service, socket] = units(directory.path());
    let [service, socket] = [&service, &socket].map(|path| path.to_str().expect("a path"));
    assert_eq!(output_of("systemd-analyze", &["verify", "--man=no", service, socket]), "");
    // An exposure of at most 1.5, where 10 is a service that says nothing.
    let security = ["security", "--offline=true", "--threshold=15", service];
    let output = Command::new("systemd-analyze").args(security).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn systemd_starts_it_when_somebody_connects() {
    let directory = tempfile::tempdir().expect("a directory");
    let socket = directory.path().join("s");
    let socket = socket.to_str().expect("a path");
    let program = env!("CARGO_BIN_EXE_ssetail");
    let waiting = Ssetail::running("systemd-socket-activate", &["-l", socket, program]);
    let mut ssetail = waiting.file("a.log", "x\n").arg("a.log").spawn();
    ssetail.wait_for("Listening on");
    assert!(!ssetail.said.contains("ssetail:"), "it waits: {}", ssetail.said);
    let asked = ["-sS", "--unix-socket", socket, "http://localhost/sources"];
    assert!(output_of("curl", &asked).contains("a.log"));
    ssetail.wait_for(&format!("listening on unix:{socket}"));
    ssetail.signal("-TERM");
    assert_eq!(ssetail.wait().code(), Some(0));
}
