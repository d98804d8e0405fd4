//! A stream as a kind of source, with a spool in which its bytes can be read again.

use std::io::{self, PipeReader};

use super::byte_stream::ByteStream;
use super::line_source::{BLOCK, Chunk, LineSource, ReadState};
use super::redacted_input::RedactedInput;
use super::spool::Spool;
use crate::event::{CommandExit, Cutting, Location};
use crate::feed::Publisher;
use crate::report::Report;
use crate::system::Ready;

/// A stream, and the spool in which its bytes can be read again.
#[derive(Debug)]
pub(super) struct SpooledStream<S> {
    stream: S,
    spool: Option<Spool>,
    /// Redacts the bytes, if they are spooled.
    redacted: Option<RedactedInput>,
    /// The bytes of the last read as they were written, if they are redacted.
    written: Vec<u8>,
    publisher: Publisher,
    report: Report,
}

impl<S: ByteStream> SpooledStream<S> {
    /// Returns the source of a stream, and the rules by which the bytes that it returns are cut.
    pub(super) fn new(
        stream: S,
        spool: Option<Spool>,
        cutting: Cutting,
        publisher: Publisher,
        report: Report,
    ) -> (Self, Cutting) {
        let spool_to_redact = spool.as_ref().filter(|_| !cutting.redaction.is_empty());
        let redacted = spool_to_redact.map(|spool| {
            spool.mark_redacted();
            RedactedInput::new(cutting.clone())
        });
        let cutting = if redacted.is_some() { cutting.without_redaction() } else { cutting };
        let written = Vec::new();
        (SpooledStream { stream, spool, redacted, written, publisher, report }, cutting)
    }

    fn write_to_spool(&mut self, bytes: &[u8]) {
        let Some(spool) = &mut self.spool else { return };
        match spool.write(bytes) {
            Ok(false) => {}
            Ok(true) => self.publisher.remove_dropped(),
            Err(error) => self.report.say(&format!(
                "{} cannot be written: {error}; from here on, {} is not kept",
                spool.names(),
                self.stream.description()
            )),
        }
    }

    /// Reads bytes and redacts their lines; returns the number of redacted bytes, which is zero at
    /// the end, or `None` if no line is finished yet.
    fn read_redacted(&mut self, space: &mut [u8]) -> io::Result<Option<usize>> {
        let Some(redacted) = &mut self.redacted else { return Ok(None) };
        self.written.clear();
        if !redacted.is_ready() {
            match read_block(&mut self.stream, space)? {
                None => {}
                Some(0) => redacted.finish(),
                Some(len) => {
                    self.written.extend_from_slice(&space[..len]);
                    redacted.push(&space[..len]);
                }
            }
        }
        let len = redacted.take(space);
        Ok((len > 0 || redacted.has_ended()).then_some(len))
    }
}

/// Reads a stream; returns the number of bytes, or `None` if there are none yet.
fn read_block(stream: &mut impl ByteStream, space: &mut [u8]) -> io::Result<Option<usize>> {
    stream.read(space).map_err(|error| {
        io::Error::new(error.kind(), format!("{} cannot be read: {error}", stream.description()))
    })
}

impl<S: ByteStream> LineSource for SpooledStream<S> {
    const CONTEXT: usize = 0;

    fn wait(&self, stop: &PipeReader) -> Ready {
        match &self.redacted {
            Some(redacted) if redacted.is_ready() => Ready::Input,
            _ => self.stream.wait(stop),
        }
    }

    /// Writes the bytes to the spool first: lines are published with their location in it.
    fn read(&mut self, state: &mut ReadState, scratch: &mut [u8]) -> io::Result<Chunk> {
        let space = state.space(scratch, 0);
        let read = match self.redacted {
            Some(_) => self.read_redacted(space),
            None => read_block(&mut self.stream, space),
        };
        match read? {
            Some(0) => Ok(Chunk::End),
            Some(len) => {
                self.write_to_spool(&space[..len]);
                Ok(Chunk::Bytes { len, has_more: len == BLOCK })
            }
            None => Ok(Chunk::Nothing),
        }
    }

    fn as_written<'a>(&'a self, new: &'a [u8]) -> &'a [u8] {
        if self.redacted.is_some() { &self.written } else { new }
    }

    fn exit(&self) -> Option<CommandExit> {
        self.stream.exit()
    }

    fn locate(&self, bytes: &[u8], offset: u64) -> Option<Location> {
        self.spool.as_ref()?.locate(bytes, offset)
    }
}
