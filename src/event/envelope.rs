//! The envelope of a message: statements of a container runtime or of a journal about it.

use crate::record::Level;

/// Statements of a container runtime or of a journal about one of its lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    /// The stream to which the program wrote the message.
    pub stream: Option<Stream>,
    /// Time at which the runtime received the message, in milliseconds since 1970.
    pub time: Option<i64>,
    /// The level of the message, if a journal has it.
    pub level: Option<Level>,
    /// The message is not the end of its line: the next one of the same stream continues it.
    pub is_part: bool,
    /// The message continues the line of the message of the same stream above it.
    pub continues: bool,
}

/// A stream to which programs write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Stream {
    /// Returns the stream that a runtime calls `name`.
    #[must_use]
    pub fn named(name: &[u8]) -> Option<Self> {
        match name {
            b"stdout" => Some(Stream::Stdout),
            b"stderr" => Some(Stream::Stderr),
            _ => None,
        }
    }

    /// The name that runtimes give it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
        }
    }
}
