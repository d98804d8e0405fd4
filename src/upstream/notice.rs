//! The control events of another ssetail, as far as a relay understands them.
//!
//! Pure.

use serde_json::Value;

use crate::event::{ControlEvent, GapReason, JsonObject, Name, SourceChange};

/// Longest text that the end of a source has, in bytes: the name of a signal. Texts of a server that
/// are longer are left out.
const LONGEST: usize = 64;

/// A control event of the server that is followed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// Events were lost before they came here.
    Gap {
        reason: GapReason,
        lost: Option<u64>,
        /// The server itself relays the events of this source, of which some were lost to it.
        file: Option<String>,
    },
    /// The file of a source changed.
    Source { file: String, change: SourceChange },
    /// A source has ended; the object has all fields that the server sent.
    End { file: String, fields: Value },
    /// The epochs of the runs from which the events of the server come, separated by spaces.
    Lineage(String),
    /// Anything else.
    Other,
}

impl Notice {
    /// Parses the data of a control event.
    pub(crate) fn parse(data: &[u8]) -> Self {
        let fields: Value = serde_json::from_slice(data).unwrap_or_default();
        let text = |key: &str| fields[key].as_str();
        let file = text("file").map(str::to_owned);
        match (text("type"), file) {
            (Some("gap"), file) => Notice::Gap {
                reason: text("reason").and_then(GapReason::named).unwrap_or(GapReason::Unknown),
                lost: fields["lost"].as_u64(),
                file,
            },
            (Some("source"), Some(file)) => match text("change").and_then(SourceChange::named) {
                Some(change) => Notice::Source { file, change },
                None => Notice::Other,
            },
            (Some("end"), Some(file)) => Notice::End { file, fields },
            (Some("lineage"), _) => {
                text("epochs").map_or(Notice::Other, |epochs| Notice::Lineage(epochs.to_owned()))
            }
            _ => Notice::Other,
        }
    }
}

/// Returns the JSON of a gap in the events of `file`.
pub(crate) fn gap_json(file: &Name, reason: GapReason, lost: Option<u64>) -> String {
    ControlEvent::RelayedGap { file, reason, lost }.to_json()
}

/// Returns the JSON of the end of `file`, with the numbers and texts that the server sent with it.
pub(crate) fn end_json(file: &Name, fields: &Value) -> String {
    let mut object = JsonObject::of_type("end").text("file", file.as_str());
    for key in ["status", "signal"] {
        object = match &fields[key] {
            Value::Number(number) => object.number(key, number.as_u64()),
            Value::String(text) if text.len() <= LONGEST => object.text(key, text),
            _ => object,
        };
    }
    object.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_events_are_understood() {
        let parse = |text: &str| Notice::parse(text.as_bytes());
        assert_eq!(
            parse(r#"{"type":"gap","reason":"evicted","lost":5,"new":1}"#),
            Notice::Gap { reason: GapReason::Evicted, lost: Some(5), file: None }
        );
        assert_eq!(
            parse(r#"{"type":"gap","reason":"new","lost":null,"file":"a"}"#),
            Notice::Gap { reason: GapReason::Unknown, lost: None, file: Some("a".to_owned()) }
        );
        let (file, change) = ("a.log".to_owned(), SourceChange::Rotated);
        assert_eq!(
            parse(r#"{"type":"source","file":"a.log","change":"rotated"}"#),
            Notice::Source { file, change }
        );
        let lineage = Notice::Lineage("k3f9q2 abc123".to_owned());
        assert_eq!(parse(r#"{"type":"lineage","epochs":"k3f9q2 abc123"}"#), lineage);
        for other in [
            "",
            "[]",
            "null",
            r#"{"type":"ping","time":1}"#,
            r#"{"type":"source"}"#,
            r#"{"type":"source","file":"a","change":"new"}"#,
            r#"{"type":"end"}"#,
            r#"{"type":"lineage"}"#,
        ] {
            assert_eq!(parse(other), Notice::Other, "{other}");
        }
    }

    #[test]
    fn the_end_of_a_command_keeps_its_status() {
        let Notice::End { file, fields } =
            Notice::parse(br#"{"type":"end","file":"make","status":2,"x":"y"}"#)
        else {
            panic!("no end");
        };
        assert_eq!(file, "make");
        let name = Name::from_wire("web1/make").expect("a name");
        assert_eq!(end_json(&name, &fields), r#"{"type":"end","file":"web1/make","status":2}"#);
        let signal = "x".repeat(LONGEST + 1);
        let fields = serde_json::json!({ "status": 2, "signal": signal });
        assert_eq!(end_json(&name, &fields), r#"{"type":"end","file":"web1/make","status":2}"#);
        let gap = gap_json(&name, GapReason::Slow, None);
        assert_eq!(gap, r#"{"type":"gap","reason":"slow","lost":null,"file":"web1/make"}"#);
    }
}
