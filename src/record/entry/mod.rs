//! Entries: lines that belong together, such as an error and its stack trace.
//!
//! The [`Shape`] of a line and the [`Trace`] that the lines before it have left come in; out goes
//! whether the line continues the entry above, and the trace after it.

mod shape;

use super::Level;

pub(super) use self::shape::Shape;

/// The part of an entry to which the last line belongs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Trace {
    /// There has been no line.
    #[default]
    Nothing,
    /// No trace yet.
    Message,
    /// The frames of a trace, or what follows them.
    Frames,
    /// The frames of Python; the exception follows.
    Traceback,
    /// The exception of Python; a blank line and the next exception may follow.
    Raised,
    RaisedBlank,
    /// The sentence between two tracebacks of Python.
    Chained,
    /// The first line of a panic of Rust; its message follows.
    RustPanic,
    /// A panic of Go; a blank line and goroutines may follow.
    Go,
    GoBlank,
    /// The place of an exception of Node; the source, carets, a blank line and the exception
    /// follow.
    NodePlace,
    NodeSource,
    NodeCarets,
    NodeBlank,
    /// The exception and frames of Node; a blank line and the version may follow.
    Node,
    NodeEnd,
    /// The frames of PHP; a blank line and the next exception may follow.
    Php,
    PhpBlank,
    /// The failures of a test file; blank lines and indented lines may follow.
    Report,
    ReportBlank,
}

impl Trace {
    /// Returns the trace after a line that begins an entry.
    pub(super) fn begun(shape: Shape) -> Trace {
        match shape {
            Shape::Traceback | Shape::SyntaxPlace => Trace::Traceback,
            Shape::Exception => Trace::Raised,
            Shape::RustPanic { has_message: false } => Trace::RustPanic,
            Shape::GoPanic | Shape::Goroutine => Trace::Go,
            Shape::NodePlace => Trace::NodePlace,
            Shape::PhpError => Trace::Php,
            Shape::Report => Trace::Report,
            Shape::TracebackGroup | Shape::Crash | Shape::RubyPlace => Trace::Frames,
            _ => Trace::Message,
        }
    }

    /// Returns the trace after a line that continues an entry of `level`; none if the line begins
    /// an entry.
    pub(super) fn continued(self, shape: Shape, level: Option<Level>) -> Option<Trace> {
        let is_severe = level >= Some(Level::Warn);
        self.expected(shape).or_else(|| match (self, shape) {
            (Trace::Nothing, _) => None,
            (_, Shape::Indented | Shape::Carets) => Some(self.indented()),
            (_, Shape::Part) => Some(self.part()),
            (_, Shape::PhpFrame) if is_severe => Some(Trace::Php),
            (Trace::Message, _) if is_severe => Trace::logged(shape),
            (Trace::Frames | Trace::Raised, Shape::Detail | Shape::RubyPlace) => {
                Some(Trace::Frames)
            }
            _ => None,
        })
    }

    /// Returns the trace after a line that continues the message of an error or warning.
    fn logged(shape: Shape) -> Option<Trace> {
        match shape {
            Shape::Traceback => Some(Trace::Traceback),
            Shape::Exception => Some(Trace::Raised),
            Shape::Goroutine => Some(Trace::Go),
            Shape::TracebackGroup | Shape::PackagedClass | Shape::RubyPlace | Shape::Detail => {
                Some(Trace::Frames)
            }
            _ => None,
        }
    }

    /// Returns the trace after a line that a language prints next in this trace.
    fn expected(self, shape: Shape) -> Option<Trace> {
        let next = match (self, shape) {
            (Trace::RustPanic, _)
            | (Trace::Chained, Shape::TracebackGroup)
            | (Trace::NodeEnd, Shape::NodeVersion) => Trace::Frames,
            (Trace::Traceback, Shape::Exception | Shape::PackagedClass | Shape::Word) => {
                Trace::Raised
            }
            (Trace::Raised, Shape::Blank) => Trace::RaisedBlank,
            (Trace::RaisedBlank, Shape::Chain) | (Trace::Chained, Shape::Blank) => Trace::Chained,
            (Trace::Traceback, Shape::SyntaxPlace) | (Trace::Chained, Shape::Traceback) => {
                Trace::Traceback
            }
            (Trace::Go, Shape::Blank) => Trace::GoBlank,
            (Trace::Go, Shape::GoCall) | (Trace::Go | Trace::GoBlank, Shape::Goroutine) => {
                Trace::Go
            }
            (Trace::NodePlace, _) => Trace::NodeSource,
            (Trace::NodeSource, Shape::Carets) => Trace::NodeCarets,
            (Trace::NodeCarets, Shape::Blank) => Trace::NodeBlank,
            (Trace::NodeCarets | Trace::NodeBlank, shape) if shape != Shape::Blank => Trace::Node,
            (Trace::Node, Shape::Item) => Trace::Node,
            (Trace::Node, Shape::Blank) => Trace::NodeEnd,
            (Trace::Php, Shape::Blank) => Trace::PhpBlank,
            (Trace::PhpBlank, Shape::PhpNext) => Trace::Php,
            (Trace::Report, Shape::Blank) => Trace::ReportBlank,
            (Trace::ReportBlank, Shape::Indented) => Trace::Report,
            _ => return None,
        };
        Some(next)
    }

    /// Returns the trace after an indented line.
    fn indented(self) -> Trace {
        match self {
            Trace::RaisedBlank | Trace::Chained | Trace::NodeEnd => Trace::Message,
            Trace::GoBlank => Trace::Go,
            Trace::NodeCarets | Trace::NodeBlank => Trace::Node,
            Trace::PhpBlank => Trace::Php,
            same => same,
        }
    }

    /// Returns the trace after a line that can only be part of an entry.
    fn part(self) -> Trace {
        match self {
            Trace::Go | Trace::GoBlank => Trace::Go,
            Trace::Node | Trace::NodeBlank => Trace::Node,
            Trace::Php | Trace::PhpBlank => Trace::Php,
            _ => Trace::Frames,
        }
    }
}
