//! Shapes of lines, by which they begin or continue entries.

use memchr::memchr;
use memchr::memmem::find;

use crate::record::crash::{
    exception, is_class_in_packages, is_goroutine, is_node_place, is_ruby_place, is_rust_panic,
};

/// The form of a line, without a look at the lines before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::record) enum Shape {
    /// No line of those below.
    Ordinary,
    /// An empty line.
    Blank,
    /// A line that starts with white space.
    Indented,
    /// The status of cargo, which is indented and yet a message of its own.
    Progress,
    /// Carets alone, below a place in a source line.
    Carets,
    /// A line that can only be part of an entry, such as `Caused by: …` and `}`.
    Part,
    /// A note, a suggestion or a row of source, below the message of a compiler.
    Detail,
    /// `- ` and a path.
    Item,
    /// One name, and perhaps a colon and text.
    Word,
    /// The class of an exception, by its name.
    Exception,
    /// A class in packages and a colon: an exception, or the name of a logger.
    PackagedClass,
    /// The first line of a crash whose frames are indented.
    Crash,
    /// `Traceback (most recent call last):` of Python.
    Traceback,
    /// The first line of a group of exceptions of Python, which is indented throughout.
    TracebackGroup,
    /// The place of a syntax error of Python, which has no traceback.
    SyntaxPlace,
    /// The sentence between two tracebacks of Python.
    Chain,
    /// A panic of Rust; without the message, if that is on the next line.
    RustPanic { has_message: bool },
    /// A panic of Go.
    GoPanic,
    /// The first line of a goroutine.
    Goroutine,
    /// Another line of a goroutine that is not indented.
    GoCall,
    /// The place of an exception of Node.
    NodePlace,
    /// The last line of a crash of Node.
    NodeVersion,
    /// A place of Ruby, with or without an exception.
    RubyPlace,
    /// A fatal error of PHP.
    PhpError,
    /// A numbered frame of PHP.
    PhpFrame,
    /// The next exception of a fatal error of PHP.
    PhpNext,
    /// A test file of Jest that failed.
    Report,
}

/// Starts of lines, with their shapes.
const STARTS: [(&str, Shape); 30] = [
    ("Caused by: ", Shape::Part),
    ("Suppressed: ", Shape::Part),
    ("--- End of ", Shape::Part),
    ("Stack trace:", Shape::Part),
    ("Stack backtrace:", Shape::Part),
    ("stack backtrace:", Shape::Part),
    ("[stacktrace]", Shape::Part),
    ("Require stack:", Shape::Part),
    ("(Use `node ", Shape::Part),
    ("note: ", Shape::Detail),
    ("help: ", Shape::Detail),
    ("- /", Shape::Item),
    ("Exception in thread ", Shape::Crash),
    ("Unhandled exception. ", Shape::Crash),
    ("Unhandled Exception: ", Shape::Crash),
    ("Traceback (most recent call last):", Shape::Traceback),
    ("During handling of the above exception, ", Shape::Chain),
    ("The above exception was the direct cause ", Shape::Chain),
    ("panic: ", Shape::GoPanic),
    ("fatal error: ", Shape::GoPanic),
    ("[signal ", Shape::GoCall),
    ("created by ", Shape::GoCall),
    ("exit status ", Shape::GoCall),
    ("runtime stack:", Shape::GoCall),
    ("...additional frames elided...", Shape::GoCall),
    ("Node.js v", Shape::NodeVersion),
    ("PHP Fatal error: ", Shape::PhpError),
    ("Fatal error: ", Shape::PhpError),
    ("Next ", Shape::PhpNext),
    ("FAIL ", Shape::Report),
];

/// Column at which cargo ends the first word of its status.
const PROGRESS: usize = 12;

impl Shape {
    /// Returns the shape of a line without its terminator.
    pub(in crate::record) fn of(line: &[u8]) -> Shape {
        match line.first() {
            None => Shape::Blank,
            Some(b' ' | b'\t') => Shape::of_indented(line),
            Some(b'}' | b']' | b')' | b'"') if is_closer(line) => Shape::Part,
            Some(b'^') if line.iter().all(|byte| *byte == b'^') => Shape::Carets,
            Some(b'#') if is_php_frame(line) => Shape::PhpFrame,
            Some(b'0'..=b'9' | b'L') if is_source_row(line) => Shape::Detail,
            Some(b'a') if is_frame(line) => Shape::Part,
            Some(b'.') if is_elision(line) => Shape::Part,
            Some(b'.') if line == b"..." => Shape::Detail,
            Some(b't') if is_rust_panic(line) => {
                Shape::RustPanic { has_message: !line.ends_with(b":") }
            }
            Some(b'g') if is_goroutine(line) => Shape::Goroutine,
            // Lines of loggers start with a digit or a bracket mostly.
            Some(b'0'..=b'9' | b'{' | b'<') => Shape::Ordinary,
            Some(_) => Shape::by_start(line).unwrap_or_else(|| Shape::of_name(line)),
        }
    }

    fn by_start(line: &[u8]) -> Option<Shape> {
        if line == b"Caused by:" {
            return Some(Shape::Part);
        }
        let found = STARTS.iter().find(|(start, _)| line.starts_with(start.as_bytes()));
        found.map(|(_, shape)| *shape)
    }

    fn of_indented(line: &[u8]) -> Shape {
        let text = line.trim_ascii_start();
        let indent = line.len() - text.len();
        let word = text.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let (word, rest) = text.split_at(word);
        let is_status = word.ends_with(b"ing") || word.ends_with(b"ed") || word == b"Fresh";
        if indent + word.len() == PROGRESS && is_status && rest.starts_with(b" ") {
            Shape::Progress
        } else if text.starts_with(b"+ Exception Group Traceback") {
            Shape::TracebackGroup
        } else if text.starts_with(b"File \"")
            && text.last().is_some_and(u8::is_ascii_digit)
            && find(text, b"\", line ").is_some()
        {
            Shape::SyntaxPlace
        } else if !text.is_empty() && text.iter().all(|byte| *byte == b'^') {
            Shape::Carets
        } else {
            Shape::Indented
        }
    }

    fn of_name(line: &[u8]) -> Shape {
        if exception(line).is_some() {
            Shape::Exception
        } else if is_class_in_packages(line) {
            Shape::PackagedClass
        } else if is_ruby_place(line) {
            Shape::RubyPlace
        } else if is_node_place(line) {
            Shape::NodePlace
        } else if is_compiler_note(line) {
            Shape::Detail
        } else if is_go_call(line) {
            Shape::GoCall
        } else if is_word(line) {
            Shape::Word
        } else {
            Shape::Ordinary
        }
    }
}

/// Returns whether a line has nothing but closing brackets, and the quotes, commas and semicolons
/// between them.
fn is_closer(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    let is_bracket = |byte: &u8| matches!(byte, b'}' | b']' | b')');
    line.iter().any(is_bracket)
        && line.iter().all(|byte| is_bracket(byte) || matches!(byte, b'"' | b',' | b';'))
}

/// Returns whether a line is a frame of PHP, as `#0 /tmp/a.php(3): f()` and `#1 {main}`.
fn is_php_frame(line: &[u8]) -> bool {
    let digits = line[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let rest = &line[1 + digits..];
    let is_place = rest.starts_with(b" /") && memchr(b'(', rest).is_some();
    digits > 0
        && (is_place || rest.starts_with(b" {main}") || rest.starts_with(b" [internal function]"))
}

/// Returns whether a line is a row of source in a message of rustc, as `12 |     let x = 1;`.
fn is_source_row(line: &[u8]) -> bool {
    let digits = line.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = if line.starts_with(b"LL") { 2 } else { digits };
    number > 0
        && line[number..].trim_ascii_start().starts_with(b"|")
        && line[number..].starts_with(b" ")
}

/// Returns whether a line is a frame of a stack, as `at f (a.js:1:2)` and `at F() in a.cs:line 3`.
fn is_frame(line: &[u8]) -> bool {
    let Some(call) = line.strip_prefix(b"at ") else { return false };
    let digits = call.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let before = &call[..call.len() - digits];
    call.ends_with(b")") && memchr(b'(', call).is_some()
        || digits > 0 && (before.ends_with(b":") && before.len() > 3 && !before.contains(&b' '))
        || digits > 0 && before.ends_with(b":line ")
}

/// Returns whether a line tells how many frames are left out, as `... 12 more`.
fn is_elision(line: &[u8]) -> bool {
    let Some(count) = line.strip_prefix(b"... ").and_then(|rest| rest.strip_suffix(b" more"))
    else {
        return false;
    };
    !count.is_empty() && count.iter().all(u8::is_ascii_digit)
}

/// Returns whether a line is a note of a C compiler, as `a.c:3:5: note: …`.
fn is_compiler_note(line: &[u8]) -> bool {
    let Some(space) = memchr(b' ', line) else { return false };
    let place = line[..space].strip_suffix(b":").and_then(<[u8]>::last);
    place.is_some_and(u8::is_ascii_digit) && line[space + 1..].starts_with(b"note: ")
}

/// Returns whether a line is a call in a goroutine, as `main.(*T).f(0xc000012345, 0x1)`.
fn is_go_call(line: &[u8]) -> bool {
    if !line.ends_with(b")") {
        return false;
    }
    let name = &line[..memchr(b'(', line).unwrap_or(0)];
    !name.contains(&b' ') && (name.contains(&b'.') || name == b"panic")
}

/// Returns whether a line is one name, or starts with one and a colon.
fn is_word(line: &[u8]) -> bool {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_');
    let len = line.iter().take_while(|byte| is_name(byte)).count();
    let is_name = line[0].is_ascii_alphabetic() || line[0] == b'_';
    is_name && matches!(line[len..], [] | [b':'] | [b':', b' ', ..])
}
