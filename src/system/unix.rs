//! Calls that all Unix systems have.

use std::fs::File;
use std::io::{self, PipeReader};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};

/// Event that has ended the wait for a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ready {
    /// The stream has bytes, or has ended.
    Input,
    /// The writing end of the pipe was closed.
    Stopped,
}

/// Returns the name of this machine; `localhost` if it has none.
#[cfg(all(feature = "cli", feature = "nats"))]
pub(crate) fn host_name() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    if name.is_empty() { "localhost".to_owned() } else { name }
}

/// Returns the soft limit of open descriptors, or none if there is no limit.
pub(crate) fn descriptor_limit() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

/// Raises the soft limit of open descriptors to the hard limit, and returns it.
///
/// Returns the old limit if the system refuses, and [`usize::MAX`] if there is no limit.
#[must_use]
pub fn raise_descriptor_limit() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    let limit = setrlimit(Resource::Nofile, raised).map_or(limit, |()| raised);
    limit.current.map_or(usize::MAX, |limit| limit as usize)
}

/// Opens a file for reading; does not wait for a writer if it is a named pipe.
pub(crate) fn open_without_waiting(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    Ok(File::from(rustix::fs::open(path, flags, Mode::empty())?))
}

/// Returns the error of an open that exceeds the limit of descriptors.
pub(crate) fn out_of_descriptors() -> io::Error {
    Errno::MFILE.into()
}

/// Returns true if an open failed because of the limit of descriptors of this process.
pub(crate) fn is_out_of_descriptors(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::MFILE.raw_os_error())
}

/// Returns true if an open failed because symbolic links form a circle.
pub(crate) fn is_symlink_loop(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::LOOP.raw_os_error())
}

/// Waits until standard input has bytes or has ended, or the writing end of `stop` is closed.
///
/// An error of poll(2) counts as input, whose next read reports it.
pub(crate) fn wait_for_stdin(stop: &PipeReader) -> Ready {
    wait_for(&rustix::stdio::stdin(), stop)
}

/// Does the same as [`wait_for_stdin`] for another stream.
pub(crate) fn wait_for(stream: &impl AsFd, stop: &PipeReader) -> Ready {
    let mut ready = [PollFd::new(stream, PollFlags::IN), PollFd::new(stop, PollFlags::IN)];
    let polled = poll(&mut ready, None);
    if polled.is_ok() && !ready[1].revents().is_empty() { Ready::Stopped } else { Ready::Input }
}

/// Waits for a time; returns true if the writing end of `stop` was closed before.
pub(crate) fn is_stopped_within(stop: &PipeReader, time: Duration) -> bool {
    let time = Timespec::try_from(time).ok();
    poll(&mut [PollFd::new(stop, PollFlags::IN)], time.as_ref()).is_ok_and(|count| count > 0)
}

/// Reads from standard input; returns zero at its end, and none if there is nothing to read yet.
pub(crate) fn read_stdin(bytes: &mut [u8]) -> io::Result<Option<usize>> {
    match rustix::io::read(rustix::stdio::stdin(), bytes) {
        Ok(read) => Ok(Some(read)),
        Err(Errno::INTR | Errno::AGAIN) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Returns the time that this thread was on a processor.
pub(crate) fn thread_cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// Returns device and inode of standard output and of standard error; none for one that is closed.
#[allow(clippy::unnecessary_cast, reason = "the types differ between systems")]
pub(crate) fn output_files() -> [Option<(u64, u64)>; 2] {
    let file = |stat: rustix::fs::Stat| (stat.st_dev as u64, stat.st_ino as u64);
    let stdout = rustix::fs::fstat(rustix::stdio::stdout());
    let stderr = rustix::fs::fstat(rustix::stdio::stderr());
    [stdout.ok().map(file), stderr.ok().map(file)]
}

/// Runs a test on a thread that may not read every file, as root may; its threads inherit that.
#[cfg(test)]
pub(crate) fn without_privileges(test: impl FnOnce() + Send) {
    let nobody = rustix::process::Uid::from_raw(65534);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            if rustix::process::geteuid().is_root() {
                rustix::thread::set_thread_res_uid(nobody, nobody, nobody).expect("set");
            }
            test();
        });
    });
}

/// Returns the number of columns of the terminal of standard error, or none if it is unknown.
#[cfg(feature = "cli")]
pub(crate) fn terminal_columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stderr()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}
