//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::future::ready;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::server::conn::{http1, http2};
use hyper::service::{Service, service_fn};
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;

use super::activity::{Activity, Timeouts};
use super::answer::Peer;
use super::listen::Transport;
use super::request_log::{LoggedBody, RequestRecord};
use super::socket::{Flow, Socket};
use super::stream::{ChunkedWriter, InlineTask, Takeover};
use super::tls::{HTTP2, Tls};
use super::{ServeOptions, Site};

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
    pub(super) terms: ServeOptions,
    /// Tells when to end it; who waits for that sees when this is dropped.
    pub(super) stopped: watch::Receiver<()>,
    pub(super) room: OwnedSemaphorePermit,
}

/// Held for as long as a connection is open.
struct ConnectionGuard {
    site: Arc<Site>,
    flow: Flow,
    stopped: watch::Receiver<()>,
    _room: OwnedSemaphorePermit,
}

impl Connection {
    /// Answers its requests until either side ends it.
    ///
    /// A peer that goes away is not an error; there is nobody left to be told.
    pub(super) async fn run(self) {
        let Connection { transport, from, terms, stopped, room } = self;
        let socket = Socket::new(transport, terms.site.send_timeout);
        let (site, flow) = (Arc::clone(&terms.site), socket.flow());
        let guest =
            ConnectionService { terms: terms.clone(), from: from.into(), flow: flow.clone() };
        let visit = ConnectionGuard { site, flow, stopped, _room: room };
        match &terms.tls {
            None => guest.serve_plain(socket, visit).await,
            // In a place of its own, because it is several times as large.
            Some(tls) => Box::pin(guest.serve_encrypted(tls, socket, visit)).await,
        }
    }
}

impl ConnectionGuard {
    /// Until everybody is to go.
    async fn ended(&mut self) {
        // An error: nobody is left to say so.
        let _ = self.stopped.changed().await;
    }
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        if self.flow.is_given_up() {
            self.site.traffic.dropped.add(1);
        }
    }
}

/// Nothing if the peer cannot, or takes too long, or there is no time left.
async fn encrypt<S: AsyncRead + AsyncWrite + Unpin>(
    tls: &Tls,
    socket: S,
    visit: &mut ConnectionGuard,
) -> Option<TlsStream<S>> {
    tokio::select! {
        encrypted = timeout(HEAD_TIME, tls.acceptor().accept(socket)) => encrypted.ok()?.ok(),
        () = visit.ended() => None,
    }
}

/// Whoever is at the other end, and on what terms.
struct ConnectionService {
    terms: ServeOptions,
    from: Arc<str>,
    flow: Flow,
}

impl ConnectionService {
    /// Answers until it has ended, or an event stream needs nobody but itself.
    async fn serve_plain(self, socket: Socket<Box<dyn Transport>>, mut visit: ConnectionGuard) {
        let (takeover, flow) = (Takeover::default(), self.flow.clone());
        let service = {
            let takeover = takeover.clone();
            self.service(false, move |version, body| takeover.lend(version, body))
        };
        let mut connection = http1_builder().serve_connection(TokioIo::new(socket), service);
        let body = tokio::select! {
            body = takeover.drive(&mut connection, &flow) => body,
            () = visit.ended() => {
                Pin::new(&mut connection).graceful_shutdown();
                takeover.drive(&mut connection, &flow).await
            }
        };
        if let Some(body) = body {
            let socket = connection.into_parts().io.into_inner();
            let delivery = ChunkedWriter::new(socket, body);
            // As a task of its own, because it is much smaller than this one.
            tokio::spawn(async move {
                let _visit = visit;
                InlineTask::new(delivery).with(ChunkedWriter::set_inline).await;
            });
        }
    }

    async fn serve_encrypted<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
        self,
        tls: &Tls,
        socket: S,
        mut visit: ConnectionGuard,
    ) {
        match encrypt(tls, socket, &mut visit).await {
            Some(socket) if socket.get_ref().1.alpn_protocol() == Some(HTTP2) => {
                self.serve_http2(socket, visit).await;
            }
            Some(socket) => self.serve_http1(socket, visit).await,
            None => {}
        }
    }

    async fn serve_http1(
        self,
        socket: impl AsyncRead + AsyncWrite + Unpin + 'static,
        mut visit: ConnectionGuard,
    ) {
        let service = self.service(true, |_, body| body);
        let mut connection = pin!(http1_builder().serve_connection(TokioIo::new(socket), service));
        tokio::select! {
            _ = connection.as_mut() => {}
            () = visit.ended() => {
                connection.as_mut().graceful_shutdown();
                let _ = connection.await;
            }
        }
    }

    async fn serve_http2(
        self,
        socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        mut visit: ConnectionGuard,
    ) {
        let (pulse, site, flow) = (Activity::new(), self.terms.site.clone(), self.flow.clone());
        let patience =
            Timeouts { idle: HEAD_TIME, stalled: site.send_timeout.saturating_add(site.heartbeat) };
        let beating = pulse.clone();
        let mut connection = pin!(
            http2::Builder::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .max_concurrent_streams(ANSWERS)
                .max_header_list_size(HEAD_SIZE as u32)
                .max_send_buf_size(UNSENT)
                .keep_alive_interval(PING)
                .keep_alive_timeout(PING)
                .serve_connection(
                    TokioIo::new(socket),
                    self.service(true, move |_, body| beating.with(body)),
                )
        );
        let answered = async {
            tokio::select! {
                _ = connection.as_mut() => return,
                () = visit.ended() => {}
            }
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        };
        tokio::select! {
            () = answered => {}
            is_stalled = pulse.lost(patience) => if is_stalled { flow.give_up() },
        }
    }

    fn service<B: Body>(
        self,
        is_secure: bool,
        wrap: impl Fn(Version, LoggedBody) -> B,
    ) -> impl Service<
        Request<Incoming>,
        Response = Response<B>,
        Error = Infallible,
        Future = std::future::Ready<Result<Response<B>, Infallible>>,
    > {
        let peer = Peer { flow: self.flow.clone(), is_secure };
        service_fn(move |request| {
            let log = self.terms.requests.as_ref();
            let record = log.map(|log| RequestRecord::new(log, &self.from, &request));
            let response = LoggedBody::of(self.terms.site.answer(&request, &peer), record);
            ready(Ok(response.map(|body| wrap(request.version(), body))))
        })
    }
}

fn http1_builder() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_buf_size(HEAD_SIZE);
    builder
}
