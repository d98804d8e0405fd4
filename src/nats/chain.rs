//! The chains of the hosts: whether each message follows the one before it.
//!
//! Pure.

use std::collections::HashMap;

use crate::event::{EventId, GapReason, Numbering, Seq};

/// Most hosts whose chains are followed: as many as have sources of their own.
pub(super) const MAX_HOSTS: usize = 4096;

/// A position among the events of one host: the ID of the last event before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HostPosition(EventId);

impl HostPosition {
    /// Parses an ID of a run; `None` if it is anything else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let id = EventId::parse(text.as_bytes()).ok()?;
        HostPosition::of(id)
    }

    /// Makes the position of a client with the last event ID `id` of a run.
    pub(super) fn of(id: EventId) -> Option<Self> {
        (id.numbering == Numbering::Run && id.position.skip == 0).then_some(HostPosition(id))
    }

    /// The ID of the last event.
    pub(super) fn id(&self) -> &EventId {
        &self.0
    }

    /// Seq of the event behind the position.
    pub(super) fn next(&self) -> Seq {
        self.0.position.next
    }

    pub(super) fn is_of_run(&self, other: &HostPosition) -> bool {
        self.0.epoch == other.0.epoch
    }
}

impl std::fmt::Display for HostPosition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The relation between a message and the one before it of the same host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// It follows, or nothing is known of the host.
    Whole,
    /// Events between the two are lost; the number if it is known.
    Broken(GapReason, Option<u64>),
    /// Its first events are those that came before.
    Repeated(u64),
}

/// The newest position of each host.
#[derive(Clone, Debug, Default)]
pub(super) struct Chains {
    hosts: HashMap<String, HostPosition>,
}

impl Chains {
    /// The position behind the newest message of `host`.
    pub(super) fn last(&self, host: &str) -> Option<HostPosition> {
        self.hosts.get(host).cloned()
    }

    /// Replaces the position of `host`.
    pub(super) fn set(&mut self, host: &str, position: Option<HostPosition>) {
        match position {
            Some(_) if self.hosts.len() >= MAX_HOSTS && !self.hosts.contains_key(host) => None,
            Some(position) => self.hosts.insert(host.to_owned(), position),
            None => self.hosts.remove(host),
        };
    }

    /// Adds a message of `host` with the events from `after` to `last`.
    pub(super) fn add(&mut self, host: &str, after: &HostPosition, last: &HostPosition) -> Link {
        let Some(known) = self.hosts.get_mut(host) else {
            self.set(host, Some(last.clone()));
            return Link::Whole;
        };
        if !known.is_of_run(after) {
            *known = last.clone();
            return Link::Broken(GapReason::Restart, None);
        }
        let link = match after.next().checked_sub(known.next()) {
            Some(0) => Link::Whole,
            Some(missing) => Link::Broken(GapReason::Evicted, Some(missing)),
            None => Link::Repeated(known.next() - after.next()),
        };
        if last.next() > known.next() {
            *known = last.clone();
        }
        link
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> HostPosition {
        HostPosition::parse(text).expect("a position")
    }

    #[test]
    fn the_chain_of_each_host_is_followed() {
        let mut chains = Chains::default();
        let mut add = |host: &str, after: &str, last: &str| chains.add(host, &at(after), &at(last));
        assert_eq!(add("a", "aaaaaa-5", "aaaaaa-7"), Link::Whole);
        assert_eq!(add("b", "bbbbbb-0", "bbbbbb-3"), Link::Whole);
        assert_eq!(add("a", "aaaaaa-7", "aaaaaa-9"), Link::Whole);
        let lost = Link::Broken(GapReason::Evicted, Some(3));
        assert_eq!(add("a", "aaaaaa-c", "aaaaaa-d"), lost);
        assert_eq!(add("a", "aaaaaa-a", "aaaaaa-b"), Link::Repeated(3));
        assert_eq!(add("a", "aaaaaa-b", "aaaaaa-f"), Link::Repeated(2));
        assert_eq!(add("a", "aaaaaa-f", "aaaaaa-g"), Link::Whole);
        assert_eq!(add("a", "cccccc-0", "cccccc-1"), Link::Broken(GapReason::Restart, None));
        assert_eq!(add("a", "cccccc-1", "cccccc-2"), Link::Whole);
    }

    #[test]
    fn chains_take_the_memory_of_so_many_hosts() {
        let mut chains = Chains::default();
        for host in 0..=MAX_HOSTS {
            let link = chains.add(&host.to_string(), &at("aaaaaa-5"), &at("aaaaaa-7"));
            assert_eq!(link, Link::Whole);
        }
        assert_eq!(chains.hosts.len(), MAX_HOSTS);
    }

    #[test]
    fn only_ids_of_runs_are_positions() {
        for text in ["", "aaaaaa-1.2~abc", "aaaaaa-1.2", "x"] {
            assert_eq!(HostPosition::parse(text), None, "{text}");
        }
    }
}
