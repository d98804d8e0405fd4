//! Reconnection times that differ from client to client.

use std::time::Duration;

/// Returns a random time between three and five quarters of `delay`.
///
/// Clients that lose their connections at the same moment would otherwise return at the same moment.
/// With half the spread, twice as many return in each moment; with twice, some wait much longer than
/// `--reconnect-delay` says.
pub(in crate::http) fn spread(delay: Duration) -> Duration {
    let random = getrandom::u32().unwrap_or(250);
    (delay / 1000).saturating_mul(750 + random % 501)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn times_lie_within_a_quarter_and_differ() {
        let times: BTreeSet<_> = (0..100).map(|_| spread(Duration::from_secs(2))).collect();
        let (first, last) = (times.first(), times.last());
        assert!(first >= Some(&Duration::from_millis(1500)), "{first:?}");
        assert!(last <= Some(&Duration::from_millis(2500)), "{last:?}");
        assert!(times.len() > 10, "{times:?}");
        assert!(spread(Duration::MAX) > Duration::from_secs(1 << 40));
    }
}
