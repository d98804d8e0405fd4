//! The committed man page and completions are those that the program prints.
//!
//! `SSETAIL_BLESS=1 tests/run` writes them anew.

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
        "{file} is not what {args:?} prints; run SSETAIL_BLESS=1 tests/run"
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
