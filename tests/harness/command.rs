//! Other programs, and signals to them.

use std::process::{Child, Command};

use rustix::process::{Pid, Signal, geteuid, kill_process};

/// Tells whether the tests run as root, which permissions do not stop.
pub fn is_root() -> bool {
    geteuid().is_root()
}

/// Returns standard output and standard error of a program that ends by itself.
pub fn output_of(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output();
    let output = output.unwrap_or_else(|error| panic!("{program} does not start: {error}"));
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

/// Sends a signal to a process that was not waited for yet.
pub fn send_signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).expect("the process exists");
}
