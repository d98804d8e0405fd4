//! Starts the built program, connects to it as a client would, and ends it.
//!
//! Every wait is for an observable condition and has a deadline.

pub mod client;
mod command;
mod files;
mod running;
pub mod screen;
mod ssetail;
mod wait;

pub use client::{Events, Response};
pub use command::{is_root, output_of, send_signal};
pub use files::{append, numbered, write, write_until};
pub use running::Running;
pub use rustix::process::Signal;
pub use screen::Screen;
pub use ssetail::Ssetail;
pub use wait::{DEADLINE, eventually, wait_for_exit};
