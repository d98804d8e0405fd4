//! Requests to follow a journal.

use std::path::PathBuf;

use crate::event::Name;

/// A journal to follow.
#[derive(Clone, Debug)]
pub struct WantedJournal {
    /// The event name of the source; none for the unit, or `journal`.
    pub name: Option<Name>,
    /// Only entries of this unit.
    pub unit: Option<String>,
}

impl WantedJournal {
    /// Returns true if each unit is a source of its own.
    pub(super) fn splits_units(&self) -> bool {
        self.name.is_none() && self.unit.is_none()
    }

    /// The path that `/sources` shows: the SOURCE without its name.
    pub(super) fn path(&self) -> PathBuf {
        format!("journal:{}", self.unit.as_deref().unwrap_or_default()).into()
    }

    pub(super) fn source_name(&self) -> Name {
        let text = self.unit.as_deref().unwrap_or("journal");
        self.name.clone().unwrap_or_else(|| Name::new(text.as_ref()))
    }
}
