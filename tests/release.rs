//! The files of a release beside the crate and the Debian package: the image, the RPM package, and
//! what Homebrew, the Arch User Repository and cargo-binstall need.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::write;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn read(file: &str) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(file)).expect("a file")
}

/// Runs a program that has to succeed; returns its output.
#[track_caller]
fn run(command: &mut Command) -> String {
    let output = command.output().expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

fn cargo_metadata(directory: &Path) -> Value {
    let args = ["metadata", "--no-deps", "--format-version", "1", "--locked", "--offline"];
    let json = run(Command::new(env!("CARGO")).args(args).current_dir(directory));
    serde_json::from_str::<Value>(&json).expect("JSON")["packages"][0].clone()
}

/// Returns a field of `[package.metadata]`.
fn metadata(field: &str) -> Value {
    cargo_metadata(Path::new(ROOT))["metadata"][field].clone()
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

/// Returns a directory with the checksums of a release, and with what its registries get.
fn filled() -> TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let version = env!("CARGO_PKG_VERSION");
    let sums: String = [("x86_64", "1"), ("aarch64", "2")]
        .map(|(architecture, digit)| {
            let file = format!("ssetail-{version}-{architecture}-unknown-linux-musl.tar.gz");
            format!("{}  {file}\n", digit.repeat(64))
        })
        .concat();
    write(&directory.path().join("SHA256SUMS"), sums);
    run(Command::new(Path::new(ROOT).join("packaging/registries/fill")).arg(directory.path()));
    directory
}

#[test]
fn the_rpm_package_installs_every_file_to_its_path() {
    let rpm = metadata("generate-rpm");
    let mut installed = BTreeSet::new();
    for asset in rpm["assets"].as_array().expect("assets") {
        let source = text(&asset["source"]);
        let is_built = source == "target/release/ssetail";
        assert!(is_built || Path::new(ROOT).join(&source).is_file(), "{source}");
        installed.insert(format!("{} {}", text(&asset["mode"]), text(&asset["dest"])));
        let is_setting = text(&asset["dest"]).starts_with("/etc/");
        assert_eq!(asset["config"].as_str(), is_setting.then_some("noreplace"), "{source}");
    }
    let expected = [
        // The file may hold a token.
        "600 /etc/default/ssetail",
        "644 /usr/lib/systemd/system/ssetail.service",
        "644 /usr/lib/systemd/system/ssetail.socket",
        "644 /usr/share/bash-completion/completions/ssetail",
        "644 /usr/share/doc/ssetail/CHANGELOG.md",
        "644 /usr/share/doc/ssetail/README.md",
        "644 /usr/share/fish/vendor_completions.d/ssetail.fish",
        "644 /usr/share/licenses/ssetail/LICENSE-APACHE",
        "644 /usr/share/licenses/ssetail/LICENSE-MIT",
        "644 /usr/share/man/man1/ssetail.1",
        "644 /usr/share/zsh/site-functions/_ssetail",
        "755 /usr/bin/ssetail",
    ];
    assert_eq!(installed, expected.map(ToOwned::to_owned).into());
    for script in ["post_install_script", "pre_uninstall_script", "post_uninstall_script"] {
        run(Command::new("sh").args(["-n", "-c", &text(&rpm[script])]));
    }
}

#[test]
fn cargo_binstall_finds_the_archive_that_a_release_has() {
    let binstall = metadata("binstall");
    let build = read("packaging/build");
    assert!(build.contains("\nname=ssetail-$version-$target\n"));
    assert!(build.contains("/$name.tar.gz\" \\\n"));
    let url = text(&binstall["pkg-url"]);
    let name = "ssetail-{ version }-{ target }";
    assert_eq!(url, format!("{{ repo }}/releases/download/v{{ version }}/{name}.tar.gz"));
    assert_eq!(binstall["bin-dir"], format!("{name}/{{ bin }}"));
}

/// Unpacks what an archive has, and installs it as makepkg would.
#[test]
fn the_package_of_arch_installs_every_file_to_its_path() {
    let release = filled();
    let version = env!("CARGO_PKG_VERSION");
    let sources = release.path().join(format!("ssetail-{version}-x86_64-unknown-linux-musl"));
    std::fs::create_dir(&sources).expect("created");
    let files = "LICENSE-APACHE LICENSE-MIT completions man packaging";
    let copy = format!("cp -r {files} '{}' && : >'{0}/ssetail'", sources.display());
    run(Command::new("bash").args(["-c", &copy]).current_dir(ROOT));
    let script = "set -eu; CARCH=x86_64 pkgdir=$PWD/root; source ./PKGBUILD; package; \
                  printf '%s\\n' \"$pkgver\" \"${sha256sums_x86_64[0]}\" \"${source_x86_64[0]}\"";
    let printed = run(Command::new("bash").args(["-c", script]).current_dir(release.path()));
    let archive = format!("ssetail-{version}-x86_64-unknown-linux-musl.tar.gz");
    let url = format!("https://github.com/ssetail/ssetail/releases/download/v{version}/{archive}");
    assert_eq!(printed, format!("{version}\n{}\n{url}\n", "1".repeat(64)));
    let find = ["-c", "find . -type f -printf '%m /%P\\n'"];
    let installed = run(Command::new("sh").args(find).current_dir(release.path().join("root")));
    let installed: BTreeSet<&str> = installed.lines().collect();
    let expected = [
        "600 /etc/default/ssetail",
        "644 /usr/lib/systemd/system/ssetail.service",
        "644 /usr/lib/systemd/system/ssetail.socket",
        "644 /usr/share/bash-completion/completions/ssetail",
        "644 /usr/share/fish/vendor_completions.d/ssetail.fish",
        "644 /usr/share/licenses/ssetail-bin/LICENSE-APACHE",
        "644 /usr/share/licenses/ssetail-bin/LICENSE-MIT",
        "644 /usr/share/man/man1/ssetail.1",
        "644 /usr/share/zsh/site-functions/_ssetail",
        "755 /usr/bin/ssetail",
    ];
    assert_eq!(installed, expected.into());
}

#[test]
fn the_formula_has_the_checksums_of_the_release() {
    let formula = std::fs::read_to_string(filled().path().join("ssetail.rb")).expect("a file");
    let after = |text: &str| formula.split_once(text).expect("the text").1;
    let version = env!("CARGO_PKG_VERSION");
    for (place, architecture, digit) in [("on_intel", "x86_64", "1"), ("on_arm", "aarch64", "2")] {
        let archive = format!("ssetail-{version}-{architecture}-unknown-linux-musl.tar.gz");
        let block = after(place).split("  end").next().expect("a block");
        assert!(block.contains(&format!("/v{version}/{archive}\"")), "{block}");
        assert!(block.contains(&format!("sha256 \"{}\"", digit.repeat(64))), "{block}");
    }
    assert!(!formula.contains("VERSION") && !formula.contains("SHA256_"));
}

#[test]
fn a_release_without_an_archive_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    write(&directory.path().join("SHA256SUMS"), "");
    let mut fill = Command::new(Path::new(ROOT).join("packaging/registries/fill"));
    let output = fill.arg(directory.path()).output().expect("bash");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && error.starts_with("SHA256SUMS has no ssetail-"), "{error}");
}

#[test]
fn the_scripts_ask_for_their_argument() {
    for script in ["packaging/build", "packaging/registries/fill"] {
        let output = Command::new(Path::new(ROOT).join(script)).output().expect("bash");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{script}");
        assert!(error.starts_with("expected "), "{script}: {error}");
    }
}

/// The layer of the dependencies has an empty program for each target of the manifest.
#[test]
fn the_image_builds_its_dependencies_without_the_sources() {
    let dockerfile = read("Dockerfile").replace("\\\n", "");
    let mut steps = dockerfile.lines().filter_map(|line| line.strip_prefix("RUN "));
    let prepare = steps.find(|step| step.starts_with("mkdir -p benches")).expect("a step");
    let directory = tempfile::tempdir().expect("a directory");
    for file in ["Cargo.toml", "Cargo.lock"] {
        write(&directory.path().join(file), read(file));
    }
    run(Command::new("sh").args(["-c", prepare]).current_dir(directory.path()));
    let package = cargo_metadata(directory.path());
    let targets = package["targets"].as_array().expect("targets");
    for target in targets {
        assert!(PathBuf::from(text(&target["src_path"])).is_file(), "{target}");
    }
    assert!(targets.len() >= 8, "{targets:?}");
    let base = dockerfile.lines().find_map(|line| line.strip_prefix("FROM ")).expect("a base");
    assert!(base.contains("@sha256:"), "{base} is pinned");
}
