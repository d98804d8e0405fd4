//! Files that exist at the start of the program, and may be readable only later.

use std::time::{Duration, SystemTime};

use super::start_at::StartAt;
use crate::event::FileId;

/// The first line to publish of a file that exists at the start.
#[derive(Clone, Debug)]
pub(super) struct LateStart {
    start_at: StartAt,
    since: SystemTime,
}

impl LateStart {
    /// The program starts now.
    pub(super) fn now(start_at: StartAt) -> Self {
        LateStart { start_at, since: SystemTime::now() }
    }

    /// Returns where to begin with `file`; none if the file was born later, so that it is read from
    /// its first line.
    pub(super) fn of(&self, file: FileId) -> Option<&StartAt> {
        let born = file.born.map(|born| SystemTime::UNIX_EPOCH + Duration::from_nanos(born));
        born.is_none_or(|born| born <= self.since).then_some(&self.start_at)
    }
}
