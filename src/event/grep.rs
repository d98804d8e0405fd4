//! Searching the lines of a batch for those that match expressions.
//!
//! Each call of the regular expression engine has a cost of its own.
//! Therefore many lines are searched at once for the next line that may match, and only that line is
//! matched alone.

use std::ops::Range;

use memchr::memchr;
use regex::bytes::{Regex, RegexBuilder};

use super::ansi::ESC;
use super::{Lines, Span};

/// Number of times that the search through many lines of a batch may find something.
///
/// An expression that matches many lines, or runs on over line ends, is faster line by line; twice
/// the value doubles the time that is lost on such expressions.
const SEARCHES: usize = 4;

/// Number of bytes that are searched at once, and as many more as their last line has.
///
/// Nothing interrupts such a search. Measured beside four searches for `(?s)[a-m].{N}~`, with N a
/// little less than the value: other clients wait for 3 ms (p99), and for 100 ms with four times the
/// value. Plain text is found in 90 MB of history within 67 ms, and within 45 ms in whole batches.
pub(super) const PIECE: usize = 256;

/// Bytes of memory that are tried first for an expression; the engine does not say how many it has
/// taken. With twice the value, fewer simple expressions fit into the same memory.
const SMALLEST: usize = 16 << 10;

/// Bytes of the tables that the engine makes while it searches, for all expressions together; the
/// default of the engine for one expression. Twice the value doubles the memory of each stream.
const TABLES: usize = 2 << 20;

/// Regular expressions that select lines; a line has to satisfy all of them.
#[derive(Clone, Debug, Default)]
pub struct Grep {
    terms: Vec<Term>,
}

/// One expression.
#[derive(Clone, Debug)]
struct Term {
    line: Regex,
    /// The same expression for many lines at once: it finds something in every line that matches.
    /// `None` if that cannot be guaranteed.
    text: Option<Regex>,
    /// The expression may have the anchor `$`, which `text` does not find before `\r\n`.
    has_end_anchor: bool,
    /// Lines that match are left out.
    is_negated: bool,
    /// Bytes of memory in which the expression was compiled: a power of two, or all that were left.
    size: usize,
}

/// A search through the lines of one batch, in their order.
pub(super) struct Search<'a> {
    lines: &'a Lines,
    terms: Vec<TermSearch<'a>>,
    /// The spans of the section that was matched last, and the result.
    section: Range<usize>,
    is_match: bool,
}

/// The search for the lines that match one expression.
struct TermSearch<'a> {
    term: &'a Term,
    /// No line that ends before this index matches.
    candidate: usize,
    /// The end of the lines that were searched.
    searched: usize,
    searches_left: usize,
    /// Lines may have escape sequences, which the expression does not see.
    has_escapes: bool,
}

impl Grep {
    /// Compiles expressions; a line must not match one that begins with `!`.
    ///
    /// It is an error if they take more than `size` bytes of memory together.
    pub fn new(expressions: &[impl AsRef<str>], size: usize) -> Result<Self, regex::Error> {
        let (mut terms, mut left) = (Vec::new(), size);
        for expression in expressions {
            let term = Term::new(expression.as_ref(), left, TABLES / expressions.len())?;
            left -= term.size;
            terms.push(term);
        }
        Ok(Grep { terms })
    }

    /// Starts a search through `lines`.
    pub(super) fn search<'a>(&'a self, lines: &'a Lines) -> Search<'a> {
        let terms = self.terms.iter().map(|term| TermSearch::new(term, lines)).collect();
        Search { lines, terms, section: 0..0, is_match: false }
    }
}

impl Term {
    fn new(expression: &str, left: usize, tables: usize) -> Result<Self, regex::Error> {
        let (expression, is_negated) = match expression.strip_prefix('!') {
            Some(rest) => (rest, true),
            None => (expression, false),
        };
        let mut builder = RegexBuilder::new(expression);
        builder.dfa_size_limit(tables);
        let mut size = SMALLEST.min(left);
        let line = loop {
            match builder.size_limit(size).build() {
                Err(regex::Error::CompiledTooBig(_)) if size < left => size = (2 * size).min(left),
                compiled => break compiled?,
            }
        };
        let text = has_line_anchors_only(expression).then(|| builder.multi_line(true).build().ok());
        let has_end_anchor = expression.contains('$');
        Ok(Term { line, text: text.flatten(), has_end_anchor, is_negated, size })
    }
}

impl Search<'_> {
    /// Returns whether span `index` belongs to the section that was matched last.
    pub(super) fn is_matched(&self, index: usize) -> bool {
        self.section.contains(&index)
    }

    /// Returns whether the section to which span `index` belongs matches; indices must be given in
    /// ascending order.
    pub(super) fn matches(&mut self, index: usize) -> bool {
        if !self.is_matched(index) {
            self.section = self.lines.section_of(index);
            let (first, last) = (self.section.start, self.section.end - 1);
            let start = self.lines.spans[first].start;
            let section = Span { start, ..self.lines.spans[last] };
            let lines = self.lines;
            self.is_match = self
                .terms
                .iter_mut()
                .all(|term| term.matches(lines, section) != term.term.is_negated);
        }
        self.is_match
    }
}

impl<'a> TermSearch<'a> {
    fn new(term: &'a Term, lines: &Lines) -> Self {
        // Without line ends in the bytes, `text` can miss what `line` matches.
        let can_miss = lines.chunks
            || term.has_end_anchor && memchr(b'\r', &lines.bytes).is_some()
            || term.text.is_none();
        let searches_left = if can_miss { 0 } else { SEARCHES };
        let has_escapes = !lines.chunks && memchr(ESC, &lines.bytes).is_some();
        TermSearch { term, candidate: 0, searched: 0, searches_left, has_escapes }
    }

    fn matches(&mut self, lines: &Lines, section: Span) -> bool {
        let start = section.start as usize;
        if start >= self.searched || self.candidate < start {
            self.find_candidate(lines, start);
        }
        self.candidate <= section.end as usize
            && self.term.line.is_match(&section.filtered(&lines.bytes, lines.chunks))
    }

    /// Searches the next lines from `start` on.
    fn find_candidate(&mut self, lines: &Lines, start: usize) {
        let Some(text) = self.term.text.as_ref().filter(|_| self.searches_left > 0) else { return };
        let end = end_of_line(&lines.bytes, start + PIECE);
        (self.candidate, self.searched) = (end, end);
        // A line with an escape sequence is matched alone.
        let escape = self.has_escapes.then(|| memchr(ESC, &lines.bytes[start..end])).flatten();
        let found = text.find_at(&lines.bytes[..end], start).map(|found| found.start());
        let candidate = found.into_iter().chain(escape.map(|at| start + at)).min();
        if let Some(candidate) = candidate {
            self.candidate = candidate;
            self.searches_left -= 1;
        }
    }
}

/// Returns the end of the line with the byte at `index`, behind its line end.
fn end_of_line(bytes: &[u8], index: usize) -> usize {
    let rest = bytes.get(index..).and_then(|rest| memchr(b'\n', rest));
    rest.map_or(bytes.len(), |line_end| index + line_end + 1)
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
    use crate::event::ansi::strip;
    use crate::event::{Carry, Cutting, End, Splitter};

    fn lines(text: &str, splitter: Splitter) -> Lines {
        let cutting = Cutting { splitter, ..Cutting::default() };
        cutting.cut(text.as_bytes(), &mut Carry::default(), End::Finished).0.expect("lines")
    }

    const EXPRESSIONS: [&str; 20] = [
        "a", "^a", "a$", "^$", "^a*$", "", "\\ba", "a\\b", "\\Ba", "[^b]a", "a\\s*b", "(?s)a.*b",
        "(?-m)^a", "\\Aa", "a\\z", "b|^a", "a\r", "a\r?$", "(?m)^a$", "\\W",
    ];

    fn found(expressions: &[&str], text: &str) -> Vec<usize> {
        let grep = Grep::new(expressions, 1 << 20).expect("expressions");
        let lines = lines(text, Splitter::default());
        let mut search = grep.search(&lines);
        (0..lines.spans.len()).filter(|index| search.matches(*index)).collect()
    }

    #[test]
    fn a_line_has_to_satisfy_all_expressions() {
        let text = "a\nab\nb\n!a\nc\n";
        assert_eq!(found(&["a", "b"], text), [1]);
        assert_eq!(found(&["!a"], text), [2, 4]);
        assert_eq!(found(&["!a", "!b"], text), [4]);
        assert_eq!(found(&["a", "!b"], text), [0, 3]);
        assert_eq!(found(&["\\!a"], text), [3]);
        assert_eq!(found(&["!"], text), [0; 0], "the empty expression matches every line");
    }

    #[test]
    fn colours_do_not_hide_a_match() {
        let text = "\x1b[31mDEBUG\x1b[0m a\nDEBUG b\nIN\x1b[1mFO\x1b[0m\n31m\nend\x1b[0m\r\n";
        assert_eq!(found(&["^DEBUG"], text), [0, 1]);
        assert_eq!(found(&["!^DEBUG"], text), [2, 3, 4]);
        assert_eq!(found(&["INFO$"], text), [2]);
        assert_eq!(found(&["31m"], text), [3]);
        assert_eq!(found(&["end$"], text), [4]);
    }

    #[test]
    fn lines_in_later_pieces_are_found() {
        let many = format!("{}needle\n{}", "hay\n".repeat(1000), "hay\n".repeat(1000));
        assert_eq!(found(&["needle"], &many), [1000]);
        assert_eq!(found(&["!hay"], &many), [1000]);
        let long = format!("{}needle\nhay\n", "hay".repeat(PIECE));
        assert_eq!(found(&["needle"], &long), [0]);
    }

    #[test]
    fn the_size_is_that_of_all_expressions() {
        let one = r"\w{9}";
        assert!(Grep::new(&[one; 2], 1 << 20).is_ok());
        assert!(Grep::new(&[one; 3], 1 << 20).is_err());
        assert!(Grep::new(&["simple"; 16], 1 << 20).is_ok());
        assert!(Grep::new(&[one, "simple", "!other"], 1 << 20).is_ok());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// A section that is skipped would not have matched, and its parts are never separated.
        #[test]
        fn a_search_finds_exactly_the_lines_that_match(
            text in vec("[ab \r\x1b\\[]{0,14}|[ab \r]{0,14}", 1..40), which in 0..EXPRESSIONS.len(), binary: bool,
            max_line in prop_oneof![Just(4usize), Just(100)],
            section in prop_oneof![Just(10usize), Just(100)], first in 0usize..3,
        ) {
            let grep = Grep::new(&[EXPRESSIONS[which]], 1 << 20).expect("an expression");
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
                    let shown = if binary { section.clone().into() } else { strip(&section) };
                    let line = if binary || span.more { &*shown } else {
                        shown.strip_suffix(b"\r").unwrap_or(&shown)
                    };
                    let is_match = grep.terms[0].line.is_match(line);
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
