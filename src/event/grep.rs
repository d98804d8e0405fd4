//! Searching the lines of a batch for those that match an expression.
//!
//! Each call of the regular expression engine has a cost of its own.
//! Therefore the bytes of the batch are searched as a whole for the next line that may match, and
//! only that line is matched alone.

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
}

/// A search through the lines of one batch, in their order.
pub(super) struct Search<'a> {
    grep: &'a Grep,
    bytes: &'a [u8],
    /// No line that ends before this index matches.
    candidate: usize,
    searches_left: usize,
}

impl Grep {
    /// Compiles an expression; it is an error if that takes more than `size` bytes of memory.
    pub fn new(expression: &str, size: usize) -> Result<Self, regex::Error> {
        let mut builder = RegexBuilder::new(expression);
        let line = builder.size_limit(size).build()?;
        let text = builder.multi_line(true).build().ok();
        Ok(Grep { line, text: text.filter(|_| has_line_anchors_only(expression)) })
    }

    pub(super) fn search<'a>(&'a self, lines: &'a Lines) -> Search<'a> {
        // Without line ends in the bytes, `text` can miss what `line` matches.
        let are_whole = !lines.chunks && lines.spans.iter().all(Span::is_whole);
        let searches_left = if are_whole && self.text.is_some() { SEARCHES } else { 0 };
        let mut search = Search { grep: self, bytes: &lines.bytes, candidate: 0, searches_left };
        search.find_candidate(0);
        search
    }
}

impl Search<'_> {
    /// Returns whether none of the remaining lines match.
    pub(super) fn is_over(&self) -> bool {
        self.candidate == usize::MAX
    }

    /// Returns whether the line at `span` matches; spans must be given in ascending order.
    pub(super) fn matches(&mut self, span: Span) -> bool {
        let (start, end) = (span.start as usize, span.end as usize);
        if self.candidate < start {
            self.find_candidate(start);
        }
        self.candidate <= end && self.grep.line.is_match(&self.bytes[start..end])
    }

    fn find_candidate(&mut self, start: usize) {
        if self.searches_left > 0 {
            self.searches_left -= 1;
            let found = self.grep.text.as_ref().and_then(|text| text.find_at(self.bytes, start));
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

    fn lines(text: &str, max_line: usize, binary: bool) -> Lines {
        let splitter = Splitter { max_line, binary };
        let cutting = Cutting { splitter, filter: LineFilter::default() };
        cutting.cut(text.as_bytes(), &mut Carry::default(), End::Finished).0.expect("lines")
    }

    const EXPRESSIONS: [&str; 20] = [
        "a", "^a", "a$", "^$", "^a*$", "", "\\ba", "a\\b", "\\Ba", "[^b]a", "a\\s*b", "(?s)a.*b",
        "(?-m)^a", "\\Aa", "a\\z", "b|^a", "a\r", "a\r?$", "(?m)^a$", "\\W",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// A line that is skipped would not have matched.
        #[test]
        fn a_search_finds_exactly_the_lines_that_match(
            text in vec("[ab \r]{0,4}", 1..40), which in 0..EXPRESSIONS.len(), binary: bool,
            max_line in prop_oneof![Just(4usize), Just(100)],
        ) {
            let grep = Grep::new(EXPRESSIONS[which], 1 << 20).expect("an expression");
            let lines = lines(&(text.join("\n") + "\n"), max_line, binary);
            let mut search = grep.search(&lines);
            for &span in &lines.spans {
                let line = &lines.bytes[span.start as usize..span.end as usize];
                prop_assert_eq!(search.matches(span), grep.line.is_match(line), "{:?}", span);
            }
        }
    }
}
