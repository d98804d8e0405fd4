//! Writes an event stream to a socket in the chunked coding of HTTP/1.1.
//!
//! A chunk is its size in hexadecimal digits, a line end, its bytes, and a line end; a chunk of no
//! bytes ends the body (RFC 9112, section 7.1).

use std::collections::VecDeque;
use std::io::{self, Cursor, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::buf::Chain;
use bytes::{Buf, Bytes};
use http_body::Body as _;
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};

use super::EventStream;
use super::inline::InlineTask;
use crate::http::guard::ConnectionGuard;
use crate::http::socket::{Socket, Transport};
use crate::http::writer::AnswerWriter;

/// Number of frames that are sent before other streams of the thread get their turn.
///
/// With one frame, the median latency with 1,000 streams rose from 10 to 70 ms. With twice as many,
/// the others wait for twice as long.
const FRAMES_PER_POLL: usize = 4;

/// Largest number of slices in one write: three for each chunk, so 16 chunks.
///
/// It holds a full frame of 96 KiB in parts of 6 KiB. With twice the number, the array on the stack
/// takes 1.5 KiB, and every write, also of one chunk, initializes all of it.
const SLICES: usize = 48;

/// Number of bytes that a peer may send during its stream; they are ignored.
///
/// It is the size of the largest head of a request. With twice the number, a peer that will never
/// get an answer is disconnected later.
const IGNORED: usize = 16 * 1024;

/// Largest length of a size line, in bytes: eight digits, so that a chunk has less than 4 GiB.
const SIZE_LINE: usize = 10;

const LINE_END: &[u8] = b"\r\n";

/// Writes the rest of an event stream whose head is sent.
pub(in crate::http) struct ChunkedWriter {
    socket: Socket<Box<dyn Transport>>,
    stream: Box<EventStream>,
    /// The chunks of the last frame that are not sent.
    chunks: VecDeque<Chunk>,
    /// Number of chunks that the last frame had.
    frame_chunks: usize,
    has_ended: bool,
    /// Number of bytes that the peer has sent after its request.
    ignored: usize,
}

/// A size line, the bytes, and a line end.
type Chunk = Chain<Chain<Cursor<[u8; SIZE_LINE]>, Bytes>, &'static [u8]>;

impl ChunkedWriter {
    pub(in crate::http) fn new(
        socket: Socket<Box<dyn Transport>>,
        stream: Box<EventStream>,
    ) -> Self {
        ChunkedWriter {
            socket,
            stream,
            chunks: VecDeque::new(),
            frame_chunks: 0,
            has_ended: false,
            ignored: 0,
        }
    }

    /// Ready when everything was sent, the peer has gone, or the stream is aborted.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        for _ in 0..FRAMES_PER_POLL {
            if ready!(self.poll_chunks(cx)).is_err() {
                return Poll::Ready(());
            }
            if self.has_ended {
                return Pin::new(&mut self.socket).poll_shutdown(cx).map(drop);
            }
            let Poll::Ready(frame) = Pin::new(&mut self.stream).poll_frame(cx) else {
                // All chunks are sent; an idle stream keeps no memory for the next ones.
                self.chunks = VecDeque::new();
                return Poll::Pending;
            };
            match frame {
                Some(Ok(frame)) => {
                    let mut bytes = frame.into_data().unwrap_or_default();
                    self.chunks.extend(std::iter::from_fn(|| bytes.pop()).map(chunk));
                    self.frame_chunks = self.chunks.len();
                }
                // Aborted: without the last chunk, the peer sees that this is not the end.
                Some(Err(_)) => return Poll::Ready(()),
                None => {
                    self.has_ended = true;
                    self.chunks.push_back(chunk(Bytes::new()));
                    self.frame_chunks = 1;
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Ready when all chunks are sent. While the socket is full, only one chunk is held.
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
                    let kept = self.frame_chunks - self.chunks.len() + 1;
                    self.chunks.truncate(1);
                    self.frame_chunks = kept;
                    self.stream.put_back(kept);
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

    /// Ready when the peer has gone, or has sent too much: another request could not be answered.
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

impl AnswerWriter for ChunkedWriter {
    fn write(self, guard: ConnectionGuard) -> impl Future<Output = ()> + Send {
        let task = InlineTask::new(self);
        task.with(|writer, stream| writer.stream.set_inline(stream));
        // Outside the async block, so that its future does not hold the writer a second time.
        async move {
            let _guard = guard;
            task.await;
        }
    }
}

fn chunk(bytes: Bytes) -> Chunk {
    size_line(bytes.len()).chain(bytes).chain(LINE_END)
}

/// Returns the line before the bytes of a chunk of `len` bytes.
fn size_line(len: usize) -> Cursor<[u8; SIZE_LINE]> {
    let digits = (len.max(1).ilog2() / 4 + 1) as usize;
    let mut line = [0; SIZE_LINE];
    let start = SIZE_LINE - LINE_END.len() - digits;
    for (at, digit) in line[start..start + digits].iter_mut().rev().enumerate() {
        *digit = b"0123456789abcdef"[len >> (4 * at) & 15];
    }
    line[SIZE_LINE - LINE_END.len()..].copy_from_slice(LINE_END);
    let mut line = Cursor::new(line);
    line.set_position(start as u64);
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
