//! Following: from files, patterns, standard input and commands to batches.
//!
//! Only this folder touches followed files, the spool and linemux.
//! Lines go to the feed through a [`Publisher`](crate::feed::Publisher).
//! No subscriber can delay the reading; only the disk of a spool or a journal can.
//!
//! # Files
//!
//! A [`Follower`] is a coordinator and its workers, each of which is a thread.
//! All local files have one worker; each mount that may hang has one of its own.
//! Hints from linemux wake a worker, and frequent checks find the changes for which there was no
//! hint.
//! Behind each path it keeps open files as *generations*: a file that was replaced is read to its
//! end, and for a while longer.
//! The coordinator gives every path to the worker of its mount, and keeps the paths of patterns
//! that lead nowhere.
//! `walk` finds the files that match patterns, on threads of its own.
//!
//! # Kinds of source
//!
//! A new kind of source is a file of this folder that implements `LineSource`: it reads bytes, and
//! says where they can be read again.
//! `cli::source::parse_sources` gets an arm that recognizes it, and the table in
//! [`SourceKind::path`] a line with the path that `/sources` shows.
//! Everything else is done by `LineReader`, which the follower drives for files, and the thread of
//! [`Input`] for a stream that is read to its end.
//! Such a stream implements only `ByteStream`, and [`SourceKind`] and `Input` get what starts it.

mod byte_stream;
mod catalog;
mod clock;
#[cfg(feature = "cli")]
mod command;
mod comparison;
mod compressed;
mod compressed_forms;
mod coordinator;
mod copies;
mod descriptors;
mod desk;
mod directory_names;
mod file;
mod file_source;
mod fingerprint;
mod followed_path;
mod follower;
mod generation;
mod hint_limiter;
mod hints;
mod history_counting;
mod history_listing;
mod history_passing;
mod history_reading;
mod history_reads;
mod history_role;
mod history_turn;
mod input;
mod inputs;
mod journal;
mod lane;
mod lanes;
mod late_start;
mod line_reader;
mod line_source;
mod log_file;
mod log_lines;
mod missing_files;
mod mount;
mod nuls;
mod opened_sources;
mod options;
mod own_streams;
mod ownership;
mod passed_files;
mod path_origin;
mod path_target;
mod pattern;
mod read_files;
mod redacted_input;
mod registered;
mod registry;
mod restore;
mod retained_bytes;
mod retired_files;
mod retry;
mod rotated_files;
mod rotated_history;
mod rotated_names;
mod rotation_date;
mod rotation_numbers;
mod schedule;
mod shift;
mod since;
mod source_map;
mod source_status;
mod spool;
mod spool_names;
mod spooled_stream;
mod start_at;
mod stdin;
mod text_search;
mod turn;
mod unchanged;
mod unclaimed;
mod update;
mod wake_signal;
mod walk;
mod wanted_source;
mod watcher;
mod worker;

pub(crate) use clock::wall_clock;
#[cfg(feature = "cli")]
pub(crate) use command::{CommandError, CommandOutput, CommandProcess, CommandSetup};
pub use follower::Follower;
pub use input::{Input, InputCopies, InputSettings};
pub use inputs::Inputs;
pub use journal::{Journal, OpenedJournal, WantedJournal};
#[cfg(feature = "cli")]
pub(crate) use mount::may_hang;
pub use opened_sources::OpenedSources;
pub use options::FollowOptions;
pub use pattern::Pattern;
pub(crate) use pattern::{NamePattern, expand_braces};
pub use registry::{ReadTotals, Registry};
pub use source_status::{SourceKind, SourceState, SourceStatus};
pub use spool::Spool;
pub use spool_names::SpoolNames;
pub use start_at::StartAt;
pub use wanted_source::{Target, WantedSource};
