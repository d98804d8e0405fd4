//! Parent and child processes.

use std::io;

use rustix::io::retry_on_intr;
use rustix::process::{
    Pid, Resource, Rlimit, Signal, WaitId, WaitIdOptions, getppid, getrlimit, kill_process,
    kill_process_group, setrlimit, waitid,
};

/// A signal for a child process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ForwardedSignal {
    HangUp,
    Interrupt,
    Quit,
    Terminate,
    Kill,
    WindowChange,
    User1,
}

/// Names of signals whose default action is the end of the process.
const SIGNAL_NAMES: [(Signal, &str); 20] = [
    (Signal::HUP, "SIGHUP"),
    (Signal::INT, "SIGINT"),
    (Signal::QUIT, "SIGQUIT"),
    (Signal::ILL, "SIGILL"),
    (Signal::TRAP, "SIGTRAP"),
    (Signal::ABORT, "SIGABRT"),
    (Signal::BUS, "SIGBUS"),
    (Signal::FPE, "SIGFPE"),
    (Signal::KILL, "SIGKILL"),
    (Signal::USR1, "SIGUSR1"),
    (Signal::SEGV, "SIGSEGV"),
    (Signal::USR2, "SIGUSR2"),
    (Signal::PIPE, "SIGPIPE"),
    (Signal::ALARM, "SIGALRM"),
    (Signal::TERM, "SIGTERM"),
    (Signal::XCPU, "SIGXCPU"),
    (Signal::XFSZ, "SIGXFSZ"),
    (Signal::VTALARM, "SIGVTALRM"),
    (Signal::PROF, "SIGPROF"),
    (Signal::SYS, "SIGSYS"),
];

impl ForwardedSignal {
    fn signal(self) -> Signal {
        match self {
            ForwardedSignal::HangUp => Signal::HUP,
            ForwardedSignal::Interrupt => Signal::INT,
            ForwardedSignal::Quit => Signal::QUIT,
            ForwardedSignal::Terminate => Signal::TERM,
            ForwardedSignal::Kill => Signal::KILL,
            ForwardedSignal::WindowChange => Signal::WINCH,
            ForwardedSignal::User1 => Signal::USR1,
        }
    }

    /// The exit status by which a shell tells that this signal has ended a process.
    pub(crate) fn exit_code(self) -> i32 {
        128 + self.signal().as_raw()
    }
}

/// Sends a signal to a child process that was not waited for.
pub(crate) fn send_signal(id: u32, signal: ForwardedSignal) {
    if let Some(id) = process_id(id) {
        // An error means that the child has ended.
        let _ = kill_process(id, signal.signal());
    }
}

/// Sends a signal to all processes of a group.
pub(super) fn send_group_signal(group: Pid, signal: ForwardedSignal) -> io::Result<()> {
    Ok(kill_process_group(group, signal.signal())?)
}

/// Returns the name of a signal, such as `SIGTERM`.
pub(crate) fn signal_name(number: i32) -> String {
    let known = SIGNAL_NAMES.iter().find(|(signal, _)| signal.as_raw() == number);
    known.map_or_else(|| format!("signal {number}"), |(_, name)| (*name).to_owned())
}

/// Waits until a child process has ended; it can still be waited for.
pub(crate) fn wait_until_ended(id: u32) -> io::Result<()> {
    let id = process_id(id).ok_or(io::ErrorKind::InvalidInput)?;
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    retry_on_intr(|| waitid(WaitId::Pid(id), options))?;
    Ok(())
}

/// Calls `start` with another soft limit of open descriptors, which a child inherits; none is no
/// limit.
///
/// Files that other threads open meanwhile count towards this limit.
pub(crate) fn with_descriptor_limit<T>(limit: Option<u64>, start: impl FnOnce() -> T) -> T {
    let ours = getrlimit(Resource::Nofile);
    // A limit that cannot be set stays: few programs notice it.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit, ..ours });
    let started = start();
    let _ = setrlimit(Resource::Nofile, ours);
    started
}

pub(super) fn process_id(id: u32) -> Option<Pid> {
    i32::try_from(id).ok().and_then(Pid::from_raw)
}

/// Returns the process ID of the parent; zero if it is in another namespace.
pub(crate) fn parent_id() -> u32 {
    getppid().map_or(0, |id| id.as_raw_nonzero().get().cast_unsigned())
}
