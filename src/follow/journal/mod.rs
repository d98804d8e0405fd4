//! The systemd journal as a kind of source, read by journalctl.
//!
//! A journal has one source, or with [`WantedJournal::splits_units`] one more for each unit.
//! The position behind the newest entry is noted in the same step as its lines are published, so
//! that a later run goes on behind it.
//! An entry cannot be read again here: lines that are evicted are a gap.

mod entry;
mod field_bytes;
mod journalctl;
mod reader;
mod units;
mod wanted;

use std::io::{self, PipeWriter};
use std::thread::JoinHandle;

use self::reader::{JournalReader, Place};
use self::units::Units;
pub use self::wanted::WantedJournal;
use super::registry::Registry;
use super::source_status::SourceKind;
use super::start_at::StartAt;
use super::update::UpdatePublisher;
use crate::event::{ContainerFormat, Cutting};
use crate::feed::Publisher;
use crate::journal::Recovered;
use crate::report::Report;

/// A journal whose entries will be published.
#[derive(Debug)]
pub struct OpenedJournal {
    place: Place,
    registry: Registry,
}

/// A thread that reads a journal.
#[derive(Debug)]
pub struct Journal {
    /// Dropping it ends the thread.
    running: PipeWriter,
    thread: JoinHandle<()>,
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
        let progress = recovered.resume(&path, &source);
        let units = Units::resume(&wanted, &source, progress.carry, registry, recovered);
        let cutting = Cutting { container: Some(ContainerFormat::Entry), ..cutting.clone() };
        let place = Place { wanted, source, start_at, cutting, cursor: progress.position, units };
        OpenedJournal { place, registry: registry.clone() }
    }

    /// Starts to read.
    ///
    /// If journalctl cannot be started, this is reported, and tried again.
    pub fn follow(self, publisher: Publisher, report: Report) -> io::Result<Journal> {
        let (stop, running) = io::pipe()?;
        let output = UpdatePublisher { publisher, report, registry: self.registry };
        let mut reader = JournalReader::new(self.place, output);
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
