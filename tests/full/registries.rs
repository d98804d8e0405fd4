//! The files for Homebrew and Nix, read by the languages in which they are written.

use std::process::Command;

const REGISTRIES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/registries");

#[track_caller]
fn accepts(program: &str, args: &[&str], file: &str) {
    let output = Command::new(program).args(args).arg(file).current_dir(REGISTRIES).output();
    let output = output.expect("the program starts; tests/run installs it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn ruby_and_nix_can_read_their_files() {
    accepts("ruby", &["-c"], "ssetail.rb");
    // A user may not make the store, which parsing does not need.
    accepts("nix-instantiate", &["--store", "dummy://", "--parse"], "package.nix");
}
