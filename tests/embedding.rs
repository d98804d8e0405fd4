//! The library in another program: `examples/embed.rs`, built and run.

use std::path::Path;
use std::process::Command;

use crate::harness::{Signal, Ssetail};

/// Built into the directory that the tests are built into, where all it needs is built already.
fn example() -> String {
    let target = Path::new(env!("CARGO_BIN_EXE_ssetail")).ancestors().nth(2).expect("a directory");
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--locked", "--example", "embed", "--target-dir"]).arg(target);
    build.current_dir(env!("CARGO_MANIFEST_DIR"));
    // What cargo tells a test of its package, ring's build script would take for its own, and
    // all that depends on it would be built anew.
    let told = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in std::env::vars().filter(|(name, _)| told(name)) {
        build.env_remove(name);
    }
    assert!(build.status().expect("cargo runs").success());
    target.join("debug/examples/embed").to_str().expect("a path").to_owned()
}

#[test]
fn another_program_serves_the_lines_of_a_file() {
    let ssetail = Ssetail::running(&example(), &[]).file("a.log", "one\n").arg("a.log");
    let mut embedder = ssetail.start();
    assert_eq!(embedder.get("/").body, "The log is at /logs/\n");
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
