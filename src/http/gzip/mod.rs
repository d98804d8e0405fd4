//! Compresses event streams with gzip (RFC 1952), once for all peers.
//!
//! ```text
//! batch ──▶ compression ──▶ chain ──▶ deflated batch, shared ──┐
//! own bytes of a stream ──▶ compression ──▶ blocks ────────────┴──▶ member ──▶ peer
//! ```
//!
//! A peer gets one gzip member. It consists of deflated batches that all peers share, and of blocks
//! for what only this peer gets, such as a heartbeat.

mod chain;
mod coding;
mod compression;
mod deflater;
mod member;
#[cfg(test)]
mod tests;

pub(super) use coding::Coding;
pub use coding::Compress;
pub use compression::StreamCompression;
pub(super) use member::{Decoded, Member, Run};
