//! An event stream on its way to its peer.
//!
//! ```text
//! subscriber ──▶ body ──┬──────────────────────────────▶ hyper ──▶ socket    TLS, HTTP/2, HTTP/1.0
//!                       └──▶ handover ──▶ delivery ──────────────▶ socket    plain HTTP/1.1
//!                                          └── courier: who sends it
//! ```

mod body;
mod courier;
mod delivery;
mod gathered;
mod handover;
mod part_by_part;

pub(super) use body::EventStream;
pub(super) use courier::Courier;
pub(super) use delivery::Delivery;
pub(super) use gathered::Gathered;
pub(super) use handover::Handover;
pub(super) use part_by_part::PartByPart;
