//! Standard input as a kind of source.

use std::io::{self, PipeReader};

use super::line_source::{BLOCK, Chunk, LineSource, ReadState};
use super::spool::Spool;
use crate::event::Location;
use crate::feed::Publisher;
use crate::report::Report;
use crate::system::{Ready, read_stdin, wait_for_stdin};

/// Standard input, and the spool in which its bytes can be read again.
#[derive(Debug)]
pub(super) struct StandardInput {
    spool: Option<Spool>,
    publisher: Publisher,
    report: Report,
}

impl StandardInput {
    pub(super) fn new(spool: Option<Spool>, publisher: Publisher, report: Report) -> Self {
        StandardInput { spool, publisher, report }
    }

    fn write_to_spool(&mut self, bytes: &[u8]) {
        let Some(spool) = &mut self.spool else { return };
        match spool.write(bytes) {
            Ok(false) => {}
            Ok(true) => self.publisher.remove_dropped(),
            Err(error) => self.report.say(&format!(
                "{} cannot be written: {error}; from here on, standard input is not kept",
                spool.names()
            )),
        }
    }
}

impl LineSource for StandardInput {
    const CONTEXT: usize = 0;

    fn wait(&self, stop: &PipeReader) -> Ready {
        wait_for_stdin(stop)
    }

    /// Writes the bytes to the spool first: lines are published with their location in it.
    fn read(&mut self, state: &mut ReadState, scratch: &mut [u8]) -> io::Result<Chunk> {
        let space = state.space(scratch, 0);
        let read = read_stdin(space).map_err(|error| {
            io::Error::new(error.kind(), format!("standard input cannot be read: {error}"))
        })?;
        match read {
            Some(0) => Ok(Chunk::End),
            Some(len) => {
                self.write_to_spool(&space[..len]);
                Ok(Chunk::Bytes { len, has_more: len == BLOCK })
            }
            None => Ok(Chunk::Nothing),
        }
    }

    fn locate(&self, bytes: &[u8], offset: u64) -> Option<Location> {
        self.spool.as_ref()?.locate(bytes, offset)
    }
}
