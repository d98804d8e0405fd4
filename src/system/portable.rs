//! Fallbacks for the calls of `linux`. The comment of each says what is lost.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Advice for a watch that failed because of a limit.
pub(crate) const MORE_WATCHES: &str = "raise the limit of the system on watched files";
/// Advice for a watcher that could not be created.
pub(crate) const MORE_WATCHERS: &str = "raise the limit of the system on watchers of files";

/// Returns false: files that the kernel generates are followed like other files.
pub(crate) fn is_synthetic(_: &File) -> bool {
    false
}

/// Returns `offset`: a hole is read, as NUL bytes.
pub(crate) fn next_data(_: &File, offset: u64) -> Option<u64> {
    Some(offset)
}

/// Returns the largest offset: a hole is read, as NUL bytes.
pub(crate) fn next_hole(_: &File, _: u64) -> u64 {
    u64::MAX
}

/// Returns false: a file of an overlay that is copied under other numbers counts as replaced.
pub(crate) fn is_on_overlay(_: &File) -> bool {
    false
}

/// Does nothing: sleeps may end late, which adds latency.
pub(crate) fn sleep_precisely() {}

/// Does nothing: this process goes on when its parent is killed.
#[cfg(feature = "cli")]
pub(crate) fn end_with_parent() {}

/// Returns none: the status of a child that cannot end is not known.
#[cfg(feature = "cli")]
pub(crate) fn exit_status_of(_: u32) -> Option<std::process::ExitStatus> {
    None
}

/// The programs that print variables of the kernel.
const SYSCTL: [&str; 2] = ["/usr/sbin/sysctl", "/sbin/sysctl"];

/// The variables that tell one boot from another, on macOS, FreeBSD and Linux.
const BOOT_IDS: [&str; 3] = ["kern.bootsessionuuid", "kern.boot_id", "kernel.random.boot_id"];

/// Returns an id of the time since the machine was started, as sysctl(8) prints it. Without one,
/// event ids of earlier runs are invalid after `kill -9`.
pub(crate) fn boot_id() -> Option<String> {
    let program = SYSCTL.into_iter().find(|program| Path::new(program).exists())?;
    BOOT_IDS.into_iter().find_map(|name| {
        let output = Command::new(program).args(["-n", name]).stdin(Stdio::null()).output().ok()?;
        let id = String::from_utf8(output.stdout).ok()?.trim().to_owned();
        (output.status.success() && !id.is_empty()).then_some(id)
    })
}

/// The mounts of this process, which are not known: no file gets a thread of its own.
#[derive(Debug)]
pub(crate) struct MountTable;

impl MountTable {
    /// Returns none.
    pub(crate) fn open() -> Option<Self> {
        None
    }

    /// Returns no text.
    pub(crate) fn read(&mut self) -> io::Result<Vec<u8>> {
        Ok(Vec::new())
    }

    /// Returns false.
    pub(crate) fn has_changed(&mut self) -> bool {
        false
    }
}

/// Recognizes a limit by the text of the error: other texts of a limit are not reported.
pub(crate) fn is_out_of_watches(error: &io::Error) -> bool {
    error.to_string().contains("limit")
}

/// Does nothing: the kernel holds as many unsent bytes for a peer as its send buffer takes.
pub(crate) fn limit_unsent(_: &impl AsFd, _: u32) {}

/// Does nothing: only the send timeout of this program closes connections of vanished peers.
pub(crate) fn time_out_peer(_: &impl AsFd, _: Duration) {}
