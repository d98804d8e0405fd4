//! The state that earlier bytes of a text leave to the next ones.

use super::{Span, Stream, TextEncoding};

/// State that earlier bytes of a text leave to the next ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carry {
    /// Number of bytes of an unfinished line that earlier sections hold.
    pub part_bytes: u64,
    /// The encoding of the text; `None` before its first bytes are known, and then read as UTF-8.
    pub encoding: Option<TextEncoding>,
    /// The state of lines without a stream, of standard output and of standard error.
    pub lines: [LineCarry; 3],
}

/// State that earlier lines and sections of one stream leave to the next ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineCarry {
    /// The line has not ended yet.
    pub is_unfinished: bool,
    /// The filter has rejected the line, so its other parts are not published either.
    pub hidden: bool,
    /// The rest of the line is removed by a redaction.
    pub redacts_rest: bool,
    /// Most lines that still belong to a private key; zero outside of one.
    pub key_lines: u8,
}

impl Carry {
    /// Returns the state of the lines of `stream`.
    pub(super) fn line_mut(&mut self, stream: Option<Stream>) -> &mut LineCarry {
        let index = match stream {
            None => 0,
            Some(Stream::Stdout) => 1,
            Some(Stream::Stderr) => 2,
        };
        &mut self.lines[index]
    }

    /// Counts the bytes of a section of an unfinished line.
    pub(super) fn count(&mut self, section: Span) {
        let len = u64::from(section.end - section.start);
        self.part_bytes = if section.more { self.part_bytes + len } else { 0 };
    }

    /// Returns the same state without what does not matter to the next lines.
    #[must_use]
    pub fn settled(self) -> Self {
        let settled = |line: LineCarry| {
            let ended = LineCarry { key_lines: line.key_lines, ..LineCarry::default() };
            if line.is_unfinished { line } else { ended }
        };
        Carry { lines: self.lines.map(settled), ..self }
    }

    /// Returns the state at the start of another line of the same text.
    #[must_use]
    pub fn at_line_start(self) -> Self {
        let key_lines =
            |line: LineCarry| LineCarry { key_lines: line.key_lines, ..LineCarry::default() };
        Carry { part_bytes: 0, encoding: self.encoding, lines: self.lines.map(key_lines) }
    }
}
