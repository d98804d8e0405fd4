//! The time and the level in the fields of a line that is a JSON object or logfmt.

use super::json::{self, Key, Members};
use super::level_names::{named, number, numbered, of_syslog};
use super::logfmt::{Pairs, Value};
use super::{Clock, Level, time};

/// The time and the level of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stated {
    /// Its time in milliseconds since 1970.
    pub(super) time: Option<i64>,
    /// Its level.
    pub(super) level: Option<Level>,
}

impl Stated {
    fn is_complete(&self) -> bool {
        self.time.is_some() && self.level.is_some()
    }
}

/// The value of a field, without escapes.
#[derive(Clone, Copy)]
enum Scalar<'a> {
    Text(&'a [u8]),
    Number(&'a [u8]),
}

/// The meaning of a key.
enum Meaning {
    Time,
    /// A time that counts only if there is no other, because it may be a date alone.
    Date,
    Level,
    /// A level whose numbers are those of syslog.
    Severity,
    /// A letter for the level, as `MongoDB` has it.
    Letter,
}

fn meaning(key: &[u8]) -> Option<Meaning> {
    match key {
        b"time"
        | b"ts"
        | b"timestamp"
        | b"@timestamp"
        | b"t"
        | b"@t"
        | b"datetime"
        | b"asctime"
        | b"Timestamp"
        | b"__REALTIME_TIMESTAMP" => Some(Meaning::Time),
        b"date" => Some(Meaning::Date),
        b"level" | b"severity" | b"lvl" | b"loglevel" | b"logLevel" | b"log_level"
        | b"LogLevel" | b"log.level" | b"@l" | b"levelname" | b"Level" | b"severity_text"
        | b"severityText" | b"SeverityText" | b"SEVERITY" => Some(Meaning::Level),
        b"priority" | b"PRIORITY" => Some(Meaning::Severity),
        b"s" => Some(Meaning::Letter),
        _ => None,
    }
}

/// Returns what a JSON object states in its own members, and in the objects `log` and `t` in it;
/// of two members with the same meaning, the first counts.
pub(super) fn of_json(line: &[u8], clock: &Clock) -> Stated {
    let mut fields = Fields::new(clock);
    let mut is_serilog = false;
    for (key, value) in Members::new(line).into_iter().flatten().map_while(Result::ok) {
        let Key::Name(key) = key else { break };
        is_serilog |= key == b"@t";
        if let (b"log" | b"t", json::Value::Container(inner)) = (key, value) {
            fields.add_nested(inner);
        } else if let Some(value) = scalar(value) {
            fields.add(key, value);
        }
        if fields.stated.is_complete() {
            break;
        }
    }
    let mut stated = fields.stated();
    // The compact JSON of Serilog leaves out this level only.
    stated.level = stated.level.or(is_serilog.then_some(Level::Info));
    stated
}

/// Returns what a line of logfmt states; of two pairs with the same meaning, the first counts.
pub(super) fn of_logfmt(line: &[u8], clock: &Clock) -> Stated {
    let mut fields = Fields::new(clock);
    for (key, value) in Pairs::new(line) {
        let raw = value.raw();
        let is_number = matches!(value, Value::Bare(_)) && is_number(raw);
        fields.add(key, if is_number { Scalar::Number(raw) } else { Scalar::Text(raw) });
        if fields.stated.is_complete() {
            break;
        }
    }
    fields.stated()
}

/// The statements of the fields of a line so far.
struct Fields<'c> {
    clock: &'c Clock,
    stated: Stated,
    date: Option<i64>,
}

impl<'c> Fields<'c> {
    fn new(clock: &'c Clock) -> Self {
        Fields { clock, stated: Stated::default(), date: None }
    }

    fn stated(self) -> Stated {
        Stated { time: self.stated.time.or(self.date), ..self.stated }
    }

    fn add(&mut self, key: &[u8], value: Scalar<'_>) {
        let Some(meaning) = meaning(key) else { return };
        let Stated { time, level } = &mut self.stated;
        match meaning {
            Meaning::Time if time.is_none() => *time = time_of(value, self.clock),
            Meaning::Date if self.date.is_none() => self.date = time_of(value, self.clock),
            Meaning::Level if level.is_none() => *level = level_of(value),
            Meaning::Severity if level.is_none() => *level = severity_of(value),
            Meaning::Letter if level.is_none() => *level = letter_of(value),
            _ => {}
        }
    }

    /// Adds `level` of the object `log`, as the Elastic Common Schema has it, and `$date` of the
    /// object `t`, as `MongoDB` has it.
    fn add_nested(&mut self, object: &[u8]) {
        for (key, value) in Members::new(object).into_iter().flatten().map_while(Result::ok) {
            match (key, scalar(value)) {
                (Key::Name(key @ b"level"), Some(value)) => self.add(key, value),
                (Key::Name(b"$date"), Some(value)) => self.add(b"t", value),
                _ => {}
            }
        }
    }
}

fn scalar(value: json::Value<'_>) -> Option<Scalar<'_>> {
    match value {
        json::Value::Text(raw) => Some(Scalar::Text(raw)),
        json::Value::Number(digits) => Some(Scalar::Number(digits.as_bytes())),
        json::Value::Bool(_) | json::Value::Null | json::Value::Container(_) => None,
    }
}

fn time_of(value: Scalar<'_>, clock: &Clock) -> Option<i64> {
    match value {
        // The journal of systemd has its numbers in quotes.
        Scalar::Text(text) if is_number(text) => time::of_number(text),
        Scalar::Text(text) => time::of_text(text, clock),
        Scalar::Number(digits) => time::of_number(digits),
    }
}

fn level_of(value: Scalar<'_>) -> Option<Level> {
    let (Scalar::Text(text) | Scalar::Number(text)) = value;
    let text = text.trim_ascii();
    named(text).or_else(|| number(text).map(numbered))
}

fn severity_of(value: Scalar<'_>) -> Option<Level> {
    let (Scalar::Text(text) | Scalar::Number(text)) = value;
    named(text).or_else(|| number(text).and_then(of_syslog))
}

fn letter_of(value: Scalar<'_>) -> Option<Level> {
    match value {
        Scalar::Text(b"F") => Some(Level::Fatal),
        Scalar::Text(b"E") => Some(Level::Error),
        Scalar::Text(b"W") => Some(Level::Warn),
        Scalar::Text(b"I") => Some(Level::Info),
        Scalar::Text([b'D', b'1'..=b'5'] | b"D") => Some(Level::Debug),
        _ => None,
    }
}

fn is_number(text: &[u8]) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+');
    text.first().is_some_and(u8::is_ascii_digit) && text.iter().all(is_digit)
}

#[cfg(test)]
mod tests {
    use super::super::clock_near;
    use super::*;

    #[test]
    fn levels_are_in_fields() {
        let clock = clock_near(0);
        for (line, level) in [
            (r#"{"level":"Warning","msg":"x"}"#, Some(Level::Warn)),
            (r#"{"msg":"level: error","severity":"INFO"}"#, Some(Level::Info)),
            (r#"{"level":50}"#, Some(Level::Error)),
            (r#"{"level":35}"#, Some(Level::Info)),
            (r#"{"level":3,"short_message":"GELF"}"#, Some(Level::Error)),
            (r#"{"PRIORITY":"3","MESSAGE":"x"}"#, Some(Level::Error)),
            (r#"{"PRIORITY":"30"}"#, None),
            (r#"{"log.level":"error"}"#, Some(Level::Error)),
            (r#"{"log":{"logger":"x","level":"error"}}"#, Some(Level::Error)),
            (r#"{"@t":"x","@mt":"y"}"#, Some(Level::Info)),
            (r#"{"@t":"x","@l":"Fatal"}"#, Some(Level::Fatal)),
            (r#"{"t":{"$date":"x"},"s":"W","c":"NETWORK"}"#, Some(Level::Warn)),
            (r#"{"levelname":"CRITICAL"}"#, Some(Level::Fatal)),
            (r#"{"request":{"level":"error"}}"#, None),
            (r#"{"level":null,"lvl":"debug"}"#, Some(Level::Debug)),
            (r#"{"level":"error","msg":"cut"#, Some(Level::Error)),
        ] {
            assert_eq!(of_json(line.as_bytes(), &clock).level, level, "{line}");
        }
        for (line, level) in [
            ("level=warn msg=\"level=error\"", Some(Level::Warn)),
            ("msg=\"x level=error\" lvl=info", Some(Level::Info)),
            ("a=1 severity=\"ERROR\"", Some(Level::Error)),
            ("a=1", None),
        ] {
            assert_eq!(of_logfmt(line.as_bytes(), &clock).level, level, "{line}");
        }
    }
}
