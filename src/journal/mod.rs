//! The journal: records of what is published, in a directory that outlives the program.
//!
//! The record of an event is written to the file before any subscriber can see the event, so after
//! `kill -9` the same ID is the same event.
//! Only a crash of the machine can lose records, which are synced once a second and at the end; the
//! next run then has a new epoch.
//!
//! A journal that has grown is replaced by a new one in one step.
//! One process at a time uses the directory, and only its publishing threads write the journal.

mod block;
mod carry;
mod files;
mod issue;
mod ledger;
#[cfg(feature = "nats")]
mod line_file;
mod missing;
mod note;
mod record;
mod recovered;
mod recovery;
mod syncer;
mod writer;

#[cfg(feature = "nats")]
pub(crate) use files::PUBLISHED_FILE;
pub(crate) use files::STATE_FILES;
#[cfg(feature = "nats")]
pub(crate) use line_file::LineFile;
pub use note::JournalNote;
pub(crate) use note::{Progress, Publication};
pub use record::Checkpoint;
pub use recovered::Recovered;
pub use writer::Journal;
