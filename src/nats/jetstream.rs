//! JetStream as the broker of a publisher.

use std::time::Duration;

use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Info, LastRawMessageErrorKind, RawMessageErrorKind, Stream};
use async_nats::jetstream::{self, ErrorCode};
use tokio::sync::watch;
use tokio::time::sleep;

use super::address::StreamAddress;
use super::broker::{Broker, LastMessage, NotPublished, Observed, StreamState, Unobserved};
use super::connection::Connection;
use super::creation::stream_info;
use super::denial::Denial;
use super::message::{Head, Outgoing};

/// Pause after the first failure, and the longest one. Twice the values delay the return of a server
/// that was restarted; with half the values, a server that is ill gets twice as many requests.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A stream, as the publisher of one host sees it.
pub(super) struct StreamBroker {
    connection: Connection,
    address: StreamAddress,
    subject: String,
    run: String,
    connected: watch::Receiver<u64>,
}

impl StreamBroker {
    pub(super) fn new(
        connection: Connection,
        address: StreamAddress,
        host: &str,
        run: String,
    ) -> Self {
        let (subject, connected) = (address.subject(host), connection.connected.clone());
        StreamBroker { connection, address, subject, run, connected }
    }

    fn unavailable(&self, error: &dyn std::fmt::Display) -> Unobserved {
        Unobserved::Unavailable(format!("{} does not answer: {error}", self.address))
    }

    async fn stream(&self) -> Result<Stream<()>, Unobserved> {
        let stream = self.connection.jetstream.get_stream_no_info(self.address.stream()).await;
        stream.map_err(|error| self.unavailable(&error))
    }

    /// Returns whether the stream has removed message `sequence`.
    async fn is_removed(&self, info: &Info, sequence: u64) -> Result<bool, Unobserved> {
        if sequence > info.state.last_sequence {
            return Ok(false);
        }
        if sequence < info.state.first_sequence {
            return Ok(true);
        }
        let stream = self.stream().await?;
        let answer = self.connection.permitted(stream.get_raw_message(sequence)).await;
        match answer.map_err(|denial| self.denied(&denial))? {
            Ok(_) => Ok(false),
            Err(error) => match error.kind() {
                RawMessageErrorKind::NoMessageFound => Ok(true),
                RawMessageErrorKind::JetStream(error)
                    if error.error_code() == ErrorCode::NO_MESSAGE_FOUND =>
                {
                    Ok(true)
                }
                _ => Err(self.unavailable(&error)),
            },
        }
    }

    fn denied(&self, denial: &Denial) -> Unobserved {
        Unobserved::Unavailable(denial.sentence(&self.address))
    }

    /// Reads the newest message of the subject from the leader.
    async fn last(&self) -> Result<Option<LastMessage>, Unobserved> {
        let stream = self.stream().await?;
        let request = stream.get_last_raw_message_by_subject(&self.subject);
        let answer = self.connection.permitted(request).await;
        let message = match answer.map_err(|denial| self.denied(&denial))? {
            Ok(message) => message,
            Err(error) => {
                return match error.kind() {
                    LastRawMessageErrorKind::NoMessageFound => Ok(None),
                    LastRawMessageErrorKind::JetStream(error)
                        if error.error_code() == ErrorCode::NO_MESSAGE_FOUND =>
                    {
                        Ok(None)
                    }
                    _ => Err(self.unavailable(&error)),
                };
            }
        };
        let head = Head::parse(&message.headers).ok_or(Unobserved::Foreign)?;
        Ok(Some(LastMessage { sequence: message.sequence, run: head.run, last: head.last }))
    }
}

impl Broker for StreamBroker {
    async fn publish(&mut self, message: &Outgoing, expected: u64) -> Result<u64, NotPublished> {
        let outgoing = PublishMessage::build().payload(message.payload.clone());
        let outgoing = outgoing.headers(message.headers(&self.run, expected));
        let acknowledged = self.connection.permitted(async {
            self.connection.jetstream.send_publish(self.subject.clone(), outgoing).await?.await
        });
        let acknowledged = acknowledged.await;
        let acknowledged =
            acknowledged.map_err(|denial| NotPublished::Refused(denial.sentence(&self.address)))?;
        acknowledged.map(|acknowledged| acknowledged.sequence).map_err(|error| {
            let source = std::error::Error::source(&error);
            let refused = || source.map(ToString::to_string);
            let cause = source.and_then(|source| source.downcast_ref::<jetstream::Error>());
            let is_too_large = cause.is_some_and(|cause| {
                cause.error_code() == ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM
            });
            match error.kind() {
                PublishErrorKind::WrongLastSequence => NotPublished::Fenced,
                PublishErrorKind::MaxPayloadExceeded => NotPublished::TooLarge(format!(
                    "an event is larger than {} accepts: {error}; raise its max_payload, or give a \
                     smaller --max-line",
                    self.address.server()
                )),
                PublishErrorKind::Other if is_too_large => NotPublished::TooLarge(format!(
                    "an event is larger than the stream {} accepts; raise its max_msg_size, or give \
                     a smaller --max-line",
                    self.address
                )),
                PublishErrorKind::StreamNotFound => NotPublished::Refused(format!(
                    "{} has no stream {}; make it with --create, or with nats stream add",
                    self.address.server(),
                    self.address.stream()
                )),
                PublishErrorKind::Other => match refused() {
                    Some(reason) => NotPublished::Refused(format!(
                        "{} takes no message: {reason}",
                        self.address
                    )),
                    None => NotPublished::Doubt,
                },
                _ => NotPublished::Doubt,
            }
        })
    }

    async fn observe(&mut self, acknowledged: Option<u64>) -> Result<Observed, Unobserved> {
        self.connected.mark_unchanged();
        let info = stream_info(&self.connection, &self.address, None).await;
        let info = info.map_err(Unobserved::Unavailable)?;
        let created = info.created.unix_timestamp_nanos();
        let state = StreamState { created, first: info.state.first_sequence };
        let last = self.last().await?;
        let newest = last.as_ref().map_or(0, |last| last.sequence);
        let is_removed = match acknowledged {
            Some(sequence) if newest < sequence => self.is_removed(&info, sequence).await?,
            _ => false,
        };
        Ok(Observed { state, last, is_removed })
    }

    async fn pause(&mut self, failures: u32) {
        let pause = FIRST_PAUSE.saturating_mul(1 << failures.saturating_sub(1).min(8));
        sleep(pause.min(LONGEST_PAUSE)).await;
    }

    async fn reconnected(&mut self) {
        if self.connected.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
