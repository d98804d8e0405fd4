//! The task that follows one server: it connects, reads, and tries again.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::backoff::Backoff;
use super::connect::{Answer, StreamRequest};
use super::failure::Failure;
use super::lineage::Lineage;
use super::parser::EventParser;
use super::relay::Relay;
use super::stream_body::{Step, StreamBody};
use super::tls_client::TrustedRoots;
use super::wanted_upstream::WantedUpstream;
use crate::event::Name;
use crate::follow::{SourceState, StartAt};
use crate::report::Report;

/// Shortest silence after which the connection to an ssetail counts as dead, and number of its
/// heartbeats that are a longer one.
///
/// With half the values, one late heartbeat ends a connection that works.
const SILENCE: Duration = Duration::from_secs(45);
const HEARTBEATS: u32 = 3;

/// The same for another server, which need not send anything while nothing happens.
const FOREIGN_SILENCE: Duration = Duration::from_secs(300);

/// Most bytes that are published in one step. With half the value, a flood takes twice the writes
/// of the journal; twice the value takes more memory and delays the first line of a step.
const STEP: usize = 256 * 1024;

/// Time for which the rest of a line is awaited, of which a part has come. Then the lines of other
/// sources are published without it, and the journal gets the part.
///
/// With twice the time, a line that does not go on delays the others for twice as long; with half of
/// it, the journal gets parts of more lines that are on their way.
const PART_TIME: Duration = Duration::from_millis(100);

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
    /// The last body could not be decoded.
    was_damaged: bool,
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
            attempts.was_damaged = matches!(failure, Failure::Damaged(_));
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
        let silence = longest_silence(self.relay.is_ssetail, answer.heartbeat);
        loop {
            let next = timeout(silence, answer.body.next()).await;
            let mut step = next.unwrap_or(Step::Broken);
            if let Step::Bytes(bytes) = step {
                attempts.has_answered = true;
                let taken = self.take_step(&bytes, &mut parser, &mut answer.body).await;
                attempts.retry = Duration::from_millis(parser.retry.unwrap_or(0));
                // A server whose bodies are damaged at the same place is asked less and less often.
                let is_further = parser.last_id() != self.position.as_bytes();
                if is_further || !attempts.was_damaged {
                    attempts.backoff.reset();
                }
                // Events before one that is too large would come again.
                self.publish(&String::from_utf8_lossy(parser.last_id()));
                step = taken?;
                let lineage = self.relay.new_lineage.take();
                if lineage.is_some_and(|lineage| !self.lineage.follow(self.number, &lineage)) {
                    return Err(Failure::Loop);
                }
            }
            match (step, &answer.position) {
                (Step::Bytes(_), _) => {}
                (Step::End, Some(position)) if is_history => {
                    self.publish(position);
                    return Ok(());
                }
                (Step::End | Step::Broken, _) => return Err(Failure::Interrupted),
                (Step::Damaged(reason), _) => return Err(Failure::Damaged(reason)),
            }
        }
    }

    /// Takes `bytes` and what arrives together with them; returns what stands behind these.
    async fn take_step(
        &mut self,
        bytes: &[u8],
        parser: &mut EventParser,
        body: &mut StreamBody,
    ) -> Result<Step, Failure> {
        let relay = &mut self.relay;
        let mut push = |bytes: &[u8], relay: &mut Relay| {
            parser.push(bytes, |event| relay.take(event)).map_err(|_| Failure::TooLarge)
        };
        push(bytes, relay)?;
        let end = Instant::now() + PART_TIME;
        loop {
            let pending = relay.pending();
            let takes_more = pending < STEP && Instant::now() < end;
            let mut next = if takes_more { body.ready().await } else { None };
            if next.is_none() && takes_more && relay.awaits_rest() {
                next = timeout_at(end, body.next()).await.ok();
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

/// Returns the silence after which a connection counts as dead.
fn longest_silence(is_ssetail: bool, heartbeat: Option<Duration>) -> Duration {
    if is_ssetail {
        SILENCE.max(heartbeat.unwrap_or_default().saturating_mul(HEARTBEATS))
    } else {
        FOREIGN_SILENCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_with_rare_heartbeats_may_be_silent_for_longer() {
        let of = |seconds| longest_silence(true, Some(Duration::from_secs(seconds)));
        assert_eq!(of(15), SILENCE);
        assert_eq!(of(1), SILENCE);
        assert_eq!(of(60), Duration::from_secs(180));
        assert_eq!(of(u64::MAX), Duration::MAX);
        assert_eq!(longest_silence(true, None), SILENCE);
        assert_eq!(longest_silence(false, None), FOREIGN_SILENCE);
    }
}
