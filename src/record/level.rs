//! Levels of lines.

use std::fmt;
use std::str::FromStr;

/// The severity of a line, the least severe first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Every step of the program.
    Trace,
    /// Details for its developers.
    Debug,
    /// Normal operation.
    Info,
    /// Normal but significant.
    Notice,
    /// A problem that the program can handle.
    Warn,
    /// A failure.
    Error,
    /// A failure that ends the program, or makes it unusable.
    Fatal,
}

/// The text is not the name of a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownLevel;

impl Level {
    /// Every level with its name, the least severe first.
    pub const NAMES: [(&'static str, Level); 7] = [
        ("trace", Level::Trace),
        ("debug", Level::Debug),
        ("info", Level::Info),
        ("notice", Level::Notice),
        ("warn", Level::Warn),
        ("error", Level::Error),
        ("fatal", Level::Fatal),
    ];

    /// The name of the level.
    #[must_use]
    pub fn name(self) -> &'static str {
        Level::NAMES[self as usize].0
    }
}

impl fmt::Display for UnknownLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the name of a level")
    }
}

impl std::error::Error for UnknownLevel {}

impl FromStr for Level {
    type Err = UnknownLevel;

    /// Parses a name exactly as [`Level::NAMES`] has it.
    fn from_str(text: &str) -> Result<Self, UnknownLevel> {
        let found = Level::NAMES.iter().find(|(name, _)| *name == text);
        found.map(|(_, level)| *level).ok_or(UnknownLevel)
    }
}
