//! The schemas of an `OpenAPI` document, as far as this document uses JSON Schema.

use std::collections::BTreeSet;

use serde_json::Value;

/// An `OpenAPI` document with schemas.
pub struct Schemas<'a>(pub &'a Value);

impl<'a> Schemas<'a> {
    pub fn named(&self, name: &str) -> &'a Value {
        &self.0["components"]["schemas"][name]
    }

    /// Compares a value with a schema; it must not have fields that the schema does not know.
    pub fn check(&self, schema: &'a Value, value: &Value) -> Result<(), String> {
        let known = self.known(schema, value)?;
        let fields = value.as_object().into_iter().flat_map(serde_json::Map::keys);
        match fields.into_iter().find(|field| !known.contains(field.as_str())) {
            Some(field) => Err(format!("{field} is not in the schema")),
            None => Ok(()),
        }
    }

    /// Compares a value with a schema; returns the fields of the value that the schema knows.
    fn known(&self, schema: &'a Value, value: &Value) -> Result<BTreeSet<&'a str>, String> {
        check_keywords(schema, value)?;
        let mut known = BTreeSet::new();
        if let Some(reference) = schema["$ref"].as_str() {
            let target = self.0.pointer(reference.trim_start_matches('#')).expect("a target");
            known.extend(self.known(target, value)?);
        }
        for item in value.as_array().into_iter().flatten() {
            self.check(&schema["items"], item)?;
        }
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if let Some(field) = value.get(name) {
                self.check(property, field).map_err(|error| format!("{name}: {error}"))?;
                known.insert(name);
            }
        }
        let alternatives = |keyword: &str| schema[keyword].as_array().into_iter().flatten();
        let matching = |keyword| -> Vec<_> {
            alternatives(keyword).filter_map(|one| self.known(one, value).ok()).collect()
        };
        let (one, any) = (matching("oneOf"), matching("anyOf"));
        if one.len() != 1 && schema["oneOf"].is_array() {
            return Err(format!("{} alternatives match", one.len()));
        }
        if any.is_empty() && schema["anyOf"].is_array() {
            return Err("no alternative matches".to_owned());
        }
        known.extend(one.into_iter().chain(any).flatten());
        Ok(known)
    }
}

fn check_keywords(schema: &Value, value: &Value) -> Result<(), String> {
    let list = |keyword: &str| match &schema[keyword] {
        Value::Array(values) => values.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    };
    let (types, values) = (list("type"), list("enum"));
    if !types.is_empty() && !types.iter().any(|name| is_of_type(value, name)) {
        return Err(format!("{value} is not of type {types:?}"));
    }
    if !values.is_empty() && !values.contains(value) {
        return Err(format!("{value} is none of {values:?}"));
    }
    if schema.get("const").is_some_and(|only| only != value) {
        return Err(format!("{value} is not {}", schema["const"]));
    }
    if schema["not"].get("const") == Some(value) {
        return Err(format!("{value} is excluded"));
    }
    if let (Some(least), Some(number)) = (schema["minimum"].as_f64(), value.as_f64())
        && number < least
    {
        return Err(format!("{number} is less than {least}"));
    }
    if let (Some(pattern), Some(text)) = (schema["pattern"].as_str(), value.as_str())
        && !regex::Regex::new(pattern).expect("an expression").is_match(text)
    {
        return Err(format!("{text} does not match {pattern}"));
    }
    let required = list("required");
    let is_missing = |name: &&Value| value.get(name.as_str().expect("a name")).is_none();
    match required.iter().find(is_missing) {
        Some(name) => Err(format!("{name} is missing")),
        None => Ok(()),
    }
}

fn is_of_type(value: &Value, name: &Value) -> bool {
    match name.as_str().expect("a type") {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "null" => value.is_null(),
        other => panic!("no schema has the type {other}"),
    }
}
