//! The trait of streams that are read once, to their end.

use std::io::{self, PipeReader};

use crate::event::CommandExit;
use crate::system::Ready;

/// Bytes that can be read once.
///
/// [`SpooledStream`](super::spooled_stream::SpooledStream) makes a kind of source of it.
pub(super) trait ByteStream {
    /// Name of the stream in sentences.
    fn description(&self) -> String;

    /// Waits until the stream has bytes or has ended, or the other end of `stop` is closed.
    fn wait(&self, stop: &PipeReader) -> Ready;

    /// Reads bytes; returns their number, which is zero at the end, or `None` if there are none yet.
    fn read(&mut self, space: &mut [u8]) -> io::Result<Option<usize>>;

    /// Returns the way in which the command behind the stream has ended; none if there is none.
    fn exit(&self) -> Option<CommandExit> {
        None
    }
}
