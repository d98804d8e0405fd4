//! An event stream on its way to its peer.
//!
//! ```text
//! subscriber ──▶ body ──┬──────────────────────────────▶ hyper ──▶ socket    TLS, HTTP/2, HTTP/1.0
//!                       └──▶ takeover ──▶ delivery ──────────────▶ socket    plain HTTP/1.1
//!                                          └── courier: who sends it
//! ```

mod body;
mod chunked;
mod gathered;
mod inline;
mod part_by_part;
mod takeover;

pub(super) use body::EventStream;
pub(super) use chunked::ChunkedWriter;
pub(super) use gathered::Gathered;
pub(super) use inline::InlineTask;
pub(super) use part_by_part::PartByPart;
pub(super) use takeover::Takeover;
