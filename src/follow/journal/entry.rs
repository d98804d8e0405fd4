//! Entries of the systemd journal, as `journalctl --output=json` prints them.

use serde::Deserialize;

use super::field_bytes::FieldBytes;
use crate::event::{ContainerFormat, Cutting, Envelope};
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

/// The fields of an entry that are used.
#[derive(Deserialize)]
struct Fields {
    #[serde(rename = "__CURSOR")]
    cursor: FieldBytes,
    #[serde(rename = "__REALTIME_TIMESTAMP")]
    time: FieldBytes,
    #[serde(rename = "_SYSTEMD_UNIT", default)]
    unit: FieldBytes,
    #[serde(rename = "SYSLOG_IDENTIFIER", default)]
    identifier: FieldBytes,
    #[serde(rename = "PRIORITY", default)]
    priority: FieldBytes,
    #[serde(rename = "MESSAGE", default)]
    message: FieldBytes,
}

impl Entry {
    /// Parses a line of journalctl; none if it is no entry.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let fields: Fields = serde_json::from_slice(line).ok()?;
        let time: i64 = fields.time.text().parse().ok()?;
        let names = [&fields.unit, &fields.identifier];
        let name = names.into_iter().find(|name| !name.0.is_empty());
        Some(Entry {
            cursor: fields.cursor.text().into_owned(),
            unit: name.map_or_else(|| "journal".to_owned(), |name| name.text().into_owned()),
            time: time / 1000,
            level: level(&fields.priority.text()),
            message: fields.message.0,
        })
    }

    /// Appends the lines of the message, which have the form of [`ContainerFormat::Entry`].
    ///
    /// A line that is too long for `cutting` to decode becomes parts of a message, so that what it
    /// redacts is not in two of them.
    pub(super) fn push_lines(&self, lines: &mut Vec<u8>, cutting: &Cutting) {
        let message = self.message.strip_suffix(b"\n").unwrap_or(&self.message);
        for line in message.split(|byte| *byte == b'\n') {
            let mut rest = line;
            loop {
                let len = cutting.part_len(rest, PART).unwrap_or(rest.len());
                let (part, behind) = rest.split_at(len);
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
        entry.push_lines(&mut lines, &Cutting::default());
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
