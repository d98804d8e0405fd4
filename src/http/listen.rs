//! Which addresses the server listens on.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::{Context as _, anyhow};
use tokio::net::TcpListener;

/// How often another free port is tried when the one that one address had is taken on another.
const ATTEMPTS: usize = 16;

/// Bound sockets, all with the same port.
#[derive(Debug)]
pub struct Listeners(pub(super) Vec<TcpListener>);

impl Listeners {
    /// Where they are bound.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.0.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }

    /// Whether others than this machine can reach them.
    #[must_use]
    pub fn are_beyond_loopback(&self) -> bool {
        self.addresses().iter().any(|address| !address.ip().to_canonical().is_loopback())
    }
}

/// Binds `addresses`, or the loopback addresses if there are none; port 0 takes a free one.
pub async fn listen(addresses: &[IpAddr], port: u16) -> anyhow::Result<Listeners> {
    let loopback = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    let mut attempt = 0;
    loop {
        attempt += 1;
        let bound = if addresses.is_empty() {
            bind_all(&loopback, port, true).await
        } else {
            bind_all(addresses, port, false).await
        };
        match bound {
            Ok(listeners) => return Ok(Listeners(listeners)),
            Err((_, error)) if port == 0 && attempt < ATTEMPTS && is_taken(&error) => {}
            Err((address, error)) if is_taken(&error) => {
                return Err(anyhow!(
                    "{address} is in use by another program; give another --port, or 0 for a free one"
                ));
            }
            Err((address, error)) => {
                return Err(error).with_context(|| format!("cannot listen on {address}"));
            }
        }
    }
}

/// `lenient`: an address that this machine does not have is passed over, but for the first.
async fn bind_all(
    addresses: &[IpAddr],
    mut port: u16,
    lenient: bool,
) -> Result<Vec<TcpListener>, (SocketAddr, io::Error)> {
    let mut listeners = Vec::new();
    for &address in addresses {
        let address = SocketAddr::new(address, port);
        match TcpListener::bind(address).await {
            Ok(listener) => {
                port = listener.local_addr().map_or(port, |bound| bound.port());
                listeners.push(listener);
            }
            Err(error) if lenient && !listeners.is_empty() && !is_taken(&error) => {}
            Err(error) => return Err((address, error)),
        }
    }
    Ok(listeners)
}

fn is_taken(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrInUse
}
