//! The bytes of a field of an entry: text, an array of bytes, or an array of several values.
//!
//! They are read without a value for each byte, which would take 32 times the memory.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The bytes of a field; several values are joined by line feeds, and null is empty.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct FieldBytes(pub(super) Vec<u8>);

/// An element of an array.
enum Element {
    Byte(u8),
    Value(Vec<u8>),
}

struct FieldVisitor;
struct ElementVisitor;

impl FieldBytes {
    pub(super) fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }
}

impl<'de> Deserialize<'de> for FieldBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor).map(FieldBytes)
    }
}

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ElementVisitor)
    }
}

impl<'de> Visitor<'de> for FieldVisitor {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, bytes, or an array of these")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<u8>, E> {
        Ok(text.into())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Vec<u8>, E> {
        Ok(text.into_bytes())
    }

    fn visit_unit<E: Error>(self) -> Result<Vec<u8>, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Vec<u8>, A::Error> {
        let (mut bytes, mut is_first) = (Vec::new(), true);
        while let Some(element) = elements.next_element()? {
            match element {
                Element::Byte(byte) => bytes.push(byte),
                Element::Value(value) => {
                    bytes.extend((!is_first).then_some(b'\n'));
                    bytes.extend(value);
                }
            }
            is_first = false;
        }
        Ok(bytes)
    }
}

impl<'de> Visitor<'de> for ElementVisitor {
    type Value = Element;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        FieldVisitor.expecting(f)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Element, E> {
        Ok(u8::try_from(number).map_or(Element::Value(Vec::new()), Element::Byte))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Element, E> {
        FieldVisitor.visit_str(text).map(Element::Value)
    }

    fn visit_unit<E: Error>(self) -> Result<Element, E> {
        FieldVisitor.visit_unit().map(Element::Value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<Element, A::Error> {
        FieldVisitor.visit_seq(elements).map(Element::Value)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Element, A::Error> {
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Element::Value(Vec::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_field_is_bytes() {
        for (json, bytes) in [
            (r#""a""#, &b"a"[..]),
            (r#""a\nb""#, b"a\nb"),
            ("null", b""),
            ("[]", b""),
            ("[97,255,0]", b"a\xff\0"),
            (r#"["a","b",[99,100],null]"#, b"a\nb\ncd\n"),
            (r#"[300,{"a":1}]"#, b"\n"),
        ] {
            let field: FieldBytes = serde_json::from_str(json).expect("a field");
            assert_eq!(field.0, bytes, "{json}");
        }
        assert!(serde_json::from_str::<FieldBytes>("{}").is_err());
    }
}
