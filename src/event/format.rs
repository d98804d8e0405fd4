//! Formats: the content of the `data` field of a line's event.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

/// The content of `data`; docs/PROTOCOL.md describes each format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// The line as text.
    #[default]
    Text,
    /// A JSON object with file, message, time and offset.
    Json,
    /// The bytes of the line in base64.
    Base64,
    /// Like `Json`, with the message in the form of Node's `Buffer#toJSON`.
    Buffer,
    /// The line with everything from which another ssetail makes it again.
    Exact,
}

/// The text is not the name of a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownFormat;

impl Format {
    /// The name of every format, as flags and queries write it.
    pub const NAMES: [(&'static str, Format); 5] = [
        ("text", Format::Text),
        ("json", Format::Json),
        ("base64", Format::Base64),
        ("buffer", Format::Buffer),
        ("exact", Format::Exact),
    ];

    /// The name of the format.
    #[must_use]
    pub fn name(self) -> &'static str {
        Format::NAMES[self as usize].0
    }

    /// Largest number of bytes that one byte of a line becomes.
    pub(super) fn worst_growth(self) -> usize {
        match self {
            Format::Text => 7, // "\ndata: " for a carriage return
            Format::Json => 8, // "\u0000", or U+FFFD beside base64
            Format::Base64 | Format::Exact => 2,
            Format::Buffer => 4, // "255,"
        }
    }
}

impl fmt::Display for UnknownFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the name of a format")
    }
}

impl Error for UnknownFormat {}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        let found = Format::NAMES.iter().find(|(name, _)| *name == text);
        found.map(|(_, format)| *format).ok_or(UnknownFormat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_names_are_parsed() {
        for (name, format) in Format::NAMES {
            assert_eq!(name.parse(), Ok(format));
        }
        assert_eq!("Text".parse::<Format>(), Err(UnknownFormat));
        assert_eq!("".parse::<Format>(), Err(UnknownFormat));
    }
}
