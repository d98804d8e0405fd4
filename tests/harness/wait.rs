//! Waits for conditions, with a deadline.

use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

/// Longest time that a test waits for one condition.
///
/// The slowest waits of passing tests take a few seconds; a larger value only delays failures.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Waits until `condition` holds.
#[track_caller]
pub fn eventually(name: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !condition() {
        assert!(Instant::now() < deadline, "not within {DEADLINE:?}: {name}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until a process has ended.
#[track_caller]
pub fn wait_for_exit(child: &mut Child) -> ExitStatus {
    let mut status = None;
    eventually("the process ends", || {
        status = child.try_wait().expect("the process can be waited for");
        status.is_some()
    });
    status.expect("the process has ended")
}
