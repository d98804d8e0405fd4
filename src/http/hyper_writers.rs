//! Connections whose answers hyper writes.

use std::pin::pin;
use std::time::Duration;

use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};

use super::activity::{Activity, Timeouts};
use super::guard::ConnectionGuard;
use super::service::AnswerService;
use super::writer::AnswerWriter;

/// Time that a peer gets to send the head of a request, or to agree on encryption.
///
/// Ten seconds are several round trips of a slow network. With twice the time, a peer that sends
/// nothing holds its connection for twice as long.
pub(super) const HEAD_TIME: Duration = Duration::from_secs(10);

/// Largest size of the head of a request, in bytes.
///
/// There is room for a long query and for the cookies of other programs on the same host. With
/// twice the size, a connection whose peer never ends its head takes twice the memory.
const HEAD_SIZE: usize = 16 * 1024;

/// Largest number of open answers on one HTTP/2 connection.
///
/// A proxy may send the streams of many clients over one connection. With twice the number, one
/// connection takes twice the memory at worst.
const ANSWERS: u32 = 256;

/// Number of bytes of one answer that hyper holds for an HTTP/2 peer that is slow to take them.
///
/// [`ANSWERS`] slow streams take 8 MiB. With twice the number, they take 16 MiB.
const UNSENT: usize = 32 * 1024;

/// Time after which an HTTP/2 peer is pinged, and time that it gets to reply.
///
/// A peer that has vanished is noticed after 40 seconds, which is less than `--send-timeout`. With
/// twice the time, it is noticed after 80 seconds.
const PING_TIME: Duration = Duration::from_secs(20);

/// Writes through hyper to a peer that speaks HTTP/1.
pub(super) struct HyperHttp1<S> {
    pub(super) socket: S,
    pub(super) service: AnswerService,
}

/// Writes through hyper to a peer that speaks HTTP/2.
pub(super) struct HyperHttp2<S> {
    pub(super) socket: S,
    pub(super) service: AnswerService,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> AnswerWriter for HyperHttp1<S> {
    async fn write(self, mut guard: ConnectionGuard) {
        let service = self.service.for_hyper(|_, body| body);
        let socket = TokioIo::new(self.socket);
        let connection = pin!(http1_builder().serve_connection(socket, service));
        // An error means that the peer has gone.
        let _ = guard.run(connection, http1::Connection::graceful_shutdown).await;
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> AnswerWriter for HyperHttp2<S> {
    async fn write(self, mut guard: ConnectionGuard) {
        let (activity, flow) = (Activity::new(), self.service.peer.flow.clone());
        let site = &self.service.options.site;
        let stalled = site.send_timeout.saturating_add(site.heartbeat);
        let timeouts = Timeouts { idle: HEAD_TIME, stalled };
        let service = {
            let activity = activity.clone();
            self.service.for_hyper(move |_, body| activity.watch(body))
        };
        let socket = TokioIo::new(self.socket);
        let connection = pin!(http2_builder().serve_connection(socket, service));
        tokio::select! {
            _ = guard.run(connection, http2::Connection::graceful_shutdown) => {}
            is_stalled = activity.timed_out(timeouts) => if is_stalled { flow.time_out() },
        }
    }
}

/// Makes connections of HTTP/1 with the limits above.
pub(super) fn http1_builder() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_buf_size(HEAD_SIZE);
    builder
}

fn http2_builder() -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(ANSWERS)
        .max_header_list_size(HEAD_SIZE as u32)
        .max_send_buf_size(UNSENT)
        .keep_alive_interval(PING_TIME)
        .keep_alive_timeout(PING_TIME);
    builder
}
