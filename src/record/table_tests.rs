//! The table of records that the tests of the page read too, so that server and page agree.

use serde_json::Value;

use super::{Field, LineState, Recognizer, clock_near, field};

const TABLE: &str = include_str!("../../tests/viewer/fixtures/records.json");

/// The time near which the lines were written, in milliseconds since 1970.
const NEAR: i64 = 1_795_633_201_000;

/// Returns the text of a field; none of an object or array.
fn text_of(line: &str, key: &str) -> Option<String> {
    field(line.as_bytes(), key).map(|field| match field {
        Field::Text(text) => text.into_owned(),
        Field::Number(number) => number.as_str().to_owned(),
        Field::Bool(value) => value.to_string(),
        Field::Null => "null".to_owned(),
    })
}

fn cases() -> Vec<Value> {
    serde_json::from_str(TABLE).expect("a table of records")
}

#[test]
fn times_and_levels_are_those_of_the_table() {
    for case in cases() {
        let line = case["line"].as_str().expect("a line");
        let mut recognizer = Recognizer::new(clock_near(NEAR));
        let record = recognizer.recognize(line.as_bytes(), &mut LineState::default());
        assert_eq!(record.time, case["time"].as_i64(), "time of {line}");
        let level = record.level.map(super::Level::name);
        assert_eq!(level, case["level"].as_str(), "level of {line}");
    }
}

#[test]
fn fields_are_those_of_the_table() {
    for case in cases() {
        let line = case["line"].as_str().expect("a line");
        let mut seen = Vec::new();
        for row in case["fields"].as_array().expect("fields") {
            let key = row[0].as_str().expect("a key");
            // Of several fields with the same key, the first counts.
            if seen.contains(&key) {
                continue;
            }
            seen.push(key);
            let expected = row[1].as_str().filter(|_| row[2].is_null());
            assert_eq!(text_of(line, key).as_deref(), expected, "{key} of {line}");
        }
    }
}
