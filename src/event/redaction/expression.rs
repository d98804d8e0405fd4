//! One expression of a redaction.

use std::ops::Range;

use regex::bytes::Regex;

/// Start of the names of groups that stay.
const KEPT: &str = "keep";

/// An expression, and its groups that stay.
#[derive(Debug)]
pub(super) struct Expression {
    regex: Regex,
    kept: Box<[usize]>,
}

impl Expression {
    pub(super) fn new(expression: &str) -> Result<Self, regex::Error> {
        let regex = Regex::new(expression)?;
        let names = regex.capture_names().enumerate();
        let is_kept = |name: Option<&str>| name.is_some_and(|name| name.starts_with(KEPT));
        let kept = names.filter(|(_, name)| is_kept(*name)).map(|(group, _)| group).collect();
        Ok(Expression { regex, kept })
    }

    /// Appends the matches in `text` that are not empty, and their parts that do not stay.
    pub(super) fn find(
        &self,
        text: &[u8],
        matches: &mut Vec<Range<usize>>,
        removed: &mut Vec<Range<usize>>,
    ) {
        if self.kept.is_empty() {
            let ranges = self.regex.find_iter(text).map(|found| found.range());
            let first = matches.len();
            matches.extend(ranges.filter(|range| !range.is_empty()));
            removed.extend_from_slice(&matches[first..]);
            return;
        }
        for captures in self.regex.captures_iter(text) {
            let whole = captures.get_match().range();
            let mut kept: Vec<Range<usize>> =
                self.kept.iter().filter_map(|&group| Some(captures.get(group)?.range())).collect();
            kept.sort_unstable_by_key(|range| range.start);
            let mut at = whole.start;
            for range in kept {
                removed.push(at..range.start.max(at));
                at = at.max(range.end);
            }
            removed.push(at..whole.end);
            if !whole.is_empty() {
                matches.push(whole);
            }
        }
    }
}
