//! The options that are the same for every connection.

use std::sync::Arc;

use super::{Site, Tls};
use crate::report::Report;

/// The site that is served, and the options of its connections.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// The site that answers requests.
    pub site: Arc<Site>,
    /// The certificate, if connections are encrypted.
    pub tls: Option<Tls>,
    /// Receives a sentence about each problem.
    pub report: Report,
    /// Receives one line for each request, if requests are logged.
    pub requests: Option<Report>,
}
