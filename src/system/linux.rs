//! Calls that only Linux has; `portable` has a fallback for each.

use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::num::NonZeroU64;
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::SeekFrom;
use rustix::io::Errno;
use socket2::SockRef;

/// Advice for a watch that failed because of a limit.
pub(crate) const MORE_WATCHES: &str = "raise fs.inotify.max_user_watches with sysctl";
/// Advice for a watcher that could not be created.
pub(crate) const MORE_WATCHERS: &str = "raise fs.inotify.max_user_instances with sysctl";

/// `PROC_SUPER_MAGIC` and `SYSFS_MAGIC` of statfs(2).
const SYNTHETIC_FILE_SYSTEMS: [i64; 2] = [0x9fa0, 0x6265_6572];

/// `OVERLAYFS_SUPER_MAGIC` of statfs(2).
const OVERLAY_FILE_SYSTEM: i64 = 0x794c_7630;

/// Returns true if the kernel generates the content at every read, as below `/proc` and `/sys`.
pub(crate) fn is_synthetic(file: &File) -> bool {
    rustix::fs::fstatfs(file).is_ok_and(|fs| SYNTHETIC_FILE_SYSTEMS.contains(&fs.f_type))
}

/// Returns the offset of the first byte from `offset` on that is not in a hole; none if there is
/// only a hole up to the end of the file.
pub(crate) fn next_data(file: &File, offset: u64) -> Option<u64> {
    match rustix::fs::seek(file, SeekFrom::Data(offset)) {
        Ok(data) => Some(data),
        Err(Errno::NXIO) => None,
        // The file system knows no holes.
        Err(_) => Some(offset),
    }
}

/// Returns the offset of the first byte from `offset` on that is in a hole; the largest offset if
/// there is none. The end of the file may count as a hole.
pub(crate) fn next_hole(file: &File, offset: u64) -> u64 {
    rustix::fs::seek(file, SeekFrom::Hole(offset)).unwrap_or(u64::MAX)
}

/// Returns true if the file is on an overlay, where the first write replaces the file of the lower
/// layer by a copy.
pub(crate) fn is_on_overlay(file: &File) -> bool {
    rustix::fs::fstatfs(file).is_ok_and(|fs| fs.f_type == OVERLAY_FILE_SYSTEM)
}

/// Lets sleeps of this thread end on time. By default the kernel may end them 50 µs late.
pub(crate) fn sleep_precisely() {
    // An error only means that later wake-ups add latency.
    let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
}

/// Lets the kernel terminate this process when its parent ends.
#[cfg(feature = "cli")]
pub(crate) fn end_with_parent() {
    // An error means that the signal is not known, which cannot be.
    let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::TERM));
}

/// Returns the status with which a child process exits of which a thread cannot end; none if it does
/// not exit.
#[cfg(feature = "cli")]
pub(crate) fn exit_status_of(child: u32) -> Option<std::process::ExitStatus> {
    use std::os::unix::process::ExitStatusExt as _;
    let stat = std::fs::read_to_string(format!("/proc/{child}/stat")).ok()?;
    // The name of the program, in parentheses, may contain any character.
    let (_, fields) = stat.rsplit_once(") ")?;
    let is_zombie = fields.starts_with('Z');
    let status = fields.split_ascii_whitespace().next_back()?.parse().ok()?;
    is_zombie.then(|| std::process::ExitStatus::from_raw(status))
}

/// Returns an id of the time since the machine was started, or none if it cannot be read.
pub(crate) fn boot_id() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned()).filter(|id| !id.is_empty())
}

/// The mounts of this process: `/proc/self/mountinfo`.
#[derive(Debug)]
pub(crate) struct MountTable(File);

impl MountTable {
    /// Opens the table, or returns none if there is no `/proc`.
    pub(crate) fn open() -> Option<Self> {
        File::open("/proc/self/mountinfo").ok().map(MountTable)
    }

    /// Reads the whole table.
    pub(crate) fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        self.0.rewind()?;
        self.0.read_to_end(&mut text)?;
        Ok(text)
    }

    /// Returns true if something was mounted or unmounted since the last call.
    pub(crate) fn has_changed(&mut self) -> bool {
        let mut ready = [PollFd::new(&self.0, PollFlags::PRI)];
        let polled = poll(&mut ready, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }));
        polled.is_ok_and(|count| count > 0)
    }
}

/// Returns true if a watch failed because of a limit of inotify.
pub(crate) fn is_out_of_watches(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::NOSPC.raw_os_error()) || error.to_string().contains("limit")
}

/// Limits the number of bytes that the kernel holds for a peer and has not sent yet.
pub(crate) fn limit_unsent(socket: &impl AsFd, bytes: u32) {
    // An error means that the peer is gone; the first read reports that.
    let _ = SockRef::from(socket).set_tcp_notsent_lowat(bytes);
}

/// Lets the kernel close a connection whose peer acknowledges nothing for `limit`.
pub(crate) fn time_out_peer(socket: &impl AsFd, limit: Duration) {
    // An error means that the peer is gone; the first read reports that.
    let _ = SockRef::from(socket).set_tcp_user_timeout(Some(limit));
}
