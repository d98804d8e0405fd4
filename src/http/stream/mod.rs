//! Event streams, and their way to a peer.
//!
//! ```text
//! subscriber ──▶ event stream ──┬──────────────────────────────▶ hyper ──▶ socket    TLS, HTTP/2, HTTP/1.0
//!                               └──▶ takeover ──▶ chunked writer ────────▶ socket    plain HTTP/1.1
//! ```
//!
//! An inline task lets the publishing thread run the chunked writer.

mod chunked;
mod contexts;
mod event_stream;
#[cfg(test)]
mod event_stream_tests;
mod gathered;
mod heartbeat_timer;
mod held_lines;
mod inline;
mod last_frame;
mod lineage_notice;
mod long_search;
mod part_by_part;
mod read_end;
mod spread;
mod takeover;

pub(super) use chunked::ChunkedWriter;
pub(super) use event_stream::EventStream;
pub(super) use gathered::Gathered;
pub(super) use part_by_part::PartByPart;
pub(super) use spread::spread;
pub(super) use takeover::{FirstFrame, Takeover, TakeoverConnection};
