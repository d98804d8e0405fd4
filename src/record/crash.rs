//! First lines of crashes, such as `java.lang.IllegalStateException: boom`.

use memchr::memmem::find;
use memchr::{memchr, memchr_iter};

use super::Level;

/// Longest name of a class, in bytes; longer ones are not known, and a larger value would delay
/// lines without spaces.
const LONGEST_NAME: usize = 200;

/// Endings of the names of classes, with the level of a line that names one.
const ENDINGS: [(&[u8], Level); 10] = [
    (b"Error", Level::Error),
    (b"Exception", Level::Error),
    (b"Throwable", Level::Error),
    (b"Failure", Level::Error),
    (b"Fault", Level::Error),
    (b"ExceptionGroup", Level::Error),
    (b"KeyboardInterrupt", Level::Error),
    (b"SystemExit", Level::Error),
    (b"StopIteration", Level::Error),
    (b"Warning", Level::Warn),
];

/// Returns the level of a line that starts with the class of an exception, by its ending.
///
/// The class is followed by the end of the line, by a colon, or by text in parentheses (Ruby) or
/// in square brackets (Node).
pub(super) fn exception(line: &[u8]) -> Option<Level> {
    let line = line.strip_prefix(b"Uncaught ").unwrap_or(line);
    let (class, rest) = class(line)?;
    let is_ended = match rest {
        [] | [b':'] | [b':', b' ', ..] | [b' ', b'[', ..] => true,
        [b' ', b'(', ..] => rest.ends_with(b")") || rest.ends_with(b"):"),
        _ => false,
    };
    // The word alone is a level.
    let (_, level) = ENDINGS.iter().find(|(ending, _)| class.ends_with(ending))?;
    (is_ended && class != b"Warning").then_some(*level)
}

/// Returns whether a line starts with a class in packages and a colon, as `com.acme.Boom: …`;
/// that may be an exception or the name of a logger.
pub(super) fn is_class_in_packages(line: &[u8]) -> bool {
    let Some((_, rest)) = class(line) else { return false };
    let name = &line[..line.len() - rest.len()];
    let dots = memchr_iter(b'.', name).count();
    dots >= 2 && matches!(rest, [b':'] | [b':', b' ', ..])
}

/// Splits a line behind the name of a class, and returns the name without its packages.
fn class(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'$');
    let mut len = 0;
    while len < LONGEST_NAME && len < line.len() {
        len += match line[len..] {
            [b':', b':', ..] => 2,
            [b'\\', ..] => 1,
            [byte, ..] if is_name(byte) => 1,
            _ => break,
        };
    }
    let (name, rest) = line.split_at(len);
    let class = name.rsplit(|byte| matches!(byte, b'.' | b':' | b'\\')).next()?;
    class.first()?.is_ascii_uppercase().then_some((class, rest))
}

/// Returns whether a line reports a panic of Rust, as `thread 'main' panicked at src/main.rs:2:5:`.
pub(super) fn is_rust_panic(line: &[u8]) -> bool {
    let start = &line[..line.len().min(LONGEST_NAME)];
    line.starts_with(b"thread '") && find(start, b"' panicked at ").is_some()
        || line.starts_with(b"thread ") && find(start, b") panicked at ").is_some()
}

/// Returns whether a line is the first of a goroutine of Go, as `goroutine 1 [running]:`.
pub(super) fn is_goroutine(line: &[u8]) -> bool {
    line.starts_with(b"goroutine ") && line.ends_with(b"]:")
}

/// Returns whether a line is the place of an exception as Node prints it, such as `/tmp/a.js:3`.
pub(super) fn is_node_place(line: &[u8]) -> bool {
    let digits = line.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let Some(file) = line[..line.len() - digits].strip_suffix(b":") else { return false };
    let is_absolute = file.starts_with(b"/") || file.get(1) == Some(&b':');
    let is_script = (is_absolute || file.starts_with(b"file://"))
        && [&b".js"[..], b".mjs", b".cjs", b".ts", b".mts", b".cts", b".jsx", b".tsx"]
            .iter()
            .any(|ending| file.ends_with(ending));
    digits > 0 && (is_script || file.starts_with(b"node:")) && !file.contains(&b' ')
}

/// Returns whether a line is a place of Ruby, as `a.rb:3:in 'name': message (RuntimeError)`.
pub(super) fn is_ruby_place(line: &[u8]) -> bool {
    let Some(space) = memchr(b' ', line) else { return false };
    let Some(place) = line[..space].strip_suffix(b":in") else { return false };
    let digits = place.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    digits > 0
        && place[..place.len() - digits].ends_with(b":")
        && matches!(line.get(space + 1), Some(b'`' | b'\''))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_of_exceptions_are_known() {
        for line in [
            "ValueError: boom",
            "KeyError",
            "Error: boom",
            "TypeError [ERR_INVALID_ARG_TYPE]: boom",
            "Uncaught ReferenceError: x is not defined",
            "java.lang.IllegalStateException: boom",
            "java.lang.StackOverflowError",
            "ActiveModel::SomeError (Validation failed):",
            "RuntimeError (boom):",
            r"App\Errors\ShopException: boom",
            "requests.exceptions.ConnectionError: refused",
        ] {
            assert_eq!(exception(line.as_bytes()), Some(Level::Error), "{line}");
        }
        assert_eq!(exception(b"DeprecationWarning: old"), Some(Level::Warn));
        for line in [
            "Error in the middle",
            "no Error: here",
            "com.acme.shop.Main - started",
            "com.acme.shop.Boom: no stock",
            "Warning: low",
            "errors: 0",
            "Error:x",
            "",
        ] {
            assert_eq!(exception(line.as_bytes()), None, "{line}");
        }
        assert!(is_class_in_packages(b"com.acme.shop.Boom: no stock"));
        assert!(!is_class_in_packages(b"www.example.com: no address"));
    }

    #[test]
    fn places_of_crashes_are_known() {
        assert!(is_rust_panic(b"thread 'main' panicked at src/main.rs:2:5:"));
        assert!(is_rust_panic(b"thread 'main' (1234) panicked at src/main.rs:2:5:"));
        assert!(is_rust_panic(b"thread '<unnamed>' panicked at 'boom', src/main.rs:2:5"));
        assert!(!is_rust_panic(b"thread 'main' started"));
        assert!(is_goroutine(b"goroutine 1 [running]:"));
        assert!(is_goroutine(b"goroutine 18 gp=0xc000 m=nil [select, 2 minutes]:"));
        assert!(!is_goroutine(b"goroutine 1 started"));
        for place in ["/tmp/a.js:3", "node:internal/modules/cjs/loader:1143", r"C:\a.ts:10"] {
            assert!(is_node_place(place.as_bytes()), "{place}");
        }
        for line in ["/tmp/a.rs:3", "a.js:3", "/tmp/a.js:3: text", "/tmp/a.js", "see /tmp/a.js:3"] {
            assert!(!is_node_place(line.as_bytes()), "{line}");
        }
        assert!(is_ruby_place(b"a.rb:3:in `foo': boom (RuntimeError)"));
        assert!(is_ruby_place(b"a.rb:3:in 'Object#foo': boom (RuntimeError)"));
        assert!(!is_ruby_place(b"a.rb:3: warning: x"));
    }
}
