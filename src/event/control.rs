//! Control events: events about the stream or a source, named `ssetail`.
//!
//! Their data is a JSON object whose first field, `type`, names the variant.
//! See "Control events" in docs/PROTOCOL.md.

use std::fmt;

use super::Name;
use super::json::JsonObject;

/// A control event and its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlEvent<'a> {
    /// One client will not get some events, which precede the next event that it gets.
    Gap {
        /// The reason for the loss.
        reason: GapReason,
        /// Number of lost events; `None` if it cannot be known.
        lost: Option<u64>,
        /// The request has a filter, which might have rejected some of the lost events.
        filtered: bool,
    },
    /// Events of another server were lost before they came to this one.
    RelayedGap {
        /// The name of the server, or of the server that it follows.
        file: &'a Name,
        /// The reason for the loss.
        reason: GapReason,
        /// Number of lost events; `None` if it cannot be known.
        lost: Option<u64>,
    },
    /// The file behind a source changed.
    Source {
        /// The name of the source.
        file: &'a Name,
        /// The change.
        change: SourceChange,
    },
    /// Standard input or a command ended; no more lines of the source will follow.
    End {
        /// The name of the source.
        file: &'a Name,
        /// The way in which the command has ended; none for standard input.
        exit: Option<&'a CommandExit>,
    },
    /// A heartbeat, for clients that cannot see comments.
    Ping {
        /// The time of sending, in milliseconds since 1970.
        time: u64,
    },
    /// The epochs of the runs from which the events come have changed; for a relay.
    Lineage {
        /// The epochs, separated by spaces.
        epochs: &'a str,
    },
    /// The read of one client has ended as its query asked.
    EndOfRead {
        /// The reason for the end.
        reason: EndReason,
    },
}

/// The way in which a command has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandExit {
    /// It has exited with this status.
    Status(u8),
    /// A signal has ended it.
    Signal {
        /// The name of the signal, such as `SIGTERM`.
        name: String,
        /// The number of the signal.
        number: i32,
    },
}

/// The reason for which a read has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// The client has all events that were asked for.
    Complete,
    /// The time that the client allowed is over.
    Time,
    /// A line matched the expression that ends the read.
    Stop,
}

/// The reason for which events were lost to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapReason {
    /// They were evicted before the client connected.
    Evicted,
    /// They were evicted while the client was connected and read too slowly.
    Slow,
    /// Their file does not have them any more.
    Truncated,
    /// The client's last event ID belongs to another run.
    Restart,
    /// The client's last event ID was not written by ssetail, or names an event that does not exist.
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
    /// No file has the name any more.
    Removed,
    /// The file cannot be read.
    Unreadable,
}

impl ControlEvent<'_> {
    /// Returns the data of the event, a JSON object.
    #[must_use]
    pub fn to_json(self) -> String {
        let object = JsonObject::of_type(self.kind());
        let object = match self {
            ControlEvent::Gap { reason, lost, filtered } => object
                .text("reason", reason.as_str())
                .number("lost", lost)
                .flag("filtered", filtered),
            ControlEvent::RelayedGap { file, reason, lost } => object
                .text("reason", reason.as_str())
                .number("lost", lost)
                .text("file", file.as_str()),
            ControlEvent::Source { file, change } => {
                object.text("file", file.as_str()).text("change", change.as_str())
            }
            ControlEvent::End { file, exit } => {
                let object = object.text("file", file.as_str());
                match exit {
                    None => object,
                    Some(CommandExit::Status(status)) => {
                        object.number("status", Some(u64::from(*status)))
                    }
                    Some(CommandExit::Signal { name, .. }) => object.text("signal", name),
                }
            }
            ControlEvent::Ping { time } => object.number("time", Some(time)),
            ControlEvent::Lineage { epochs } => object.text("epochs", epochs),
            ControlEvent::EndOfRead { reason } => object.text("reason", reason.as_str()),
        };
        object.finish()
    }

    fn kind(self) -> &'static str {
        match self {
            ControlEvent::Gap { .. } | ControlEvent::RelayedGap { .. } => "gap",
            ControlEvent::Source { .. } => "source",
            ControlEvent::End { .. } => "end",
            ControlEvent::Ping { .. } => "ping",
            ControlEvent::Lineage { .. } => "lineage",
            ControlEvent::EndOfRead { .. } => "end_of_read",
        }
    }
}

impl CommandExit {
    /// The exit status by which a shell tells how the command has ended: 128 and the number of the
    /// signal, if it was one.
    #[must_use]
    pub fn code(&self) -> i32 {
        match self {
            CommandExit::Status(status) => i32::from(*status),
            CommandExit::Signal { number, .. } => 128 + number,
        }
    }
}

impl fmt::Display for CommandExit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CommandExit::Status(status) => write!(f, "has finished with status {status}"),
            CommandExit::Signal { name, .. } => write!(f, "was ended by {name}"),
        }
    }
}

impl GapReason {
    const ALL: [GapReason; 5] = [
        GapReason::Evicted,
        GapReason::Slow,
        GapReason::Truncated,
        GapReason::Restart,
        GapReason::Unknown,
    ];

    /// Returns the reason with this name on the wire.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        GapReason::ALL.into_iter().find(|reason| reason.as_str() == name)
    }

    /// The name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            GapReason::Evicted => "evicted",
            GapReason::Slow => "slow",
            GapReason::Truncated => "truncated",
            GapReason::Restart => "restart",
            GapReason::Unknown => "unknown",
        }
    }
}

impl EndReason {
    fn as_str(self) -> &'static str {
        match self {
            EndReason::Complete => "complete",
            EndReason::Time => "time",
            EndReason::Stop => "stop",
        }
    }
}

impl SourceChange {
    const ALL: [SourceChange; 5] = [
        SourceChange::Appeared,
        SourceChange::Rotated,
        SourceChange::Truncated,
        SourceChange::Removed,
        SourceChange::Unreadable,
    ];

    /// Returns the change with this name on the wire.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        SourceChange::ALL.into_iter().find(|change| change.as_str() == name)
    }

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

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn every_event_has_the_json_of_the_protocol() {
        let gap = |reason, lost, filtered| ControlEvent::Gap { reason, lost, filtered }.to_json();
        for (reason, name) in [
            (GapReason::Evicted, "evicted"),
            (GapReason::Slow, "slow"),
            (GapReason::Truncated, "truncated"),
        ] {
            let json = format!(r#"{{"type":"gap","reason":"{name}","lost":7}}"#);
            assert_eq!(gap(reason, Some(7), false), json);
        }
        for (reason, name) in [(GapReason::Restart, "restart"), (GapReason::Unknown, "unknown")] {
            let json = format!(r#"{{"type":"gap","reason":"{name}","lost":null,"filtered":true}}"#);
            assert_eq!(gap(reason, None, true), json);
        }
        let file = &Name::new(OsStr::new("a \"b\".log"));
        for (change, name) in [
            (SourceChange::Appeared, "appeared"),
            (SourceChange::Rotated, "rotated"),
            (SourceChange::Truncated, "truncated"),
            (SourceChange::Removed, "removed"),
            (SourceChange::Unreadable, "unreadable"),
        ] {
            let json = format!(r#"{{"type":"source","file":"a \"b\".log","change":"{name}"}}"#);
            assert_eq!(ControlEvent::Source { file, change }.to_json(), json);
        }
        let end = |exit| ControlEvent::End { file, exit }.to_json();
        assert_eq!(end(None), r#"{"type":"end","file":"a \"b\".log"}"#);
        let exit = CommandExit::Status(3);
        let json = r#"{"type":"end","file":"a \"b\".log","status":3}"#;
        assert_eq!((end(Some(&exit)).as_str(), exit.code()), (json, 3));
        let exit = CommandExit::Signal { name: "SIGTERM".to_owned(), number: 15 };
        let json = r#"{"type":"end","file":"a \"b\".log","signal":"SIGTERM"}"#;
        assert_eq!((end(Some(&exit)).as_str(), exit.code()), (json, 143));
        let ping = ControlEvent::Ping { time: 1_795_644_888_016 }.to_json();
        assert_eq!(ping, r#"{"type":"ping","time":1795644888016}"#);
        let lineage = ControlEvent::Lineage { epochs: "k3f9q2 abc123" }.to_json();
        assert_eq!(lineage, r#"{"type":"lineage","epochs":"k3f9q2 abc123"}"#);
        for (reason, name) in [
            (EndReason::Complete, "complete"),
            (EndReason::Time, "time"),
            (EndReason::Stop, "stop"),
        ] {
            let json = format!(r#"{{"type":"end_of_read","reason":"{name}"}}"#);
            assert_eq!(ControlEvent::EndOfRead { reason }.to_json(), json);
        }
    }
}
