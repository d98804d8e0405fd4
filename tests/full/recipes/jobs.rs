//! The jobs of docs/recipes/ci.md, with another program in place of ssh and of the compiler.

use serde_json::Value;

use super::manifests::{check_schema, parsed, texts};
use crate::documents::recipe;
use crate::harness::{Events, eventually, write};
use crate::shell::Shell;

fn job(section: &str, schema: &str) -> Value {
    let yaml = recipe("ci.md", section, "yaml");
    check_schema(schema, &yaml);
    parsed(&yaml)
}

/// Runs the script of a job, whose command waits for the test.
fn can_be_watched(script: &str) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name);
    let program = |name: &str, text: &str| {
        let file = path("bin").join(name);
        std::fs::create_dir_all(path("bin")).expect("created");
        write(&file, format!("#!/bin/sh\n{text}\n"));
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&file, mode).expect("executable");
    };
    program("ssh", "cat \"$2\" >ssh.key; echo \"$@\" >ssh.args; exec sleep 600");
    write(&path("Makefile"), "all:\n\t@echo Compiling; until test -e done; do sleep 0.1; done\n");
    let home = directory.path().to_str().expect("UTF-8");
    let variables = [
        ("HOME", home),
        ("SSETAIL_TOKEN", "a-long-secret"),
        ("SSETAIL_PORT", "0"),
        ("SSH_KEY", "the key"),
    ];
    let mut shell = Shell::start_with(&format!("set -e\n{script}"), directory.path(), &variables);
    shell.wait_for("an address", |printed| printed.contains("listening on http://127.0.0.1:"));
    shell.wait_for("the output", |printed| printed.contains("Compiling"));
    let (_, rest) = shell.printed.split_once("listening on http://").expect("an address");
    let (address, _) = rest.split_once('/').expect("a path");
    let bearer = [("authorization", "Bearer a-long-secret")];
    let mut events = Events::open(address, "/sse", &bearer);
    assert_eq!(events.lines(1), ["Compiling"]);
    eventually("the tunnel is open", || path("ssh.args").exists());
    let args = std::fs::read_to_string(path("ssh.args")).expect("a file");
    assert!(args.contains("-R localhost:8088:localhost:8088 watch@logs.example"), "{args}");
    assert_eq!(std::fs::read_to_string(path("ssh.key")).expect("a file"), "the key\n");
    write(&path("done"), "");
    assert!(shell.child.wait().expect("the script ends").success(), "{}", shell.printed);
}

#[test]
fn a_job_of_github_can_be_watched() {
    let job = job("GitHub Actions", "vendor.github-workflows");
    let script = job["jobs"]["build"]["steps"][2]["run"].as_str().expect("a script").to_owned();
    can_be_watched(&script);
}

#[test]
fn a_job_of_gitlab_can_be_watched() {
    let job = job("GitLab", "vendor.gitlab-ci");
    let script = texts(&job["build"]["script"]);
    assert!(script[0].starts_with("cargo install"));
    can_be_watched(&script[1..].join("\n"));
}
