//! Events: lines, the batches that hold them, and their bytes on the wire.
//!
//! Everything here is pure: no I/O, no clock, no lock and no async, so it cannot fail and can be
//! tested alone.

mod ansi;
mod batch;
mod carry;
mod container;
mod control;
mod cutting;
mod encoded;
mod encoder;
mod envelope;
mod exact;
mod filter;
mod format;
mod grep;
mod held;
mod id;
mod json;
mod line_object;
mod lines;
mod log;
mod name;
mod presentation;
mod records;
mod redaction;
mod scan;
mod selection;
mod source;
mod splitter;
mod template;
mod text_encoding;

pub use ansi::strip;
pub use batch::{Batch, NextContext};
pub use carry::{Carry, LineCarry};
pub use container::ContainerFormat;
pub use control::{CommandExit, ControlEvent, EndReason, GapReason, SourceChange};
pub use cutting::Cutting;
pub use encoder::Encoder;
pub use envelope::{Envelope, Stream};
pub use exact::ExactLine;
pub use filter::LineFilter;
pub use format::{Format, UnknownFormat};
pub use grep::Grep;
pub use held::HeldSections;
pub use id::{Epoch, EventId, ParseIdError, Position, Seq};
pub use json::{JsonObject, json_string};
pub use lines::{HiddenLine, Line, Lines, Origin};
pub use log::{FileId, Location, Log};
pub use name::{Name, Names};
pub use presentation::{Medium, Presentation};
pub use redaction::Redaction;
pub use scan::{Scan, ScanRange, Section};
pub use selection::{Selection, Surroundings};
pub use source::Source;
pub use splitter::{End, Span, Splitter};
pub use template::MAX_EVENT;
pub use text_encoding::TextEncoding;
