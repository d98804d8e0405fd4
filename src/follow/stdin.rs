//! Standard input as a stream.

use std::io::{self, PipeReader};

use super::byte_stream::ByteStream;
use crate::system::{Ready, read_stdin, wait_for_stdin};

/// Standard input of this process.
#[derive(Debug)]
pub(super) struct StandardInput;

impl ByteStream for StandardInput {
    fn description(&self) -> String {
        "standard input".to_owned()
    }

    fn wait(&self, stop: &PipeReader) -> Ready {
        wait_for_stdin(stop)
    }

    fn read(&mut self, space: &mut [u8]) -> io::Result<Option<usize>> {
        read_stdin(space)
    }
}
