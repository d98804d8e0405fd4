//! The limit of hints: beyond it, polling costs less, also for the process that writes the files.

use std::time::{Duration, Instant};

/// Time over which hints are counted. Twice the time lets a flood last twice as long.
const WINDOW: Duration = Duration::from_millis(100);

/// Most hints in a [`WINDOW`]. At 200,000 writes per second, a prototype that took every hint used
/// a whole core and slowed the writer by a third. With twice as many, moderate floods cost more
/// than polling; with half as many, ordinary bursts lose the lower latency of hints.
const MAX_HINTS: u32 = 400;

/// Time without hints after the first flood. Twice the time leaves a source that floods for a
/// moment without hints for twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Longest time without hints. The time doubles with every flood, so that a file which floods for
/// hours restarts linemux only this often; twice the time is as long a wait for its low latency.
const LONGEST_PAUSE: Duration = Duration::from_secs(32);

/// Number of pauses without a flood after which the next pause is a first one again. A larger
/// number remembers floods for longer than they say anything about the next one.
const CALM_PAUSES: u32 = 4;

/// Counts hints, and decides when to do without.
#[derive(Debug)]
pub(super) struct HintLimiter {
    window_start: Instant,
    events: u32,
    pause: Option<Pause>,
}

#[derive(Clone, Copy, Debug)]
struct Pause {
    end: Instant,
    length: Duration,
}

impl HintLimiter {
    pub(super) fn new(now: Instant) -> Self {
        HintLimiter { window_start: now, events: 0, pause: None }
    }

    /// Counts hints; returns whether there are too many, so that a pause begins.
    pub(super) fn count(&mut self, events: u32, now: Instant) -> bool {
        if now - self.window_start >= WINDOW {
            self.window_start = now;
            self.events = 0;
        }
        self.events += events;
        if self.events <= MAX_HINTS {
            return false;
        }
        self.events = 0;
        let length = self.pause.map_or(FIRST_PAUSE, |last| (last.length * 2).min(LONGEST_PAUSE));
        self.pause = Some(Pause { end: now + length, length });
        true
    }

    /// Returns true if there is no pause now.
    pub(super) fn allows(&mut self, now: Instant) -> bool {
        let Some(pause) = self.pause else { return true };
        if now >= pause.end + pause.length * CALM_PAUSES {
            self.pause = None;
        }
        now >= pause.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn each_flood_makes_a_longer_pause_until_there_is_a_calm() {
        let now = Instant::now();
        let mut limiter = HintLimiter::new(now);
        assert!(!limiter.count(MAX_HINTS, now));
        assert!(limiter.allows(now));
        assert!(limiter.count(1, now));
        assert!(!limiter.allows(now + 999 * MS));
        assert!(limiter.allows(now + 1000 * MS));
        assert!(limiter.count(MAX_HINTS + 1, now + 1000 * MS));
        assert!(!limiter.allows(now + 2999 * MS));
        assert!(limiter.allows(now + 3000 * MS));
        assert!(limiter.allows(now + 60_000 * MS), "and it is forgotten");
        assert!(limiter.count(MAX_HINTS + 1, now + 60_000 * MS));
        assert!(limiter.allows(now + 61_000 * MS));
    }
}
