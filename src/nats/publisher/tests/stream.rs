//! The simulated stream, and a node that reads it.

use std::collections::BTreeSet;

use super::LOST;
use crate::nats::broker::NotPublished;
use crate::nats::chain::{Chains, HostPosition, Link};
use crate::nats::remembered::Remembered;

/// A source of choices.
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    /// Returns a number below `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        const FACTOR: u64 = 6_364_136_223_846_793_005;
        self.0 = self.0.wrapping_mul(FACTOR).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// A message that the stream has.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) sequence: u64,
    pub(super) run: String,
    pub(super) after: HostPosition,
    pub(super) last: HostPosition,
}

/// The stream, and the messages that are on their way to it.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) random: Random,
    pub(super) created: i128,
    /// The oldest and the newest sequence, also of messages of other hosts.
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) messages: Vec<Stored>,
    /// Messages that will arrive later, with the sequences that they expect.
    pub(super) delayed: Vec<(Stored, u64)>,
    /// A node that reads: its chains, the next sequence, and the positions of the events it has sent.
    pub(super) node: Node,
    /// Number of steps after which nothing fails any more.
    pub(super) trouble: u64,
    /// Number of times that messages were lost or removed.
    pub(super) losses: u64,
    /// An operator removes the newest message now and then.
    pub(super) has_operator: bool,
    /// Sequences of the messages that the operator has removed.
    pub(super) removed: BTreeSet<u64>,
    /// The position that the host remembers over restarts.
    pub(super) remembered: Option<Remembered>,
}

/// A node as far as the chain of one host concerns it.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) chains: Chains,
    pub(super) read: Vec<Stored>,
    /// The events that clients get, and `LOST` for each that a gap counts.
    pub(super) sent: Vec<u64>,
}

impl Stream {
    pub(super) fn new(seed: u64) -> Self {
        Stream {
            random: Random(seed),
            created: 1,
            first: 1,
            last: 0,
            messages: Vec::new(),
            delayed: Vec::new(),
            node: Node::default(),
            trouble: 200,
            losses: 0,
            has_operator: seed % 2 == 1,
            removed: BTreeSet::new(),
            remembered: None,
        }
    }

    /// Stores a message, if it follows the one that it expects.
    pub(super) fn store(
        &mut self,
        mut message: Stored,
        expected: u64,
    ) -> Result<u64, NotPublished> {
        if self.messages.last().map_or(0, |last| last.sequence) != expected {
            return Err(NotPublished::Fenced);
        }
        self.last += 1;
        message.sequence = self.last;
        self.messages.push(message);
        Ok(self.last)
    }

    /// Does what the network does between two requests.
    pub(super) fn pass(&mut self) {
        self.trouble = self.trouble.saturating_sub(1);
        if self.trouble == 0 {
            self.delayed.clear();
        } else if self.random.below(8) == 0 && !self.delayed.is_empty() {
            let index = self.random.below(self.delayed.len() as u64) as usize;
            let (message, expected) = self.delayed.swap_remove(index);
            let _ = self.store(message, expected);
        }
        match self.random.below(if self.trouble > 0 { 60 } else { u64::MAX }) {
            // No message on its way outlives the stream or the server.
            0 => {
                self.lose();
                let kept = self.random.below(self.messages.len() as u64 + 1) as usize;
                self.messages.truncate(kept);
                self.last = self.messages.last().map_or(self.first - 1, |last| last.sequence);
                self.removed.retain(|sequence| *sequence <= self.last);
            }
            1 => {
                self.lose();
                self.messages.clear();
                self.removed.clear();
                self.node.read.clear();
                (self.created, self.first, self.last) = (self.created + 1, 1, 0);
            }
            2..10 => self.read(),
            10..13 => self.last += 1 + self.random.below(3),
            // The oldest messages are removed, those of all hosts now and then.
            13 => {
                self.first += self.random.below(self.last + 2 - self.first);
                self.messages.retain(|message| message.sequence >= self.first);
                if self.messages.is_empty() {
                    self.delayed.clear();
                }
            }
            14 if self.has_operator => {
                // No message on its way is as old as the one that is the newest now.
                self.delayed.clear();
                if let Some(message) = self.messages.pop() {
                    self.removed.insert(message.sequence);
                }
            }
            _ => {}
        }
    }

    fn lose(&mut self) {
        self.losses += 1;
        self.delayed.clear();
    }

    /// Lets the node read what there is.
    pub(super) fn read(&mut self) {
        let node = &mut self.node;
        let is_kept = |stored: &Stored| {
            let is_it = |m: &Stored| m.sequence == stored.sequence && m.last == stored.last;
            stored.sequence < self.first
                || self.removed.contains(&stored.sequence)
                || self.messages.iter().any(is_it)
        };
        while node.read.last().is_some_and(|last| !is_kept(last)) {
            node.read.pop();
        }
        let next = node.read.last().map_or(0, |last| last.sequence);
        for message in self.messages.iter().filter(|message| message.sequence > next) {
            node.take(message);
        }
    }
}

impl Node {
    fn take(&mut self, message: &Stored) {
        self.read.push(message.clone());
        let skipped = match self.chains.add("host", &message.after, &message.last) {
            Link::Whole => 0,
            Link::Broken(_, lost) => {
                let lost = lost.expect("one run of the host");
                self.sent.extend((0..lost).map(|_| LOST));
                0
            }
            Link::Repeated(events) => events,
        };
        self.sent.extend((message.after.next() + skipped)..message.last.next());
    }
}
