//! The filter of published lines: `--include` and `--exclude`.

use regex::bytes::RegexSet;

/// Keeps a line if an `include` expression matches it, or there is none, and no `exclude` expression
/// matches it.
#[derive(Clone, Debug, Default)]
pub struct LineFilter {
    include: RegexSet,
    exclude: RegexSet,
    has_expressions: bool,
}

impl LineFilter {
    /// Makes a filter; without any expression it keeps every line.
    #[must_use]
    pub fn new(include: RegexSet, exclude: RegexSet) -> Self {
        let has_expressions = !include.is_empty() || !exclude.is_empty();
        LineFilter { include, exclude, has_expressions }
    }

    /// The `include` and the `exclude` expressions.
    #[must_use]
    pub fn expressions(&self) -> (&[String], &[String]) {
        (self.include.patterns(), self.exclude.patterns())
    }

    /// Returns whether every line is published, because there is no expression.
    #[must_use]
    pub fn keeps_all(&self) -> bool {
        !self.has_expressions
    }

    /// Returns whether a line is published; of a line that is longer than a section, `line` is the
    /// first section.
    #[must_use]
    pub fn keeps(&self, line: &[u8]) -> bool {
        // Matching costs time for each line even if the set has no expression.
        (self.include.is_empty() || self.include.is_match(line))
            && (self.exclude.is_empty() || !self.exclude.is_match(line))
    }
}
