//! Accepting connections, and letting them go.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::answer::Peer;
use super::socket::Socket;
use super::{AccessLog, Listeners, Site};

/// How long a peer may take to send the head of a request.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// How large the head of a request may be.
const HEAD_SIZE: usize = 16 * 1024;
/// How long to wait before accepting again when that failed, as it does without descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How long peers may take to receive what is left when the server stops.
const FAREWELL: Duration = Duration::from_millis(1200);

/// Serves `site` until `shutdown` is done; event streams end when their feed closes.
///
/// Returns when every connection has ended, or soon after `shutdown`, whatever the peers do.
pub async fn serve(
    Listeners(listeners): Listeners,
    site: Arc<Site>,
    log: AccessLog,
    shutdown: impl Future<Output = ()>,
) {
    let connections = Arc::new(GracefulShutdown::new());
    let (stop, stopped) = watch::channel(());
    let mut accepting = JoinSet::new();
    for listener in listeners {
        let (site, log, stopped) = (Arc::clone(&site), log.clone(), stopped.clone());
        accepting.spawn(accept(listener, site, log, Arc::clone(&connections), stopped));
    }
    shutdown.await;
    drop(stop);
    accepting.join_all().await;
    if let Some(connections) = Arc::into_inner(connections) {
        let _ = tokio::time::timeout(FAREWELL, connections.shutdown()).await;
    }
}

async fn accept(
    listener: TcpListener,
    site: Arc<Site>,
    log: AccessLog,
    connections: Arc<GracefulShutdown>,
    mut stopped: watch::Receiver<()>,
) {
    let mut stopped = pin!(stopped.changed());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = &mut stopped => return,
        };
        if let Ok((socket, peer)) = accepted {
            serve_peer(socket, peer, &site, &log, &connections);
            continue;
        }
        tokio::select! {
            () = tokio::time::sleep(ACCEPT_PAUSE) => {}
            _ = &mut stopped => return,
        }
    }
}

fn serve_peer(
    socket: TcpStream,
    peer: SocketAddr,
    site: &Arc<Site>,
    log: &AccessLog,
    connections: &GracefulShutdown,
) {
    // Lines that are ready together travel in one write; what is written must not wait for more.
    let _ = socket.set_nodelay(true);
    let (site, log) = (Arc::clone(site), log.clone());
    let socket = Socket::new(socket, site.send_timeout);
    let from = Peer { flow: socket.flow(), is_secure: false };
    let service = service_fn(move |request| {
        let began = Instant::now();
        let response = site.answer(&request, &from);
        if let Some(log) = &log {
            log.say(&format!(
                "{peer} {} {} {} {:?}",
                request.method(),
                request.uri().path(),
                response.status().as_u16(),
                began.elapsed(),
            ));
        }
        async move { Ok::<_, Infallible>(response) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(HEAD_SIZE)
        .serve_connection(TokioIo::new(socket), service);
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        // A peer that goes away is not an error; there is nobody left to be told.
        let _ = connection.await;
    });
}
