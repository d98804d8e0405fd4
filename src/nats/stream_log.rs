//! A stream as the log of a feed: messages that are not in memory any more are read again.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{DirectGetErrorKind, Info, RawMessageErrorKind, Stream};
use futures_util::future::join_all;
use tokio::time::sleep;

use super::chain::{Chains, HostPosition, Link};
use super::decoder::{Before, Decoder, Numbers, Received};
use super::denial::{Denial, Denials};
use super::message::Head;
use crate::event::Epoch;
use crate::store::{MessageLog, ReadMessages};

/// Most messages among which the one before another of the same host is searched. Only those that were
/// removed one by one make it necessary to look at more than one.
const SEARCHED: usize = 64;

/// Number of messages whose positions are remembered; twice the number only takes more memory.
const REMEMBERED: usize = 8192;

/// Pause before a request that has failed is repeated.
const PAUSE: Duration = Duration::from_millis(500);

/// The state of a node at the start of an era of its stream.
#[derive(Debug, Default)]
pub(super) struct EraStart {
    /// Sequence of the first message of the era.
    pub(super) sequence: u64,
    /// The chains of the messages that were read before.
    pub(super) chains: Chains,
}

/// The messages of one era of a stream.
pub(super) struct StreamLog {
    stream: Stream<()>,
    epoch: Epoch,
    decoder: Arc<Decoder>,
    shared: Arc<Shared>,
}

/// The subject of a message, and the positions before and behind it.
type Around = (String, HostPosition, HostPosition);

/// The parts of a log that a read keeps.
#[derive(Debug)]
struct Shared {
    /// Sequence of the oldest message.
    oldest: AtomicU64,
    /// About the bytes of a message.
    size: AtomicU64,
    /// Every server with the stream answers, and not the leader alone.
    has_direct: AtomicBool,
    denials: Denials,
    /// The stream was deleted, or the program ends.
    is_gone: AtomicBool,
    start: EraStart,
    /// By their sequences: messages that were read.
    read: Mutex<HashMap<u64, Around>>,
}

impl StreamLog {
    pub(super) fn new(
        stream: Stream<()>,
        epoch: Epoch,
        info: &Info,
        decoder: Arc<Decoder>,
        start: EraStart,
        denials: Denials,
    ) -> Self {
        let shared = Shared {
            oldest: AtomicU64::new(0),
            size: AtomicU64::new(1),
            has_direct: AtomicBool::new(info.config.allow_direct),
            denials,
            is_gone: AtomicBool::new(false),
            start,
            read: Mutex::default(),
        };
        let log = StreamLog { stream, epoch, decoder, shared: Arc::new(shared) };
        log.update(info);
        log
    }

    /// Notes the state of the stream.
    pub(super) fn update(&self, info: &Info) {
        let state = &info.state;
        let size = state.bytes / state.messages.max(1);
        self.shared.oldest.store(state.first_sequence.max(1), Ordering::Relaxed);
        self.shared.size.store(size.max(1), Ordering::Relaxed);
    }

    /// Finds the position before `message`, if `chains` does not know its host.
    pub(super) async fn find_position(&self, message: &Received, chains: &mut Chains) {
        self.shared.find_position(&self.stream, &self.decoder, message, chains).await;
    }

    /// Notes that nothing can be read any more.
    pub(super) fn end(&self) {
        self.shared.is_gone.store(true, Ordering::Relaxed);
    }
}

impl Shared {
    /// Reads a message; `None` if the stream does not have it.
    async fn get(&self, stream: &Stream<()>, sequence: u64) -> Option<StreamMessage> {
        loop {
            if self.is_gone.load(Ordering::Relaxed) {
                return None;
            }
            if self.has_direct.load(Ordering::Relaxed) {
                let mut denials = self.denials.receiver();
                let answer = tokio::select! {
                    answer = stream.direct_get(sequence) => answer,
                    _ = denials.next(Denial::is_of_direct_gets) => {
                        self.has_direct.store(false, Ordering::Relaxed);
                        continue;
                    }
                };
                match answer {
                    // The server of a direct answer may not have the message yet.
                    Err(error) if error.kind() == DirectGetErrorKind::NotFound => {}
                    Err(_) => {
                        sleep(PAUSE).await;
                        continue;
                    }
                    Ok(message) => return Some(message),
                }
            }
            match stream.get_raw_message(sequence).await {
                Ok(message) => return Some(message),
                Err(error) => match error.kind() {
                    RawMessageErrorKind::NoMessageFound => return None,
                    RawMessageErrorKind::JetStream(error)
                        if [ErrorCode::NO_MESSAGE_FOUND, ErrorCode::STREAM_NOT_FOUND]
                            .contains(&error.error_code()) =>
                    {
                        return None;
                    }
                    _ => sleep(PAUSE).await,
                },
            }
        }
    }
}

impl Shared {
    /// Finds the position before `message`, if `chains` does not know its host: that behind the
    /// message before it of the host, but not before the start of the era.
    async fn find_position(
        &self,
        stream: &Stream<()>,
        decoder: &Decoder,
        message: &Received,
        chains: &mut Chains,
    ) {
        let Some(head) = Head::parse(&message.headers) else { return };
        let Some(host) = decoder.host_of(&message.subject) else { return };
        self.remember(message.sequence, &message.subject, &head);
        if chains.last(&host).is_some() {
            return;
        }
        let known = self.start.chains.last(&host);
        let oldest = self.oldest.load(Ordering::Relaxed);
        let first = if known.is_some() { self.start.sequence.max(oldest) } else { oldest };
        chains.set(&host, known);
        let end = message.sequence.min(head.expected.saturating_add(1));
        for sequence in (first..end).rev().take(SEARCHED) {
            if let Some((subject, after, last)) = self.position_of(stream, sequence).await
                && subject == message.subject
            {
                chains.add(&host, &after, &last);
                return;
            }
        }
    }

    /// Returns the subject of a message of ssetail, and the positions around it.
    async fn position_of(&self, stream: &Stream<()>, sequence: u64) -> Option<Around> {
        if let Some(known) = self.read().get(&sequence) {
            return Some(known.clone());
        }
        let message = self.get(stream, sequence).await?;
        let head = Head::parse(&message.headers)?;
        self.remember(sequence, &message.subject, &head);
        Some((message.subject.to_string(), head.after, head.last))
    }

    fn remember(&self, sequence: u64, subject: &str, head: &Head) {
        let mut read = self.read();
        if read.len() >= REMEMBERED {
            read.clear();
        }
        read.insert(sequence, (subject.to_owned(), head.after.clone(), head.last.clone()));
    }

    fn read(&self) -> MutexGuard<'_, HashMap<u64, Around>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MessageLog for StreamLog {
    fn oldest(&self) -> u64 {
        self.shared.oldest.load(Ordering::Relaxed)
    }

    fn message_size(&self) -> u64 {
        self.shared.size.load(Ordering::Relaxed)
    }

    fn read(&self, sequences: Range<u64>, shift: u64, meter: Arc<AtomicUsize>) -> ReadMessages {
        let numbers = Numbers { epoch: self.epoch.clone(), shift, meter };
        let (stream, decoder) = (self.stream.clone(), Arc::clone(&self.decoder));
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let messages = join_all(sequences.map(|sequence| shared.get(&stream, sequence))).await;
            if shared.is_gone.load(Ordering::Relaxed) || messages.iter().all(Option::is_none) {
                return None;
            }
            // One behind it is there, so that it was there too.
            let is_cut = messages.first().is_some_and(Option::is_none);
            let mut before = Before::default();
            let mut batches = Vec::new();
            for message in messages.into_iter().flatten() {
                let message = Received {
                    subject: message.subject.to_string(),
                    sequence: message.sequence,
                    headers: message.headers,
                    payload: message.payload,
                };
                shared.find_position(&stream, &decoder, &message, &mut before.chains).await;
                let (more, link) = decoder.decode(&message, &numbers, &mut before);
                if is_cut && batches.is_empty() && !matches!(link, Link::Broken(..)) {
                    batches.push(decoder.evicted(&message, &numbers));
                }
                let next = batches.last().map_or(0, |last| last.next());
                batches.extend(more.into_iter().filter(|batch| batch.first() >= next));
            }
            Some(batches)
        })
    }

    fn first_since(
        &self,
        sequences: Range<u64>,
        time: i64,
    ) -> Pin<Box<dyn Future<Output = u64> + Send>> {
        let (stream, shared) = (self.stream.clone(), Arc::clone(&self.shared));
        Box::pin(async move {
            let Range { mut start, mut end } = sequences;
            while start < end {
                let middle = start.midpoint(end);
                let is_old = match shared.get(&stream, middle).await {
                    Some(message) => {
                        message.time.unix_timestamp_nanos() / 1_000_000 < i128::from(time)
                    }
                    // Messages are removed from the start.
                    None => true,
                };
                if is_old {
                    start = middle + 1;
                } else {
                    end = middle;
                }
            }
            start
        })
    }
}

impl fmt::Debug for StreamLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamLog").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}
