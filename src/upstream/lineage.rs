//! The lineage of a feed: the epochs of all runs whose events it has, its own and those of the
//! servers that it follows.
//!
//! A relay sends its own epoch with each request, and a server answers with its lineage, in the
//! same header. A server that finds its own epoch in the lineage of another one would get its own
//! events back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::event::Epoch;

/// The header in which relays and servers name epochs, separated by spaces.
pub const PATH_HEADER: &str = "ssetail-path";

/// Time for which a relay counts as one that follows this feed, after its request.
///
/// Two servers that begin to follow each other at the same time notice it by this. With twice the
/// time, an order that was reversed on purpose takes effect as much later.
const RECENT: Duration = Duration::from_secs(60);

/// Most relays that are remembered; more than that is no loop that a person has made.
const MAX_RELAYS: usize = 1000;

/// Most epochs of one lineage that are remembered.
const MAX_EPOCHS: usize = 1000;

/// The epochs of a feed; clones share them.
#[derive(Clone, Debug)]
pub struct Lineage {
    own: Epoch,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// By the number of the server that is followed: its lineage.
    upstream: BTreeMap<usize, Vec<Epoch>>,
    /// The relays that have asked for events, and when.
    relays: Vec<(Epoch, Instant)>,
}

impl Lineage {
    /// The lineage of a feed that follows no other.
    #[must_use]
    pub fn new(own: Epoch) -> Self {
        Lineage { own, state: Arc::default() }
    }

    /// The value of the header in requests: the epoch of this feed.
    #[must_use]
    pub fn own(&self) -> &str {
        self.own.as_str()
    }

    /// The value of the header in answers: the epoch of this feed, and those of all that it follows.
    #[must_use]
    pub fn text(&self) -> String {
        let mut epochs = vec![self.own.clone()];
        for epoch in self.lock().upstream.values().flatten() {
            if !epochs.contains(epoch) {
                epochs.push(epoch.clone());
            }
        }
        let names: Vec<&str> = epochs.iter().map(Epoch::as_str).collect();
        names.join(" ")
    }

    /// Notes the request of a relay; returns false if it is this server itself.
    #[must_use]
    pub fn admit(&self, header: &str) -> bool {
        let epochs = parse(header);
        if epochs.contains(&self.own) {
            return false;
        }
        let (now, mut state) = (Instant::now(), self.lock());
        state.relays.retain(|(known, at)| now - *at < RECENT && !epochs.contains(known));
        state.relays.extend(epochs.into_iter().map(|epoch| (epoch, now)));
        let excess = state.relays.len().saturating_sub(MAX_RELAYS);
        state.relays.drain(..excess);
        true
    }

    /// Notes the lineage of server `number`, which is followed from now on; returns false if that
    /// would be a loop.
    pub(super) fn follow(&self, number: usize, header: &str) -> bool {
        let epochs = parse(header);
        let (now, mut state) = (Instant::now(), self.lock());
        let is_relay = |epoch: &Epoch| {
            state.relays.iter().any(|(known, at)| known == epoch && now - *at < RECENT)
        };
        let is_loop = epochs.iter().any(|epoch| *epoch == self.own || is_relay(epoch));
        if !is_loop {
            state.upstream.insert(number, epochs);
        }
        !is_loop
    }

    /// Notes that server `number` is not followed at the moment.
    pub(super) fn leave(&self, number: usize) {
        self.lock().upstream.remove(&number);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn parse(header: &str) -> Vec<Epoch> {
    header.split_ascii_whitespace().filter_map(Epoch::parse).take(MAX_EPOCHS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lineage(epoch: &str) -> Lineage {
        Lineage::new(Epoch::parse(epoch).expect("an epoch"))
    }

    #[test]
    fn a_server_does_not_follow_itself() {
        let a = lineage("aaaaaa");
        assert!(!a.admit("aaaaaa"));
        assert!(a.admit("bbbbbb"));
    }

    #[test]
    fn a_loop_over_another_server_is_noticed() {
        let (a, b) = (lineage("aaaaaa"), lineage("bbbbbb"));
        assert!(b.follow(0, &a.text()));
        assert_eq!(b.text(), "bbbbbb aaaaaa");
        assert!(!a.follow(0, &b.text()));
        b.leave(0);
        assert!(a.follow(0, &b.text()));
    }

    #[test]
    fn two_servers_that_connect_at_the_same_time_notice_it() {
        let (a, b) = (lineage("aaaaaa"), lineage("bbbbbb"));
        assert!(a.admit(b.own()) && b.admit(a.own()));
        let (of_a, of_b) = (a.text(), b.text());
        assert!(!a.follow(0, &of_b) && !b.follow(0, &of_a));
    }

    #[test]
    fn two_ways_to_the_same_server_are_no_loop() {
        let (top, left, bottom) = (lineage("aaaaaa"), lineage("bbbbbb"), lineage("cccccc"));
        assert!(left.follow(0, &top.text()));
        assert!(bottom.follow(0, &left.text()) && bottom.follow(1, &top.text()));
        assert_eq!(bottom.text(), "cccccc bbbbbb aaaaaa");
    }
}
