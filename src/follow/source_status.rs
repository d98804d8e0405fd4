//! The status of one source: its kind, its state and its counters.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::event::{Seq, Source};

/// The kind of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// The file at this path: as it was given, or as a pattern matched it.
    File(PathBuf),
    /// Standard input.
    Input,
    /// The output of this program.
    Command(PathBuf),
    /// Another server, or one of its sources, at this address.
    Upstream(PathBuf),
    /// The systemd journal, or one of its units: `journal:` and the name of the unit.
    Journal(PathBuf),
}

impl SourceKind {
    /// The path that `/sources` shows: `-` for standard input, the program of a command as it was
    /// given, the address of a server, and `journal:UNIT` for the systemd journal.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            SourceKind::File(path)
            | SourceKind::Command(path)
            | SourceKind::Upstream(path)
            | SourceKind::Journal(path) => path,
            SourceKind::Input => Path::new("-"),
        }
    }

    /// Returns true if the source is a file.
    #[must_use]
    pub fn is_file(&self) -> bool {
        matches!(self, SourceKind::File(_))
    }

    /// The name of the kind in `/sources`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            SourceKind::File(_) => "file",
            SourceKind::Input => "stdin",
            SourceKind::Command(_) => "command",
            SourceKind::Upstream(_) => "upstream",
            SourceKind::Journal(_) => "journal",
        }
    }
}

/// The state of a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SourceState {
    /// The path leads to no file yet.
    #[default]
    Waiting,
    /// The source is read as it grows.
    Live,
    /// The path led to a file, and leads to none now.
    Removed,
    /// The source cannot be read.
    Unreadable,
    /// The file system of the source does not answer.
    Stalled,
    /// Standard input or the command has ended, or everything that a server follows.
    Ended,
    /// There is no connection to the server.
    Unreachable,
    /// The server does not serve its events to this program, or sends none.
    Refused,
}

impl SourceState {
    /// The name of the state in `/sources`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            SourceState::Waiting => "waiting",
            SourceState::Live => "live",
            SourceState::Removed => "removed",
            SourceState::Unreadable => "unreadable",
            SourceState::Stalled => "stalled",
            SourceState::Ended => "ended",
            SourceState::Unreachable => "unreachable",
            SourceState::Refused => "refused",
        }
    }
}

/// The status of one source.
#[derive(Clone, Debug)]
pub struct SourceStatus {
    /// The source, as its events name it.
    pub source: Arc<Source>,
    /// The kind of the source.
    pub kind: SourceKind,
    /// The state of the source.
    pub state: SourceState,
    /// Size of the newest file, in bytes; zero for a stream.
    pub size: u64,
    /// Number of bytes of the newest file, or of the stream, that were read.
    pub offset: u64,
    /// Number of bytes of the newest file that are to be read now; without the NULs at its end,
    /// which wait for text.
    pub backlog: u64,
    /// Number of lines published in this run.
    pub lines: u64,
    /// Number of bytes in the batches of these lines.
    pub bytes: u64,
    /// Time at which the last line was published, in milliseconds since 1970.
    pub last_change: Option<u64>,
    /// Seq of the event after the last line; zero without a line.
    pub(super) newest: Seq,
}

impl SourceStatus {
    /// The status of a source that was not read yet.
    pub(super) fn new(source: Arc<Source>, kind: SourceKind) -> Self {
        SourceStatus {
            source,
            kind,
            state: SourceState::default(),
            size: 0,
            offset: 0,
            backlog: 0,
            lines: 0,
            bytes: 0,
            last_change: None,
            newest: 0,
        }
    }
}
