//! The fields of a line that is a JSON object or logfmt.

use std::borrow::Cow;

/// The value of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Field<'a> {
    /// A string, without quotes and escapes; also a value of logfmt that is no number.
    Text(Cow<'a, str>),
    /// A number.
    Number(f64),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
}

/// Returns the field `key` of a line; keys of nested JSON objects are joined with dots.
#[must_use]
pub fn field<'a>(line: &'a [u8], key: &str) -> Option<Field<'a>> {
    let _ = (line, key);
    None
}
