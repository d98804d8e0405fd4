//! The seam between the publisher and the stream: everything that the publisher asks of it.

use super::chain::HostPosition;
use super::message::Outgoing;
use crate::event::Seq;

/// The state of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StreamState {
    /// Time at which the stream was made, in nanoseconds since 1970.
    pub(super) created: i128,
    /// The oldest sequence that the stream still has; behind the newest one if it has none.
    pub(super) first: u64,
}

/// The newest message of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LastMessage {
    pub(super) sequence: u64,
    /// The run that has written it, and the position behind it.
    pub(super) run: String,
    pub(super) last: HostPosition,
}

/// The state of a stream, and the newest message of the subject of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Observed {
    pub(super) state: StreamState,
    pub(super) last: Option<LastMessage>,
    /// The stream has removed the message whose sequence was asked for, and those behind it of the
    /// subject: it has got there, and no message has its sequence.
    pub(super) is_removed: bool,
}

/// The reason for which a message was not acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NotPublished {
    /// The message may be in the stream, or get there later.
    Doubt,
    /// Another message stands where this one was expected.
    Fenced,
    /// The stream takes no message now; the sentence says why.
    Refused(String),
    /// The message can never be published.
    TooLarge(String),
}

/// The reason for which the stream could not be observed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unobserved {
    /// The server does not answer, or the stream does not exist: it may later.
    Unavailable(String),
    /// The newest message of the subject is none of ssetail.
    Foreign,
}

/// A stream, as the publisher of one host sees it.
pub(super) trait Broker {
    /// Publishes a message behind message `expected` of the subject; returns its sequence.
    fn publish(
        &mut self,
        message: &Outgoing,
        expected: u64,
    ) -> impl Future<Output = Result<u64, NotPublished>>;

    /// Reads the state of the stream and the newest message of the subject, from the leader;
    /// `acknowledged` is the sequence of the newest one that was acknowledged.
    fn observe(
        &mut self,
        acknowledged: Option<u64>,
    ) -> impl Future<Output = Result<Observed, Unobserved>>;

    /// Waits before the next attempt; longer after each failure in a row.
    fn pause(&mut self, failures: u32) -> impl Future<Output = ()>;

    /// Ready when the connection was made again since the last call.
    fn reconnected(&mut self) -> impl Future<Output = ()>;
}

/// The events of a host, in their order.
pub(super) trait Events {
    /// Begins after a position, or with the first event that there is; returns the seq of the event
    /// that comes first.
    fn begin(&mut self, after: Option<&HostPosition>) -> Seq;

    /// Returns the next events; pending until there are some. Nothing is lost if the future is
    /// dropped.
    fn next(&mut self) -> impl Future<Output = Option<Outgoing>>;
}
