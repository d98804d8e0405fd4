//! One event stream on its way to its peer: frames in, chunks of HTTP/1.1 out.
//!
//! A chunk is a size in hexadecimal digits, a line end, so many bytes, and a line end; one of no
//! bytes ends the body (RFC 9112, section 7.1).

use std::io::{self, Cursor, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::AsFd as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::buf::Chain;
use bytes::{Buf, Bytes};
use http_body::Body as _;
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};
use tokio_util::io::poll_write_buf;

use super::pages::{PageFile, Pages};
use crate::http::listen::Transport;
use crate::http::log::Told;
use crate::http::socket::Socket;

/// How many chunks are sent before other streams have their turn: few, so that those that are
/// level stay so, and can share what they are sent.
const TURN: usize = 4;
/// How many bytes of a peer that does not wait for the end of an answer are passed over.
const IGNORED: usize = 16 * 1024;
/// Room for the line that has the size of a chunk, of up to four GiB.
const SIZE_LINE: usize = 10;
const LINE_END: &[u8] = b"\r\n";

/// The rest of an answer whose head is sent.
pub(in crate::http) struct Delivery {
    socket: Socket<Box<dyn Transport>>,
    body: Told,
    pages: Arc<Pages>,
    chunk: Option<Chunk>,
    has_ended: bool,
    /// How many bytes the peer has sent after its request.
    ignored: usize,
}

/// What of a chunk is not sent yet.
struct Chunk {
    rest: Chain<Chain<Cursor<[u8; SIZE_LINE]>, Bytes>, &'static [u8]>,
    /// Where all of it can be sent from.
    file: Option<Arc<PageFile>>,
}

impl Delivery {
    pub(in crate::http) fn new(
        socket: Socket<Box<dyn Transport>>,
        body: Told,
        pages: Arc<Pages>,
    ) -> Self {
        Delivery { socket, body, pages, chunk: None, has_ended: false, ignored: 0 }
    }

    /// Ready when it has all been sent, cannot be sent any more, or is cut.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        for _ in 0..TURN {
            if let Some(chunk) = &mut self.chunk {
                if ready!(chunk.poll_send(&mut self.socket, cx)).is_err() {
                    return Poll::Ready(());
                }
                self.chunk = None;
            }
            if self.has_ended {
                return Pin::new(&mut self.socket).poll_shutdown(cx).map(drop);
            }
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    let bytes = frame.into_data().unwrap_or_default();
                    if !bytes.is_empty() {
                        self.chunk = Some(Chunk::new(bytes).paged(&self.pages));
                    }
                }
                // Without its last chunk, so that the peer sees that it was cut.
                Some(Err(_)) => return Poll::Ready(()),
                None => {
                    self.has_ended = true;
                    self.chunk = Some(Chunk::new(Bytes::new()));
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
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

impl Future for Delivery {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.poll_send(cx).is_ready() { Poll::Ready(()) } else { self.poll_gone(cx) }
    }
}

impl Chunk {
    fn new(bytes: Bytes) -> Self {
        let rest = size_line(bytes.len()).chain(bytes).chain(LINE_END);
        Chunk { rest, file: None }
    }

    fn paged(mut self, pages: &Pages) -> Self {
        let mut slices = [IoSlice::new(&[]); 3];
        let len = self.rest.chunks_vectored(&mut slices);
        self.file = pages.find(self.rest.first_ref().last_ref(), &slices[..len]);
        self
    }

    fn poll_send(
        &mut self,
        socket: &mut Socket<Box<dyn Transport>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while self.rest.has_remaining() {
            match &self.file {
                None => {
                    let sent = poll_write_buf(Pin::new(&mut *socket), cx, &mut self.rest);
                    if ready!(sent)? == 0 {
                        return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                    }
                }
                Some(file) => {
                    let left = self.rest.remaining();
                    let offset = (file.len() - left) as u64;
                    let sent = socket.poll_send_file(cx, file.as_fd(), offset, left);
                    if !matches!(sent, Poll::Ready(Ok(_))) {
                        // A slow peer holds nothing but what others have too.
                        self.file = None;
                    }
                    match ready!(sent) {
                        Ok(sent) => self.rest.advance(sent),
                        Err(error) if is_impossible(&error) => {}
                        Err(error) => return Poll::Ready(Err(error)),
                    }
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// The kernel does not do that with this socket, or not for this process.
fn is_impossible(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    matches!(error.kind(), InvalidInput | PermissionDenied | Unsupported)
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
