//! Calls that only Linux has; `portable` has the same functions.

use std::fs::File;
use std::io;
use std::num::NonZeroU64;
use std::time::Duration;

use rustix::fs::SeekFrom;
use rustix::io::Errno;
use socket2::SockRef;
use tokio::net::TcpStream;

/// Whether the kernel generates the file's content at every read, as below `/proc` and `/sys`.
pub(crate) fn is_synthetic(file: &File) -> bool {
    const PROC: i64 = 0x9fa0;
    const SYSFS: i64 = 0x6265_6572;
    rustix::fs::fstatfs(file).is_ok_and(|fs| matches!(fs.f_type, PROC | SYSFS))
}

/// Offset of the first byte that is not in a hole.
pub(crate) fn first_data(file: &File) -> u64 {
    rustix::fs::seek(file, SeekFrom::Data(0)).unwrap_or(0)
}

/// Lets sleeps of this thread end on time. By default the kernel may end them 50 µs late.
pub(crate) fn sleep_precisely() {
    // Later wake-ups only cost latency.
    let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
}

/// Identifies the time since the machine was started; none if that is unknown.
pub(crate) fn boot_id() -> Option<String> {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned()).filter(|id| !id.is_empty())
}

/// Whether a watch failed because of a limit of inotify.
pub(crate) fn is_out_of_watches(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::NOSPC.raw_os_error()) || error.to_string().contains("limit")
}

/// Limits the bytes that the kernel holds for a peer beyond those on the wire.
pub(crate) fn limit_unsent(socket: &TcpStream, bytes: u32) {
    // A socket that refuses has lost its peer; the first read will report that.
    let _ = SockRef::from(socket).set_tcp_notsent_lowat(bytes);
}

/// Lets the kernel close a connection whose peer acknowledges nothing for `limit`.
pub(crate) fn time_out_peer(socket: &TcpStream, limit: Duration) {
    // See `limit_unsent`.
    let _ = SockRef::from(socket).set_tcp_user_timeout(Some(limit));
}
