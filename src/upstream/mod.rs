//! Following other servers: an ssetail, or any event stream, as a source.
//!
//! ```text
//! socket ──▶ answer ──▶ parser ──▶ relay: one child for each source ──▶ batches ──▶ feed
//! ```
//!
//! Only this folder and `http` touch hyper, rustls and sockets.
//! Each server has a thread of its own, which connects, reads and publishes.
//! Everything that arrives together is published in one step, together with the position behind it,
//! so that the journal of `--state` never has one without the other.

mod address;
mod backoff;
mod child;
mod connect;
mod failure;
mod lineage;
mod notice;
mod opened_upstreams;
mod parser;
mod relay;
mod task;
mod tls_client;
mod wanted_upstream;

pub use address::{Authorization, UpstreamAddress};
pub use lineage::{Lineage, PATH_HEADER};
pub use opened_upstreams::{OpenedUpstreams, UpstreamOptions, Upstreams};
pub use tls_client::TrustedRoots;
pub use wanted_upstream::WantedUpstream;

/// The header of an answer of an ssetail with the position at which a read that ends stops.
pub const POSITION_HEADER: &str = "ssetail-position";
