//! The reasons for which a server cannot be followed at the moment, as states and sentences.

use std::time::Duration;

use crate::follow::SourceState;

/// A reason for which a server is not followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// There is no connection; the text says why.
    Unreachable(String),
    /// The connection has ended, or nothing came for too long, after the stream had begun.
    Interrupted,
    /// The status is that of a server that does not work now.
    Unavailable { status: u16, retry_after: Duration },
    /// The server has too many streams.
    Full,
    /// The server asks for credentials, or refuses those that it got.
    Unauthorized { has_credentials: bool },
    /// The server does not serve requests for this host name, or forbids access.
    Forbidden,
    /// The status is none of an event stream.
    BadStatus(u16),
    /// The answer has another content type.
    NotAStream(String),
    /// The answer has a content coding that cannot be decoded.
    UnknownCoding(String),
    /// The stream had begun, and then its bytes could not be decoded; the text says why.
    Damaged(&'static str),
    /// The bytes are those of no event stream.
    TooLarge,
    /// A redirect leads to another server, or in circles.
    Redirected,
    /// The certificate is not trusted; the text says why.
    Certificate(String),
    /// The server has its events from this one, or is this one.
    Loop,
    /// The server has sent everything, and nothing will follow.
    Complete,
}

impl Failure {
    /// The state of the sources of the server.
    pub(super) fn state(&self) -> SourceState {
        match self {
            Failure::Unreachable(_)
            | Failure::Interrupted
            | Failure::Damaged(_)
            | Failure::Unavailable { .. }
            | Failure::Full => SourceState::Unreachable,
            Failure::Unauthorized { .. }
            | Failure::Forbidden
            | Failure::BadStatus(_)
            | Failure::NotAStream(_)
            | Failure::UnknownCoding(_)
            | Failure::TooLarge
            | Failure::Redirected
            | Failure::Certificate(_)
            | Failure::Loop => SourceState::Refused,
            Failure::Complete => SourceState::Ended,
        }
    }

    /// Shortest time until the next attempt that the server has asked for.
    pub(super) fn asked(&self) -> Duration {
        match self {
            Failure::Unavailable { retry_after, .. } => *retry_after,
            Failure::Full => Duration::from_secs(60),
            // A run that follows something else may take the place of the one that has ended.
            Failure::Complete | Failure::TooLarge => Duration::from_secs(30),
            _ => Duration::ZERO,
        }
    }

    /// Returns true if it is a usual event, which is reported only if the next attempt fails.
    pub(super) fn is_usual(&self) -> bool {
        matches!(self, Failure::Interrupted | Failure::Complete)
    }

    /// The sentence about the server at `address`.
    pub(super) fn sentence(&self, address: &str) -> String {
        let retry = "trying again until it can";
        match self {
            Failure::Unreachable(reason) => {
                format!("{address} cannot be reached: {reason}; {retry}")
            }
            Failure::Interrupted => format!("{address} has ended the connection; {retry}"),
            Failure::Unavailable { status, .. } => {
                format!("{address} cannot be followed: it answers {status}; {retry}")
            }
            Failure::Full => format!(
                "{address} cannot be followed: it has as many clients as its --max-clients; {retry}"
            ),
            Failure::Unauthorized { has_credentials: false } => format!(
                "{address} asks for credentials (401); give its token as in https://:TOKEN@HOST/, \
                 or in the environment"
            ),
            Failure::Unauthorized { has_credentials: true } => {
                format!("{address} does not accept the credentials (401); check them")
            }
            Failure::Forbidden => format!(
                "{address} forbids access (403); if it is an ssetail, start it with --allow-host \
                 and this host name"
            ),
            Failure::BadStatus(status) => {
                format!("{address} is no event stream: it answers {status}; check the path")
            }
            Failure::NotAStream(kind) => {
                format!("{address} is no event stream: its answer is {kind}; check the path")
            }
            Failure::UnknownCoding(coding) => unknown_coding(address, coding),
            Failure::Damaged(reason) => format!("{address} cannot be followed: {reason}; {retry}"),
            Failure::TooLarge => {
                format!("{address} is not followed: it sends an event of more than 8 MiB")
            }
            Failure::Redirected => format!(
                "{address} is not followed: it redirects to another server, to which no \
                 credentials may go; give the address of that server"
            ),
            Failure::Certificate(reason) => format!(
                "{address} is not trusted: {reason}; give the authority of its certificate with \
                 --tls-ca"
            ),
            Failure::Loop => format!(
                "{address} is not followed: it sends the events of this ssetail, so that they would \
                 come back"
            ),
            Failure::Complete => format!("{address} has sent everything"),
        }
    }
}

/// The sentence about an answer with a content coding that nobody has asked for.
fn unknown_coding(address: &str, coding: &str) -> String {
    format!(
        "{address} cannot be followed: its answer has the coding {coding}, but only gzip can be \
         decoded; check the proxies before it"
    )
}
