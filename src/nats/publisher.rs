//! The publisher: sends the events of a host to a stream, each exactly once.
//!
//! One message is on its way at a time.
//! After any doubt, the publisher reads the newest message of its subject and goes on behind that.

use super::broker::{Broker, Events, NotPublished, Unobserved};
use super::figures::Figures;
use super::message::Outgoing;
use super::remembered::Remembered;
use super::takeover::{Continuation, Known};

/// The reason for which a publisher cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PublisherEnd {
    /// Another publisher writes to the same subject.
    AnotherPublisher,
    /// The newest message of the subject is none of ssetail.
    ForeignMessage,
    /// An event cannot be published; the sentence says why.
    TooLarge(String),
    /// There will be no further event.
    NoMoreEvents,
}

/// Sends events to a broker.
pub(super) struct Publisher<'a, B, E> {
    pub(super) broker: B,
    pub(super) events: E,
    pub(super) known: Known,
    pub(super) figures: &'a Figures,
    /// Keeps the position for a restart.
    pub(super) remember: Remember<'a>,
    /// Reports a failure, or the end of one; not more than once for the same.
    pub(super) report: Say<'a>,
}

/// Keeps a position.
pub(super) type Remember<'a> = Box<dyn FnMut(&Remembered) + 'a>;

/// Reports a sentence, or that there is nothing to report any more.
pub(super) type Say<'a> = Box<dyn FnMut(Option<&str>) + Send + 'a>;

/// The reason for which the newest message has to be read again.
enum Interruption {
    End(PublisherEnd),
    /// Something has failed.
    Failure,
    /// The connection was made again, and the server may have lost messages.
    Reconnected,
}

impl<B: Broker, E: Events> Publisher<'_, B, E> {
    /// Publishes until it cannot go on.
    pub(super) async fn run(&mut self) -> PublisherEnd {
        let mut failures = 0;
        loop {
            let begun = match self.broker.observe(self.known.acknowledged()).await {
                Ok(observed) => self.known.decide(observed),
                Err(Unobserved::Foreign) => return PublisherEnd::ForeignMessage,
                Err(Unobserved::Unavailable(sentence)) => {
                    (self.report)(Some(&sentence));
                    failures += 1;
                    self.broker.pause(failures).await;
                    continue;
                }
            };
            let Ok(continuation) = begun else { return PublisherEnd::AnotherPublisher };
            match self.publish_from(continuation, &mut failures).await {
                Interruption::End(end) => return end,
                Interruption::Reconnected => {}
                Interruption::Failure => {
                    failures += 1;
                    self.broker.pause(failures).await;
                }
            }
        }
    }

    /// Publishes events behind a message, until something happens.
    async fn publish_from(&mut self, from: Continuation, failures: &mut u32) -> Interruption {
        let Continuation { mut expected, after, has_lost } = from;
        self.figures.lost_tails.add(u64::from(has_lost));
        self.figures.published.set(self.events.begin(after.as_ref()));
        loop {
            let next = tokio::select! {
                biased;
                () = self.broker.reconnected() => return Interruption::Reconnected,
                next = self.events.next() => next,
            };
            let Some(message) = next else { return Interruption::End(PublisherEnd::NoMoreEvents) };
            match self.publish(&message, expected).await {
                Ok(sequence) => {
                    expected = sequence;
                    *failures = 0;
                }
                Err(interruption) => return interruption,
            }
        }
    }

    /// Publishes one message; while the stream refuses it, tries again.
    async fn publish(&mut self, message: &Outgoing, expected: u64) -> Result<u64, Interruption> {
        match self.broker.publish(message, expected).await {
            Ok(sequence) => {
                (self.report)(None);
                self.known.acknowledge(sequence, message.last.clone());
                if let Some(position) = self.known.remembered() {
                    (self.remember)(&position);
                }
                self.figures.note_published(message);
                Ok(sequence)
            }
            Err(NotPublished::TooLarge(sentence)) => {
                Err(Interruption::End(PublisherEnd::TooLarge(sentence)))
            }
            Err(NotPublished::Doubt | NotPublished::Fenced) => {
                self.figures.doubts.add(1);
                Err(Interruption::Failure)
            }
            Err(NotPublished::Refused(sentence)) => {
                (self.report)(Some(&sentence));
                Err(Interruption::Failure)
            }
        }
    }
}

#[cfg(test)]
mod tests;
