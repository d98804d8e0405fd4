//! When to look at what: often where something happens, seldom where nothing does.
//!
//! Knows no file and no clock of its own; every moment is handed in.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Everything is looked at this often when there is little to look at,
const CHECK: Duration = Duration::from_millis(50);
/// this much less often for each source,
const CHECK_EACH: Duration = Duration::from_millis(1);
/// but never less often than this.
const CHECK_MOST: Duration = Duration::from_millis(450);
/// The same while hints are done without.
const BLIND: Duration = Duration::from_millis(2);
const BLIND_EACH: Duration = Duration::from_micros(50);
/// A burst of hints that names came or went is answered no more often than this.
const CHECK_AGAIN: Duration = Duration::from_millis(10);
/// How soon a file that has just grown is read again;
const POLL: Duration = Duration::from_micros(100);
/// while what was read last is still being sent, which makes the next batch larger;
const POLL_BUSY: Duration = Duration::from_micros(500);
/// later the longer it has not: this part of that time.
const POLL_SHARE: u32 = 16;
/// How long after its last growth a file is read without waiting for a hint.
const ACTIVE: Duration = Duration::from_millis(20);

/// Hints are counted over so long,
const WINDOW: Duration = Duration::from_millis(100);
/// and more of them than this cost more than looking does.
const FLOOD: u32 = 400;
/// How long to do without hints after a flood; twice as long after each that follows.
const DROUGHT: Duration = Duration::from_secs(1);
const DROUGHT_MOST: Duration = Duration::from_secs(32);

/// When the sources are to be looked at.
#[derive(Debug)]
pub(super) struct Schedule {
    checked: Instant,
    is_check_wanted: bool,
    /// Sources that have just grown, and when.
    active: HashMap<usize, Instant>,
}

/// Whether hints are worth having: a flood of them would slow the writer, too.
#[derive(Debug)]
pub(super) struct HintLimiter {
    window: Instant,
    events: u32,
    /// Until when to do without, and how long that was to be.
    drought: Option<(Instant, Duration)>,
}

impl Schedule {
    pub(super) fn new(now: Instant) -> Self {
        Schedule { checked: now, is_check_wanted: false, active: HashMap::new() }
    }

    /// Whether anything has just grown.
    pub(super) fn is_active(&self) -> bool {
        !self.active.is_empty()
    }

    /// How long nothing needs to be done unless there is a hint.
    ///
    /// It `is_level` if everybody has what was read.
    pub(super) fn pause(
        &self,
        now: Instant,
        sources: usize,
        is_flooded: bool,
        is_level: bool,
    ) -> Duration {
        let until_check = self.until_check(now, sources, is_flooded);
        match self.active.values().max() {
            None => until_check,
            Some(&grown) => {
                let quiet = now.saturating_duration_since(grown);
                let poll = if is_level { POLL } else { POLL_BUSY };
                poll.max(quiet / POLL_SHARE).min(until_check)
            }
        }
    }

    /// Whether everything is to be looked at now; if so, it counts as done.
    pub(super) fn is_check_due(&mut self, now: Instant, sources: usize, is_flooded: bool) -> bool {
        let is_due = self.until_check(now, sources, is_flooded).is_zero();
        if is_due {
            self.checked = now;
            self.is_check_wanted = false;
        }
        is_due
    }

    /// Whether names came or went since everything was looked at.
    pub(super) fn is_check_wanted(&self) -> bool {
        self.is_check_wanted
    }

    /// Names came or went.
    pub(super) fn want_check(&mut self) {
        self.is_check_wanted = true;
    }

    /// A source has grown, of which no hint has told: the next growth may not be told either.
    pub(super) fn activate(&mut self, source: usize, now: Instant) {
        self.active.insert(source, now);
    }

    /// There are hints of a source, so that it need not be polled.
    pub(super) fn deactivate(&mut self, source: usize) {
        self.active.remove(&source);
    }

    /// The sources that are to be read now.
    pub(super) fn due(&mut self, now: Instant) -> Vec<usize> {
        self.active.retain(|_, grown| *grown + ACTIVE > now);
        self.active.keys().copied().collect()
    }

    fn until_check(&self, now: Instant, sources: usize, is_flooded: bool) -> Duration {
        let due = if self.is_check_wanted { CHECK_AGAIN } else { interval(sources, is_flooded) };
        (self.checked + due).saturating_duration_since(now)
    }
}

impl HintLimiter {
    pub(super) fn new(now: Instant) -> Self {
        HintLimiter { window: now, events: 0, drought: None }
    }

    /// Counts hints; true when there are too many, and they should be done without.
    pub(super) fn count(&mut self, events: u32, now: Instant) -> bool {
        if now - self.window >= WINDOW {
            self.window = now;
            self.events = 0;
        }
        self.events += events;
        if self.events <= FLOOD {
            return false;
        }
        self.events = 0;
        let length = self.drought.map_or(DROUGHT, |(_, last)| (last * 2).min(DROUGHT_MOST));
        self.drought = Some((now + length, length));
        true
    }

    /// Whether hints may be tried again.
    pub(super) fn is_over(&mut self, now: Instant) -> bool {
        match self.drought {
            None => true,
            Some((until, length)) => {
                // A long calm after it is as if it had not been.
                if now >= until + length * 4 {
                    self.drought = None;
                }
                now >= until
            }
        }
    }
}

fn interval(sources: usize, is_flooded: bool) -> Duration {
    let (least, each) = if is_flooded { (BLIND, BLIND_EACH) } else { (CHECK, CHECK_EACH) };
    (each * sources as u32).clamp(least, CHECK_MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn few_sources_are_looked_at_often_and_many_within_a_second() {
        let now = Instant::now();
        let pace = Schedule::new(now);
        assert_eq!(pace.pause(now, 1, false, true), 50 * MS);
        assert_eq!(pace.pause(now, 1, true, true), 2 * MS);
        assert_eq!(pace.pause(now, 100_000, false, true), 450 * MS);
        assert_eq!(pace.pause(now, 100_000, true, true), 450 * MS);
    }

    #[test]
    fn a_growing_file_is_polled_until_it_is_quiet() {
        let now = Instant::now();
        let mut pace = Schedule::new(now);
        pace.activate(7, now);
        assert_eq!(pace.pause(now, 1, false, true), POLL);
        assert_eq!(pace.pause(now, 1, false, false), POLL_BUSY, "while it is still being sent");
        assert_eq!(pace.pause(now + 16 * MS, 1, false, true), MS, "the longer the less often");
        assert_eq!(pace.due(now + 19 * MS), [7]);
        assert!(pace.due(now + 20 * MS).is_empty());
    }

    #[test]
    fn a_growing_file_is_not_polled_where_hints_tell() {
        let now = Instant::now();
        let mut pace = Schedule::new(now);
        pace.activate(7, now);
        pace.deactivate(7);
        assert!(pace.due(now).is_empty());
    }

    #[test]
    fn a_burst_of_new_names_is_looked_at_once() {
        let now = Instant::now();
        let mut pace = Schedule::new(now);
        pace.want_check();
        assert!(!pace.is_check_due(now + 9 * MS, 1, false));
        assert!(pace.is_check_due(now + 10 * MS, 1, false));
        assert!(!pace.is_check_due(now + 59 * MS, 1, false));
        assert!(pace.is_check_due(now + 60 * MS, 1, false));
    }

    #[test]
    fn hints_are_done_without_in_a_flood_and_longer_after_each() {
        let now = Instant::now();
        let mut flood = HintLimiter::new(now);
        assert!(!flood.count(FLOOD, now));
        assert!(flood.is_over(now));
        assert!(flood.count(1, now));
        assert!(!flood.is_over(now + 999 * MS));
        assert!(flood.is_over(now + 1000 * MS));
        assert!(flood.count(FLOOD + 1, now + 1000 * MS));
        assert!(!flood.is_over(now + 2999 * MS));
        assert!(flood.is_over(now + 3000 * MS));
        assert!(flood.is_over(now + 60_000 * MS), "and it is forgotten");
        assert!(flood.count(FLOOD + 1, now + 60_000 * MS));
        assert!(flood.is_over(now + 61_000 * MS));
    }
}
