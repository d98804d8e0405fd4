//! The task that follows one server: it connects, reads, and tries again.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as _, Frame};
use hyper::body::Incoming;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::backoff::Backoff;
use super::connect::{Answer, StreamRequest};
use super::failure::Failure;
use super::lineage::Lineage;
use super::parser::EventParser;
use super::relay::Relay;
use super::tls_client::TrustedRoots;
use super::wanted_upstream::WantedUpstream;
use crate::event::Name;
use crate::follow::{SourceState, StartAt};
use crate::report::Report;

/// Silence after which the connection to an ssetail counts as dead: three of its heartbeats.
///
/// With half the value, one late heartbeat ends a connection that works.
const SILENCE: Duration = Duration::from_secs(45);

/// The same for another server, which need not send anything while nothing happens.
const FOREIGN_SILENCE: Duration = Duration::from_secs(300);

/// Most bytes that are published in one step. With half the value, a flood takes twice the writes
/// of the journal; twice the value takes more memory and delays the first line of a step.
const STEP: usize = 256 * 1024;

/// Time for which the rest of a line is awaited, of which a part has come, and most bytes that are
/// held back meanwhile. Then the part is published.
///
/// Filters and redactions see a line as a whole only if it comes within this time. With twice the
/// time, a line that does not go on delays the others for twice as long.
const PART_TIME: Duration = Duration::from_secs(1);
const PART_BYTES: usize = 2 << 20;

/// The task of one server.
#[derive(Debug)]
pub(super) struct UpstreamTask {
    /// The number of the server among all that are followed.
    pub(super) number: usize,
    pub(super) relay: Relay,
    /// The ID of the last event that was published; empty for none.
    pub(super) position: String,
    pub(super) name: Name,
    pub(super) wanted: WantedUpstream,
    pub(super) start_at: StartAt,
    pub(super) roots: Option<TrustedRoots>,
    pub(super) lineage: Lineage,
    pub(super) report: Report,
}

/// The state of the attempts.
#[derive(Debug, Default)]
struct Attempts {
    backoff: Backoff,
    /// The reconnection time that the server has sent.
    retry: Duration,
    /// The state that was reported, if the server could not be followed.
    reported: Option<SourceState>,
    /// The last attempt has got a part of the body.
    has_answered: bool,
}

impl UpstreamTask {
    /// Follows the server until the task is dropped.
    pub(super) async fn run(&mut self) {
        let mut attempts = Attempts::default();
        loop {
            attempts.has_answered = false;
            let Err(mut failure) = self.follow(&mut attempts).await else { continue };
            if failure == Failure::Interrupted && !attempts.has_answered {
                failure = Failure::Unreachable("it has ended the connection at once".to_owned());
            }
            self.lineage.leave(self.number);
            self.note(&failure, &mut attempts);
            let asked = failure.asked().max(attempts.retry);
            let random = getrandom::u64().unwrap_or_default();
            sleep(attempts.backoff.next(asked, random)).await;
        }
    }

    /// Sets the state, and reports the first of several failures.
    fn note(&mut self, failure: &Failure, attempts: &mut Attempts) {
        if *failure == Failure::Interrupted {
            return;
        }
        self.relay.set_server_state(failure.state());
        if !failure.is_usual() && attempts.reported != Some(failure.state()) {
            attempts.reported = Some(failure.state());
            let sentence = failure.sentence(self.wanted.address.as_str());
            self.report.say(&format!("{}: {sentence}", self.name));
        }
    }

    /// Connects once, and reads to the end of the connection; `Ok` if the next attempt may follow at
    /// once.
    async fn follow(&mut self, attempts: &mut Attempts) -> Result<(), Failure> {
        let is_first = self.position.is_empty() && self.relay.is_ssetail;
        let parameters = if self.relay.is_ssetail { self.parameters() } else { String::new() };
        let answer = self.request(&parameters).send().await?;
        if answer.lineage.is_some() != self.relay.is_ssetail {
            // The next request is one for this kind of server.
            self.relay.is_ssetail = answer.lineage.is_some();
            if self.relay.is_ssetail {
                return Ok(());
            }
        }
        if let Some(lineage) = &answer.lineage
            && !self.lineage.follow(self.number, lineage)
        {
            return Err(Failure::Loop);
        }
        if answer.is_short && answer.lineage.is_some() {
            return Err(Failure::Full);
        }
        if attempts.reported.take().is_some() {
            self.report.say(&format!("{}: {} is followed again", self.name, self.wanted.address));
        }
        self.relay.set_server_state(SourceState::Live);
        let is_history = is_first && matches!(self.start_at, StartAt::Since { .. });
        self.read(answer, attempts, is_history).await
    }

    fn request<'a>(&'a self, parameters: &'a str) -> StreamRequest<'a> {
        StreamRequest {
            address: &self.wanted.address,
            parameters,
            last_id: &self.position,
            authorization: self.wanted.authorization.as_ref(),
            epoch: self.lineage.own(),
            roots: self.roots.as_ref(),
        }
    }

    /// The parameters of a request to an ssetail; the first one asks for lines that are there.
    fn parameters(&self) -> String {
        let form = "format=exact&unnamed=0&ping=1";
        if !self.position.is_empty() {
            return form.to_owned();
        }
        match &self.start_at {
            StartAt::Last(lines) => format!("{form}&n={lines}"),
            StartAt::Line(_) => format!("{form}&n=all"),
            // A filter would stay for later lines, so that this is a read that ends.
            StartAt::Since { time, .. } => format!("{form}&since={time}&follow=0"),
        }
    }

    /// Reads an event stream to its end, and publishes what arrives together in one step.
    ///
    /// `is_history` if the answer is a read that ends, behind which another request continues.
    async fn read(
        &mut self,
        mut answer: Answer,
        attempts: &mut Attempts,
        is_history: bool,
    ) -> Result<(), Failure> {
        if self.position.is_empty() && !is_history {
            // Without it, events could be missed if the connection ends before the first one.
            self.position = answer.position.clone().unwrap_or_default();
        }
        let mut parser = EventParser::after(&self.position);
        let silence = if self.relay.is_ssetail { SILENCE } else { FOREIGN_SILENCE };
        loop {
            let next = timeout(silence, next_bytes(&mut answer.body)).await;
            let mut step = next.map_or(Step::Broken, Step::of);
            if let Step::Bytes(bytes) = step {
                attempts.backoff.reset();
                attempts.has_answered = true;
                let taken = self.take_step(&bytes, &mut parser, &mut answer.body).await;
                attempts.retry = Duration::from_millis(parser.retry.unwrap_or(0));
                // Events before one that is too large would come again.
                self.publish(&String::from_utf8_lossy(parser.last_id()));
                step = taken?;
            }
            match (step, &answer.position) {
                (Step::Bytes(_), _) => {}
                (Step::End, Some(position)) if is_history => {
                    self.publish(position);
                    return Ok(());
                }
                (Step::End | Step::Broken, _) => return Err(Failure::Interrupted),
            }
        }
    }

    /// Takes `bytes` and what arrives together with them; returns what stands behind these.
    async fn take_step(
        &mut self,
        bytes: &[u8],
        parser: &mut EventParser,
        body: &mut Incoming,
    ) -> Result<Step, Failure> {
        let relay = &mut self.relay;
        let mut push = |bytes: &[u8], relay: &mut Relay| {
            parser.push(bytes, |event| relay.take(event)).map_err(|_| Failure::TooLarge)
        };
        push(bytes, relay)?;
        let end = Instant::now() + PART_TIME;
        loop {
            let pending = relay.pending();
            let is_open = relay.is_open() && pending < PART_BYTES;
            let takes_more = pending < STEP && Instant::now() < end;
            let mut next = if takes_more { ready_bytes(body).await } else { None };
            if next.is_none() && is_open {
                next = timeout_at(end, next_bytes(body)).await.ok().map(Step::of);
            }
            match next {
                Some(Step::Bytes(bytes)) => push(&bytes, relay)?,
                Some(end) => return Ok(end),
                None => return Ok(Step::Bytes(Bytes::new())),
            }
        }
    }

    fn publish(&mut self, position: &str) {
        position.clone_into(&mut self.position);
        self.relay.publish(position);
    }
}

/// The next part of a body.
#[derive(Debug)]
enum Step {
    Bytes(Bytes),
    /// The body is complete.
    End,
    /// The connection has ended before.
    Broken,
}

impl Step {
    fn of(next: Option<Result<Bytes, hyper::Error>>) -> Self {
        match next {
            Some(Ok(bytes)) => Step::Bytes(bytes),
            Some(Err(_)) => Step::Broken,
            None => Step::End,
        }
    }
}

/// Returns the next bytes of a body; none at its end.
async fn next_bytes(body: &mut Incoming) -> Option<Result<Bytes, hyper::Error>> {
    poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await.map(|frame| frame.map(data_of))
}

/// Returns what a body has now, if it has anything.
async fn ready_bytes(body: &mut Incoming) -> Option<Step> {
    // The task of the connection passes on one frame at a time.
    yield_now().await;
    match poll_fn(|cx| Poll::Ready(Pin::new(&mut *body).poll_frame(cx))).await {
        Poll::Ready(frame) => Some(Step::of(frame.map(|frame| frame.map(data_of)))),
        Poll::Pending => None,
    }
}

/// Returns the bytes of a frame; one with trailers has none.
fn data_of(frame: Frame<Bytes>) -> Bytes {
    frame.into_data().unwrap_or_default()
}
