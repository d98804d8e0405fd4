//! Batches for unit tests.

use std::ffi::OsStr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use crate::event::{Batch, Carry, Cutting, End, Lines, Name, Seq, Source, Splitter};

pub(crate) fn source() -> Arc<Source> {
    Arc::new(Source { id: 0, name: Name::new(OsStr::new("x.log")) })
}

/// Cuts lines of at most `max_line` bytes, and publishes all of them.
pub(crate) fn cutting(max_line: usize) -> Cutting {
    Cutting { splitter: Splitter { max_line, ..Splitter::default() }, ..Cutting::default() }
}

/// Lines `first`, `first + 1`, …, each the text of its number.
pub(crate) fn lines_of(first: Seq, len: usize) -> Lines {
    let text: String = (first..).take(len).map(|n| format!("{n}\n")).collect();
    let cut = cutting(1000).cut(text.as_bytes(), &mut Carry::default(), End::Open);
    cut.0.expect("lines")
}

pub(crate) fn batch_of(first: Seq, len: usize, meter: &Arc<AtomicUsize>) -> Batch {
    Batch::of_lines(source(), first, lines_of(first, len), Arc::clone(meter))
}
