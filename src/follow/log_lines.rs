//! The lines of a file, read forward from any offset.

use std::io;

use super::log_file::LogFile;
use crate::event::TextEncoding;
use crate::record::EXAMINED;

/// Number of bytes of the first read; each further one has twice as many, up to [`LARGEST`]. With
/// half as many, a look at a few lines takes a second read; with twice as many, it reads more.
const SMALLEST: usize = 16 * 1024;
/// Most bytes of a read; more than [`EXAMINED`]. Half as many take twice the system calls; twice as
/// many do not fit into the cache of a processor.
const LARGEST: usize = 256 * 1024;

/// Text of a log file.
#[derive(Clone, Copy)]
pub(super) struct LogText<'a> {
    pub(super) file: &'a LogFile,
    pub(super) encoding: TextEncoding,
    /// The end of the text.
    pub(super) len: u64,
}

impl LogText<'_> {
    /// Calls `visit` with each line that begins from `start`, where a line begins, up to `end`,
    /// until it returns true.
    ///
    /// `visit` gets the offset of a line and its first bytes, at most [`EXAMINED`]. The unfinished
    /// line at the end is left out. The text behind a hole begins a line, as for the reader.
    pub(super) fn visit_lines(
        self,
        start: u64,
        end: u64,
        visit: impl FnMut(u64, &[u8]) -> bool,
    ) -> io::Result<()> {
        Forward { text: self, offset: start, is_inside: false, end, visit }.run()
    }

    /// Does the same as [`visit_lines`](LogText::visit_lines) from the first line on that begins at
    /// or after `middle`.
    pub(super) fn visit_lines_after(
        self,
        middle: u64,
        end: u64,
        visit: impl FnMut(u64, &[u8]) -> bool,
    ) -> io::Result<()> {
        let unit = self.encoding.newline().len() as u64;
        // The newline that ends the line before may stand right before `middle`.
        let offset = (middle - middle % unit).saturating_sub(unit);
        Forward { text: self, offset, is_inside: true, end, visit }.run()
    }
}

/// A visit of lines.
struct Forward<'a, V> {
    text: LogText<'a>,
    /// Offset of the next read.
    offset: u64,
    /// The next bytes belong to a line that began before them.
    is_inside: bool,
    end: u64,
    visit: V,
}

impl<V: FnMut(u64, &[u8]) -> bool> Forward<'_, V> {
    fn run(mut self) -> io::Result<()> {
        let mut block = vec![0; SMALLEST];
        while self.offset < self.end {
            let Some(data) = self.text.file.next_data(self.offset) else { break };
            if data > self.offset {
                self.offset = data;
                self.is_inside = false;
            }
            let left = self.text.len.saturating_sub(self.offset).min(block.len() as u64);
            let read = self.text.file.read_at(&mut block[..left as usize], self.offset)?;
            // Only a decoder that ends tells how long a compressed text is.
            if self.visit_block(&block[..read]) || (read as u64) < left {
                break;
            }
            block.resize(LARGEST.min(2 * block.len()), 0);
        }
        Ok(())
    }

    /// Visits the lines of a block; returns true if no block is to be read any more.
    fn visit_block(&mut self, block: &[u8]) -> bool {
        let newline = self.text.encoding.newline().len();
        let mut start = 0;
        for line_end in self.text.encoding.line_ends(block) {
            if self.visit_line(start, &block[start..line_end - newline]) {
                return true;
            }
            self.is_inside = false;
            start = line_end;
        }
        let rest = &block[start..];
        if self.offset + block.len() as u64 >= self.text.len || block.is_empty() {
            return true;
        }
        if rest.len() < EXAMINED {
            // It is read again, together with its end.
            self.offset += start as u64;
            return false;
        }
        let is_last = self.visit_line(start, rest);
        self.is_inside = true;
        self.offset += block.len() as u64;
        is_last
    }

    /// Visits the line at index `start` of the block; returns true if it is the last one to visit.
    fn visit_line(&mut self, start: usize, line: &[u8]) -> bool {
        let offset = self.offset + start as u64;
        let line = &line[..line.len().min(EXAMINED)];
        !self.is_inside && (offset >= self.end || (self.visit)(offset, line))
    }
}
