//! The trait of everything that writes answers to a socket.

use super::guard::ConnectionGuard;

/// Writes the answers of one connection.
///
/// hyper writes them in [`HyperHttp1`](super::hyper_writers::HyperHttp1) and
/// [`HyperHttp2`](super::hyper_writers::HyperHttp2);
/// [`ChunkedWriter`](super::stream::ChunkedWriter) writes one event stream without hyper.
/// `Connection::run` chooses.
pub(super) trait AnswerWriter {
    /// Writes until either side ends the connection, and then drops `guard`.
    ///
    /// When the server stops, answers are finished, event streams by the end of their feed.
    fn write(self, guard: ConnectionGuard) -> impl Future<Output = ()> + Send;
}
