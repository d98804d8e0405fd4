//! Private keys that take several lines, from `-----BEGIN … KEY-----` to `-----END … KEY-----`.

use std::ops::Range;

use regex::bytes::Regex;

use crate::event::LineCarry;

/// Most lines of a block behind its first one: a key of 8192 bits has about 100.
/// A first line without a block hides as many lines; twice the value does not fit into a byte.
const MAX_LINES: u8 = 255;

/// The first line of a block: nothing but white space follows its mark.
const BEGIN: &str = r"(?-u)-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[ \t\r]*$";

/// The mark on the last line of a block.
const END: &str = r"(?-u)-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----";

/// Finds the lines of private keys.
#[derive(Clone, Debug)]
pub(super) struct KeyBlocks {
    begin: Regex,
    end: Regex,
}

impl KeyBlocks {
    pub(super) fn new() -> Result<Self, regex::Error> {
        Ok(KeyBlocks { begin: Regex::new(BEGIN)?, end: Regex::new(END)? })
    }

    /// Returns the range of a section that belongs to a block which an earlier line began.
    ///
    /// `carry` is the state before the section, and becomes the state after it.
    /// `more`: another section of the same line follows.
    pub(super) fn find(
        &self,
        text: &[u8],
        carry: &mut LineCarry,
        more: bool,
    ) -> Option<Range<usize>> {
        let mut range = None;
        if carry.key_lines > 0 {
            let end = self.end.find(text);
            let is_last = end.is_some();
            carry.key_lines -= if is_last { carry.key_lines } else { u8::from(!more) };
            let line = text.strip_suffix(b"\r").unwrap_or(text);
            range = Some(0..end.map_or(line.len(), |end| end.end()));
        }
        if carry.key_lines == 0 && !more && self.begin.is_match(text) {
            carry.key_lines = MAX_LINES;
        }
        range.filter(|range| !range.is_empty())
    }
}
