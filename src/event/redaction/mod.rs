//! Redaction: from the text of a section to the same text without what expressions match.
//!
//! The text of a section alone decides what is removed from it, together with the few bits that
//! earlier lines leave in a [`LineCarry`], so that history that is read again is the same.

mod expression;
mod key_block;
mod secrets;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use memchr::memchr;
use regex::bytes::{RegexSet, RegexSetBuilder};
use ring::digest::{SHA256, digest};

use self::expression::Expression;
use self::key_block::KeyBlocks;
use self::secrets::SECRETS;
use super::LineCarry;
use super::ansi::{ESC, ShownText};
use super::text_encoding::char_boundary;

/// Text in place of what was removed.
const REDACTED: &[u8] = b"[redacted]";

/// Part of a window behind its cut: a match that ends in this part is whole in the next section.
///
/// 16 leaves 64 KiB of a window of 1 MiB. With half the value, sections of long lines are shorter
/// by 64 KiB more; with twice the value, a match of more than 32 KiB may begin a section of its own.
const MARGIN: usize = 16;

/// Bytes of memory that the compiled expressions may take together: the default of the engine for
/// one expression. With twice the value, the start may take twice as long.
const SIZE_LIMIT: usize = 10 << 20;

/// Expressions of which no match is published; the default has none.
#[derive(Clone, Default)]
pub struct Redaction {
    expressions: Arc<[Expression]>,
    /// All expressions, for one search through a text without a match.
    set: RegexSet,
    key_blocks: Option<KeyBlocks>,
}

/// Ranges of a text that the expressions match.
#[derive(Default)]
struct Found {
    /// Whole matches, in no order.
    matches: Vec<Range<usize>>,
    /// The parts of the matches that are not published, in no order.
    removed: Vec<Range<usize>>,
}

impl Redaction {
    /// Compiles `expressions`, and those of well-known secrets if `secrets` is true.
    ///
    /// A match of no bytes changes nothing.
    /// Of any other match, the groups stay whose names begin with `keep`.
    pub fn new(expressions: &[String], secrets: bool) -> Result<Self, regex::Error> {
        let known = SECRETS.iter().filter(|_| secrets).map(|secret| secret.expression);
        let patterns: Vec<&str> = expressions.iter().map(String::as_str).chain(known).collect();
        let set = RegexSetBuilder::new(&patterns).size_limit(SIZE_LIMIT).build()?;
        let compiled: Result<Vec<_>, _> = patterns.into_iter().map(Expression::new).collect();
        let key_blocks = secrets.then(KeyBlocks::new).transpose()?;
        Ok(Redaction { expressions: compiled?.into(), set, key_blocks })
    }

    /// Returns whether nothing is ever removed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.expressions.is_empty()
    }

    /// Returns whether lines decide what is removed from later lines of the same text.
    #[must_use]
    pub fn spans_lines(&self) -> bool {
        self.key_blocks.is_some()
    }

    /// Returns the text of a section without what the expressions match.
    ///
    /// `more`: another section of the same line follows.
    pub(super) fn redact<'a>(
        &self,
        text: Cow<'a, [u8]>,
        carry: &mut LineCarry,
        more: bool,
    ) -> Cow<'a, [u8]> {
        if self.is_empty() {
            return text;
        }
        let line_end: &[u8] = if !more && text.ends_with(b"\r") { b"\r" } else { b"" };
        let whole = &text[..text.len() - line_end.len()];
        match self.redact_line(whole, carry, more) {
            None => text,
            Some(redacted) => Cow::Owned([&redacted, line_end].concat()),
        }
    }

    /// Returns the text of a section, without a line end, as it is to be published; `None` if nothing
    /// is removed.
    fn redact_line<'a>(
        &self,
        text: &'a [u8],
        carry: &mut LineCarry,
        more: bool,
    ) -> Option<Cow<'a, [u8]>> {
        let found = self.find(text, &mut |text| {
            self.key_blocks.as_ref().and_then(|blocks| blocks.find(text, carry, more))
        });
        let is_rest = std::mem::take(&mut carry.redacts_rest);
        let reaches_end = || found.matches.iter().any(|range| range.end == text.len());
        // The match may go on in the next section, which does not show where it began.
        carry.redacts_rest = more && (is_rest || reaches_end());
        if is_rest {
            return Some(Cow::Borrowed(if text.is_empty() { b"" } else { REDACTED }));
        }
        (!found.removed.is_empty()).then(|| Cow::Owned(without(text, found.removed)))
    }

    /// Returns the index at which a window of an unfinished line is cut: no match crosses it, unless
    /// one match fills the window.
    pub(super) fn cut(&self, window: &[u8]) -> usize {
        let cut = char_boundary(window, window.len() - window.len() / MARGIN - 1);
        let matches = merged(self.find(window, &mut |_| None).matches);
        match matches.into_iter().find(|range| range.start < cut && cut <= range.end) {
            None => cut,
            Some(range) if range.start > 0 => range.start,
            Some(range) => range.end,
        }
    }

    /// Finds the matches in `text` as it is and, if it has escape sequences, as terminals show it.
    ///
    /// `find_block` returns one more range of the text that it is given.
    fn find(
        &self,
        text: &[u8],
        find_block: &mut dyn FnMut(&[u8]) -> Option<Range<usize>>,
    ) -> Found {
        let mut found = Found::default();
        self.find_in(text, &mut found);
        if memchr(ESC, text).is_none() {
            found.removed.extend(find_block(text));
            return found;
        }
        let shown = ShownText::new(text);
        let mut of_shown = Found::default();
        self.find_in(&shown.text, &mut of_shown);
        of_shown.removed.extend(find_block(&shown.text));
        of_shown.removed.retain(|range| !range.is_empty());
        let Found { matches, removed } = of_shown;
        found.matches.extend(matches.into_iter().map(|range| shown.in_line(range)));
        found.removed.extend(removed.into_iter().map(|range| shown.in_line(range)));
        found
    }

    fn find_in(&self, text: &[u8], found: &mut Found) {
        // Most lines have no match, and this question needs no memory of its own.
        if !self.set.is_match(text) {
            return;
        }
        for which in self.set.matches(text) {
            self.expressions[which].find(text, &mut found.matches, &mut found.removed);
        }
    }
}

impl fmt::Debug for Redaction {
    /// Shows a digest of the expressions, because they may be secrets themselves.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("Redaction");
        }
        let digest = digest(&SHA256, format!("{:?}", self.set.patterns()).as_bytes());
        write!(f, "Redaction({:?}, {digest:?})", self.key_blocks.is_some())
    }
}

/// Returns `ranges` in ascending order, and as one range where some touch or overlap.
fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_unstable_by_key(|range| range.start);
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

/// Returns `text` with [`REDACTED`] in place of the bytes that are `removed`.
fn without(text: &[u8], removed: Vec<Range<usize>>) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    for range in merged(removed) {
        let kept = &text[at..range.start];
        // An escape character would make a control sequence of the text that replaces the match.
        let escapes = kept.iter().rev().take_while(|byte| **byte == ESC).count();
        out.extend_from_slice(&kept[..kept.len() - escapes]);
        out.extend_from_slice(REDACTED);
        at = range.end;
    }
    out.extend_from_slice(&text[at..]);
    out
}

#[cfg(test)]
mod tests;
