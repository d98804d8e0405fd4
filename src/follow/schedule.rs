//! The schedule: when the follower looks at which source.
//!
//! Knows no file and no clock; the caller passes every time.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Interval between checks of all sources, for few sources. A file has to be found within the
/// 100 ms for which a rotation may leave it under its name; twice the interval would take all of
/// them.
const CHECK_INTERVAL: Duration = Duration::from_millis(50);

/// Part of the interval that each source adds, because a check costs system calls for each. Twice
/// the time halves the cost, and finds changes without a hint half as soon.
const CHECK_INTERVAL_PER_SOURCE: Duration = Duration::from_millis(1);

/// Longest interval between checks, for many sources. Twice as long, a change without a hint could
/// take a second to be found.
const LONGEST_CHECK_INTERVAL: Duration = Duration::from_millis(450);

/// Interval between checks of few sources while there are too many hints to take. Polling every
/// millisecond costs 3 % of a core, every 5 ms 1.4 %; twice the interval is twice the latency.
const FLOODED_CHECK_INTERVAL: Duration = Duration::from_millis(2);

/// Part of [`FLOODED_CHECK_INTERVAL`] that each source adds. Twice the time is twice the latency
/// of many sources in a flood, at half the cost.
const FLOODED_CHECK_INTERVAL_PER_SOURCE: Duration = Duration::from_micros(50);

/// Shortest interval between checks that changed names ask for. Names come in bursts; twice the
/// interval finds a new file twice as late.
const NAME_CHECK_INTERVAL: Duration = Duration::from_millis(10);

/// Pause before a file that has just grown is read again, when every subscriber has all events.
/// Twice the pause adds as much to the latency of a flow of lines; half of it doubles the cost of
/// a flood.
const POLL_INTERVAL: Duration = Duration::from_micros(100);

/// The same pause after a growth of at least [`FLOOD_BYTES`], which is followed by the next one at
/// once. Without it, a flood to ten clients had 0.91 of its speed, and one to a single client 0.95;
/// with five times the pause, a flood to ten clients had 0.97.
const FLOOD_POLL_INTERVAL: Duration = Duration::from_micros(10);

/// Bytes of a growth that belongs to a flood. With half the bytes, short bursts of lines are polled
/// as often; with twice the bytes, a flood in smaller steps is slower.
const FLOOD_BYTES: usize = 16 * 1024;

/// The pause while events are still being sent: a longer pause makes a larger batch, which
/// costs less for each line. Twice the pause adds as much to the latency of busy streams.
const BUSY_POLL_INTERVAL: Duration = Duration::from_micros(500);

/// The pause grows to this fraction of the time since the last growth. Twice the number polls a
/// file twice as often after it has stopped to grow.
const POLL_DIVISOR: u32 = 16;

/// Time after the last growth for which a file is polled. Twice the time polls files twice as long
/// that have stopped to grow; a shorter time makes slower flows wait for a check.
const ACTIVE_TIME: Duration = Duration::from_millis(20);

/// Interval between two looks at the path of a growing file. Each look is a system call; twice the
/// interval finds a rotation twice as late, and can miss a name that is short-lived.
const RESOLVE_INTERVAL: Duration = Duration::from_millis(5);

/// The times of the last checks, and the sources that are polled.
#[derive(Debug)]
pub(super) struct Schedule {
    checked_at: Instant,
    is_check_requested: bool,
    /// Sources that have grown without a hint, and their last growth.
    active: HashMap<usize, Growth>,
}

/// A growth of a source.
#[derive(Clone, Copy, Debug)]
struct Growth {
    at: Instant,
    bytes: usize,
}

/// The load on which intervals depend.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    /// Number of sources.
    pub(super) sources: usize,
    /// There are too many hints to take.
    pub(super) is_flooded: bool,
}

impl Schedule {
    pub(super) fn new(now: Instant) -> Self {
        Schedule { checked_at: now, is_check_requested: false, active: HashMap::new() }
    }

    /// Returns true if a source has just grown.
    pub(super) fn is_active(&self) -> bool {
        !self.active.is_empty()
    }

    /// Returns the time for which there is nothing to do without a hint.
    ///
    /// `is_caught_up` says that every subscriber has all events.
    pub(super) fn pause(&self, now: Instant, load: Load, is_caught_up: bool) -> Duration {
        let until_check = self.until_check(now, load);
        match self.active.values().max_by_key(|growth| growth.at) {
            None => until_check,
            Some(growth) => {
                let quiet = now.saturating_duration_since(growth.at);
                let poll = match growth.bytes {
                    _ if !is_caught_up => BUSY_POLL_INTERVAL,
                    FLOOD_BYTES.. => FLOOD_POLL_INTERVAL,
                    _ => POLL_INTERVAL,
                };
                poll.max(quiet / POLL_DIVISOR).min(until_check)
            }
        }
    }

    /// Returns true if a check of all sources is due; if so, it counts as done.
    pub(super) fn begin_check(&mut self, now: Instant, load: Load) -> bool {
        let is_due = self.until_check(now, load).is_zero();
        if is_due {
            self.checked_at = now;
            self.is_check_requested = false;
        }
        is_due
    }

    /// Requests a check, because names have changed.
    pub(super) fn request_check(&mut self) {
        self.is_check_requested = true;
    }

    /// Polls a source for a while: it has grown by `bytes` without a hint, and may do so again.
    pub(super) fn activate(&mut self, source: usize, bytes: usize, now: Instant) {
        self.active.insert(source, Growth { at: now, bytes });
    }

    /// Stops polling a source, because there are hints.
    pub(super) fn deactivate(&mut self, source: usize) {
        self.active.remove(&source);
    }

    /// Returns the sources that are polled now.
    pub(super) fn polled(&mut self, now: Instant) -> Vec<usize> {
        self.active.retain(|_, growth| growth.at + ACTIVE_TIME > now);
        self.active.keys().copied().collect()
    }

    /// Returns true if a path that was last resolved at `resolved_at` is to be resolved again.
    pub(super) fn is_resolution_due(resolved_at: Option<Instant>, now: Instant) -> bool {
        resolved_at.is_none_or(|resolved_at| now - resolved_at >= RESOLVE_INTERVAL)
    }

    fn until_check(&self, now: Instant, load: Load) -> Duration {
        let interval =
            if self.is_check_requested { NAME_CHECK_INTERVAL } else { check_interval(load) };
        (self.checked_at + interval).saturating_duration_since(now)
    }
}

fn check_interval(load: Load) -> Duration {
    let (least, per_source) = if load.is_flooded {
        (FLOODED_CHECK_INTERVAL, FLOODED_CHECK_INTERVAL_PER_SOURCE)
    } else {
        (CHECK_INTERVAL, CHECK_INTERVAL_PER_SOURCE)
    };
    (per_source * load.sources as u32).clamp(least, LONGEST_CHECK_INTERVAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const ONE: Load = Load { sources: 1, is_flooded: false };

    #[test]
    fn few_sources_are_checked_often_and_many_within_a_second() {
        let now = Instant::now();
        let schedule = Schedule::new(now);
        let pause = |sources, is_flooded| schedule.pause(now, Load { sources, is_flooded }, true);
        assert_eq!(pause(1, false), 50 * MS);
        assert_eq!(pause(1, true), 2 * MS);
        assert_eq!(pause(100_000, false), 450 * MS);
        assert_eq!(pause(100_000, true), 450 * MS);
    }

    #[test]
    fn a_growing_file_is_polled_until_it_is_quiet() {
        let now = Instant::now();
        let mut schedule = Schedule::new(now);
        schedule.activate(7, 100, now);
        assert_eq!(schedule.pause(now, ONE, true), POLL_INTERVAL);
        assert_eq!(schedule.pause(now, ONE, false), BUSY_POLL_INTERVAL);
        assert_eq!(schedule.pause(now + 16 * MS, ONE, true), MS, "less often with time");
        schedule.activate(7, FLOOD_BYTES, now);
        assert_eq!(schedule.pause(now, ONE, true), FLOOD_POLL_INTERVAL);
        assert_eq!(schedule.pause(now, ONE, false), BUSY_POLL_INTERVAL);
        assert_eq!(schedule.pause(now + 16 * MS, ONE, true), MS, "less often with time");
        assert_eq!(schedule.polled(now + 19 * MS), [7]);
        assert!(schedule.polled(now + 20 * MS).is_empty());
    }

    #[test]
    fn a_growing_file_with_hints_is_not_polled() {
        let now = Instant::now();
        let mut schedule = Schedule::new(now);
        schedule.activate(7, 100, now);
        schedule.deactivate(7);
        assert!(schedule.polled(now).is_empty());
    }

    #[test]
    fn a_burst_of_new_names_leads_to_one_check() {
        let now = Instant::now();
        let mut schedule = Schedule::new(now);
        schedule.request_check();
        assert!(!schedule.begin_check(now + 9 * MS, ONE));
        assert!(schedule.begin_check(now + 10 * MS, ONE));
        assert!(!schedule.begin_check(now + 59 * MS, ONE));
        assert!(schedule.begin_check(now + 60 * MS, ONE));
    }
}
