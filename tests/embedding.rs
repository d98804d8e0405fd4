//! The library in another program: `examples/embed.rs`, built and run.

use std::path::Path;

use crate::harness::{Ssetail, output_of};

/// Built into the directory that the tests are built into, where all it needs is built already.
fn example() -> String {
    let target = Path::new(env!("CARGO_BIN_EXE_ssetail")).ancestors().nth(2).expect("a directory");
    let target = target.to_str().expect("a path");
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let args = ["build", "--quiet", "--locked", "--example", "embed", "--target-dir", target];
    let said = output_of(env!("CARGO"), &[&args[..], &["--manifest-path", manifest]].concat());
    assert_eq!(said, "");
    format!("{target}/debug/examples/embed")
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

    embedder.signal("-INT");
    assert_eq!(embedder.wait().code(), Some(0));
}
