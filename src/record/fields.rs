//! The fields of a line that is a JSON object or logfmt.

use std::borrow::Cow;

use super::json::{self, Key, Members};
use super::logfmt::{self, Pairs};
use super::number::Number;

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field<'a> {
    /// A string, without quotes and escapes; also a value of logfmt that is nothing else.
    Text(Cow<'a, str>),
    /// A number.
    Number(Number<'a>),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
}

/// Returns the field `key` of a line that is a JSON object, or that holds pairs of logfmt.
///
/// Keys of nested JSON objects, and indices of arrays, are joined with dots: `user.name`,
/// `items.0`; a key that has dots itself is preferred.
/// Of fields with the same key, it is the first.
/// An object or array is no value, and a line that starts with `{` but is no JSON object as a
/// whole may still hold pairs.
#[must_use]
pub fn field<'a>(line: &'a [u8], key: &str) -> Option<Field<'a>> {
    let line = line.trim_ascii();
    if json::starts_object(line) && is_object(line) {
        return member(line, key.as_bytes()).and_then(of_json);
    }
    let (_, value) = Pairs::new(line).find(|(name, _)| *name == key.as_bytes())?;
    Some(of_logfmt(value))
}

/// Returns whether the line is a JSON object as a whole.
fn is_object(line: &[u8]) -> bool {
    let Some(mut members) = Members::new(line) else { return false };
    members.by_ref().all(|member| member.is_ok()) && members.rest().is_empty()
}

/// Returns the value at `path` in an object or array; recurses at most once for each dot of
/// `path` and for each level of the container, of which there are few.
fn member<'a>(container: &'a [u8], path: &[u8]) -> Option<json::Value<'a>> {
    let mut nested = None;
    for entry in Members::new(container)? {
        let (key, value) = entry.ok()?;
        match (after_key(path, key), value) {
            (Some([]), value) => return Some(value),
            (Some([b'.', rest @ ..]), json::Value::Container(inner)) if nested.is_none() => {
                nested = member(inner, rest);
            }
            _ => {}
        }
    }
    nested
}

/// Returns the part of `path` behind `key`.
fn after_key<'p>(path: &'p [u8], key: Key<'_>) -> Option<&'p [u8]> {
    match key {
        Key::Name(raw) if raw.contains(&b'\\') => path.strip_prefix(json::decode(raw)?.as_bytes()),
        Key::Name(name) => path.strip_prefix(name),
        Key::Index(index) => {
            let len = path.iter().position(|byte| *byte == b'.').unwrap_or(path.len());
            let (digits, rest) = path.split_at(len);
            let is_canonical = digits == b"0" || !digits.starts_with(b"0");
            let digits = std::str::from_utf8(digits).ok().filter(|_| is_canonical)?;
            (digits.parse() == Ok(index)).then_some(rest)
        }
    }
}

fn of_json(value: json::Value<'_>) -> Option<Field<'_>> {
    match value {
        json::Value::Text(raw) => json::decode(raw).map(Field::Text),
        json::Value::Number(digits) => Number::parse(digits).map(Field::Number),
        json::Value::Bool(value) => Some(Field::Bool(value)),
        json::Value::Null => Some(Field::Null),
        json::Value::Container(_) => None,
    }
}

fn of_logfmt(value: logfmt::Value<'_>) -> Field<'_> {
    match value {
        logfmt::Value::Bare(b"true") => Field::Bool(true),
        logfmt::Value::Bare(b"false") => Field::Bool(false),
        logfmt::Value::Bare(b"null") => Field::Null,
        logfmt::Value::Bare(raw) => {
            let number = std::str::from_utf8(raw).ok().and_then(Number::parse);
            number.map_or_else(|| Field::Text(value.decode()), Field::Number)
        }
        logfmt::Value::Quoted(_) => Field::Text(value.decode()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;
    use serde_json::Value;

    fn show(line: &str, key: &str) -> Option<String> {
        field(line.as_bytes(), key).map(|field| match field {
            Field::Text(text) => text.into_owned(),
            Field::Number(number) => format!("#{}", number.as_str()),
            Field::Bool(value) => format!("={value}"),
            Field::Null => "=null".to_owned(),
        })
    }

    #[test]
    fn fields_of_json_are_found() {
        let line = r#" {"a":"x\n\u00e9\ud83d\ude00", "b" : -1.5e3,"c":true,"d":null,"e":{"f":{"g":"h"},"f.g":2},"e.x":1,"i":[1,{"j":"k"}],"\u006d":3,"a":"second"} "#;
        for (key, expected) in [
            ("a", Some("x\né😀")),
            ("b", Some("#-1.5e3")),
            ("c", Some("=true")),
            ("d", Some("=null")),
            ("e", None),
            ("e.f.g", Some("#2")),
            ("e.x", Some("#1")),
            ("e.f", None),
            ("i.0", Some("#1")),
            ("i.00", None),
            ("i.1.j", Some("k")),
            ("i.2", None),
            ("m", Some("#3")),
            ("absent", None),
            ("", None),
            (".", None),
        ] {
            assert_eq!(show(line, key).as_deref(), expected, "{key}");
        }
        assert_eq!(show(r#"{"a.b":1,"a":{"b":2}}"#, "a.b").as_deref(), Some("#1"));
        assert_eq!(show(r#"{"a":{"b":2},"a.b":1}"#, "a.b").as_deref(), Some("#1"));
        assert_eq!(show("{\"a\":\"\u{e9}\"}\r", "a").as_deref(), Some("é"));
    }

    #[test]
    fn lines_that_are_no_objects_have_no_members() {
        for line in [
            r#"{"a":1"#,
            r#"{"a":1,}"#,
            r#"{"a":1} x"#,
            r#"{"a":1 "b":2}"#,
            r#"{"a":01}"#,
            r#"{"a":[1}"#,
            r#"{"a":1,"b":tru}"#,
            "{a:1}",
            r#"["a",1]"#,
            "{",
        ] {
            assert_eq!(show(line, "a"), None, "{line}");
        }
        let nested =
            |depth| format!("{{\"a\":1,\"b\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(show(&nested(127), "a").is_some());
        assert!(show(&nested(128), "a").is_none());
        assert!(show(&nested(1 << 16), "a").is_none());
    }

    #[test]
    fn fields_of_logfmt_are_found() {
        let line = r#"t=1 level=warn status=500 ok=true msg="it \"works\"" id="7" none=null e="#;
        for (key, expected) in [
            ("level", Some("warn")),
            ("status", Some("#500")),
            ("ok", Some("=true")),
            ("msg", Some("it \"works\"")),
            ("id", Some("7")),
            ("none", Some("=null")),
            ("e", Some("")),
            ("works", None),
        ] {
            assert_eq!(show(line, key).as_deref(), expected, "{key}");
        }
    }

    /// Returns what `field` must return, by `serde_json`.
    fn expected(value: &Value) -> Option<Field<'static>> {
        match value {
            Value::String(text) => Some(Field::Text(text.clone().into())),
            Value::Number(number) => Number::parse(number.to_string().leak()).map(Field::Number),
            Value::Bool(value) => Some(Field::Bool(*value)),
            Value::Null => Some(Field::Null),
            Value::Array(_) | Value::Object(_) => None,
        }
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-1e9..1e9).prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..4).prop_map(Value::from),
                btree_map("[a-c\"é]{0,3}", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    /// Collects the path and value of everything in `value`.
    fn paths(value: &Value, path: &str, all: &mut Vec<(String, Value)>) {
        let entries: Vec<(String, &Value)> = match value {
            Value::Object(members) => {
                members.iter().map(|(key, value)| (key.clone(), value)).collect()
            }
            Value::Array(items) => {
                items.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect()
            }
            _ => Vec::new(),
        };
        for (key, value) in entries {
            let path = if path.is_empty() { key } else { format!("{path}.{key}") };
            all.push((path.clone(), value.clone()));
            paths(value, &path, all);
        }
    }

    proptest! {
        #[test]
        fn fields_are_those_of_serde_json(members in btree_map("[a-d\\\\]{1,3}", json(), 0..5)) {
            let object = Value::Object(members.into_iter().collect());
            let mut all = Vec::new();
            paths(&object, "", &mut all);
            for line in [object.to_string(), format!("{object:#}").replace('\n', " ")] {
                for (path, value) in &all {
                    prop_assert_eq!(field(line.as_bytes(), path), expected(value), "{}", path);
                }
            }
        }

        #[test]
        fn no_line_causes_a_panic(line in "[{}\\[\\]\",:\\\\ua0-9.e=\\- \n]{0,40}", key in ".{0,5}") {
            let _ = field(line.as_bytes(), &key);
            let _ = field(format!("{{\"a\":{line}").as_bytes(), &key);
        }

        #[test]
        fn objects_are_those_of_serde_json(line in "\\{(\"a\":)?[{}\\[\\]\",:a0-9.e\\- ]{0,12}\\}") {
            let is_json = serde_json::from_str::<Value>(&line).is_ok();
            prop_assert_eq!(json::starts_object(line.as_bytes()) && is_object(line.as_bytes()), is_json);
        }
    }
}
