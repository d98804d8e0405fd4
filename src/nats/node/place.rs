//! The place of a node in its stream, and the eras of the stream.

use std::collections::VecDeque;
use std::sync::Arc;

use async_nats::jetstream::stream::{Info, RawMessageErrorKind, Stream};

use super::{Current, Task};
use crate::event::{Check, Epoch};
use crate::nats::connection::Connection;
use crate::nats::creation::stream_info;
use crate::nats::decoder::Numbers;
use crate::nats::message::Head;
use crate::nats::stream_log::{EraStart, StreamLog};
use crate::store::Era;

/// Most bytes, and most messages, that are read at the start for new clients. Older events are read
/// when a client asks for them.
///
/// With half of the values, the first event of a node came 8 ms earlier, and half as many old events
/// were in memory.
const START_BYTES: u64 = 8 << 20;
const START_MESSAGES: u64 = 4096;

impl Task {
    /// Returns the sequence of the next message; begins another era if the stream was made anew, or
    /// has lost messages.
    pub(super) async fn place(
        &mut self,
        connection: &Connection,
        info: &Info,
    ) -> Result<u64, String> {
        let created = info.created.unix_timestamp_nanos();
        let Some(current) = self.current.as_ref().filter(|current| current.created == created)
        else {
            let start = start_of(info);
            self.begin_era(connection, info, start).await?;
            return Ok(start);
        };
        current.log.update(info);
        let next = current.next;
        match self.kept(connection, info).await? {
            // Limits can have removed messages that were not read.
            kept if kept >= next => Ok(next.max(info.state.first_sequence)),
            kept => {
                self.figures.lost_tails.add(1);
                self.begin_era(connection, info, kept).await?;
                Ok(kept)
            }
        }
    }

    /// Returns the sequence behind the newest message that was read and that the stream still has.
    pub(super) async fn kept(&self, connection: &Connection, info: &Info) -> Result<u64, String> {
        let Some(current) = &self.current else { return Ok(0) };
        let name = self.options.connect.address.stream();
        let stream = connection.jetstream.get_stream_no_info(name).await;
        let stream = stream.map_err(|error| error.to_string())?;
        let (mut low, mut high) = (0, current.recent.len());
        // The newest one first, because it is almost always there.
        let mut probe = high.saturating_sub(1);
        while low < high {
            let (sequence, check) = current.recent[probe];
            if is_message(&stream, info, sequence, check).await? {
                low = probe + 1;
            } else {
                high = probe;
            }
            probe = low.midpoint(high);
        }
        let (start, newest) = (start_of(info), info.state.last_sequence);
        Ok(next_behind(&current.recent, low, current.next, start, newest))
    }

    /// Begins an era in which the next message has the sequence `start`.
    async fn begin_era(
        &mut self,
        connection: &Connection,
        info: &Info,
        start: u64,
    ) -> Result<(), String> {
        let created = info.created.unix_timestamp_nanos();
        let epoch = epoch_of(created, self.options.connect.address.stream());
        let name = self.options.connect.address.stream();
        let stream = connection.jetstream.get_stream_no_info(name).await;
        let stream = stream.map_err(|error| error.to_string())?;
        let begun = EraStart { sequence: start, chains: self.before.chains.clone() };
        let decoder = Arc::clone(&self.decoder);
        let log =
            StreamLog::new(stream, epoch.clone(), info, decoder, begun, connection.denials.clone());
        let log = Arc::new(log);
        let is_first = self.current.is_none();
        let mut recent = VecDeque::new();
        match self.current.take() {
            Some(current) if current.created != created => current.log.end(),
            Some(current) => {
                recent = current.recent;
                recent.retain(|(sequence, _)| *sequence < start);
            }
            None => {}
        }
        let mut shift = 0;
        self.publisher.begin_era(|smallest| {
            let number = if is_first { start } else { smallest.max(start) };
            shift = number - start;
            let first = if is_first { 1 } else { number };
            Era {
                epoch: epoch.clone(),
                first,
                shift,
                start: number,
                end: u64::MAX,
                log: log.clone(),
            }
        });
        let numbers = Numbers { epoch, shift, meter: self.publisher.meter() };
        self.current = Some(Current { created, numbers, log, next: start, recent, repeated: 0 });
        Ok(())
    }

    /// Returns whether messages that were read are not in the stream any more.
    pub(super) async fn has_lost_tail(&self, connection: &Connection) -> bool {
        let Some(current) = &self.current else { return false };
        let address = &self.options.connect.address;
        let Ok(info) = stream_info(connection, address, None).await else { return true };
        match self.kept(connection, &info).await {
            Ok(kept) => kept < current.next,
            Err(_) => true,
        }
    }
}

/// Returns the sequence of the first message that new clients get at the start of a node.
fn start_of(info: &Info) -> u64 {
    let state = &info.state;
    let size = (state.bytes / state.messages.max(1)).max(1);
    let messages = (START_BYTES / size).clamp(1, START_MESSAGES);
    (state.last_sequence + 1).saturating_sub(messages).max(state.first_sequence).max(1)
}

/// Returns the sequence behind the newest message that was read and that the stream still has: the
/// first `found` of the `recent` ones. `next` is the sequence behind all that were read, and `start`
/// the one at which a new node begins.
///
/// Messages that are read a second time, because `recent` does not reach so far back, publish
/// nothing: the chains of the hosts know them.
fn next_behind(
    recent: &VecDeque<(u64, Check)>,
    found: usize,
    next: u64,
    start: u64,
    newest: u64,
) -> u64 {
    let kept = match recent.get(found) {
        Some((sequence, _)) if found == 0 => start.min(*sequence),
        Some((sequence, _)) => *sequence,
        None if recent.is_empty() && next > newest + 1 => start,
        None => next,
    };
    kept.min(newest + 1)
}

/// Returns whether the stream has the message with this check at `sequence`, or has had it before it
/// was removed from the start of the stream.
async fn is_message(
    stream: &Stream<()>,
    info: &Info,
    sequence: u64,
    check: Check,
) -> Result<bool, String> {
    if sequence > info.state.last_sequence {
        return Ok(false);
    }
    if sequence < info.state.first_sequence {
        return Ok(true);
    }
    match stream.get_raw_message(sequence).await {
        Ok(message) => Ok(Head::parse(&message.headers).is_some_and(|head| head.check() == check)),
        Err(error) => match error.kind() {
            RawMessageErrorKind::NoMessageFound => Ok(true),
            _ => Err(format!("the stream does not answer: {error}")),
        },
    }
}

/// Returns the name of a stream in IDs.
fn epoch_of(created: i128, stream: &str) -> Epoch {
    let text = format!("{created} {stream}");
    let high = u64::from(crc32fast::hash(text.as_bytes()));
    let low = u64::from(crc32fast::hash(format!("{text} ssetail").as_bytes()));
    Epoch::from_random(high << 32 | low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_goes_on_at_a_sequence_that_the_stream_will_give() {
        let recent: VecDeque<_> = (100..200).map(|n| (n, Check::of(b""))).collect();
        let none = VecDeque::new();
        for (recent, found, newest, expected) in [
            (&recent, 100, 199, 200),
            (&recent, 100, 500, 200),
            (&recent, 50, 149, 150),
            (&recent, 50, 170, 150),
            // More is lost than is remembered.
            (&recent, 0, 60, 40),
            (&recent, 0, 10, 11),
            (&recent, 0, 300, 40),
            (&none, 0, 199, 200),
            (&none, 0, 60, 40),
            // Messages of others were lost behind those that are remembered.
            (&recent, 90, 185, 186),
        ] {
            let place = next_behind(recent, found, 200, 40, newest);
            assert_eq!(place, expected, "{found} of {}, {newest}", recent.len());
        }
    }
}
