//! The query parameters that select lines.

use std::borrow::Cow;
use std::sync::Arc;

use super::bad_query::BadQuery;
use super::parameter::parse_switch;
use crate::event::{Grep, Selection, Surroundings};
use crate::record::{Condition, Level, Zone, parse_time};

/// Largest size of all compiled expressions of one parameter in a request, in bytes.
///
/// A client chooses the expressions, so their memory is bounded. With twice the size, a request can
/// take twice the memory, and compiling takes up to twice the time.
const EXPRESSION_SIZE: usize = 1 << 20;

/// Largest number of `grep`, and of `where`, in a request.
///
/// Each line is compared with all of them. With twice the number, that takes twice the time.
const MAX_EXPRESSIONS: usize = 16;

/// Largest number of lines around a match.
///
/// Each stream may hold as many lines of each source. With twice the number, it holds twice as many.
const MAX_CONTEXT: usize = 1000;

/// The time of a request, and the zone of times that name none.
#[derive(Clone, Debug)]
pub struct QueryTime {
    /// Milliseconds since 1970.
    pub now: i64,
    /// The zone of times that name none.
    pub zone: Zone,
}

impl Default for QueryTime {
    /// 1970 in UTC.
    fn default() -> Self {
        QueryTime { now: 0, zone: Zone::utc() }
    }
}

/// The values of the parameters that select lines, as they are read one after the other.
#[derive(Default)]
pub(super) struct Filters<'a> {
    greps: Vec<Cow<'a, str>>,
    conditions: Vec<Cow<'a, str>>,
    stop: Option<Cow<'a, str>>,
    selection: Selection,
    context: Option<usize>,
    has_entries: bool,
}

impl<'a> Filters<'a> {
    /// Returns whether `key` is one of these parameters.
    pub(super) fn has(key: &str) -> bool {
        let keys = ["grep", "where", "level", "since", "until", "context", "entries", "stop"];
        keys.contains(&key)
    }

    /// Returns whether the parameter `key` has an expression, whose compiling takes long.
    pub(super) fn has_expression(key: &str) -> bool {
        key == "grep" || key == "where" || key == "stop"
    }

    /// Reads the value of the parameter `key`.
    pub(super) fn set(
        &mut self,
        key: &str,
        value: Cow<'a, str>,
        time: &QueryTime,
    ) -> Result<(), BadQuery> {
        match key {
            "grep" => self.greps.push(value),
            // Only one expression is compiled, however often the parameter is given.
            "stop" => self.stop = Some(value),
            "where" => self.conditions.push(value),
            "level" => self.selection.level = Some(parse_level(&value)?),
            "since" => self.selection.since = Some(parse_instant(key, &value, time)?),
            "until" => self.selection.until = Some(parse_instant(key, &value, time)?),
            "context" => self.context = Some(parse_context(&value)?),
            "entries" => self.has_entries = parse_switch(key, &value)?,
            _ => {}
        }
        Ok(())
    }

    /// Compiles the expressions, none of them if there are too many, and returns the selection.
    pub(super) fn finish(self) -> Result<Selection, BadQuery> {
        let surroundings = match self.context {
            Some(lines) if lines > 0 && self.has_entries => {
                return Err("context and entries exclude each other: give one, as entries=1".into());
            }
            Some(lines) if lines > 0 => Surroundings::Lines(lines),
            _ if self.has_entries => Surroundings::Entry,
            _ => Surroundings::None,
        };
        let grep = compile_greps(&self.greps)?;
        let conditions = compile_conditions(&self.conditions)?;
        let stop = self.stop.as_deref().map(compile_stop).transpose()?;
        Ok(Selection { grep, conditions, surroundings, stop, ..self.selection })
    }
}

fn compile_greps(values: &[Cow<'_, str>]) -> Result<Option<Arc<Grep>>, BadQuery> {
    if values.len() > MAX_EXPRESSIONS {
        return Err(BadQuery::new(format!(
            "grep is given at most {MAX_EXPRESSIONS} times: join alternatives with |, \
             as grep=error|warn"
        )));
    }
    let grep = Grep::new(values, EXPRESSION_SIZE).map_err(|_| {
        BadQuery::from("grep takes a regular expression of moderate size, as grep=error|warn")
    })?;
    Ok((!values.is_empty()).then(|| Arc::new(grep)))
}

fn compile_stop(value: &str) -> Result<Arc<Grep>, BadQuery> {
    Grep::new(&[value], EXPRESSION_SIZE).map(Arc::new).map_err(|_| {
        BadQuery::from("stop takes a regular expression of moderate size, as stop=Finished|error")
    })
}

fn compile_conditions(values: &[Cow<'_, str>]) -> Result<Vec<Condition>, BadQuery> {
    if values.len() > MAX_EXPRESSIONS {
        return Err(BadQuery::new(format!(
            "where is given at most {MAX_EXPRESSIONS} times: all of them have to hold, \
             as where=status%3E=500"
        )));
    }
    let size = EXPRESSION_SIZE / values.len().max(1);
    let compile = |value: &Cow<'_, str>| Condition::parse(value, size);
    values.iter().map(compile).collect::<Result<_, _>>().map_err(|_| {
        BadQuery::from(
            "where takes a field, one of = != < <= > >= ~, and a value, as where=status%3E=500 \
             (%3E is >, %3C is <)",
        )
    })
}

fn parse_level(value: &str) -> Result<Level, BadQuery> {
    value.to_ascii_lowercase().parse().map_err(|_| {
        BadQuery::from(
            "level takes trace, debug, info, notice, warn, error or fatal, as level=warn",
        )
    })
}

fn parse_instant(key: &str, value: &str, time: &QueryTime) -> Result<i64, BadQuery> {
    parse_time(value, time.now, &time.zone).map_err(|_| {
        BadQuery::new(format!(
            "{key} takes a time, as {key}=10m (ago), {key}=14:00 or {key}=2026-11-25T14:00:00Z"
        ))
    })
}

fn parse_context(value: &str) -> Result<usize, BadQuery> {
    value.parse().ok().filter(|lines| *lines <= MAX_CONTEXT).ok_or_else(|| {
        BadQuery::new(format!("context takes a number of lines up to {MAX_CONTEXT}, as context=3"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(parameters: &[(&str, &str)]) -> Result<Selection, String> {
        let mut filters = Filters::default();
        for &(key, value) in parameters {
            assert!(Filters::has(key), "{key}");
            filters.set(key, value.into(), &QueryTime::default()).map_err(|bad| bad.to_string())?;
        }
        filters.finish().map_err(|bad| bad.to_string())
    }

    #[test]
    fn every_filter_is_parsed() {
        let surroundings = |parameters: &[_]| selection(parameters).expect("valid").surroundings;
        assert!(selection(&[]).expect("valid").is_empty());
        assert_eq!(selection(&[("level", "WARN")]).expect("valid").level, Some(Level::Warn));
        assert_eq!(surroundings(&[("context", "3")]), Surroundings::Lines(3));
        assert_eq!(surroundings(&[("context", "0")]), Surroundings::None);
        assert_eq!(surroundings(&[("context", "0"), ("entries", "")]), Surroundings::Entry);
        assert_eq!(surroundings(&[("entries", "0")]), Surroundings::None);
        assert!(selection(&[("stop", "a|b")]).expect("valid").stop.is_some());
        assert!(selection(&[("grep", "a"), ("grep", "!b")]).expect("valid").grep.is_some());
    }

    #[test]
    fn bad_values_are_refused_in_a_sentence() {
        for (key, value) in [
            ("grep", "("),
            ("stop", "("),
            ("where", ""),
            ("where", "status"),
            ("level", ""),
            ("level", "loud"),
            ("since", "soon"),
            ("until", ""),
            ("context", "-1"),
            ("context", "1001"),
            ("entries", "some"),
        ] {
            let sentence = selection(&[(key, value)]).expect_err(value);
            assert!(sentence.starts_with(key) && sentence.contains(", as "), "{sentence}");
        }
        assert!(selection(&[("context", "3"), ("entries", "1")]).is_err());
        assert!(selection(&[("grep", "a"); 17]).is_err());
        assert!(selection(&[("where", "a=1"); 17]).is_err());
    }
}
