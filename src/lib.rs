//! ssetail follows files, globs and standard input, and serves their lines as Server-Sent Events.
//!
//! # The flow
//!
//! ```text
//! bytes in a source ──▶ lines ──▶ batch ──publish──▶ ring ◀──cursor── subscriber ──▶ response body ──▶ socket
//!        └────────── follow ──────────┘                └────── feed ──────┘              └──── http ────┘
//! ```
//!
//! Nothing flows back: no subscriber can slow, block or resize what lies left of the ring.
//! Only this is told: that all have what there is, for which whoever polls a file may wait half a millisecond.
//! Replay and live are the same read, by a cursor that is behind the newest batch or at it.
//! A cursor that is behind the ring reads from the file again, where the index says that a batch lies.
//!
//! # The modules
//!
//! | module | what it is for | what it may touch |
//! |---|---|---|
//! | [`event`] | lines, batches, names, IDs, and their bytes on the wire | nothing: it is pure |
//! | [`follow`] | from files and standard input to batches | files, linemux |
//! | [`feed`] | the ring, the index of what it has evicted, one writer and many cursors | a lock, held for moments; files, through [`event::Log`] |
//! | [`journal`] | what outlives the program: what was published, written down before anybody sees it | files of its own directory |
//! | [`http`] | requests, who may make them, and event streams as answers | hyper, rustls, sockets, memory from which the kernel sends without copying |
//! | `cli` | flags and the environment, as typed values | clap |
//! | `manual` | the man page and the completions | clap |
//! | `status` | what a person at the terminal sees | stderr, indicatif |
//! | `urls` | where the page is, and a browser that opens it | webbrowser |
//! | `settings` | from flags to the settings of every part | files that flags name |
//! | `failure` | why the program ended other than as asked | |
//! | `run` | where all of them meet | |
//!
//! # Invariants
//!
//! 1. The ring and the event encoder do no I/O, take no lock, know no clock and no async; they cannot fail.
//! 2. Only [`follow`] touches followed files and linemux; only [`http`] touches hyper; only `cli` and `manual` know clap;
//!    only `status` knows indicatif; only `main` and `status` print.
//! 3. Only [`event::Encoder`] knows the wire format.
//! 4. A batch never changes, and is encoded at most once for each [`event::Presentation`].
//! 5. Memory is bounded by the capacities of ring and index, plus a fixed amount for each source and connection.
//! 6. Every event reaches a subscriber in order, at most once, or is counted in a gap.
//! 7. The feed closes when its publishers are gone; then every body ends.
//! 8. With a journal, an ID that anybody has seen is the same event after every restart, or of another epoch.
//! 9. The failure of one connection or one file is reported and contained.
//!
//! # In a program of one's own
//!
//! [`follow::OpenedSources`] opens files, and its `follow` publishes their lines to a [`feed`](feed::feed()).
//! An [`http::Site`] makes answers of it: [`http::serve`] gives them on sockets of its own,
//! [`http::Site::respond`] to requests that another server has taken, as in `examples/embed.rs`:
//!
//! ```no_run
#![doc = include_str!("../examples/embed.rs")]
//! ```

#[cfg(feature = "cli")]
mod cli;
pub mod event;
#[cfg(feature = "cli")]
mod failure;
pub mod feed;
pub mod follow;
pub mod http;
pub mod journal;
#[cfg(feature = "cli")]
mod manual;
mod report;
#[cfg(feature = "cli")]
mod run;
#[cfg(feature = "cli")]
mod settings;
#[cfg(feature = "cli")]
mod status;
pub mod store;
mod system;
#[cfg(feature = "cli")]
mod urls;

#[cfg(feature = "cli")]
pub use cli::Cli;
#[cfg(feature = "cli")]
pub use failure::Failure;
#[cfg(feature = "cli")]
pub use manual::manual;
pub use report::Report;
#[cfg(feature = "cli")]
pub use run::run;
pub use system::raise_descriptor_limit;
