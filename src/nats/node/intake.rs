//! From the messages of a consumer to the feed.

use std::sync::Arc;

use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::pull::Ordered;
use futures_util::{FutureExt as _, StreamExt as _};

use super::{Current, Interruption, Task};
use crate::event::{Batch, seq_in_message};
use crate::nats::chain::Link;
use crate::nats::connection::Connection;
use crate::nats::decoder::Received;
use crate::nats::message::Head;

/// Most bytes of messages that are published in one step. With half the value, a flood takes the lock
/// of the feed twice as often; twice the value delays the first line of a step.
const STEP: usize = 256 * 1024;

/// Number of messages whose checks are remembered, to find where a stream has lost its newest ones.
///
/// With half the number, more events of such a stream are read again and left out.
const REMEMBERED: usize = 4096;

impl Current {
    /// Notes that a message was read.
    fn note(&mut self, message: &Received, is_repeated: bool) {
        self.next = message.sequence + 1;
        if is_repeated {
            self.repeated = self.next;
        }
        if let Some(head) = Head::parse(&message.headers) {
            self.recent.push_back((message.sequence, head.check()));
        }
        if self.recent.len() > REMEMBERED {
            self.recent.pop_front();
        }
    }
}

impl Task {
    /// Publishes a message, and those that are there already.
    pub(super) async fn take(
        &mut self,
        connection: &Connection,
        first: Message,
        messages: &mut Ordered,
    ) -> Result<(), Interruption> {
        let mut batches = Vec::new();
        let mut next = Some(first);
        let mut bytes = 0;
        while let Some(message) = next {
            bytes += message.message.length;
            let added = self.add(connection, message, &mut batches).await;
            if let Err(interruption) = added {
                self.publish(batches);
                return Err(interruption);
            }
            next = if bytes < STEP {
                messages.next().now_or_never().flatten().transpose().unwrap_or_default()
            } else {
                None
            };
        }
        self.publish(batches);
        Ok(())
    }

    /// Appends the batches of a message.
    async fn add(
        &mut self,
        connection: &Connection,
        message: Message,
        batches: &mut Vec<Arc<Batch>>,
    ) -> Result<(), Interruption> {
        let Ok(info) = message.info() else { return Err(Interruption::Renew) };
        let (sequence, pending) = (info.stream_sequence, info.pending);
        self.figures.unread_messages.set(pending);
        let Some(current) = &mut self.current else { return Err(Interruption::Renew) };
        if sequence < current.next {
            return Ok(());
        }
        let message = message.message;
        let received = Received {
            subject: message.subject.to_string(),
            sequence,
            headers: message.headers.unwrap_or_default(),
            payload: message.payload,
        };
        let host = self.options.connect.address.host_of(&received.subject).unwrap_or_default();
        current.log.find_position(&received, &mut self.before.chains).await;
        let known = self.before.chains.last(&host);
        let (more, link) = self.decoder.decode(&received, &current.numbers, &mut self.before);
        let is_repeated = matches!(link, Link::Repeated(_));
        let is_odd = match link {
            Link::Whole => false,
            Link::Broken(..) => true,
            // Of messages that repeat events one after the other, the first one tells.
            Link::Repeated(_) => current.repeated != sequence,
        };
        // Messages before this one may stand where others were read.
        if is_odd && self.has_lost_tail(connection).await {
            self.before.chains.set(&host, known);
            return Err(Interruption::Renew);
        }
        self.figures.chain_breaks.add(u64::from(matches!(link, Link::Broken(..))));
        let Some(current) = &mut self.current else { return Err(Interruption::Renew) };
        current.note(&received, is_repeated);
        self.figures.read_messages.add(1);
        batches.extend(more);
        Ok(())
    }

    fn publish(&self, batches: Vec<Arc<Batch>>) {
        let Some(current) = &self.current else { return };
        let end = seq_in_message(current.next + current.numbers.shift, 0);
        let next = batches.last().map_or(end, |last| last.next());
        for batch in &batches {
            if let Some(lines) = batch.lines() {
                let whole = lines.spans.iter().filter(|span| !span.more).count() as u64;
                let bytes = lines.source_len() as u64;
                self.registry.add_lines(batch.source(), whole, bytes, next);
            }
        }
        self.publisher.publish_messages(batches, end);
    }
}
