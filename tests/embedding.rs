//! The library in other programs: the examples, built and run.

use std::path::Path;
use std::process::Command;

use crate::harness::{Signal, Ssetail};

/// Builds an example in the target directory of the tests, where its dependencies are built
/// already, with the same features; returns its path.
fn build(example: &str) -> String {
    let target = Path::new(env!("CARGO_BIN_EXE_ssetail")).ancestors().nth(2).expect("a directory");
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--locked", "--example", example, "--target-dir"]).arg(target);
    build.args(cfg!(feature = "nats").then_some("--features=nats"));
    build.current_dir(env!("CARGO_MANIFEST_DIR"));
    // Cargo sets these for the test. The build script of ring would see them as changed, and ring
    // and everything that depends on it would be built again.
    let is_own = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in std::env::vars().filter(|(name, _)| is_own(name)) {
        build.env_remove(name);
    }
    assert!(build.status().expect("cargo runs").success());
    target.join("debug/examples").join(example).to_str().expect("a path").to_owned()
}

fn serves_the_lines_of_a_file(example: &str) {
    let ssetail = Ssetail::running(&build(example), &[]).file("a.log", "one\n").arg("a.log");
    let mut embedder = ssetail.start();
    assert_eq!(embedder.get("/").body, "The log is at /logs/\n");
    assert_eq!(embedder.get("/logs").header("location"), Some("/logs/"));
    assert!(embedder.get("/logs/").body.contains("href=\"events\""));
    assert_eq!(embedder.get("/sse").status, 404);

    let mut events = embedder.events("/logs/events");
    let first = events.next().expect("an event");
    assert_eq!((&*first.kind, &*first.data), ("a.log", "one"));
    embedder.append("a.log", "two\n");
    assert_eq!(events.lines(1), ["two"]);
    assert_eq!(embedder.events_after("/logs/events", &first.id).lines(1), ["two"]);

    embedder.signal(Signal::INT);
    assert_eq!(embedder.wait().code(), Some(0));
}

#[test]
fn a_hyper_server_serves_the_lines_of_a_file() {
    serves_the_lines_of_a_file("embed");
}

#[test]
fn an_axum_server_serves_the_lines_of_a_file() {
    serves_the_lines_of_a_file("axum");
}
