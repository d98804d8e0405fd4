//! Which lines are published at all: `--include` and `--exclude`.

use regex::bytes::RegexSet;

use super::{Carry, Span};

/// Keeps a line that some `include` matches (or all, if there is none) and no `exclude` does.
#[derive(Clone, Debug, Default)]
pub struct LineFilter {
    include: RegexSet,
    exclude: RegexSet,
}

impl LineFilter {
    /// Without any expression, every line is kept.
    #[must_use]
    pub fn new(include: RegexSet, exclude: RegexSet) -> Self {
        LineFilter { include, exclude }
    }

    /// What it was made of.
    #[must_use]
    pub fn expressions(&self) -> (&[String], &[String]) {
        (self.include.patterns(), self.exclude.patterns())
    }

    /// Whether this line, or first part of a line, is published.
    fn keeps(&self, line: &[u8]) -> bool {
        // Asked first, because even a set of no expression costs something for each line.
        (self.include.is_empty() || self.include.is_match(line))
            && (self.exclude.is_empty() || !self.exclude.is_match(line))
    }

    /// Whether the part at `span` of `bytes` is published: as the first part of its line was.
    pub fn keeps_part(&self, bytes: &[u8], span: Span, carry: &mut Carry) -> bool {
        if !span.continued {
            let line = &bytes[span.start as usize..span.end as usize];
            carry.hidden = !self.keeps(line);
        }
        !carry.hidden
    }
}
