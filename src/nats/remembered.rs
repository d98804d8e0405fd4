//! The position that a publisher remembers over restarts: the newest message that was acknowledged.

use std::fmt;
use std::path::Path;

use super::chain::HostPosition;
use crate::journal::{LineFile, PUBLISHED_FILE};
use crate::report::Report;

/// The newest message that was acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Remembered {
    /// The time at which its stream was made, in nanoseconds since 1970.
    pub(super) created: i128,
    pub(super) sequence: u64,
    pub(super) last: HostPosition,
}

/// The file in the directory of `--state` in which the position of one subject is.
#[derive(Debug)]
pub(super) struct Memory {
    file: LineFile,
    subject: String,
    report: Report,
    has_failed: bool,
}

impl Remembered {
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let mut word = || words.next();
        let (created, sequence) = (word()?.parse().ok()?, word()?.parse().ok()?);
        Some(Remembered { created, sequence, last: HostPosition::parse(word()?)? })
    }
}

impl fmt::Display for Remembered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.created, self.sequence, self.last)
    }
}

impl Memory {
    /// Opens the file in `directory`; also returns the position of `subject` in it.
    ///
    /// A file that cannot be used is reported.
    pub(super) fn open(
        directory: &Path,
        subject: &str,
        report: &Report,
    ) -> Option<(Self, Option<Remembered>)> {
        let opened = LineFile::open(&directory.join(PUBLISHED_FILE));
        let (file, line) = opened.map_err(|error| say(report, &error)).ok()?;
        let found = line.and_then(|line| {
            let (of, position) = line.split_once(' ')?;
            if of == subject { Remembered::parse(position) } else { None }
        });
        let (subject, report) = (subject.to_owned(), report.clone());
        Some((Memory { file, subject, report, has_failed: false }, found))
    }

    /// Replaces the position; the first of several failures is reported.
    pub(super) fn set(&mut self, position: &Remembered) {
        match self.file.write(&format!("{} {position}", self.subject)) {
            Ok(()) => self.has_failed = false,
            Err(error) if !std::mem::replace(&mut self.has_failed, true) => {
                say(&self.report, &error);
            }
            Err(_) => {}
        }
    }
}

fn say(report: &Report, error: &std::io::Error) {
    report.say(&format!(
        "the position in the stream cannot be kept in the directory of --state: {error}; a restart \
         may publish lines once more"
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_it_was_written() {
        let last = HostPosition::parse("aaaaaa-9").expect("a position");
        let position = Remembered { created: -5, sequence: 7, last };
        assert_eq!(Remembered::parse(&position.to_string()), Some(position));
        assert_eq!(Remembered::parse("1 2"), None);
    }
}
