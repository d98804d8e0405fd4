//! Entries of the systemd journal, as `journalctl --output=json` prints them.

use serde_json::{Map, Value};

use crate::event::{ContainerFormat, Envelope};
use crate::record::Level;

/// Most bytes of a line that are passed on as one part. A line with more than twice as many would
/// be too long for the cutting to decode.
const PART: usize = 512 * 1024;

/// An entry of the journal.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The position behind the entry.
    pub(super) cursor: String,
    /// The unit, or else the program, that has written the entry.
    pub(super) unit: String,
    /// Time in milliseconds since 1970.
    time: i64,
    level: Option<Level>,
    message: Vec<u8>,
}

impl Entry {
    /// Parses a line of journalctl; none if it is no entry.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let fields: Map<String, Value> = serde_json::from_slice(line).ok()?;
        let text = |name| fields.get(name).map(bytes).filter(|bytes| !bytes.is_empty());
        let name = text("_SYSTEMD_UNIT").or_else(|| text("SYSLOG_IDENTIFIER"));
        let time: i64 = fields.get("__REALTIME_TIMESTAMP")?.as_str()?.parse().ok()?;
        Some(Entry {
            cursor: fields.get("__CURSOR")?.as_str()?.to_owned(),
            unit: name.map_or_else(
                || "journal".to_owned(),
                |name| String::from_utf8_lossy(&name).into_owned(),
            ),
            time: time / 1000,
            level: fields.get("PRIORITY").and_then(Value::as_str).and_then(level),
            message: text("MESSAGE").unwrap_or_default(),
        })
    }

    /// Appends the lines of the message, which have the form of [`ContainerFormat::Entry`].
    pub(super) fn push_lines(&self, lines: &mut Vec<u8>) {
        let message = self.message.strip_suffix(b"\n").unwrap_or(&self.message);
        for line in message.split(|byte| *byte == b'\n') {
            let mut rest = line;
            loop {
                let (part, behind) = rest.split_at(rest.len().min(PART));
                let envelope = Envelope {
                    time: Some(self.time),
                    level: self.level,
                    is_part: !behind.is_empty(),
                    ..Envelope::default()
                };
                ContainerFormat::push_entry(lines, &envelope, part);
                rest = behind;
                if rest.is_empty() {
                    break;
                }
            }
        }
    }
}

/// Returns the bytes of a field: text, an array of bytes, or an array of several values.
fn bytes(value: &Value) -> Vec<u8> {
    match value {
        Value::String(text) => text.clone().into_bytes(),
        Value::Array(values) => {
            let byte = |value: &Value| value.as_u64().and_then(|byte| u8::try_from(byte).ok());
            let is_bytes = values.iter().map(byte).collect::<Option<Vec<u8>>>();
            is_bytes.unwrap_or_else(|| values.iter().map(bytes).collect::<Vec<_>>().join(&b'\n'))
        }
        _ => Vec::new(),
    }
}

/// Returns the level of a priority of syslog.
fn level(priority: &str) -> Option<Level> {
    Some(match priority {
        "0" | "1" | "2" => Level::Fatal,
        "3" => Level::Error,
        "4" => Level::Warn,
        "5" => Level::Notice,
        "6" => Level::Info,
        "7" => Level::Debug,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(fields: &str) -> Vec<String> {
        let line = format!(
            r#"{{"__CURSOR":"s=1;i=2","__REALTIME_TIMESTAMP":"1795633201123456",{fields}}}"#
        );
        let entry = Entry::parse(line.as_bytes()).expect("an entry");
        assert_eq!(entry.cursor, "s=1;i=2");
        let mut lines = Vec::new();
        entry.push_lines(&mut lines);
        String::from_utf8_lossy(&lines).lines().map(str::to_owned).collect()
    }

    #[test]
    fn every_form_of_a_message_is_lines() {
        let time = 1_795_633_201_123_u64;
        assert_eq!(lines(r#""MESSAGE":"a b","PRIORITY":"3""#), [format!("{time} e F a b")]);
        let two = [format!("{time} f F a"), format!("{time} f F b")];
        assert_eq!(lines(r#""MESSAGE":"a\nb\n","PRIORITY":"2""#), two);
        assert_eq!(lines(r#""MESSAGE":[97,10,98],"PRIORITY":"0""#), two);
        assert_eq!(lines(r#""MESSAGE":["a","b"],"PRIORITY":"1""#), two);
        for empty in [r#""MESSAGE":null"#, r#""MESSAGE":"""#, r#""PRIORITY":"x""#] {
            assert_eq!(lines(empty), [format!("{time} - F ")]);
        }
        let long = format!(r#""MESSAGE":"{}""#, "x".repeat(PART + 1));
        assert_eq!(lines(&long)[1], format!("{time} - F x"));
        assert!(lines(&long)[0].starts_with(&format!("{time} - P x")));
    }

    #[test]
    fn the_unit_or_the_program_is_the_name() {
        let unit = |fields: &str| {
            let line = format!(r#"{{"__CURSOR":"c","__REALTIME_TIMESTAMP":"1000"{fields}}}"#);
            Entry::parse(line.as_bytes()).expect("an entry").unit
        };
        let identifier = r#","SYSLOG_IDENTIFIER":"kernel""#;
        assert_eq!(unit(&format!(r#"{identifier},"_SYSTEMD_UNIT":"ssh.service""#)), "ssh.service");
        assert_eq!(unit(identifier), "kernel");
        assert_eq!(unit(""), "journal");
        assert_eq!(Entry::parse(b"-- No entries --"), None);
    }
}
