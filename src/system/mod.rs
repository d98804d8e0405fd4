//! The operating system: calls that the standard library does not offer.
//!
//! Calls of POSIX and of all Unix systems are in `unix`.
//! Calls that only Linux has are in `linux`, and `portable` has a fallback for each of them, so
//! that a port to another Unix means writing one file with the functions of `portable`.
//! The feature `portable` selects the fallbacks on Linux too, for tests.

#[cfg(all(target_os = "linux", not(feature = "portable")))]
mod linux;
#[cfg(any(not(target_os = "linux"), feature = "portable"))]
mod portable;
#[cfg(feature = "cli")]
mod process;
#[cfg(feature = "cli")]
mod pseudo_terminal;
mod time;
mod unix;

#[cfg(all(target_os = "linux", not(feature = "portable")))]
pub(crate) use linux::{
    MORE_WATCHERS, MORE_WATCHES, MountTable, boot_id, is_on_overlay, is_out_of_watches,
    is_synthetic, limit_unsent, next_data, next_hole, sleep_precisely, time_out_peer,
};
#[cfg(all(target_os = "linux", not(feature = "portable"), feature = "cli"))]
pub(crate) use linux::{end_with_parent, exit_status_of};
#[cfg(any(not(target_os = "linux"), feature = "portable"))]
pub(crate) use portable::{
    MORE_WATCHERS, MORE_WATCHES, MountTable, boot_id, is_on_overlay, is_out_of_watches,
    is_synthetic, limit_unsent, next_data, next_hole, sleep_precisely, time_out_peer,
};
#[cfg(all(any(not(target_os = "linux"), feature = "portable"), feature = "cli"))]
pub(crate) use portable::{end_with_parent, exit_status_of};
#[cfg(feature = "cli")]
pub(crate) use process::{
    ForwardedSignal, parent_id, send_signal, signal_name, wait_until_ended, with_descriptor_limit,
};
#[cfg(feature = "cli")]
pub(crate) use pseudo_terminal::{NewTerminal, PseudoTerminal, TerminalSize};
pub use time::local_zone;
#[cfg(feature = "cli")]
pub(crate) use time::wall_clock;
#[cfg(all(feature = "cli", feature = "nats"))]
pub(crate) use unix::host_name;
pub use unix::raise_descriptor_limit;
#[cfg(feature = "cli")]
pub(crate) use unix::terminal_columns;
#[cfg(test)]
pub(crate) use unix::without_privileges;
pub(crate) use unix::{
    Ready, descriptor_limit, is_out_of_descriptors, is_stopped_within, is_symlink_loop,
    open_without_waiting, out_of_descriptors, output_files, read_stdin, thread_cpu_time, wait_for,
    wait_for_stdin,
};
