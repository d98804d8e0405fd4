//! The address of a peer.

use std::fmt;
use std::net::SocketAddr;

/// The address from which a peer has connected.
#[derive(Clone, Copy, Debug)]
pub(super) enum PeerAddress {
    /// An address of IP.
    Tcp(SocketAddr),
    /// A Unix socket, whose peers have no address.
    Unix,
}

impl PeerAddress {
    /// Returns true if the peer is on this machine.
    pub(super) fn is_local(self) -> bool {
        match self {
            // An IPv4 peer of an IPv6 socket has a mapped address.
            PeerAddress::Tcp(address) => address.ip().to_canonical().is_loopback(),
            PeerAddress::Unix => true,
        }
    }
}

impl fmt::Display for PeerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PeerAddress::Tcp(address) => address.fmt(f),
            PeerAddress::Unix => f.write_str("unix"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_addresses_of_both_versions_are_local() {
        let is_local = |text: &str| PeerAddress::Tcp(text.parse().expect("valid")).is_local();
        for local in ["127.0.0.1:1", "127.8.8.8:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert!(is_local(local), "{local}");
        }
        for other in ["10.0.0.1:1", "[fe80::1]:1", "[::ffff:10.0.0.1]:1"] {
            assert!(!is_local(other), "{other}");
        }
    }
}
