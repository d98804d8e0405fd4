//! The server: answers requests with event streams. The only folder that touches hyper.
//!
//! ```text
//! serve ──▶ connection ──▶ service ──▶ answer ──▶ body ◀── writer ──▶ socket
//! ```
//!
//! hyper reads requests and asks the service for answers, whose bodies a writer sends.

mod accept;
mod accept_encoding;
mod access;
mod activity;
mod allowed;
mod answer;
mod bad_query;
mod body;
mod connection;
mod decorator;
mod descriptors;
mod filters;
mod guard;
mod gzip;
mod hyper_writers;
mod lenient_query;
mod listen;
mod manifest;
mod name_filter;
mod openapi;
mod parameter;
mod peer_address;
mod query;
mod read_limits;
mod refused_names;
mod relayed;
mod reports;
mod request_log;
mod responses;
mod route;
mod serve;
mod serve_options;
mod service;
mod sign_in;
mod site;
mod socket;
mod stream;
mod tls;
mod traffic;
mod trust;
mod unix;
mod viewer;
mod writer;

pub use access::{Access, Secret};
pub use allowed::{AllowedHost, AllowedOrigin};
pub use bad_query::BadQuery;
pub use filters::QueryTime;
pub use gzip::{Compress, StreamCompression};
pub use listen::{BoundAddress, InheritedSockets, ListenAddress, Listeners, listen};
pub use name_filter::NameFilter;
pub use query::Query;
pub use read_limits::ReadLimits;
pub use serve::serve;
pub use serve_options::ServeOptions;
pub use site::{Site, SiteFigure};
pub use tls::Tls;
pub use traffic::Traffic;
pub use trust::Trust;
pub use viewer::Asset;
