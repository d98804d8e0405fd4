//! YAML of the recipes: as JSON, and checked against a schema.

use std::process::Command;

use serde_json::Value;

use crate::harness::{output_of, write};

/// The programs of Python packages that `tests/run` installs.
const PROGRAMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/.venv/bin");

/// Prints the documents of a file as a list in JSON.
const PRINT: &str = "import json, sys, yaml\n\
                     print(json.dumps(list(yaml.safe_load_all(open(sys.argv[1])))))";

/// Returns the only document of a YAML text.
pub fn parsed(yaml: &str) -> Value {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("file.yml");
    write(&file, yaml);
    let python = format!("{PROGRAMS}/python");
    let json = output_of(&python, &["-c", PRINT, file.to_str().expect("UTF-8")]);
    let documents: Vec<Value> = serde_json::from_str(&json).expect("JSON");
    let [document] = <[Value; 1]>::try_from(documents).expect("one document");
    document
}

/// Checks a YAML text with a program that gets its file as the last argument.
pub fn check(program: &str, args: &[&str], yaml: &str) {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("file.yml");
    write(&file, yaml);
    let output = Command::new(format!("{PROGRAMS}/{program}")).args(args).arg(&file).output();
    let output = output.expect("the program starts; tests/run installs it");
    let text = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}\n{yaml}", String::from_utf8_lossy(&text));
}

/// Checks a YAML text against a schema of this name that the program contains.
pub fn check_schema(schema: &str, yaml: &str) {
    check("check-jsonschema", &["--builtin-schema", schema], yaml);
}

/// Returns the items of a list of texts.
pub fn texts(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|item| item.as_str().expect("a text")).collect()
}
