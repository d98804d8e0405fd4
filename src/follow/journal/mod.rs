//! The systemd journal as a kind of source, read by journalctl.
//!
//! A journal has one source, or with [`WantedJournal::splits_units`] one more for each unit.
//! The position behind the newest entry is noted in the same step as its lines are published, so
//! that a later run goes on behind it.
//! An entry cannot be read again here: lines that are evicted are a gap.

mod entry;
mod journalctl;
mod reader;

use std::io::{self, PipeWriter};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use self::journalctl::{Journalctl, Sentences};
use self::reader::JournalReader;
use super::registry::Registry;
use super::source_status::{SourceKind, SourceState};
use super::start_at::StartAt;
use super::update::UpdatePublisher;
use crate::event::{ContainerFormat, Cutting, Name, Source};
use crate::feed::Publisher;
use crate::journal::Recovered;
use crate::report::Report;

/// A journal to follow.
#[derive(Clone, Debug)]
pub struct WantedJournal {
    /// The event name of the source; none for the unit, or `journal`.
    pub name: Option<Name>,
    /// Only entries of this unit.
    pub unit: Option<String>,
}

/// A journal whose entries will be published.
#[derive(Debug)]
pub struct OpenedJournal {
    wanted: WantedJournal,
    source: Arc<Source>,
    start_at: StartAt,
    cutting: Cutting,
    cursor: Option<String>,
    registry: Registry,
}

/// A thread that reads a journal.
#[derive(Debug)]
pub struct Journal {
    /// Dropping it ends the thread.
    running: PipeWriter,
    thread: JoinHandle<()>,
}

impl WantedJournal {
    /// Whether each unit is a source of its own.
    fn splits_units(&self) -> bool {
        self.name.is_none() && self.unit.is_none()
    }

    /// What `/sources` shows as the path, which is the SOURCE without its name.
    fn path(&self) -> PathBuf {
        format!("journal:{}", self.unit.as_deref().unwrap_or_default()).into()
    }

    fn source_name(&self) -> Name {
        let text = self.unit.as_deref().unwrap_or("journal");
        self.name.clone().unwrap_or_else(|| Name::new(text.as_ref()))
    }
}

impl OpenedJournal {
    /// Adds the source of a journal; goes on behind the last entry of the earlier run, or else
    /// begins with the entry that `start_at` names.
    #[must_use]
    pub fn resume(
        wanted: WantedJournal,
        start_at: StartAt,
        cutting: &Cutting,
        registry: &Registry,
        recovered: &mut Recovered,
    ) -> Self {
        let path = wanted.path();
        let source = registry.add(SourceKind::Journal(path.clone()), wanted.source_name());
        let cursor = recovered.resume(&path, &source);
        let cutting = Cutting { container: Some(ContainerFormat::Entry), ..cutting.clone() };
        OpenedJournal { wanted, source, start_at, cutting, cursor, registry: registry.clone() }
    }

    /// Starts to read.
    ///
    /// If journalctl cannot be started, this is reported, and tried again.
    pub fn follow(self, publisher: Publisher, report: Report) -> io::Result<Journal> {
        let (stop, running) = io::pipe()?;
        let registry = self.registry.clone();
        let output = UpdatePublisher { publisher, report, registry };
        let mut reader = JournalReader::new(self, output);
        reader.note_path();
        let thread = std::thread::Builder::new().name("journal".to_owned());
        let thread = thread.spawn(move || reader.run(&stop))?;
        Ok(Journal { running, thread })
    }
}

impl Journal {
    /// Ends the thread, also while the journal is silent.
    pub fn stop(self) {
        drop(self.running);
        let _ = self.thread.join();
    }
}
