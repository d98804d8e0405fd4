//! `/openapi.json`, checked by programs that know `OpenAPI` 3.2.

use std::path::Path;
use std::process::{Command, Output};

use crate::harness::{Ssetail, write};

/// The schema of `OpenAPI` itself, and the rules of a linter, which also follows references and
/// compares examples with their schemas.
const CHECKS: [&[&str]; 2] = [
    &["validate-api"],
    &["redocly", "lint", "--extends=recommended-strict", "--skip-rule=no-unused-components"],
];

/// Runs a program of tests/clients/package.json on a file.
fn run(check: &[&str], file: &Path) -> Output {
    let programs = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/node_modules/.bin");
    let mut command = Command::new(Path::new(programs).join(check[0]));
    command.args(&check[1..]).arg(file).current_dir(file.parent().expect("a directory"));
    command.env("REDOCLY_TELEMETRY", "off").env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true");
    command.output().expect("tests/run has installed the program")
}

#[test]
fn validators_accept_the_description_and_refuse_a_broken_one() {
    for flags in [
        &["--path-prefix", "/"][..],
        &["--path-prefix", "/logs", "--endpoint", "/a'b/stream"],
        &["--no-viewer", "--binary"],
    ] {
        let ssetail = Ssetail::new().file("a.log", "").arg("a.log").args(flags).start();
        let prefix = if flags[1] == "/logs" { "/logs" } else { "" };
        let document = ssetail.get(&format!("{prefix}/openapi.json")).body;
        let file = ssetail.path("openapi.json");
        for check in CHECKS {
            write(&file, &document);
            let output = run(check, &file);
            assert!(output.status.success(), "{check:?} {flags:?}: {output:?}");
            for (part, broken) in
                [("\"itemSchema\"", "\"itemsSchema\""), ("\"description\"", "\"descripton\"")]
            {
                write(&file, document.replace(part, broken));
                assert!(!run(check, &file).status.success(), "{check:?} accepts {broken}");
            }
        }
    }
}
