//! The store: batches in memory, and the index of those that were evicted.
//!
//! Plain values without I/O, lock, clock or async.
//! The [`Ring`] holds the newest batches.
//! The [`Index`] remembers the byte ranges of evicted batches, so that they can be read again
//! through their [`Log`](crate::event::Log).

mod extent;
mod index;
mod ring;
mod varint;

pub(crate) use extent::Extent;
pub(crate) use index::EntryContent;
pub use index::{Index, IndexEntry, Lookup};
pub use ring::{Capacity, Ring};
pub(crate) use varint::{push_number, take_number};

#[cfg(test)]
pub(crate) mod samples {
    //! Batches for unit tests.

    use std::ffi::OsStr;
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;

    use crate::event::{
        Batch, Carry, Cutting, End, LineFilter, Lines, Name, Seq, Source, Splitter,
    };

    pub(crate) fn source() -> Arc<Source> {
        Arc::new(Source { id: 0, name: Name::new(OsStr::new("x.log")) })
    }

    /// Lines `first`, `first + 1`, …, each the text of its number.
    pub(crate) fn lines_of(first: Seq, len: usize) -> Lines {
        let text: String = (first..).take(len).map(|n| format!("{n}\n")).collect();
        let splitter = Splitter { max_line: 1000, binary: false };
        let cutting = Cutting { splitter, filter: LineFilter::default() };
        let cut = cutting.cut(text.as_bytes(), &mut Carry::default(), End::Open);
        cut.0.expect("lines")
    }

    pub(crate) fn batch_of(first: Seq, len: usize, meter: &Arc<AtomicUsize>) -> Batch {
        Batch::of_lines(source(), first, lines_of(first, len), Arc::clone(meter))
    }
}
