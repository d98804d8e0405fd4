//! The pace of walks: the pause after each one, in proportion to the time that it took.

use std::time::{Duration, Instant};

use crate::system::thread_cpu_time;

/// Shortest pause between two walks. A file has to be found within the 100 ms for which a rotation
/// may leave it under its name; twice the pause would take all of them.
const PAUSE: Duration = Duration::from_millis(50);

/// The pause is this many times the time of the last walk, so that walks take at most 1.5 % of a
/// core. With half of it, they take 3 %; with twice of it, a new file in a large tree that is not
/// watched is found twice as late.
const PAUSE_FACTOR: u32 = 65;

/// Shortest pause before a walk that changed names ask for. Names come in bursts; twice the pause
/// finds a new file twice as late.
const REQUESTED_PAUSE: Duration = Duration::from_millis(5);

/// Longest part of a pause that depends on waiting for a disk or a server. With twice the time,
/// files of a mount that did not answer for a while are found twice as late.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// The beginning of a walk.
#[derive(Clone, Copy, Debug)]
pub(super) struct WalkStart {
    begun: Instant,
    cpu: Duration,
}

/// The end of a walk, and the pauses that follow.
#[derive(Clone, Copy, Debug)]
pub(super) struct WalkPace {
    ended: Instant,
    idle: Duration,
    requested: Duration,
}

impl WalkStart {
    /// A walk of this thread that begins now.
    pub(super) fn now() -> Self {
        WalkStart { begun: Instant::now(), cpu: thread_cpu_time() }
    }

    /// The pace after this walk, which ends now on the same thread.
    pub(super) fn end(self) -> WalkPace {
        WalkPace::after(self.begun.elapsed(), thread_cpu_time().saturating_sub(self.cpu))
    }
}

impl WalkPace {
    /// The pace before the first walk, which is due at once.
    pub(super) fn due() -> Self {
        WalkPace { ended: Instant::now(), idle: Duration::ZERO, requested: Duration::ZERO }
    }

    /// The pace after a walk that took this time, and this much of it on a processor.
    fn after(took: Duration, cpu: Duration) -> Self {
        let took = took.min(LONGEST_WAIT);
        WalkPace {
            ended: Instant::now(),
            idle: (cpu * PAUSE_FACTOR).max(took).max(PAUSE),
            requested: cpu.max(took).max(REQUESTED_PAUSE),
        }
    }

    /// Returns the time until the next walk is due.
    ///
    /// A requested walk follows after the time that the last one took.
    pub(super) fn left(self, is_requested: bool, now: Instant) -> Duration {
        let pause = if is_requested { self.requested } else { self.idle };
        (self.ended + pause).saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_walks_take_two_percent_of_a_core_and_requested_ones_half_of_the_time() {
        let left = |took, cpu, is_requested| {
            let pace = WalkPace::after(Duration::from_millis(took), Duration::from_millis(cpu));
            pace.left(is_requested, pace.ended).as_millis()
        };
        assert_eq!((left(100, 100, false), left(100, 100, true)), (6500, 100));
        assert_eq!((left(3000, 1, false), left(3000, 1, true)), (3000, 3000));
        assert_eq!((left(600_000, 1, false), left(600_000, 1, true)), (10_000, 10_000));
        assert_eq!((left(0, 0, false), left(0, 0, true)), (50, 5));
        assert!(WalkPace::due().left(false, Instant::now()).is_zero());
    }

    #[test]
    fn only_work_counts_as_processor_time() {
        let start = WalkStart::now();
        std::thread::sleep(Duration::from_millis(20));
        assert!(start.end().idle < Duration::from_millis(20) * PAUSE_FACTOR);
        let mut sum = 0_u64;
        while thread_cpu_time() < start.cpu + Duration::from_millis(5) {
            sum = std::hint::black_box(sum + 1);
        }
        assert!(start.end().idle >= Duration::from_millis(5) * PAUSE_FACTOR);
    }
}
