//! What travels: lines, the batches that hold them, and their bytes on the wire.
//!
//! Everything here is pure: no I/O, no clock, no lock and no async, so that it
//! cannot fail and can be tested alone.

mod batch;
mod control;
mod encode;
mod filter;
mod grep;
mod id;
mod json;
mod line;
mod name;
mod object;

pub use batch::{Batch, Control, Cutting, FileId, Line, Lines, Location, Log, Source};
pub use control::{ControlEvent, GapReason, SourceChange};
pub use encode::{Encoder, Format, MAX_EVENT, Medium, Presentation};
pub use filter::LineFilter;
pub use grep::Grep;
pub use id::{Epoch, EventId, ParseIdError, Position};
pub use json::Object;
pub use line::{Carry, End, Span, Splitter};
pub use name::{Name, Names};

/// An event's place in this run: the first is 1, each next one is one more.
pub type Seq = u64;
