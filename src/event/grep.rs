//! Searching: which lines match an expression, found without a look at most of the others.
//!
//! Asking line by line costs more for each line than most lines are worth. So the
//! expression is also held against the lines of a batch as a whole, to learn where the
//! next one is that may match; only that one is asked.

use regex::bytes::{Regex, RegexBuilder};

use super::{Lines, Span};

/// So often one batch is searched as a whole; an expression that finds something in many lines,
/// or that runs on over line ends, is faster line by line.
const SEARCHES: usize = 4;

/// An expression that lines are to match.
#[derive(Clone, Debug)]
pub struct Grep {
    line: Regex,
    /// The same for text of many lines: it finds something wherever a line matches.
    text: Option<Regex>,
}

/// Asks one line after the other.
pub(super) struct Search<'a> {
    grep: &'a Grep,
    bytes: &'a [u8],
    /// No line that ends before this index matches.
    next: usize,
    searches_left: usize,
}

impl Grep {
    /// Compiles an expression, if that takes no more than `size` bytes of memory.
    pub fn new(expression: &str, size: usize) -> Result<Self, regex::Error> {
        let mut builder = RegexBuilder::new(expression);
        let line = builder.size_limit(size).build()?;
        let text = builder.multi_line(true).build().ok();
        Ok(Grep { line, text: text.filter(|_| has_line_anchors_only(expression)) })
    }

    pub(super) fn search<'a>(&'a self, lines: &'a Lines) -> Search<'a> {
        // Where lines have no ends, the two expressions need not agree.
        let are_whole = !lines.chunks && lines.spans.iter().all(Span::is_whole);
        let searches_left = if are_whole && self.text.is_some() { SEARCHES } else { 0 };
        let mut search = Search { grep: self, bytes: &lines.bytes, next: 0, searches_left };
        search.look_from(0);
        search
    }
}

impl Search<'_> {
    /// Whether no line that was not asked yet matches.
    pub(super) fn is_over(&self) -> bool {
        self.next == usize::MAX
    }

    /// Whether the line at `span` matches; it stands behind those that were asked before.
    pub(super) fn matches(&mut self, span: Span) -> bool {
        let (start, end) = (span.start as usize, span.end as usize);
        if self.next < start {
            self.look_from(start);
        }
        self.next <= end && self.grep.line.is_match(&self.bytes[start..end])
    }

    fn look_from(&mut self, start: usize) {
        if self.searches_left > 0 {
            self.searches_left -= 1;
            let found = self.grep.text.as_ref().and_then(|text| text.find_at(self.bytes, start));
            self.next = found.map_or(usize::MAX, |found| found.start());
        }
    }
}

/// Whether the expression's anchors, if it has any, can be read as those of lines.
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

        /// Whatever is skipped would not have matched.
        #[test]
        fn the_lines_found_are_those_that_match(
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
