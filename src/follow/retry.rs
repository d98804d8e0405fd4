//! The pauses between attempts to read a file that cannot be read.

use std::time::{Duration, Instant};

/// Pause after the first failure. A share that is back after a moment is read soon; half of it
/// asks a broken disk twice as often.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Longest pause. A read of a broken disk takes seconds, during which no other file is read; twice
/// the pause delays the lines of a file that can be read again as much.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// The time of the next attempt; the pause doubles with every failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Retry {
    at: Instant,
    pause: Duration,
}

impl Retry {
    /// Returns the attempt after a failure at `now`; `earlier` is the attempt that has failed.
    pub(super) fn after(earlier: Option<Retry>, now: Instant) -> Self {
        let pause = earlier.map_or(FIRST_PAUSE, |earlier| (earlier.pause * 2).min(LONGEST_PAUSE));
        Retry { at: now + pause, pause }
    }

    /// Returns the time from `now` until the attempt.
    pub(super) fn pause_from(self, now: Instant) -> Duration {
        self.at.saturating_duration_since(now)
    }

    /// Returns true if it is time for the attempt.
    pub(super) fn is_due(self, now: Instant) -> bool {
        now >= self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_a_bound() {
        let mut now = Instant::now();
        let mut retry = None;
        let pauses: Vec<Duration> = (0..8)
            .map(|_| {
                let next = Retry::after(retry, now);
                assert!(!next.is_due(now));
                let pause = next.at - now;
                now = next.at;
                assert!(next.is_due(now));
                retry = Some(next);
                pause
            })
            .collect();
        let millis = |pause: &Duration| pause.as_millis();
        let expected = [100, 200, 400, 800, 1600, 3200, 4000, 4000];
        assert!(pauses.iter().map(millis).eq(expected), "{pauses:?}");
    }
}
