//! The filter of published lines: `--include` and `--exclude`.

use regex::bytes::RegexSet;

use super::{Carry, Span};

/// Keeps a line if an `include` expression matches it, or there is none, and no `exclude` expression
/// matches it.
#[derive(Clone, Debug, Default)]
pub struct LineFilter {
    include: RegexSet,
    exclude: RegexSet,
}

impl LineFilter {
    /// Makes a filter; without any expression it keeps every line.
    #[must_use]
    pub fn new(include: RegexSet, exclude: RegexSet) -> Self {
        LineFilter { include, exclude }
    }

    /// The `include` and the `exclude` expressions.
    #[must_use]
    pub fn expressions(&self) -> (&[String], &[String]) {
        (self.include.patterns(), self.exclude.patterns())
    }

    /// Returns whether a line, or the first part of a line, is published.
    fn keeps(&self, line: &[u8]) -> bool {
        // Matching costs time for each line even if the set has no expression.
        (self.include.is_empty() || self.include.is_match(line))
            && (self.exclude.is_empty() || !self.exclude.is_match(line))
    }

    /// Returns whether the line at `span` of `bytes` is published; the parts of a line are published
    /// if its first part is.
    pub fn keeps_part(&self, bytes: &[u8], span: Span, carry: &mut Carry) -> bool {
        if !span.continued {
            let line = &bytes[span.start as usize..span.end as usize];
            carry.hidden = !self.keeps(line);
        }
        !carry.hidden
    }
}
