//! The man page, as man and mandoc render it.

use std::path::Path;
use std::process::Command;

use crate::harness::output_of;

#[test]
fn the_man_page_renders_without_a_warning() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("man/ssetail.1");
    let output = Command::new("man")
        .args(["--warnings", "--local-file"])
        .arg(page)
        .env("LC_ALL", "C.UTF-8")
        .env("MANWIDTH", "80")
        .output()
        .expect("man starts; tests/run installs it");
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let text = String::from_utf8_lossy(&output.stdout);
    for section in ["EXAMPLES", "EXIT STATUS", "ENVIRONMENT", "FILES", "NOTES", "SEE ALSO"] {
        assert!(text.contains(section), "{section}");
    }
}

#[test]
fn mandoc_finds_no_fault_in_the_man_page() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("man/ssetail.1");
    let page = page.to_str().expect("a path");
    assert_eq!(output_of("mandoc", &["-T", "lint", page]), "");
}
