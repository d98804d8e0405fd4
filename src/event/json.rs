//! JSON as it is sent: one line without characters that a terminal, a script or an event stream
//! interprets.

/// For each byte, whether it is copied into a string without looking at its character.
const PLAIN: [bool; 256] = {
    let mut plain = [true; 256];
    let mut byte = 0;
    while byte < 256 {
        // C2 is the first byte of the C1 controls, E2 of the line separators, EF of U+FEFF.
        plain[byte] = !matches!(byte, 0..0x20 | 0x22 | 0x5C | 0x7F | 0xC2 | 0xE2 | 0xEF);
        byte += 1;
    }
    plain
};

/// A JSON object that is built field by field; keys must not need an escape.
#[derive(Debug)]
pub struct JsonObject(Vec<u8>);

impl Default for JsonObject {
    fn default() -> Self {
        JsonObject(vec![b'{'])
    }
}

impl JsonObject {
    /// Makes an object with the first field `type`.
    #[must_use]
    pub fn of_type(kind: &str) -> Self {
        JsonObject::default().text("type", kind)
    }

    /// Adds a string.
    #[must_use]
    pub fn text(mut self, key: &str, value: &str) -> Self {
        self.key(key);
        push_string(&mut self.0, value);
        self
    }

    /// Adds a number, or `null`.
    #[must_use]
    pub fn number(self, key: &str, value: Option<u64>) -> Self {
        match value {
            Some(value) => self.literal(key, &value.to_string()),
            None => self.literal(key, "null"),
        }
    }

    /// Adds `true`, or no field if `value` is false.
    #[must_use]
    pub fn flag(self, key: &str, value: bool) -> Self {
        if value { self.literal(key, "true") } else { self }
    }

    /// Returns the text of the object.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.0.push(b'}');
        String::from_utf8_lossy(&self.0).into_owned()
    }

    fn literal(mut self, key: &str, value: &str) -> Self {
        self.key(key);
        self.0.extend_from_slice(value.as_bytes());
        self
    }

    fn key(&mut self, key: &str) {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        self.0.push(b'"');
        self.0.extend_from_slice(key.as_bytes());
        self.0.extend_from_slice(b"\":");
    }
}

/// Returns `text` as a JSON string.
#[must_use]
pub fn json_string(text: &str) -> String {
    let mut out = Vec::new();
    push_string(&mut out, text);
    String::from_utf8_lossy(&out).into_owned()
}

/// Appends `text` as a JSON string.
///
/// Escapes controls (C0, DEL, C1), U+2028, U+2029 and U+FEFF in addition to what RFC 8259 requires.
pub(super) fn push_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut copied = 0;
    let mut at = 0;
    while let Some(plain) = bytes[at..].iter().position(|&byte| !PLAIN[byte as usize]) {
        at += plain;
        let Some(character) = text[at..].chars().next() else { break };
        let next = at + character.len_utf8();
        if is_escaped(character) {
            out.extend_from_slice(&bytes[copied..at]);
            push_escape(out, character);
            copied = next;
        }
        at = next;
    }
    out.extend_from_slice(&bytes[copied..]);
    out.push(b'"');
}

fn is_escaped(character: char) -> bool {
    character.is_control() || matches!(character, '"' | '\\' | '\u{2028}' | '\u{2029}' | '\u{FEFF}')
}

fn push_escape(out: &mut Vec<u8>, character: char) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let short = match character {
        '"' | '\\' => character as u8,
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        _ => {
            let code = character as usize;
            out.extend_from_slice(b"\\u");
            out.extend([12, 8, 4, 0].map(|shift| HEX[(code >> shift) & 15]));
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn characters_that_are_interpreted_are_escaped() {
        assert_eq!(json_string("a\"b\\"), r#""a\"b\\""#);
        assert_eq!(json_string("\x1b[1m\0\r\n\t\x7f"), r#""\u001b[1m\u0000\r\n\t\u007f""#);
        assert_eq!(json_string("\u{85}\u{2028}\u{2029}\u{FEFF}"), r#""\u0085\u2028\u2029\ufeff""#);
        assert_eq!(json_string("é – ﬁ 🦀"), "\"é – ﬁ 🦀\"");
    }

    #[test]
    fn an_object_is_json() {
        let json = JsonObject::of_type("gap").number("lost", None).flag("filtered", true).finish();
        assert_eq!(json, r#"{"type":"gap","lost":null,"filtered":true}"#);
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_back(text: String) {
            let read: String = serde_json::from_str(&json_string(&text)).expect("JSON");
            prop_assert_eq!(read, text);
        }
    }
}
