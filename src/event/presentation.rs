//! Presentations: the ways in which a batch can be encoded.

use super::Format;

/// The form of a response body; docs/PROTOCOL.md describes each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Medium {
    /// An event stream.
    #[default]
    Events,
    /// NDJSON: one JSON object on one line for each event.
    JsonLines,
    /// The bytes of the lines, and nothing else.
    Plain,
}

/// One way to encode a batch; all clients with the same presentation share the encoded bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presentation {
    /// The form of the response body.
    pub medium: Medium,
    /// The content of `data`.
    pub format: Format,
    /// The events of lines have the name of their source in `event`.
    pub named: bool,
}

impl Default for Presentation {
    /// Named events of text.
    fn default() -> Self {
        Presentation { medium: Medium::Events, format: Format::Text, named: true }
    }
}

impl Presentation {
    /// Returns the presentation in `medium`, with the nearest format that the medium allows.
    #[must_use]
    pub fn with_medium(self, medium: Medium) -> Self {
        let format = match (medium, self.format) {
            (Medium::Events, format) => return Presentation { medium, format, ..self },
            (Medium::JsonLines, Format::Buffer) => Format::Buffer,
            (Medium::JsonLines, _) => Format::Json,
            (Medium::Plain, _) => Format::Text,
        };
        Presentation { medium, format, named: true }
    }

    /// Returns whether lines are shown with their records.
    #[must_use]
    pub fn has_records(self) -> bool {
        self.medium != Medium::Plain && matches!(self.format, Format::Json | Format::Buffer)
    }
}
