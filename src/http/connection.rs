//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::server::conn::{http1, http2};
use hyper::service::{Service, service_fn};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;

use super::Terms;
use super::answer::Peer;
use super::listen::Transport;
use super::log::{Record, Told};
use super::pulse::{Patience, Pulse};
use super::socket::{Flow, Socket};
use super::tls::{HTTP2, Tls};

/// How long a peer may take to send the head of a request, or to agree on encryption.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// How large the head of a request may be.
const HEAD_SIZE: usize = 16 * 1024;
/// How many answers one HTTP/2 connection carries at a time.
const ANSWERS: u32 = 256;
/// How much of one answer waits for an HTTP/2 peer that is slow to take it.
const UNSENT: usize = 32 * 1024;
/// How often an HTTP/2 peer is asked whether it is there, and how long it may think about it.
const PING: Duration = Duration::from_secs(20);

/// A connection that has been accepted.
pub(super) struct Connection {
    pub(super) transport: Box<dyn Transport>,
    /// Who is at its other end, for whoever watches.
    pub(super) from: String,
    pub(super) terms: Terms,
    /// Tells when to end it.
    pub(super) watcher: Watcher,
    pub(super) stopped: watch::Receiver<()>,
}

impl Connection {
    /// Answers its requests until either side ends it.
    ///
    /// A peer that goes away is not an error; there is nobody left to be told.
    pub(super) async fn run(self) {
        let Connection { transport, from, terms, watcher, stopped } = self;
        let socket = Socket::new(transport, terms.site.send_timeout);
        let flow = socket.flow();
        let guest = Guest { terms: terms.clone(), from: from.into(), flow: flow.clone() };
        match &terms.tls {
            None => guest.serve_http1(socket, false, watcher).await,
            // In a place of its own, because it is several times as large.
            Some(tls) => Box::pin(guest.serve_encrypted(tls, socket, stopped, watcher)).await,
        }
        if flow.is_given_up() {
            terms.site.traffic.dropped.add(1);
        }
    }
}

/// Nothing if the peer cannot, or takes too long, or there is no time left.
async fn encrypt<S: AsyncRead + AsyncWrite + Unpin>(
    tls: &Tls,
    socket: S,
    mut stopped: watch::Receiver<()>,
) -> Option<TlsStream<S>> {
    tokio::select! {
        encrypted = timeout(HEAD_TIME, tls.acceptor().accept(socket)) => encrypted.ok()?.ok(),
        _ = stopped.changed() => None,
    }
}

/// Whoever is at the other end, and on what terms.
struct Guest {
    terms: Terms,
    from: Arc<str>,
    flow: Flow,
}

impl Guest {
    async fn serve_encrypted<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
        self,
        tls: &Tls,
        socket: S,
        stopped: watch::Receiver<()>,
        watcher: Watcher,
    ) {
        match encrypt(tls, socket, stopped).await {
            Some(socket) if socket.get_ref().1.alpn_protocol() == Some(HTTP2) => {
                self.serve_http2(socket, watcher).await;
            }
            Some(socket) => self.serve_http1(socket, true, watcher).await,
            None => {}
        }
    }

    async fn serve_http1(
        self,
        socket: impl AsyncRead + AsyncWrite + Unpin + 'static,
        is_secure: bool,
        watcher: Watcher,
    ) {
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIME)
            .max_buf_size(HEAD_SIZE)
            .serve_connection(TokioIo::new(socket), self.service(is_secure, |body| body));
        let _ = watcher.watch(connection).await;
    }

    async fn serve_http2(
        self,
        socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        watcher: Watcher,
    ) {
        let (pulse, site, flow) = (Pulse::new(), self.terms.site.clone(), self.flow.clone());
        let patience =
            Patience { idle: HEAD_TIME, stalled: site.send_timeout.saturating_add(site.heartbeat) };
        let beating = pulse.clone();
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(ANSWERS)
            .max_header_list_size(HEAD_SIZE as u32)
            .max_send_buf_size(UNSENT)
            .keep_alive_interval(PING)
            .keep_alive_timeout(PING)
            .serve_connection(
                TokioIo::new(socket),
                self.service(true, move |body| beating.with(body)),
            );
        tokio::select! {
            _ = watcher.watch(connection) => {}
            is_stalled = pulse.lost(patience) => if is_stalled { flow.give_up() },
        }
    }

    fn service<B: Body>(
        self,
        is_secure: bool,
        wrap: impl Fn(Told) -> B,
    ) -> impl Service<
        Request<Incoming>,
        Response = Response<B>,
        Error = Infallible,
        Future = std::future::Ready<Result<Response<B>, Infallible>>,
    > {
        let peer = Peer { flow: self.flow.clone(), is_secure };
        service_fn(move |request| {
            let log = self.terms.requests.as_ref();
            let record = log.map(|log| Record::new(log, &self.from, &request));
            let response = Told::of(self.terms.site.answer(&request, &peer), record);
            ready(Ok(response.map(&wrap)))
        })
    }
}
