//! The operating system: calls that the standard library does not offer.
//!
//! Calls that every Unix has stand in `unix`.
//! Calls that only Linux has stand in `linux`; `portable` has a fallback for each of them, so that
//! a port to another system replaces that one file.
//! The feature `portable` selects the fallbacks on Linux too, for tests.

#[cfg(all(target_os = "linux", not(feature = "portable")))]
mod linux;
#[cfg(not(all(target_os = "linux", not(feature = "portable"))))]
mod portable;
mod unix;

#[cfg(all(target_os = "linux", not(feature = "portable")))]
pub(crate) use linux::{
    boot_id, first_data, is_out_of_watches, is_synthetic, limit_unsent, sleep_precisely,
    time_out_peer,
};
#[cfg(not(all(target_os = "linux", not(feature = "portable"))))]
pub(crate) use portable::{
    boot_id, first_data, is_out_of_watches, is_synthetic, limit_unsent, sleep_precisely,
    time_out_peer,
};
pub use unix::raise_descriptor_limit;
pub(crate) use unix::{
    Ready, descriptor_limit, is_out_of_descriptors, is_symlink_loop, open_without_waiting,
    out_of_descriptors, read_stdin, terminal_columns, wait_for_stdin,
};
