//! The connection to a NATS server, which is made again whenever it ends.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::{self, Context};
use async_nats::{ConnectErrorKind, Event, ServerError};
use tokio::sync::watch;

use super::address::{Credentials, StreamAddress};
use super::denial::{Denial, Denials};
use super::figures::Figures;
use crate::upstream::distrust;

/// Time after which an attempt to connect has failed.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Time after which a request has failed: longer than a cluster usually needs for a new leader.
///
/// With half the time, doubts are twice as frequent while a cluster has no leader; with twice the
/// time, a server that was killed is noticed later.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// Time between two pings; the connection ends when two are not answered.
const PING_INTERVAL: Duration = Duration::from_secs(5);

/// Pause before the second attempt to connect; each further one has twice the pause.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Longest pause between two attempts to connect again.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Everything that a connection needs.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// The server and the stream.
    pub address: StreamAddress,
    /// The token or the password for the server.
    pub credentials: Option<Credentials>,
    /// The file with a JWT and the seed of its key.
    pub credentials_file: Option<PathBuf>,
    /// PEM file of the authorities that are trusted, in place of those of the system.
    pub authorities: Option<PathBuf>,
}

/// An open connection.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    pub(super) jetstream: Context,
    pub(super) client: async_nats::Client,
    /// Number of times that the connection was made.
    pub(super) connected: watch::Receiver<u64>,
    pub(super) denials: Denials,
}

impl Connection {
    /// Waits for a request, but not longer than until the server denies it.
    pub(super) async fn permitted<T>(&self, request: impl Future<Output = T>) -> Result<T, Denial> {
        let answered = self.denials.during(request).await;
        if answered.as_ref().is_err_and(Denial::is_of_inbox) {
            // The subscription for answers is only made again with the connection.
            let _ = self.client.force_reconnect().await;
        }
        answered
    }
}

/// Returns the pause before an attempt to connect; the first one has the number 1.
fn pause_before(attempt: usize) -> Duration {
    match attempt {
        0 | 1 => Duration::ZERO,
        _ => FIRST_PAUSE.saturating_mul(1 << (attempt - 2).min(8)).min(LONGEST_PAUSE),
    }
}

impl ConnectOptions {
    /// Connects once; the error is a sentence, and true if the server has refused the credentials.
    pub(super) async fn connect(&self, figures: &Figures) -> Result<Connection, String> {
        let (count, connected) = watch::channel(0_u64);
        let (count, figures) = (Arc::new(count), figures.clone());
        let denials = Denials::default();
        let noted = denials.clone();
        let options = self.options().await?.event_callback(move |event| {
            match event {
                Event::Connected => {
                    noted.forget();
                    count.send_modify(|count| *count += 1);
                    figures.reconnects.add(u64::from(*count.borrow() > 1));
                }
                Event::ServerError(ServerError::Other(error)) => noted.note(&error),
                _ => {}
            }
            async {}
        });
        let connecting = options.connect(self.address.server());
        let client = connecting.await.map_err(|error| self.sentence(error.kind(), &error))?;
        // The first event comes after the connection.
        let mut connected = connected;
        let _ = connected.wait_for(|count| *count > 0).await;
        let mut jetstream = jetstream::new(client.clone());
        jetstream.set_timeout(REQUEST_TIMEOUT);
        Ok(Connection { jetstream, client, connected, denials })
    }

    async fn options(&self) -> Result<async_nats::ConnectOptions, String> {
        let mut options = async_nats::ConnectOptions::new()
            .name("ssetail")
            .connection_timeout(CONNECT_TIMEOUT)
            .request_timeout(Some(REQUEST_TIMEOUT))
            .ping_interval(PING_INTERVAL)
            .max_reconnects(None)
            .reconnect_delay_callback(pause_before);
        options = match &self.credentials {
            None => options,
            Some(Credentials::Token(token)) => options.token(token.clone()),
            Some(Credentials::Password(user, password)) => {
                options.user_and_password(user.clone(), password.clone())
            }
        };
        if let Some(file) = &self.authorities {
            options = options.add_root_certificates(file.clone());
        }
        match &self.credentials_file {
            None => Ok(options),
            Some(file) => options.credentials_file(file).await.map_err(|error| {
                format!("the credentials in {} cannot be read: {error}", file.display())
            }),
        }
    }

    fn sentence(&self, kind: ConnectErrorKind, error: &async_nats::ConnectError) -> String {
        let server = self.address.server();
        let source = std::error::Error::source(error);
        let distrusted = source.and_then(|source| distrust(source.downcast_ref()?));
        if let Some(reason) = distrusted {
            return format!(
                "{server} is not trusted: {reason}; give the authority of its certificate with \
                 --tls-ca"
            );
        }
        match kind {
            ConnectErrorKind::AuthorizationViolation => format!(
                "{server} refuses the credentials; give TOKEN@ or USER:PASS@ before the host, or \
                 --nats-creds FILE"
            ),
            ConnectErrorKind::Authentication => {
                format!("the credentials for {server} cannot be used: {error}")
            }
            ConnectErrorKind::Tls => format!("{server} cannot be reached with TLS: {error}"),
            _ => format!("{server} cannot be reached: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_attempt_to_connect_has_no_pause() {
        let pauses = [1, 2, 3, 4, 5, 6, 7, 1000].map(pause_before);
        assert_eq!(pauses, [0, 100, 200, 400, 800, 1600, 2000, 2000].map(Duration::from_millis));
    }
}
