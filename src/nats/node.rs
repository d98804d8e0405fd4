//! The thread that reads a stream and publishes its events to a feed of messages.

mod intake;
mod place;

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::consumer::DeliverPolicy;
use async_nats::jetstream::consumer::pull::{Ordered, OrderedConfig};
use async_nats::jetstream::stream::LastRawMessageErrorKind;
use futures_util::StreamExt as _;
use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::time::{Instant, interval_at, sleep};

use super::address::StreamAddress;
use super::connection::{ConnectOptions, Connection};
use super::creation::stream_info;
use super::decoder::{Before, Decoder, Numbers, kind_of};
use super::denial::Denial;
use super::figures::Figures;
use super::stream_log::StreamLog;
use crate::event::{Check, Name, Source};
use crate::feed::Publisher;
use crate::follow::{Registry, SourceState};
use crate::report::Report;

/// Time between two looks at the stream.
///
/// They notice a consumer that has stopped without an error, and limits of the stream that have
/// removed messages. With twice the time, both are noticed twice as late.
const LOOK: Duration = Duration::from_secs(2);

/// Pause after a failure.
const PAUSE: Duration = Duration::from_secs(1);

/// Options of a node.
#[derive(Clone, Debug)]
pub struct NodeOptions {
    /// The stream and its server.
    pub connect: ConnectOptions,
}

/// A thread that reads a stream.
#[derive(Debug)]
pub struct Node {
    stop: watch::Sender<bool>,
    thread: JoinHandle<()>,
    ready: watch::Receiver<bool>,
}

/// The part of the node that runs on its thread.
struct Task {
    options: NodeOptions,
    publisher: Publisher,
    registry: Registry,
    decoder: Arc<Decoder>,
    figures: Figures,
    report: Report,
    ready: watch::Sender<bool>,
    before: Before,
    current: Option<Current>,
    /// The sentence that was reported last.
    said: Option<String>,
}

/// The stream that is read, and the place in it.
struct Current {
    created: i128,
    numbers: Numbers,
    log: Arc<StreamLog>,
    /// Sequence of the next message.
    next: u64,
    /// Sequences and checks of the newest messages.
    recent: VecDeque<(u64, Check)>,
    /// The sequence behind the newest message that repeats events and was looked at.
    repeated: u64,
}

/// The reason for which a stream is looked at anew.
enum Interruption {
    /// Nothing is wrong, but the consumer may not be the right one any more.
    Renew,
    /// The server does not answer as it should; the sentence says why.
    Failure(String),
}

impl Node {
    /// The source that stands for a stream in `registry`.
    #[must_use]
    pub fn head(options: &NodeOptions, registry: &Registry) -> Arc<Source> {
        let address = &options.connect.address;
        registry.add(kind_of(address), Name::new(address.stream().as_ref()))
    }

    /// Starts to publish the events of a stream, for which `head` stands.
    pub fn start(
        options: NodeOptions,
        head: Arc<Source>,
        publisher: Publisher,
        registry: Registry,
        figures: Figures,
        report: Report,
    ) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (stop, mut stopped) = watch::channel(false);
        let (ready, is_ready) = watch::channel(false);
        let decoder = Decoder::new(options.connect.address.clone(), registry.clone(), head);
        let mut task = Task {
            options,
            publisher,
            registry,
            decoder: Arc::new(decoder),
            figures,
            report,
            ready,
            before: Before::default(),
            current: None,
            said: None,
        };
        let thread = std::thread::Builder::new().name("node".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = task.run() => {}
                    _ = stopped.wait_for(|stop| *stop) => {}
                }
            });
            if let Some(current) = &task.current {
                current.log.end();
            }
            drop(task);
            runtime.shutdown_background();
        })?;
        Ok(Node { stop, thread, ready: is_ready })
    }

    /// Waits until the newest events were read, but not longer than `longest`.
    pub async fn ready(&self, longest: Duration) {
        let mut ready = self.ready.clone();
        let _ = tokio::time::timeout(longest, ready.wait_for(|ready| *ready)).await;
    }

    /// Ends the thread.
    pub fn stop(self) {
        self.stop.send_replace(true);
        let _ = self.thread.join();
    }
}

impl Task {
    /// Follows the stream until the task is dropped.
    async fn run(&mut self) {
        let connection = loop {
            match self.options.connect.connect(&self.figures).await {
                Ok(connection) => break connection,
                Err(sentence) => self.fail(&sentence, SourceState::Unreachable),
            }
            sleep(PAUSE).await;
        };
        loop {
            match self.follow(&connection).await {
                Interruption::Renew => self.figures.consumers.add(1),
                Interruption::Failure(sentence) => {
                    self.fail(&sentence, SourceState::Waiting);
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// Sets the state of the stream, and reports the first of several failures.
    fn fail(&mut self, sentence: &str, state: SourceState) {
        self.set_state(state);
        if self.said.as_deref() != Some(sentence) {
            self.said = Some(sentence.to_owned());
            self.report.say(sentence);
        }
    }

    fn denied(&self, denial: &Denial) -> Interruption {
        Interruption::Failure(denial.sentence(&self.options.connect.address))
    }

    /// Notes that the stream can be read, which ends a failure.
    fn note_live(&mut self) {
        if self.said.take().is_some() {
            self.set_state(SourceState::Live);
            self.report.say(&format!("{} is read again", self.options.connect.address));
        }
    }

    fn set_state(&self, state: SourceState) {
        self.registry.update(self.decoder.head(), |status| status.state = state);
    }

    /// Reads the stream until something happens.
    async fn follow(&mut self, connection: &Connection) -> Interruption {
        let mut connected = connection.connected.clone();
        connected.mark_unchanged();
        let mut denials = connection.denials.receiver();
        let begun = connection.permitted(Box::pin(self.begin(connection))).await;
        let (mut messages, unread) = match begun {
            Ok(Ok(begun)) => begun,
            Ok(Err(sentence)) => return Interruption::Failure(sentence),
            Err(denial) => return self.denied(&denial),
        };
        if self.said.is_none() {
            self.set_state(SourceState::Live);
        }
        let mut look = interval_at(Instant::now() + LOOK, LOOK);
        let mut looked_at = None;
        self.figures.unread_messages.set(unread);
        loop {
            if self.figures.unread_messages.get() == 0 {
                self.ready.send_replace(true);
            }
            tokio::select! {
                message = messages.next() => match message {
                    Some(Ok(message)) => {
                        if let Err(interruption) =
                            self.take(connection, message, &mut messages).await
                        {
                            return interruption;
                        }
                        self.note_live();
                    }
                    Some(Err(_)) | None => return Interruption::Renew,
                },
                _ = connected.changed() => return Interruption::Renew,
                denial = denials.next_fatal() => return self.denied(&denial),
                _ = look.tick() => {
                    let looked = Box::pin(self.look(connection, &mut looked_at));
                    match connection.permitted(looked).await {
                        Ok(Ok(())) => self.note_live(),
                        Ok(Err(interruption)) => return interruption,
                        Err(denial) => return self.denied(&denial),
                    }
                }
            }
        }
    }

    /// Finds the place to go on, and makes a consumer; returns it with the number of messages
    /// that it will get.
    async fn begin(&mut self, connection: &Connection) -> Result<(Ordered, u64), String> {
        let address = self.options.connect.address.clone();
        let info = stream_info(connection, &address, None).await?;
        let next = self.place(connection, &info).await?;
        let unusable = |error: &dyn std::fmt::Display| format!("{address} cannot be read: {error}");
        let stream = connection.jetstream.get_stream_no_info(address.stream()).await;
        let stream = stream.map_err(|error| unusable(&error))?;
        // With a name, all requests for the consumer have subjects that begin with those of the stream.
        let name = format!("ssetail-{:016x}", getrandom::u64().unwrap_or_default());
        let config = OrderedConfig {
            name: Some(name),
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: next },
            filter_subject: address.subjects(),
            ..OrderedConfig::default()
        };
        let consumer = stream.create_consumer(config).await.map_err(|error| unusable(&error))?;
        let unread = consumer.cached_info().num_pending;
        let messages = consumer.messages().await.map_err(|error| unusable(&error))?;
        Ok((messages, unread))
    }

    /// Looks at the stream; `looked_at` is the next sequence at the last look, if there were unread
    /// messages.
    async fn look(
        &mut self,
        connection: &Connection,
        looked_at: &mut Option<u64>,
    ) -> Result<(), Interruption> {
        let address = &self.options.connect.address;
        let info = stream_info(connection, address, None).await;
        let info = info.map_err(Interruption::Failure)?;
        let Some(current) = &self.current else { return Err(Interruption::Renew) };
        let is_same = current.created == info.created.unix_timestamp_nanos();
        let newest = info.state.last_sequence;
        let kept = self.kept(connection, &info).await.map_err(Interruption::Failure)?;
        if !is_same || kept < current.next {
            return Err(Interruption::Renew);
        }
        current.log.update(&info);
        let is_behind = newest >= current.next
            && newest_of_hosts(connection, address).await.map_err(Interruption::Failure)?
                >= current.next;
        if !is_behind {
            self.publisher.note_newest();
            *looked_at = None;
        } else if looked_at.replace(current.next) == Some(current.next) {
            // It was behind at the last look, and has got nothing since.
            return Err(Interruption::Renew);
        }
        Ok(())
    }
}

/// Returns the sequence of the newest message of a host, or zero for none; the stream can have others.
async fn newest_of_hosts(connection: &Connection, address: &StreamAddress) -> Result<u64, String> {
    let sentence = |error: &dyn std::fmt::Display| format!("{address} does not answer: {error}");
    let stream = connection.jetstream.get_stream_no_info(address.stream()).await;
    let stream = stream.map_err(|error| sentence(&error))?;
    match stream.get_last_raw_message_by_subject(&address.subjects()).await {
        Ok(message) => Ok(message.sequence),
        Err(error) => match error.kind() {
            LastRawMessageErrorKind::NoMessageFound => Ok(0),
            LastRawMessageErrorKind::JetStream(error)
                if error.error_code() == ErrorCode::NO_MESSAGE_FOUND =>
            {
                Ok(0)
            }
            _ => Err(sentence(&error)),
        },
    }
}
