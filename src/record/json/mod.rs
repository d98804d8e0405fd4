//! A scanner of JSON: the bytes of an object or array come in, and its members go out.
//!
//! Nothing is copied, except strings with escapes where they are decoded, and nothing recurses.

mod decode;
mod scanner;

use self::scanner::Scanner;

pub(super) use self::decode::decode;
pub(super) use self::scanner::Value;

/// The key of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key<'a> {
    /// The name of a member of an object; escapes are not decoded.
    Name(&'a [u8]),
    /// The index of an element of an array.
    Index(usize),
}

/// The text is not JSON, or ends early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// The members of an object or array, in their order, until the first that is malformed.
#[derive(Clone, Debug)]
pub(super) struct Members<'a> {
    scanner: Scanner<'a>,
    is_object: bool,
    /// Number of members so far.
    count: usize,
    /// The last bracket has been read, or something was malformed.
    is_over: bool,
}

impl<'a> Members<'a> {
    /// Makes an iterator over the members of the object or array at the start of `bytes`.
    pub(super) fn new(bytes: &'a [u8]) -> Option<Self> {
        let is_object = match bytes.first()? {
            b'{' => true,
            b'[' => false,
            _ => return None,
        };
        let scanner = Scanner { bytes, at: 1 };
        Some(Members { scanner, is_object, count: 0, is_over: false })
    }

    /// The bytes that have not been read.
    pub(super) fn rest(&self) -> &'a [u8] {
        &self.scanner.bytes[self.scanner.at..]
    }

    /// Reads the next member, unless it is malformed.
    fn member(&mut self) -> Option<(Key<'a>, Value<'a>)> {
        let scanner = &mut self.scanner;
        if self.count > 0 {
            scanner.expect(b',')?;
            scanner.skip_space();
        }
        let key = if self.is_object { Key::Name(scanner.key()?) } else { Key::Index(self.count) };
        self.count += 1;
        Some((key, scanner.value()?))
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = Result<(Key<'a>, Value<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        self.scanner.skip_space();
        let bracket = if self.is_object { b'}' } else { b']' };
        if self.scanner.expect(bracket).is_some() {
            self.is_over = true;
            return None;
        }
        let member = self.member();
        self.is_over = member.is_none();
        Some(member.ok_or(Malformed))
    }
}

/// Returns whether `line` starts as an object does: with a key, or empty.
pub(super) fn starts_object(line: &[u8]) -> bool {
    let mut scanner = Scanner { bytes: line, at: 0 };
    if scanner.expect(b'{').is_none() {
        return false;
    }
    scanner.skip_space();
    match scanner.peek() {
        Some(b'"') => scanner.key().is_some(),
        Some(b'}') => true,
        _ => false,
    }
}
