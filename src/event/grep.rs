//! Searching the lines of a batch for those that match an expression.
//!
//! Each call of the regular expression engine has a cost of its own.
//! Therefore the bytes of the batch are searched as a whole for the next line that may match, and
//! only that line is matched alone.

use std::ops::Range;

use memchr::memchr;
use regex::bytes::{Regex, RegexBuilder};

use super::{Lines, Span};

/// Number of times that one batch is searched as a whole.
///
/// An expression that matches many lines, or runs on over line ends, is faster line by line; twice
/// the value doubles the time that is lost on such expressions.
const SEARCHES: usize = 4;

/// A regular expression that selects lines.
#[derive(Clone, Debug)]
pub struct Grep {
    line: Regex,
    /// The same expression for many lines at once: it finds something in every line that matches.
    /// `None` if that cannot be guaranteed.
    text: Option<Regex>,
    /// The expression may have the anchor `$`, which `text` does not find before `\r\n`.
    has_end_anchor: bool,
}

/// A search through the lines of one batch, in their order.
pub(super) struct Search<'a> {
    grep: &'a Grep,
    lines: &'a Lines,
    /// No line that ends before this index matches.
    candidate: usize,
    searches_left: usize,
    /// The spans of the section that was matched last, and the result.
    section: Range<usize>,
    is_match: bool,
}

impl Grep {
    /// Compiles an expression; it is an error if that takes more than `size` bytes of memory.
    pub fn new(expression: &str, size: usize) -> Result<Self, regex::Error> {
        let mut builder = RegexBuilder::new(expression);
        let line = builder.size_limit(size).build()?;
        let text = builder.multi_line(true).build().ok();
        let text = text.filter(|_| has_line_anchors_only(expression));
        Ok(Grep { line, text, has_end_anchor: expression.contains('$') })
    }

    /// Iterates over the sections of `lines` that match, from the one with span `first` on, as
    /// ranges of spans.
    pub fn matching_sections<'a>(
        &'a self,
        lines: &'a Lines,
        first: usize,
    ) -> impl Iterator<Item = Range<usize>> + 'a {
        let mut search = self.search(lines);
        let mut next = first;
        std::iter::from_fn(move || {
            while next < lines.spans.len() {
                let section = lines.section_of(next);
                let is_match = search.matches(next);
                next = section.end;
                if is_match {
                    return Some(section);
                }
            }
            None
        })
    }

    pub(super) fn search<'a>(&'a self, lines: &'a Lines) -> Search<'a> {
        // Without line ends in the bytes, `text` can miss what `line` matches.
        let can_miss = lines.chunks
            || self.has_end_anchor && memchr(b'\r', &lines.bytes).is_some()
            || self.text.is_none();
        let searches_left = if can_miss { 0 } else { SEARCHES };
        let (section, is_match) = (0..0, false);
        let mut search =
            Search { grep: self, lines, candidate: 0, searches_left, section, is_match };
        search.find_candidate(0);
        search
    }
}

impl Search<'_> {
    /// Returns whether none of the remaining lines match.
    pub(super) fn is_over(&self) -> bool {
        self.candidate == usize::MAX
    }

    /// Returns whether the section to which span `index` belongs matches; indices must be given in
    /// ascending order.
    pub(super) fn matches(&mut self, index: usize) -> bool {
        if !self.section.contains(&index) {
            self.section = self.lines.section_of(index);
            let (first, last) = (self.section.start, self.section.end - 1);
            let start = self.lines.spans[first].start;
            self.is_match = self.matches_section(Span { start, ..self.lines.spans[last] });
        }
        self.is_match
    }

    fn matches_section(&mut self, section: Span) -> bool {
        if self.candidate < section.start as usize {
            self.find_candidate(section.start as usize);
        }
        let line = section.filtered(&self.lines.bytes, self.lines.chunks);
        self.candidate <= section.end as usize && self.grep.line.is_match(line)
    }

    fn find_candidate(&mut self, start: usize) {
        if self.searches_left > 0 {
            self.searches_left -= 1;
            let found = self.grep.text.as_ref();
            let found = found.and_then(|text| text.find_at(&self.lines.bytes, start));
            self.candidate = found.map_or(usize::MAX, |found| found.start());
        }
    }
}

/// Returns whether all anchors of the expression mean the same in multi-line mode.
fn has_line_anchors_only(expression: &str) -> bool {
    let has_flags = expression.contains("(?");
    let has_anchors = expression.contains(['^', '$']);
    let has_text_anchors = expression.contains("\\A") || expression.contains("\\z");
    !(has_text_anchors || has_flags && has_anchors)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::event::{Carry, Cutting, End, LineFilter, Splitter};

    fn lines(text: &str, splitter: Splitter) -> Lines {
        let cutting = Cutting { splitter, filter: LineFilter::default() };
        cutting.cut(text.as_bytes(), &mut Carry::default(), End::Finished).0.expect("lines")
    }

    const EXPRESSIONS: [&str; 20] = [
        "a", "^a", "a$", "^$", "^a*$", "", "\\ba", "a\\b", "\\Ba", "[^b]a", "a\\s*b", "(?s)a.*b",
        "(?-m)^a", "\\Aa", "a\\z", "b|^a", "a\r", "a\r?$", "(?m)^a$", "\\W",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// A section that is skipped would not have matched, and its parts are never separated.
        #[test]
        fn a_search_finds_exactly_the_lines_that_match(
            text in vec("[ab \r]{0,14}", 1..40), which in 0..EXPRESSIONS.len(), binary: bool,
            max_line in prop_oneof![Just(4usize), Just(100)],
            section in prop_oneof![Just(10usize), Just(100)], first in 0usize..3,
        ) {
            let grep = Grep::new(EXPRESSIONS[which], 1 << 20).expect("an expression");
            let splitter = Splitter { max_line, binary, section };
            let lines = lines(&(text.join("\n") + "\n"), splitter);
            let mut search = grep.search(&lines);
            let mut section = Vec::new();
            let mut expected = Vec::new();
            for span in &lines.spans {
                section.extend_from_slice(&lines.bytes[span.start as usize..span.end as usize]);
                expected.push(None);
                let is_last = expected.len() == lines.spans.len();
                if !span.more || is_last {
                    let line = if binary || span.more { &*section } else {
                        section.strip_suffix(b"\r").unwrap_or(&section)
                    };
                    let is_match = grep.line.is_match(line);
                    expected.iter_mut().filter(|e| e.is_none()).for_each(|e| *e = Some(is_match));
                    section.clear();
                }
            }
            for (index, expected) in expected.into_iter().enumerate().skip(first) {
                prop_assert_eq!(Some(search.matches(index)), expected, "{}", index);
            }
        }
    }
}
