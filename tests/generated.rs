//! The committed man page and completions equal those that the program prints.
//!
//! `SSETAIL_BLESS=1 tests/run` regenerates them.

use std::path::Path;
use std::process::{Command, Stdio};

fn print(args: &[&str]) -> Vec<u8> {
    let output = Command::new(env!("CARGO_BIN_EXE_ssetail"))
        .args(args)
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[track_caller]
fn is_committed(file: &str, args: &[&str]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let printed = print(args);
    if std::env::var_os("SSETAIL_BLESS").is_some() {
        std::fs::write(&path, &printed).expect("written");
    }
    let committed = std::fs::read(&path).unwrap_or_default();
    assert!(
        committed == printed,
        "{file} differs from the output of {args:?}; run SSETAIL_BLESS=1 tests/run"
    );
}

#[test]
fn the_man_page() {
    is_committed("man/ssetail.1", &["--man"]);
}

#[test]
fn the_completions() {
    for (shell, file) in [
        ("bash", "ssetail.bash"),
        ("zsh", "_ssetail"),
        ("fish", "ssetail.fish"),
        ("powershell", "_ssetail.ps1"),
        ("elvish", "ssetail.elv"),
    ] {
        is_committed(&format!("completions/{file}"), &["--completions", shell]);
    }
}

#[test]
fn the_man_page_renders_without_a_warning() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("man/ssetail.1");
    let output = Command::new("man")
        .args(["--warnings", "--local-file"])
        .arg(page)
        .env("LC_ALL", "C.UTF-8")
        .env("MANWIDTH", "80")
        .output()
        .expect("man runs; tests/run installs it");
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let text = String::from_utf8_lossy(&output.stdout);
    for section in ["EXAMPLES", "EXIT STATUS", "ENVIRONMENT", "FILES", "NOTES", "SEE ALSO"] {
        assert!(text.contains(section), "{section}");
    }
}

#[test]
fn mandoc_accepts_the_man_page() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("man/ssetail.1");
    let page = page.to_str().expect("a path");
    assert_eq!(crate::harness::output_of("mandoc", &["-T", "lint", page]), "");
}

#[test]
fn completions_work_in_fish() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions/ssetail.fish");
    let offered = |typed: &str| {
        let script = format!("source {}; complete -C '{typed}'", script.display());
        let words = crate::harness::output_of("fish", &["--no-config", "-c", &script]);
        words.lines().map(|line| line.split('\t').next().unwrap_or("").to_owned()).collect()
    };
    let replay: Vec<String> = offered("ssetail --repl");
    assert_eq!(replay, ["--replay", "--replay-bytes"]);
    let shells: Vec<String> = offered("ssetail --completions z");
    assert_eq!(shells, ["zsh"]);
}
