//! Parent and child processes.

use rustix::process::{Pid, Signal, getppid, kill_process};

/// A signal for a child process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ForwardedSignal {
    HangUp,
    Interrupt,
    Terminate,
    Kill,
}

/// Sends a signal to a child process that was not waited for.
pub(crate) fn send_signal(id: u32, signal: ForwardedSignal) {
    let signal = match signal {
        ForwardedSignal::HangUp => Signal::HUP,
        ForwardedSignal::Interrupt => Signal::INT,
        ForwardedSignal::Terminate => Signal::TERM,
        ForwardedSignal::Kill => Signal::KILL,
    };
    if let Some(id) = i32::try_from(id).ok().and_then(Pid::from_raw) {
        // An error means that the child has ended.
        let _ = kill_process(id, signal);
    }
}

/// Returns the process ID of the parent; zero if it is in another namespace.
pub(crate) fn parent_id() -> u32 {
    getppid().map_or(0, |id| id.as_raw_nonzero().get().cast_unsigned())
}
