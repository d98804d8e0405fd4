//! The query parameters that end a read of the event stream.

use std::time::Duration;

use crate::event::{EventId, Selection};

/// Longest `wait`.
///
/// It is long enough for one request an hour. A client that wants a longer read can do without an
/// end; with twice the time, a mistaken `wait` is noticed later.
const MAX_WAIT: Duration = Duration::from_secs(60 * 60);

/// Time in which a line arrives after the time that it states.
///
/// With half the value, the last lines before `until` are lost more often; with twice the value, the
/// read ends later.
const LATE: Duration = Duration::from_secs(1);

/// The ends of a read; without any, it goes on for as long as the client wants.
#[derive(Debug, Default)]
pub struct ReadLimits {
    /// The read ends after the events that are there (`follow=0`).
    pub is_snapshot: bool,
    /// Time after which the read ends; with `is_snapshot`, time in which the first event is awaited.
    pub wait: Option<Duration>,
    /// The read ends after a line that the selection names.
    pub has_stop: bool,
    /// The ID of the event before which the read ends.
    pub before: Option<EventId>,
    /// Time after which the read ends after the events that are there, because no later line is
    /// wanted.
    pub until: Option<Duration>,
}

impl ReadLimits {
    /// Sets the limit of the parameter `key`, if it is one of a limit; the error is a sentence that
    /// names the accepted values.
    pub(super) fn set(&mut self, key: &str, value: &str) -> Result<(), &'static str> {
        match key {
            "follow" => self.is_snapshot = !parse_follow(value)?,
            "wait" => self.wait = Some(parse_wait(value)?),
            "before" => self.before = Some(parse_before(value)?),
            _ => {}
        }
        Ok(())
    }

    /// Ends the read after the last line that `selection` can want; `now` is in milliseconds since
    /// 1970.
    pub(super) fn set_selection(&mut self, selection: &Selection, now: i64) {
        self.has_stop = selection.stop.is_some();
        let Some(until) = selection.until else { return };
        match u64::try_from(until.saturating_sub(now)) {
            Ok(left) if left > 0 => {
                self.until = Some(Duration::from_millis(left).saturating_add(LATE));
            }
            // No event can come for which a long poll would wait.
            _ => (self.is_snapshot, self.wait) = (true, None),
        }
    }

    /// Returns true if the read has an end.
    #[must_use]
    pub fn has_end(&self) -> bool {
        let ReadLimits { is_snapshot, wait, has_stop, before, until } = self;
        *is_snapshot || wait.is_some() || *has_stop || before.is_some() || until.is_some()
    }
}

/// The sentence that refuses a `before` of another run, too.
pub(super) const BEFORE: &str =
    "before takes the id of an event of this run of the server, as before=k3f9q2-1a";

fn parse_follow(value: &str) -> Result<bool, &'static str> {
    match value {
        "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => Err("follow takes 0 or 1, as follow=0"),
    }
}

fn parse_wait(value: &str) -> Result<Duration, &'static str> {
    let wait = humantime::parse_duration(value).ok().filter(|wait| *wait <= MAX_WAIT);
    wait.ok_or("wait takes a duration of at most an hour, as wait=500ms, wait=15s or wait=2m")
}

fn parse_before(value: &str) -> Result<EventId, &'static str> {
    EventId::parse(value.as_bytes()).map_err(|_| BEFORE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(key: &str, value: &str) -> Result<ReadLimits, &'static str> {
        let mut limits = ReadLimits::default();
        limits.set(key, value).map(|()| limits)
    }

    #[test]
    fn every_limit_is_parsed() {
        assert!(!ReadLimits::default().has_end());
        assert!(!limits("follow", "1").expect("valid").has_end());
        assert!(!limits("another", "0").expect("ignored").has_end());
        assert!(limits("follow", "0").expect("valid").is_snapshot);
        for (value, millis) in [("500ms", 500), ("15s", 15_000), ("2m", 120_000), ("1h", 3_600_000)]
        {
            let wait = Some(Duration::from_millis(millis));
            assert_eq!(limits("wait", value).expect("valid").wait, wait, "{value}");
        }
        assert!(limits("before", "k3f9q2-1a").expect("valid").before.is_some());
        for (key, value) in [
            ("follow", ""),
            ("follow", "no"),
            ("wait", ""),
            ("wait", "15"),
            ("wait", "-1s"),
            ("wait", "1h 1ms"),
            ("wait", "99999999999999999999y"),
            ("before", ""),
            ("before", "42"),
        ] {
            let sentence = limits(key, value).expect_err(value);
            assert!(sentence.starts_with(key) && sentence.contains(", as "), "{sentence}");
        }
    }
}
