//! One connection, from its first byte to its last.

use std::pin::Pin;
use std::sync::Arc;

use hyper::Version;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;

use super::ServeOptions;
use super::answer::Peer;
use super::body::AnswerBody;
use super::guard::ConnectionGuard;
use super::hyper_writers::{HEAD_TIME, HyperHttp1, HyperHttp2, http1_builder};
use super::peer_address::PeerAddress;
use super::service::AnswerService;
use super::socket::{Socket, Transport};
use super::stream::{ChunkedWriter, EventStream, Takeover, TakeoverConnection};
use super::tls::{HTTP2, Tls};
use super::writer::AnswerWriter as _;

/// A connection that was accepted.
pub(super) struct Connection {
    pub(super) transport: Box<dyn Transport>,
    pub(super) address: PeerAddress,
    pub(super) options: ServeOptions,
    /// Changes when the server stops, which waits until all receivers are dropped.
    pub(super) stopped: watch::Receiver<()>,
    pub(super) permit: OwnedSemaphorePermit,
}

impl Connection {
    /// Answers requests until either side ends the connection.
    ///
    /// Chooses the writer of the answers. A peer that goes away is not an error.
    pub(super) async fn run(self) {
        let Connection { transport, address, options, stopped, permit } = self;
        let (site, tls) = (Arc::clone(&options.site), options.tls.clone());
        let socket = Socket::new(transport, site.send_timeout);
        let flow = socket.flow();
        let mut guard = ConnectionGuard::new(site, flow.clone(), stopped, permit);
        let peer = Peer { flow, is_secure: tls.is_some(), is_local: address.is_local() };
        let service = AnswerService { options, address: address.to_string().into(), peer };
        let Some(tls) = tls else {
            let taken =
                answer_until_takeover(socket.with_lenient_query(), service, &mut guard).await;
            if let Some((socket, stream)) = taken {
                let writer = ChunkedWriter::new(socket, stream);
                // The task of a writer is much smaller than this one.
                tokio::spawn(writer.write(guard));
            }
            return;
        };
        // Boxed, because it is several times as large as the rest of this future.
        let encrypted = async move {
            match encrypt(&tls, socket, &mut guard).await {
                Some(socket) if socket.get_ref().1.alpn_protocol() == Some(HTTP2) => {
                    HyperHttp2 { socket, service }.write(guard).await;
                }
                Some(socket) => HyperHttp1 { socket, service }.write(guard).await,
                None => {}
            }
        };
        Box::pin(encrypted).await;
    }
}

/// Lets hyper answer requests, until the connection has ended or the rest of an event stream is all
/// that is to be written: then returns the socket and the stream.
///
/// HTTP/1.0 has no chunks, so that hyper writes its event streams to their end.
async fn answer_until_takeover(
    socket: Socket<Box<dyn Transport>>,
    service: AnswerService,
    guard: &mut ConnectionGuard,
) -> Option<(Socket<Box<dyn Transport>>, Box<EventStream>)> {
    let (takeover, flow) = (Takeover::default(), socket.flow());
    let service = {
        let takeover = takeover.clone();
        service.for_hyper(move |version, body| match body {
            AnswerBody::Stream(stream) if version == Version::HTTP_11 => {
                AnswerBody::FirstFrame(takeover.first_frame(stream))
            }
            body => body,
        })
    };
    let connection = http1_builder().serve_connection(TokioIo::new(socket), service);
    let mut connection = TakeoverConnection { connection, takeover, flow };
    let stream = guard
        .run(Pin::new(&mut connection), |running| {
            Pin::new(&mut running.get_mut().connection).graceful_shutdown();
        })
        .await?;
    Some((connection.connection.into_parts().io.into_inner(), stream))
}

/// Agrees on encryption; none if the peer fails, takes too long, or the server stops.
async fn encrypt<S: AsyncRead + AsyncWrite + Unpin>(
    tls: &Tls,
    socket: S,
    guard: &mut ConnectionGuard,
) -> Option<TlsStream<S>> {
    tokio::select! {
        encrypted = timeout(HEAD_TIME, tls.acceptor().accept(socket)) => encrypted.ok()?.ok(),
        () = guard.stopped() => None,
    }
}
