//! Control events: what the stream says about itself, as events named `ssetail`.
//!
//! Every control event is a JSON object whose first field, `type`, names its variant.

use super::Name;
use super::json::Object;

/// A control event and its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlEvent<'a> {
    /// Events were lost to one client, before the next event that it gets.
    Gap {
        /// Why they were lost.
        reason: GapReason,
        /// How many were lost; `null` where the number cannot be known.
        lost: Option<u64>,
        /// The request has a filter, so that some of the lost events would not have been sent.
        filtered: bool,
    },
    /// The file behind a source changed.
    Source {
        /// The name of the source.
        file: &'a Name,
        /// The change.
        change: SourceChange,
    },
    /// The input of a source ended; no more lines of it will follow.
    End {
        /// The name of the source.
        file: &'a Name,
    },
    /// A heartbeat, for clients that cannot see comments.
    Ping {
        /// The time of sending, in milliseconds since 1970.
        time: u64,
    },
}

/// The reason for which events were lost to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapReason {
    /// They were evicted before the client connected.
    Evicted,
    /// They were evicted while the client was connected, because it reads too slowly.
    Slow,
    /// Their file does not hold them any more.
    Truncated,
    /// The client's last event ID belongs to another run.
    Restart,
    /// The client's last event ID was not made by ssetail.
    Unknown,
}

/// A change of the file behind a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceChange {
    /// A file appeared under a name that had none.
    Appeared,
    /// Another file has the name now.
    Rotated,
    /// The file was truncated, and is read from its start.
    Truncated,
    /// The name leads to no file any more.
    Removed,
    /// The file cannot be read.
    Unreadable,
}

impl ControlEvent<'_> {
    /// The JSON object that the event carries as its data.
    #[must_use]
    pub fn to_json(self) -> String {
        let object = Object::of_type(self.kind());
        let object = match self {
            ControlEvent::Gap { reason, lost, filtered } => object
                .text("reason", reason.as_str())
                .number("lost", lost)
                .flag("filtered", filtered),
            ControlEvent::Source { file, change } => {
                object.text("file", file.as_str()).text("change", change.as_str())
            }
            ControlEvent::End { file } => object.text("file", file.as_str()),
            ControlEvent::Ping { time } => object.number("time", Some(time)),
        };
        object.finish()
    }

    fn kind(self) -> &'static str {
        match self {
            ControlEvent::Gap { .. } => "gap",
            ControlEvent::Source { .. } => "source",
            ControlEvent::End { .. } => "end",
            ControlEvent::Ping { .. } => "ping",
        }
    }
}

impl GapReason {
    fn as_str(self) -> &'static str {
        match self {
            GapReason::Evicted => "evicted",
            GapReason::Slow => "slow",
            GapReason::Truncated => "truncated",
            GapReason::Restart => "restart",
            GapReason::Unknown => "unknown",
        }
    }
}

impl SourceChange {
    fn as_str(self) -> &'static str {
        match self {
            SourceChange::Appeared => "appeared",
            SourceChange::Rotated => "rotated",
            SourceChange::Truncated => "truncated",
            SourceChange::Removed => "removed",
            SourceChange::Unreadable => "unreadable",
        }
    }
}
