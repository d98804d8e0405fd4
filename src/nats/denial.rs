//! Denials: requests that the server does not permit its user.
//!
//! The server reports a denial on the connection; the request itself is never answered.

use tokio::sync::watch;

use super::address::StreamAddress;

/// The beginning of the subjects of requests to JetStream.
const API: &str = "$JS.API.";

/// The beginning of the subjects on which answers come.
const INBOX: &str = "_INBOX.";

/// Something that the server does not permit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Denial {
    /// The user may not subscribe to the subject; otherwise, it may not publish to it.
    is_subscription: bool,
    subject: String,
}

/// The denials of one connection; clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Denials(watch::Sender<State>);

/// The newest denials that a request, or a series of them, has not seen yet.
#[derive(Debug)]
pub(super) struct DenialReceiver(watch::Receiver<State>);

#[derive(Debug, Default)]
struct State {
    newest: Option<Denial>,
    /// No answer can come, until the connection is made again.
    inbox: Option<Denial>,
}

impl Denial {
    /// Parses an error that the server has reported; `None` if it is another one.
    fn parse(error: &str) -> Option<Self> {
        let (action, rest) =
            error.strip_prefix("Permissions Violation for ")?.split_once(" to \"")?;
        let (subject, _) = rest.split_once('"')?;
        let is_subscription = action.eq_ignore_ascii_case("Subscription");
        Some(Denial { is_subscription, subject: subject.to_owned() })
    }

    /// Direct gets are denied, in place of which the leader can be asked.
    pub(super) fn is_of_direct_gets(&self) -> bool {
        self.subject.starts_with("$JS.API.DIRECT.GET.")
    }

    /// The presence of a publisher is denied, without which the fence alone tells two apart.
    pub(super) fn is_of_presence(&self) -> bool {
        let is_answer = !self.is_subscription && self.subject.starts_with(INBOX);
        is_answer || self.subject.starts_with("ssetail-presence.")
    }

    /// Nothing can take the place of the request.
    fn is_fatal(&self) -> bool {
        !self.is_of_direct_gets() && !self.is_of_presence()
    }

    /// No answer can come.
    pub(super) fn is_of_inbox(&self) -> bool {
        self.is_subscription && self.subject.starts_with(INBOX)
    }

    /// Returns the sentence about the denial.
    pub(super) fn sentence(&self, address: &StreamAddress) -> String {
        let action = if self.is_subscription { "subscribe" } else { "publish" };
        format!(
            "{} does not permit this user to {action} to {}; add the subject to the permissions of \
             the user in the configuration of the server",
            address.server(),
            self.pattern(address.stream())
        )
    }

    /// Returns the subject with `>` in place of names that differ from request to request.
    fn pattern(&self, stream: &str) -> String {
        if self.subject.starts_with(INBOX) {
            return format!("{INBOX}>");
        }
        match self.subject.split_once(&format!(".{stream}.")) {
            Some((request, _)) if request.starts_with(API) => format!("{request}.{stream}.>"),
            _ => self.subject.clone(),
        }
    }
}

impl Denials {
    /// Notes an error that the server has reported.
    pub(super) fn note(&self, error: &str) {
        let Some(denial) = Denial::parse(error) else { return };
        self.0.send_modify(|state| {
            if denial.is_of_inbox() {
                state.inbox = Some(denial.clone());
            }
            state.newest = Some(denial);
        });
    }

    /// Forgets the denials of the connection before.
    pub(super) fn forget(&self) {
        self.0.send_modify(|state| *state = State::default());
    }

    /// Returns a receiver of the denials from now on.
    pub(super) fn receiver(&self) -> DenialReceiver {
        DenialReceiver(self.0.subscribe())
    }

    /// Waits for a request, but not longer than until the server denies something that nothing can
    /// take the place of.
    pub(super) async fn during<T>(&self, request: impl Future<Output = T>) -> Result<T, Denial> {
        if let Some(denial) = &self.0.borrow().inbox {
            return Err(denial.clone());
        }
        let mut receiver = self.receiver();
        tokio::select! {
            biased;
            answer = request => Ok(answer),
            denial = receiver.next(Denial::is_fatal) => Err(denial),
        }
    }
}

impl DenialReceiver {
    /// Becomes the next denial that nothing can take the place of.
    pub(super) async fn next_fatal(&mut self) -> Denial {
        self.next(Denial::is_fatal).await
    }

    /// Becomes the next denial that `is_wanted` selects.
    pub(super) async fn next(&mut self, is_wanted: fn(&Denial) -> bool) -> Denial {
        loop {
            if self.0.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
            if let Some(denial) = self.0.borrow_and_update().newest.clone().filter(is_wanted) {
                return denial;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_is_the_same_for_all_requests_of_one_kind() {
        let (address, _) = StreamAddress::parse("nats://h/LOGS").expect("an address");
        for (error, end) in [
            ("Publish to \"ssetail.LOGS.web1\"", "publish to ssetail.LOGS.web1;"),
            ("Publish to \"$JS.API.STREAM.INFO.LOGS\"", "publish to $JS.API.STREAM.INFO.LOGS;"),
            (
                "Publish to \"$JS.API.CONSUMER.CREATE.LOGS.abc.ssetail.LOGS.*\"",
                "publish to $JS.API.CONSUMER.CREATE.LOGS.>;",
            ),
            ("Subscription to \"_INBOX.abc.*\" using queue \"q\"", "subscribe to _INBOX.>;"),
        ] {
            let denial = Denial::parse(&format!("Permissions Violation for {error}"));
            let sentence = denial.expect("a denial").sentence(&address);
            let begin = format!("nats://h:4222 does not permit this user to {end}");
            assert!(sentence.starts_with(&begin), "{sentence}");
        }
        assert_eq!(Denial::parse("Maximum Payload Violation"), None);
    }
}
