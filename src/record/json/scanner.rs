//! The tokens of JSON.

use memchr::memchr2;

/// Greatest depth of arrays and objects in each other; a value that is deeper is malformed.
/// One bit each; `serde_json` has the same limit.
const DEEPEST: u32 = 128;

/// A value, as slices of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::record) enum Value<'a> {
    /// A string, without its quotes; escapes are not decoded.
    Text(&'a [u8]),
    Number(&'a str),
    Bool(bool),
    Null,
    /// An object or array, with its brackets.
    Container(&'a [u8]),
}

/// A place in JSON text.
#[derive(Clone, Debug)]
pub(super) struct Scanner<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(super) fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    pub(super) fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// Reads a string, and returns it without its quotes.
    fn string(&mut self) -> Option<&'a [u8]> {
        self.expect(b'"')?;
        let start = self.at;
        loop {
            self.at += memchr2(b'"', b'\\', self.bytes.get(self.at..)?)?;
            if self.peek()? == b'"' {
                self.at += 1;
                return Some(&self.bytes[start..self.at - 1]);
            }
            self.at += 2;
        }
    }

    /// Reads a string, a colon and the space around it.
    pub(super) fn key(&mut self) -> Option<&'a [u8]> {
        let key = self.string()?;
        self.skip_space();
        self.expect(b':')?;
        self.skip_space();
        Some(key)
    }

    pub(super) fn value(&mut self) -> Option<Value<'a>> {
        match self.peek()? {
            b'{' | b'[' => self.container().map(Value::Container),
            _ => self.scalar(),
        }
    }

    fn scalar(&mut self) -> Option<Value<'a>> {
        match self.peek()? {
            b'"' => self.string().map(Value::Text),
            b't' => self.literal(b"true", Value::Bool(true)),
            b'f' => self.literal(b"false", Value::Bool(false)),
            b'n' => self.literal(b"null", Value::Null),
            _ => self.number().map(Value::Number),
        }
    }

    fn literal(&mut self, literal: &[u8], value: Value<'a>) -> Option<Value<'a>> {
        self.bytes[self.at..].starts_with(literal).then(|| self.at += literal.len())?;
        Some(value)
    }

    fn number(&mut self) -> Option<&'a str> {
        let start = self.at;
        let _ = self.expect(b'-');
        if self.peek()? == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.expect(b'.').is_some() {
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        std::str::from_utf8(&self.bytes[start..self.at]).ok()
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    /// Reads an object or array with everything in it, and returns it with its brackets.
    fn container(&mut self) -> Option<&'a [u8]> {
        let start = self.at;
        let mut open = Brackets::default();
        loop {
            let is_object = match self.peek()? {
                b'{' => true,
                b'[' => false,
                _ => {
                    self.scalar()?;
                    if self.close(&mut open)? {
                        return Some(&self.bytes[start..self.at]);
                    }
                    continue;
                }
            };
            self.at += 1;
            open.push(is_object)?;
            self.skip_space();
            if self.peek()? == open.closer() {
                if self.close(&mut open)? {
                    return Some(&self.bytes[start..self.at]);
                }
            } else if is_object {
                self.key()?;
            }
        }
    }

    /// Reads from the end of a value to the start of the next one; returns whether there is none,
    /// because the last bracket was closed.
    fn close(&mut self, open: &mut Brackets) -> Option<bool> {
        loop {
            self.skip_space();
            let next = self.peek()?;
            self.at += 1;
            if next == open.closer() {
                open.pop();
                if open.depth == 0 {
                    return Some(true);
                }
            } else if next == b',' {
                self.skip_space();
                if open.is_object() {
                    self.key()?;
                }
                return Some(false);
            } else {
                return None;
            }
        }
    }
}

/// The brackets that are open.
#[derive(Clone, Copy, Debug, Default)]
struct Brackets {
    /// One bit for each, the innermost lowest: 1 for an object.
    objects: u128,
    depth: u32,
}

impl Brackets {
    fn push(&mut self, is_object: bool) -> Option<()> {
        self.objects = self.objects << 1 | u128::from(is_object);
        self.depth += 1;
        // The outermost object, whose members are read, is not among them.
        (self.depth < DEEPEST).then_some(())
    }

    fn pop(&mut self) {
        self.objects >>= 1;
        self.depth -= 1;
    }

    fn is_object(self) -> bool {
        self.objects & 1 == 1
    }

    fn closer(self) -> u8 {
        if self.is_object() { b'}' } else { b']' }
    }
}
