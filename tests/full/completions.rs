//! Completions, in the shells that they are for.

use std::path::Path;
use std::process::Command;

use crate::harness::screen::Input;
use crate::harness::{Screen, output_of};

/// Starts a shell on a terminal and types `begin`, which loads the completions.
fn shell(command: &[&str], begin: &str) -> Screen {
    let root = env!("CARGO_MANIFEST_DIR");
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("build.log"), "").expect("the file can be written");
    let binary = Path::new(env!("CARGO_BIN_EXE_ssetail")).parent().expect("a directory");
    let path = format!("{}:/usr/bin:/bin", binary.display());
    let mut shell = Command::new("setsid");
    shell.args(["--ctty", "--wait"]).args(command).env_clear().current_dir(directory.path());
    shell.envs([("TERM", "xterm"), ("PS1", "$ "), ("PATH", &path)]).env("ROOT", root);
    shell.env("HOME", directory.path());
    let mut screen = Screen::start(shell, 80, Input::Terminal, directory);
    screen.send(&format!("{begin}; echo re''ady\r"));
    screen.wait_for("shell", |line| line == "ready");
    screen
}

/// Types a part of a command, waits until the shell completes it, and clears the line.
#[track_caller]
fn completes(screen: &mut Screen, typed: &str, completed: &str) {
    screen.send(typed);
    screen.wait_for(completed, |line| line.contains(completed));
    screen.send("\x15");
    screen.wait_for("empty line", |line| line == "$" || line.ends_with('%'));
}

#[test]
fn completions_work_in_bash() {
    let mut screen =
        shell(&["bash", "--norc", "--noprofile"], "source $ROOT/completions/ssetail.bash");
    completes(&mut screen, "ssetail --replay-b\t", "ssetail --replay-bytes");
    completes(&mut screen, "ssetail --format ba\t", "ssetail --format base64");
    completes(&mut screen, "ssetail --completions z\t", "ssetail --completions zsh");
    completes(&mut screen, "ssetail --format=j\t", "ssetail --format=json");
    completes(&mut screen, "ssetail api=bu\t", "ssetail api=build.log");
    completes(&mut screen, "ssetail \t", "ssetail build.log");
    screen.send("ssetail --repl\t\t\t");
    screen.wait_for("choices", |line| line.contains("--replay  ") && line.contains("--replay-byt"));
}

#[test]
fn completions_work_in_zsh() {
    let begin = "fpath=($ROOT/completions $fpath); autoload -Uz compinit; compinit -u -D; PS1='$ '";
    let mut screen = shell(&["zsh", "-f"], begin);
    completes(&mut screen, "ssetail --replay-b\t", "ssetail --replay-bytes");
    completes(&mut screen, "ssetail --format ba\t", "ssetail --format base64");
    completes(&mut screen, "ssetail --completions f\t", "ssetail --completions fish");
    completes(&mut screen, "ssetail --format=j\t", "ssetail --format=json");
    completes(&mut screen, "ssetail api=bu\t", "ssetail api=build.log");
    completes(&mut screen, "ssetail bui\t", "ssetail build.log");
}

#[test]
fn completions_work_in_fish() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions/ssetail.fish");
    let offered = |typed: &str| {
        let script = format!("source {}; complete -C '{typed}'", script.display());
        let words = output_of("fish", &["--no-config", "-c", &script]);
        words.lines().map(|line| line.split('\t').next().unwrap_or("").to_owned()).collect()
    };
    let mut replay: Vec<String> = offered("ssetail --repla");
    // Newer versions of fish also offer words that have the typed letters among others.
    replay.retain(|word| word.starts_with("--repla"));
    assert_eq!(replay, ["--replay", "--replay-bytes"]);
    let shells: Vec<String> = offered("ssetail --completions z");
    assert_eq!(shells, ["zsh"]);
}
