//! A message: the events of a host between two positions, and the headers that state them.
//!
//! Pure, except for the type of headers.

use async_nats::HeaderMap;
use bytes::Bytes;

use super::chain::HostPosition;
use super::payload::{Part, VERSION, parts};
use crate::event::{Check, GapReason, MAX_INDEX};

/// The headers of a message.
const AFTER: &str = "Ssetail-After";
const LAST: &str = "Ssetail-Last";
const EVENTS: &str = "Ssetail-Events";
const ENCODING: &str = "Ssetail-Encoding";
const RUN: &str = "Ssetail-Run";
const GAP: &str = "Ssetail-Gap";

/// The header by which the server refuses a message that does not follow the one that its sender
/// means; the number of its error is 10071.
const EXPECTED: &str = "Nats-Expected-Last-Subject-Sequence";

/// Most bytes of the headers, with much room to spare.
pub(super) const HEADER_BYTES: usize = 1024;

/// Events of a host that are published together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outgoing {
    /// The position before the first event.
    pub(super) after: HostPosition,
    /// The position behind the last event.
    pub(super) last: HostPosition,
    /// The reason for which the host has not the events before `after`, if it has found them missing.
    pub(super) gap: Option<GapReason>,
    pub(super) events: u64,
    /// Bytes of the lines.
    pub(super) bytes: u64,
    pub(super) payload: Bytes,
}

/// The headers of a message that a stream has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) after: HostPosition,
    pub(super) last: HostPosition,
    /// The run of the publisher that has written it.
    pub(super) run: String,
    pub(super) events: u64,
    pub(super) gap: Option<GapReason>,
    /// Sequence of the message before it of the same host; zero for none.
    pub(super) expected: u64,
    /// The payload has the form that this program reads.
    pub(super) is_readable: bool,
}

impl Outgoing {
    /// The headers with which `run` publishes the message after message `expected` of its subject.
    pub(super) fn headers(&self, run: &str, expected: u64) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(EXPECTED, expected.to_string());
        headers.insert(AFTER, self.after.to_string());
        headers.insert(LAST, self.last.to_string());
        headers.insert(EVENTS, self.events.to_string());
        headers.insert(ENCODING, VERSION);
        headers.insert(RUN, run);
        if let Some(gap) = self.gap {
            headers.insert(GAP, gap.as_str());
        }
        headers
    }
}

impl Head {
    /// Reads the headers of a message; `None` if ssetail has not written it.
    pub(super) fn parse(headers: &HeaderMap) -> Option<Self> {
        let text = |name: &str| headers.get(name).map(async_nats::HeaderValue::as_str);
        Some(Head {
            after: HostPosition::parse(text(AFTER)?)?,
            last: HostPosition::parse(text(LAST)?)?,
            run: text(RUN)?.to_owned(),
            events: text(EVENTS)?.parse().ok()?,
            gap: text(GAP).and_then(GapReason::named),
            expected: text(EXPECTED).and_then(|text| text.parse().ok()).unwrap_or(0),
            is_readable: text(ENCODING) == Some(VERSION),
        })
    }

    /// The check of the IDs of the events of the message.
    pub(super) fn check(&self) -> Check {
        Check::of(self.last.to_string().as_bytes())
    }

    /// Decodes the payload; `None` if it does not have the events that the headers state, or more
    /// than a message has numbers for.
    pub(super) fn parts(&self, payload: &Bytes) -> Option<Vec<Part>> {
        let parts = if self.is_readable { parts(payload)? } else { return None };
        let events: u64 = parts.iter().map(Part::len).sum();
        let stated = self.last.next().checked_sub(self.after.next());
        let is_stated = events == self.events && stated == Some(events);
        (is_stated && events < MAX_INDEX).then_some(parts)
    }
}
