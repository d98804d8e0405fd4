//! Output for the person at the terminal, all of it on stderr.
//!
//! One thread prints.
//! Other threads put commands into its queue and continue, so that a terminal or pipe that blocks
//! delays neither requests nor readers.
//! Lines that do not fit into the queue are counted, and the count is printed.

mod escape;
mod figures;
mod handle;
mod line;
mod printer;
mod progress;
mod tee;
mod terminal;

pub(crate) use escape::escape;
pub(crate) use figures::Figures;
pub(crate) use handle::Status;
pub(crate) use tee::Tee;
pub(crate) use terminal::Terminal;
