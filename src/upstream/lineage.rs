//! The lineage of a feed: the epochs of all runs whose events it has, its own and those of the
//! servers that it follows.
//!
//! A relay sends its own epoch with each request. A server answers with its lineage, in the same
//! header, and tells its relays each change of it in an event of the stream. A server that finds its
//! own epoch in the lineage of another one would get its own events back.
//! Only what servers say counts that are followed: a client cannot make another loop up.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;

use crate::event::Epoch;

/// The header in which relays and servers name epochs, separated by spaces.
pub const PATH_HEADER: &str = "ssetail-path";

/// Most epochs of one lineage that are remembered.
const MAX_EPOCHS: usize = 1000;

/// The epochs of a feed; clones share them.
#[derive(Clone, Debug)]
pub struct Lineage {
    own: Epoch,
    /// By the number of the server that is followed: its lineage.
    upstream: Arc<watch::Sender<BTreeMap<usize, Vec<Epoch>>>>,
}

/// The changes of a lineage.
#[derive(Debug)]
pub struct LineageChanges {
    lineage: Lineage,
    receiver: watch::Receiver<BTreeMap<usize, Vec<Epoch>>>,
}

impl Lineage {
    /// The lineage of a feed that follows no other.
    #[must_use]
    pub fn new(own: Epoch) -> Self {
        Lineage { own, upstream: Arc::new(watch::Sender::new(BTreeMap::new())) }
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
        for epoch in self.upstream.borrow().values().flatten() {
            if !epochs.contains(epoch) {
                epochs.push(epoch.clone());
            }
        }
        let names: Vec<&str> = epochs.iter().map(Epoch::as_str).collect();
        names.join(" ")
    }

    /// Returns the changes from now on.
    #[must_use]
    pub fn changes(&self) -> LineageChanges {
        LineageChanges { lineage: self.clone(), receiver: self.upstream.subscribe() }
    }

    /// Returns false if the request of a relay comes from this server itself.
    #[must_use]
    pub fn admits(&self, header: &str) -> bool {
        header.split_ascii_whitespace().next().and_then(Epoch::parse).as_ref() != Some(&self.own)
    }

    /// Notes the lineage of server `number`, which is followed; returns false if that would be a
    /// loop.
    #[must_use]
    pub(super) fn follow(&self, number: usize, header: &str) -> bool {
        let epochs = parse(header);
        let is_loop = epochs.contains(&self.own);
        if !is_loop {
            self.upstream.send_if_modified(|upstream| {
                upstream.insert(number, epochs.clone()).is_none_or(|before| before != epochs)
            });
        }
        !is_loop
    }

    /// Notes that server `number` is not followed at the moment.
    pub(super) fn leave(&self, number: usize) {
        self.upstream.send_if_modified(|upstream| upstream.remove(&number).is_some());
    }
}

impl LineageChanges {
    /// Waits for the next change; returns the value that the header has then, and the later changes.
    pub async fn next(mut self) -> (String, Self) {
        // The lineage holds the sender.
        let _ = self.receiver.changed().await;
        (self.lineage.text(), self)
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
        assert!(!a.admits("aaaaaa"));
        assert!(a.admits("bbbbbb") && a.admits(""));
        assert!(a.admits("bbbbbb aaaaaa"), "a relay names only itself");
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
    fn a_loop_of_servers_that_connect_at_the_same_time_is_noticed_when_they_tell_changes() {
        let (a, b, c) = (lineage("aaaaaa"), lineage("bbbbbb"), lineage("cccccc"));
        let (of_a, of_b, of_c) = (a.text(), b.text(), c.text());
        assert!(a.follow(0, &of_b) && b.follow(0, &of_c) && c.follow(0, &of_a));
        assert!(a.follow(0, &b.text()));
        assert!(!c.follow(0, &a.text()));
    }

    #[tokio::test]
    async fn changes_are_told() {
        let a = lineage("aaaaaa");
        let changes = a.changes();
        assert!(a.follow(0, "bbbbbb"));
        let (text, changes) = changes.next().await;
        assert_eq!(text, "aaaaaa bbbbbb");
        assert!(a.follow(0, "bbbbbb"));
        assert!(!changes.receiver.has_changed().expect("the lineage exists"));
        a.leave(0);
        assert_eq!(changes.next().await.0, "aaaaaa");
    }

    #[test]
    fn two_ways_to_the_same_server_are_no_loop() {
        let (top, left, bottom) = (lineage("aaaaaa"), lineage("bbbbbb"), lineage("cccccc"));
        assert!(left.follow(0, &top.text()));
        assert!(bottom.follow(0, &left.text()) && bottom.follow(1, &top.text()));
        assert_eq!(bottom.text(), "cccccc bbbbbb aaaaaa");
    }
}
