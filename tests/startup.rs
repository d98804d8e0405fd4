//! Sentences about the way the program was started, and about the end of its input.

use std::fs::File;
use std::process::{Command, Stdio};

use crate::harness::{Ssetail, is_root};

const PROGRAM: &str = env!("CARGO_BIN_EXE_ssetail");

/// Returns the exit status and the messages of the program in an environment.
fn with_variable(name: &str, value: &str, args: &[&str]) -> (i32, String) {
    Ssetail::running(PROGRAM, args).file("a.log", "").env(name, value).fail()
}

#[test]
fn a_value_from_the_environment_is_refused_by_the_name_of_its_variable() {
    for (name, value) in [("SSETAIL_PORT", "abc"), ("SSETAIL_BIND", "x"), ("SSETAIL_AUTH", ":")] {
        let (status, said) = with_variable(name, value, &["a.log"]);
        assert_eq!(status, 2, "{said}");
        assert!(said.contains(name), "{said}");
    }
    let (_, said) = with_variable("SSETAIL_TOKEN", "secret", &["a.log", "--no-auth"]);
    assert!(said.contains("SSETAIL_TOKEN") && !said.contains("secret"), "{said}");
    let (_, said) = with_variable("SSETAIL_PORT", "1", &["a.log", "--port", "abc"]);
    assert!(said.contains("--port") && !said.contains("SSETAIL_PORT"), "{said}");
    let (_, said) = with_variable("SSETAIL_PORT", "1", &["a.log", "-pabc"]);
    assert!(said.contains("--port") && !said.contains("SSETAIL_PORT"), "{said}");
}

#[test]
fn a_device_alone_is_refused_and_is_passed_over_beside_files() {
    let (status, said) = Ssetail::new().args(["/dev/zero", "/dev/null"]).fail();
    assert_eq!(status, 2, "{said}");
    assert!(said.contains("/dev/zero is a device") && said.contains("/dev/null is a"), "{said}");
    let ssetail = Ssetail::new().file("a.log", "x\n").args(["/dev/zero", "a.log"]);
    let mut ssetail = ssetail.start();
    assert_eq!(ssetail.events("/sse").data(1), ["x"]);
    ssetail.wait_for("/dev/zero is a device");
}

#[test]
fn a_file_is_no_directory_for_the_state() {
    let ssetail = Ssetail::new().file("a.log", "").file("state", "");
    let (status, said) = ssetail.args(["a.log", "--state", "state"]).fail();
    assert_eq!(status, 1);
    assert!(said.contains("--state state is not a directory"), "{said}");
}

#[test]
fn a_prefix_without_a_slash_is_suggested_with_one() {
    let (status, said) = Ssetail::new().args(["a.log", "--path-prefix", "logs"]).fail();
    assert_eq!(status, 2);
    assert!(said.contains(": /logs"), "{said}");
}

/// Ports below 1024 need a capability, which the program does not have here.
#[test]
fn a_port_that_only_root_may_use_is_explained() {
    let args = ["a.log", "--port", "80"];
    let ssetail = if is_root() {
        let without_capabilities = ["--inh-caps=-all", "--bounding-set=-all", PROGRAM];
        Ssetail::running("setpriv", &without_capabilities).args(args)
    } else {
        Ssetail::running(PROGRAM, &args)
    };
    let (status, said) = ssetail.file("a.log", "").fail();
    assert_eq!(status, 1);
    assert!(said.contains("--port from 1024 on"), "{said}");
}

#[test]
fn the_end_of_standard_input_is_said_with_how_to_stop() {
    let mut ssetail = Ssetail::new().piped().args(["-", "--tee"]).start();
    ssetail.input("x\n");
    ssetail.close_input();
    ssetail.wait_for("stdin has ended; its lines are served until Ctrl-C");
    assert_eq!(ssetail.events("/sse").data(1), ["x"]);
}

#[test]
fn a_text_that_cannot_be_printed_is_an_error() {
    for flag in ["--man", "--completions=bash"] {
        let full = File::options().write(true).open("/dev/full").expect("a device");
        let output = Command::new(PROGRAM).arg(flag).stdout(full).stderr(Stdio::piped()).output();
        let output = output.expect("it runs");
        assert_eq!(output.status.code(), Some(1), "{flag}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.starts_with("ssetail: cannot write to standard output"), "{said}");
    }
}
