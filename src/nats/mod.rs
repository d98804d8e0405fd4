//! NATS JetStream as the log of many machines: publishing a feed to a stream, and serving a stream.
//!
//! ```text
//! feed ──▶ subscriber ──▶ message ──▶ publisher ──▶ stream ──▶ node ──▶ batches ──▶ feed of messages
//! ```
//!
//! Only this folder touches async-nats.
//! A stream has one subject for each host, and each message on it names the event before its first
//! one and its last one: the *chain* of the host.
//! `message`, `chain` and `takeover` are pure; `broker` is the seam behind which tests put a
//! simulated stream.

mod address;
mod agent;
mod broker;
mod chain;
mod connection;
mod creation;
mod decoder;
mod denial;
mod figures;
mod jetstream;
mod message;
mod message_source;
mod node;
mod payload;
mod presence;
mod publisher;
mod remembered;
mod stream_log;
mod takeover;

pub use address::{Credentials, StreamAddress};
pub use agent::{Agent, AgentOptions};
pub use connection::ConnectOptions;
pub use creation::Creation;
pub use figures::Figures;
pub use node::{Node, NodeOptions};
