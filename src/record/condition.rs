//! Conditions: comparisons of a field with a value, such as `status>=500`.

use std::cmp::Ordering;
use std::fmt;

use regex::bytes::{Regex, RegexBuilder};

use super::number::Number;
use super::{Field, field};

/// A comparison of a field of a line with a value.
///
/// It holds only for lines that have the field, also `!=`.
/// Two numbers are compared as numbers, exactly; text that reads as a number is one, unless the
/// value of the condition is in quotes.
/// Everything else is compared as text, byte by byte; `true`, `false` and `null` are such text.
#[derive(Clone, Debug)]
pub struct Condition {
    key: String,
    comparison: Comparison,
}

#[derive(Clone, Debug)]
enum Comparison {
    /// The field compares so with a value, which is compared as a number if it is one.
    Compares { operator: Operator, value: String, is_number: bool },
    /// The field matches an expression.
    Matches(Regex),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    Unequal,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

/// Every comparison, the longer ones first where one starts with another; none for `~`.
const OPERATORS: [(&str, Option<Operator>); 7] = [
    ("!=", Some(Operator::Unequal)),
    ("<=", Some(Operator::AtMost)),
    (">=", Some(Operator::AtLeast)),
    ("=", Some(Operator::Equal)),
    ("<", Some(Operator::Less)),
    (">", Some(Operator::Greater)),
    ("~", None),
];

/// The reason why a text is not a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadCondition {
    /// It has no operator.
    NoOperator,
    /// It has nothing before the operator.
    NoKey,
    /// Its value starts with a quote, and does not end with one.
    OpenQuote,
    /// Its value is not a regular expression, or one that takes too much memory.
    BadExpression,
}

impl fmt::Display for BadCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BadCondition::NoOperator => {
                "expected KEY OP VALUE with one of the operators = != < <= > >= ~, \
                 e.g. status>=500"
            }
            BadCondition::NoKey => "expected a key before the operator, e.g. status>=500",
            BadCondition::OpenQuote => {
                "expected a quote at the end of a value that starts with one, e.g. name=\"a b\""
            }
            BadCondition::BadExpression => {
                "expected a regular expression after ~ that is valid and not too large, \
                 e.g. path~^/api/"
            }
        })
    }
}

impl std::error::Error for BadCondition {}

impl Condition {
    /// Parses `KEY OP VALUE`, where `OP` is one of `=`, `!=`, `<`, `<=`, `>`, `>=` and `~`.
    ///
    /// The key ends at the first operator; space around the operator is ignored.
    /// It is an error if an expression takes more than `size` bytes of memory.
    pub fn parse(text: &str, size: usize) -> Result<Self, BadCondition> {
        let at = text.find(['=', '!', '<', '>', '~']).ok_or(BadCondition::NoOperator)?;
        let (key, rest) = text.split_at(at);
        let found = OPERATORS.iter().find_map(|(symbol, operator)| {
            rest.strip_prefix(symbol).map(|value| (*operator, value.trim()))
        });
        let (operator, value) = found.ok_or(BadCondition::NoOperator)?;
        let key = key.trim();
        if key.is_empty() {
            return Err(BadCondition::NoKey);
        }
        let (value, is_quoted) = unquote(value)?;
        let comparison = match operator {
            Some(operator) => {
                let is_number = !is_quoted && Number::parse(&value).is_some();
                Comparison::Compares { operator, value, is_number }
            }
            None => Comparison::Matches(expression(&value, size)?),
        };
        Ok(Condition { key: key.to_owned(), comparison })
    }

    /// Returns whether `line` has the field and the comparison holds.
    #[must_use]
    pub fn holds(&self, line: &[u8]) -> bool {
        let Some(field) = field(line, &self.key) else { return false };
        let text = match &field {
            Field::Text(text) => text,
            Field::Number(number) => number.as_str(),
            Field::Bool(true) => "true",
            Field::Bool(false) => "false",
            Field::Null => "null",
        };
        match &self.comparison {
            Comparison::Matches(expression) => expression.is_match(text.as_bytes()),
            Comparison::Compares { operator, value, is_number } => {
                let number = |text| Number::parse(text).filter(|_| *is_number);
                let order = match (number(text), number(value)) {
                    (Some(field), Some(value)) => field.cmp(&value),
                    _ => text.as_bytes().cmp(value.as_bytes()),
                };
                operator.holds(order)
            }
        }
    }
}

impl Operator {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Operator::Equal => order.is_eq(),
            Operator::Unequal => order.is_ne(),
            Operator::Less => order.is_lt(),
            Operator::AtMost => order.is_le(),
            Operator::Greater => order.is_gt(),
            Operator::AtLeast => order.is_ge(),
        }
    }
}

/// Removes the quotes around a value, and returns whether it had them; between them, `\"` is a
/// quote and `\\` a backslash.
fn unquote(value: &str) -> Result<(String, bool), BadCondition> {
    let Some(rest) = value.strip_prefix('"') else { return Ok((value.to_owned(), false)) };
    let mut text = String::new();
    let mut characters = rest.chars();
    loop {
        match characters.next().ok_or(BadCondition::OpenQuote)? {
            '"' if characters.as_str().is_empty() => return Ok((text, true)),
            '"' => return Err(BadCondition::OpenQuote),
            '\\' => match characters.next().ok_or(BadCondition::OpenQuote)? {
                escaped @ ('"' | '\\') => text.push(escaped),
                other => text.extend(['\\', other]),
            },
            other => text.push(other),
        }
    }
}

/// Compiles an expression that takes at most `size` bytes of memory, and as much again while it
/// is matched.
fn expression(text: &str, size: usize) -> Result<Regex, BadCondition> {
    let expression = RegexBuilder::new(text).size_limit(size).dfa_size_limit(size).build();
    expression.map_err(|_| BadCondition::BadExpression)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SIZE: usize = 1 << 20;

    fn holds(condition: &str, line: &str) -> bool {
        Condition::parse(condition, SIZE).expect("a condition").holds(line.as_bytes())
    }

    #[test]
    fn conditions_hold_for_fields() {
        let line = r#"{"status":500,"id":9007199254740993,"name":"b c","code":"404","ok":true,"none":null,"v":"1.10","a":{"b":1e3}}"#;
        for condition in [
            "status=500",
            "status = 500",
            "status>=500",
            "status>99",
            "status<1e3",
            "status<=500.0",
            "status!=404",
            "id=9007199254740993",
            "id>9007199254740992",
            "id!=9007199254740992",
            "name=b c",
            "name=\"b c\"",
            "name>a",
            "name<=c",
            "name~^b",
            "code=404",
            "code>50",
            "code<\"50\"",
            "v=1.1",
            "v!=\"1.1\"",
            "ok=true",
            "ok!=false",
            "none=null",
            "status~^5..$",
            "a.b=1000",
            "status!=x",
        ] {
            assert!(holds(condition, line), "{condition}");
        }
        for condition in
            ["status=404", "absent=1", "absent!=1", "a=1", "a!=1", "name~^c", "id=9007199254740992"]
        {
            assert!(!holds(condition, line), "{condition}");
        }
        assert!(holds("status>=500", "time=1 status=503 msg=x"));
        assert!(holds("path~^/api/", "GET path=/api/x"));
        assert!(!holds("status>=500", "status is 503"));
    }

    #[test]
    fn other_texts_are_no_conditions() {
        for (text, reason) in [
            ("", BadCondition::NoOperator),
            ("status", BadCondition::NoOperator),
            ("status!500", BadCondition::NoOperator),
            ("=500", BadCondition::NoKey),
            (" >= 500", BadCondition::NoKey),
            ("name=\"x", BadCondition::OpenQuote),
            ("name=\"x\" y", BadCondition::OpenQuote),
            ("name~(", BadCondition::BadExpression),
            ("name~(a{1000}){1000}", BadCondition::BadExpression),
        ] {
            assert_eq!(Condition::parse(text, SIZE).expect_err(text), reason, "{text}");
        }
    }

    #[test]
    fn quotes_are_removed_from_values() {
        assert!(holds(r#"a="x \" \\ \d""#, r#"{"a":"x \" \\ \\d"}"#));
        assert!(holds("a=", r#"{"a":""}"#));
        assert!(holds("a==", r#"{"a":"="}"#));
    }

    proptest! {
        #[test]
        fn whole_numbers_compare_as_numbers(field in -50_i64..50, value in -50_i64..50) {
            let line = format!("n={field}");
            for (operator, expected) in [
                ("=", field == value),
                ("!=", field != value),
                ("<", field < value),
                ("<=", field <= value),
                (">", field > value),
                (">=", field >= value),
            ] {
                prop_assert_eq!(holds(&format!("n{operator}{value}"), &line), expected);
            }
        }

        #[test]
        fn texts_compare_byte_by_byte(field in "[a-c]{0,3}", value in "[a-c]{0,3}") {
            let line = serde_json::json!({ "s": &field }).to_string();
            for (operator, expected) in [
                ("=", field == value),
                ("!=", field != value),
                ("<", field < value),
                (">=", field >= value),
            ] {
                prop_assert_eq!(holds(&format!("s{operator}\"{value}\""), &line), expected);
            }
        }

        #[test]
        fn no_text_causes_a_panic(text in ".{0,20}", line in ".{0,20}") {
            if let Ok(condition) = Condition::parse(&text, SIZE) {
                let _ = condition.holds(line.as_bytes());
            }
        }
    }
}
