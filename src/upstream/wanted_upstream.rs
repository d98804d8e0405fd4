//! Requests to follow a server.

use super::address::{Authorization, UpstreamAddress};
use crate::event::Name;

/// A server to follow.
#[derive(Clone, Debug)]
pub struct WantedUpstream {
    /// The name of the server, with which those of its sources begin.
    pub name: Name,
    /// The address of the page or of the event stream.
    pub address: UpstreamAddress,
    /// The credentials that are sent to this server only.
    pub authorization: Option<Authorization>,
}
