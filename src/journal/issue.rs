//! Problems that were found while a journal was read.

/// A problem with a journal; all but `Torn` end the last run's epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RecoveryIssue {
    /// The last block, of this many bytes, was not written to its end. No subscriber has seen its
    /// events.
    Torn(usize),
    /// This many bytes at the end are not valid records.
    Damaged(usize),
    /// The last run could not write everything.
    Incomplete,
    /// The machine stopped, and may have lost records that were not synced.
    MachineStopped,
    /// The last run cut or filtered lines by other rules.
    OtherCutting,
}

impl RecoveryIssue {
    /// The sentence for the person who starts the program.
    pub(super) fn sentence(self) -> String {
        match self {
            RecoveryIssue::Torn(bytes) => {
                format!("the last record is incomplete; dropped {bytes} bytes")
            }
            RecoveryIssue::Damaged(bytes) => format!(
                "dropped {bytes} unreadable bytes at the end; earlier ids cannot be resumed"
            ),
            RecoveryIssue::Incomplete => {
                "the last run could not write all records; earlier ids cannot be resumed".into()
            }
            RecoveryIssue::MachineStopped => {
                "the machine crashed or restarted while ssetail was running; earlier ids cannot be resumed".into()
            }
            RecoveryIssue::OtherCutting => "--max-line, --binary, --include or --exclude has \
                                            changed; earlier ids cannot be resumed"
                .into(),
        }
    }
}
