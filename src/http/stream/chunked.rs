//! One event stream on its way to its peer: frames in, chunks of HTTP/1.1 out.
//!
//! A chunk is a size in hexadecimal digits, a line end, so many bytes, and a line end; one of no
//! bytes ends the body (RFC 9112, section 7.1).

use std::collections::VecDeque;
use std::io::{self, Cursor, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Weak;
use std::task::{Context, Poll, ready};

use bytes::buf::Chain;
use bytes::{Buf, Bytes};
use http_body::Body as _;
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};

use crate::feed::InlineStream;
use crate::http::listen::Transport;
use crate::http::request_log::LoggedBody;
use crate::http::socket::Socket;

/// Frames that are sent before other streams of the thread have their turn. With one frame, p50
/// latency with 1,000 streams rose from 10 to 70 ms.
const TURN: usize = 4;
/// How many slices one write takes: three for each chunk.
const SLICES: usize = 48;
/// How many bytes of a peer that does not wait for the end of an answer are passed over.
const IGNORED: usize = 16 * 1024;
/// Room for the line that has the size of a chunk, of up to four GiB.
const SIZE_LINE: usize = 10;
const LINE_END: &[u8] = b"\r\n";

/// The rest of an answer whose head is sent.
pub(in crate::http) struct ChunkedWriter {
    socket: Socket<Box<dyn Transport>>,
    body: LoggedBody,
    /// What is not sent yet of the frame taken last.
    chunks: VecDeque<Chunk>,
    /// How many chunks that frame had.
    taken: usize,
    has_ended: bool,
    /// How many bytes the peer has sent after its request.
    ignored: usize,
}

/// A size, bytes, and a line end.
type Chunk = Chain<Chain<Cursor<[u8; SIZE_LINE]>, Bytes>, &'static [u8]>;

impl ChunkedWriter {
    pub(in crate::http) fn new(socket: Socket<Box<dyn Transport>>, body: LoggedBody) -> Self {
        let chunks = VecDeque::new();
        ChunkedWriter { socket, body, chunks, taken: 0, has_ended: false, ignored: 0 }
    }

    /// Lets the publishing thread send `stream`, which is the one that this writer is part of.
    pub(in crate::http) fn set_inline(&self, stream: Weak<dyn InlineStream>) {
        self.body.set_inline(stream);
    }

    /// Ready when it has all been sent, cannot be sent any more, or is cut.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        for _ in 0..TURN {
            if ready!(self.poll_chunks(cx)).is_err() {
                return Poll::Ready(());
            }
            if self.has_ended {
                return Pin::new(&mut self.socket).poll_shutdown(cx).map(drop);
            }
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    let mut bytes = frame.into_data().unwrap_or_default();
                    self.chunks.extend(std::iter::from_fn(|| bytes.pop()).map(chunk));
                    self.taken = self.chunks.len();
                }
                // Without its last chunk, so that the peer sees that it was cut.
                Some(Err(_)) => return Poll::Ready(()),
                None => {
                    self.has_ended = true;
                    self.chunks.push_back(chunk(Bytes::new()));
                    self.taken = 1;
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Ready when all chunks are sent; while the peer takes nothing, only one of them is held.
    fn poll_chunks(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.chunks.is_empty() {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let mut used = 0;
            for chunk in &self.chunks {
                used += chunk.chunks_vectored(&mut slices[used..]);
            }
            match Pin::new(&mut self.socket).poll_write_vectored(cx, &slices[..used]) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(sent)) => self.advance(sent),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    let kept = self.taken - self.chunks.len() + 1;
                    self.chunks.truncate(1);
                    self.taken = kept;
                    self.body.put_back(kept);
                    return Poll::Pending;
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    fn advance(&mut self, mut sent: usize) {
        while let Some(chunk) = self.chunks.front_mut() {
            let step = sent.min(chunk.remaining());
            chunk.advance(step);
            sent -= step;
            if chunk.has_remaining() {
                return;
            }
            self.chunks.pop_front();
        }
    }

    /// Ready when the peer has gone, or talks when it should listen: another request of it could
    /// not be answered.
    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut bytes = [MaybeUninit::uninit(); 256];
        while self.ignored <= IGNORED {
            let mut read = ReadBuf::uninit(&mut bytes);
            let result = ready!(Pin::new(&mut self.socket).poll_read(cx, &mut read));
            if result.is_err() || read.filled().is_empty() {
                return Poll::Ready(());
            }
            self.ignored += read.filled().len();
        }
        Poll::Ready(())
    }
}

impl Future for ChunkedWriter {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.poll_send(cx).is_ready() { Poll::Ready(()) } else { self.poll_gone(cx) }
    }
}

fn chunk(bytes: Bytes) -> Chunk {
    size_line(bytes.len()).chain(bytes).chain(LINE_END)
}

/// The line before the bytes of a chunk.
fn size_line(len: usize) -> Cursor<[u8; SIZE_LINE]> {
    let digits = (len.max(1).ilog2() / 4 + 1) as usize;
    let mut line = [0; SIZE_LINE];
    let begin = SIZE_LINE - LINE_END.len() - digits;
    for (at, digit) in line[begin..begin + digits].iter_mut().rev().enumerate() {
        *digit = b"0123456789abcdef"[len >> (4 * at) & 15];
    }
    line[SIZE_LINE - LINE_END.len()..].copy_from_slice(LINE_END);
    let mut line = Cursor::new(line);
    line.set_position(begin as u64);
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_a_chunk_is_in_hexadecimal_digits() {
        for len in [0, 1, 15, 16, 255, 256, 46_080, 65_535, 65_536, 0xFFFF_FFFF] {
            let mut line = size_line(len);
            let line = line.copy_to_bytes(line.remaining());
            assert_eq!(line, format!("{len:x}\r\n"), "{len}");
        }
    }
}
