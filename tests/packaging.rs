//! The contents of the crate and of the Debian package.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::harness::output_of;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn cargo(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(args).current_dir(ROOT).output();
    let output = output.expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// Returns all files below `directory`, as paths from the root.
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

/// Returns `[package.metadata.deb]`.
fn debian() -> Value {
    let metadata = cargo(&["metadata", "--no-deps", "--format-version", "1", "--locked"]);
    let metadata: Value = serde_json::from_str(&metadata).expect("JSON");
    metadata["packages"][0]["metadata"]["deb"].clone()
}

#[test]
fn the_crate_has_its_sources_and_documents_only() {
    let listed = cargo(&["package", "--list", "--allow-dirty", "--locked"]);
    let listed: BTreeSet<String> = listed.lines().map(ToOwned::to_owned).collect();
    let mut expected: BTreeSet<String> =
        ["build", "completions", "examples", "man", "packaging", "src"]
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
    // The file exists only in a repository.
    expected.extend(listed.get(".cargo_vcs_info.json").cloned());
    assert_eq!(listed, expected);
}

#[test]
fn the_debian_package_installs_every_file_to_its_path() {
    let debian = debian();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let mut installed = BTreeSet::new();
    for asset in debian["assets"].as_array().expect("assets") {
        let (source, target, mode) = (text(&asset[0]), text(&asset[1]), text(&asset[2]));
        let is_built = source == "target/release/ssetail";
        assert!(is_built || Path::new(ROOT).join(&source).is_file(), "{source}");
        let name = if target.ends_with('/') { source.rsplit('/').next() } else { None };
        installed.insert(format!("{mode} {target}{}", name.unwrap_or("")));
    }
    let expected = [
        // The file may hold a token.
        "600 etc/default/ssetail",
        "644 usr/share/bash-completion/completions/ssetail",
        "644 usr/share/doc/ssetail/CHANGELOG.md",
        "644 usr/share/doc/ssetail/README.md",
        "644 usr/share/fish/vendor_completions.d/ssetail.fish",
        "644 usr/share/man/man1/ssetail.1",
        "644 usr/share/zsh/vendor-completions/_ssetail",
        "755 usr/bin/ssetail",
    ];
    assert_eq!(installed, expected.map(ToOwned::to_owned).into());
    assert!(read(&text(&debian["license-file"])).contains("License: Expat or Apache-2.0"));
    let units = text(&debian["systemd-units"]["unit-scripts"]);
    assert!(read(&format!("{units}/ssetail.socket")).contains("ListenStream=127.0.0.1:8088\n"));
    let service = read(&format!("{units}/ssetail.service"));
    assert!(service.contains("\nEnvironmentFile=/etc/default/ssetail\n"));
    assert!(service.contains("\nExecStart=/usr/bin/ssetail $SOURCES\n"));
}

#[test]
fn the_settings_of_the_service_are_flags_of_the_program() {
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

/// The Dockerfile copies only what `.dockerignore` admits.
#[test]
fn the_image_is_built_from_the_admitted_files() {
    let ignored = read(".dockerignore");
    let (nothing, admitted) = ignored.split_once('\n').expect("lines");
    assert_eq!(nothing, "*");
    let context = tempfile::tempdir().expect("a directory can be created");
    for line in admitted.lines() {
        let name = line.strip_prefix('!').expect("an admitted file or directory");
        let names =
            if Path::new(ROOT).join(name).is_dir() { files(name) } else { vec![name.to_owned()] };
        for name in names {
            let to = context.path().join(&name);
            std::fs::create_dir_all(to.parent().expect("a directory")).expect("created");
            std::fs::copy(Path::new(ROOT).join(&name), to).expect("copied");
        }
    }
    // A check reads the same files as a build, and does not replace the program of the tests.
    let built = Path::new(env!("CARGO_BIN_EXE_ssetail")).ancestors().nth(2).expect("a directory");
    let output = Command::new(env!("CARGO"))
        .args(["check", "--quiet", "--locked", "--offline", "--target-dir"])
        .arg(built)
        .current_dir(context.path())
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
