//! The pause before the next attempt to connect.

use std::time::Duration;

/// Pause after the first failure. Twice the value delays the return of a server that was restarted.
const FIRST: Duration = Duration::from_millis(500);

/// Longest pause that failures lead to. Twice the value delays the return after a long outage.
const LONGEST: Duration = Duration::from_secs(30);

/// Longest pause that a server can ask for; a larger number would stop the relay for good.
const LONGEST_ASKED: Duration = Duration::from_secs(600);

/// Pauses that double from failure to failure.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// Begins with the first pause again, after a connection has delivered something.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    /// Returns the next pause: a random part of up to a half is taken off, so that many clients of a
    /// server do not return in the same instant, and the server gets at least the time `asked`.
    pub(super) fn next(&mut self, asked: Duration, random: u64) -> Duration {
        let pause = FIRST.saturating_mul(1 << self.failures.min(16)).min(LONGEST);
        self.failures += 1;
        let kept = 2048 - (random % 1024) as u32;
        let pause = pause * kept / 2048;
        pause.max(asked.min(LONGEST_ASKED))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_limit_and_begin_again() {
        let mut backoff = Backoff::default();
        let mut next = |random| backoff.next(Duration::ZERO, random).as_millis();
        assert_eq!([next(0), next(0), next(0)], [500, 1000, 2000]);
        assert_eq!((0..100).map(|_| next(0)).max(), Some(30_000));
        assert_eq!(next(1023) / 100, 150);
        backoff.reset();
        assert_eq!(backoff.next(Duration::ZERO, 0), FIRST);
    }

    #[test]
    fn a_server_can_ask_for_a_longer_pause() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.next(Duration::from_secs(9), 5), Duration::from_secs(9));
        assert_eq!(backoff.next(Duration::MAX, 5), LONGEST_ASKED);
    }
}
