//! The sockets on which the server listens.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use listenfd::ListenFd;
use tokio::net::{TcpListener, TcpStream, UnixListener};

use super::peer_address::PeerAddress;
use super::socket::Transport;
use super::unix::{self, SocketFile};
use crate::system::{limit_unsent, time_out_peer};

/// Largest number of free ports that are tried until one is free on all addresses.
///
/// A port that is free on one address is rarely taken on another. With twice the number, a machine
/// without free ports takes longer to say so.
const ATTEMPTS: usize = 16;

/// Number of bytes that the kernel holds for a peer beyond those on the wire.
///
/// It is more than one frame of an event stream. With twice the number, a peer that does not read
/// takes twice the memory of the kernel.
const UNSENT: u32 = 128 * 1024;

/// An address to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    /// An IP address; the port is the same for all of them.
    Ip(IpAddr),
    /// The path of a socket in the file system.
    Unix(PathBuf),
}

/// The address of a bound listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BoundAddress {
    /// An IP address and a port.
    Tcp(SocketAddr),
    /// The path of a socket, if it has one.
    Unix(Option<PathBuf>),
}

/// Sockets that the parent process has bound for this one (`LISTEN_FDS`, as systemd sets it).
pub struct InheritedSockets(ListenFd);

/// Bound sockets. Those of the network have the same port, except inherited ones.
#[derive(Debug)]
pub struct Listeners(pub(super) Vec<Listener>);

/// One bound socket.
#[derive(Debug)]
pub(super) enum Listener {
    Tcp(TcpListener),
    /// A socket with its file, if that is to be removed.
    Unix(UnixListener, Option<SocketFile>),
}

impl InheritedSockets {
    /// Takes the sockets, and removes their variables from the environment. No other thread may run.
    #[must_use]
    pub fn take_environment() -> Self {
        InheritedSockets(ListenFd::from_env())
    }

    fn listeners(mut self) -> io::Result<Vec<Listener>> {
        (0..self.0.len()).map(|index| self.listener(index)).collect()
    }

    fn listener(&mut self, index: usize) -> io::Result<Listener> {
        if let Ok(Some(listener)) = self.0.take_unix_listener(index) {
            listener.set_nonblocking(true)?;
            return Ok(Listener::Unix(UnixListener::from_std(listener)?, None));
        }
        let Some(listener) = self.0.take_tcp_listener(index)? else {
            return Err(io::ErrorKind::NotFound.into());
        };
        listener.set_nonblocking(true)?;
        Ok(Listener::Tcp(TcpListener::from_std(listener)?))
    }
}

impl Listeners {
    /// Returns the addresses of the listeners.
    #[must_use]
    pub fn bound(&self) -> Vec<BoundAddress> {
        self.0.iter().filter_map(Listener::bound).collect()
    }

    /// Returns true if other machines can reach any of the listeners.
    #[must_use]
    pub fn are_beyond_loopback(&self) -> bool {
        // A listener whose address is unknown counts as reachable, so that a token is required.
        self.0.iter().any(|listener| match listener.bound() {
            Some(BoundAddress::Tcp(address)) => !address.ip().to_canonical().is_loopback(),
            Some(BoundAddress::Unix(_)) => false,
            None => true,
        })
    }
}

impl Listener {
    fn bound(&self) -> Option<BoundAddress> {
        match self {
            Listener::Tcp(listener) => listener.local_addr().ok().map(BoundAddress::Tcp),
            Listener::Unix(_, Some(file)) => Some(BoundAddress::Unix(Some(file.path().to_owned()))),
            Listener::Unix(listener, None) => {
                let address = listener.local_addr().ok()?;
                Some(BoundAddress::Unix(address.as_pathname().map(ToOwned::to_owned)))
            }
        }
    }

    /// Accepts the next connection; returns it with the address of its peer.
    ///
    /// The kernel closes a connection whose peer acknowledges nothing for `limit`. Without that, a
    /// peer that has vanished would be noticed late: heartbeats fit in the socket for hours.
    pub(super) async fn accept(
        &self,
        limit: Duration,
    ) -> io::Result<(Box<dyn Transport>, PeerAddress)> {
        match self {
            Listener::Tcp(listener) => {
                let (socket, peer) = listener.accept().await?;
                bound_writes(&socket, limit);
                Ok((Box::new(socket), PeerAddress::Tcp(peer)))
            }
            Listener::Unix(listener, _) => {
                let (socket, _) = listener.accept().await?;
                Ok((Box::new(socket), PeerAddress::Unix))
            }
        }
    }
}

/// Sends every write at once, and limits what the kernel holds and for how long.
fn bound_writes(socket: &TcpStream, limit: Duration) {
    // A socket that refuses has lost its peer; the first read will report that.
    let _ = socket.set_nodelay(true);
    limit_unsent(socket, UNSENT);
    time_out_peer(socket, limit);
}

/// Binds `addresses` in addition to `inherited` sockets; without either, the loopback addresses.
/// Port 0 stands for a free port.
pub async fn listen(
    addresses: &[ListenAddress],
    port: u16,
    inherited: InheritedSockets,
) -> anyhow::Result<Listeners> {
    let listeners = inherited.listeners();
    let mut listeners = listeners.context("cannot listen on the sockets in LISTEN_FDS")?;
    let ips: Vec<IpAddr> = addresses.iter().filter_map(ListenAddress::ip).collect();
    if !ips.is_empty() {
        listeners.extend(bind_ports(&ips, port, false).await?);
    } else if addresses.is_empty() && listeners.is_empty() {
        let loopback = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        listeners.extend(bind_ports(&loopback, port, true).await?);
    }
    for address in addresses {
        if let ListenAddress::Unix(path) = address {
            let (listener, file) = unix::bind(path)?;
            listeners.push(Listener::Unix(listener, Some(file)));
        }
    }
    Ok(Listeners(listeners))
}

impl ListenAddress {
    fn ip(&self) -> Option<IpAddr> {
        match self {
            ListenAddress::Ip(ip) => Some(*ip),
            ListenAddress::Unix(_) => None,
        }
    }
}

/// Binds all of `ips` to one port; `lenient` skips addresses after the first that this machine does
/// not have.
async fn bind_ports(ips: &[IpAddr], port: u16, lenient: bool) -> anyhow::Result<Vec<Listener>> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        match bind_all(ips, port, lenient).await {
            Ok(listeners) => return Ok(listeners.into_iter().map(Listener::Tcp).collect()),
            Err((_, error)) if port == 0 && attempt < ATTEMPTS && is_taken(&error) => {}
            Err((address, error)) if is_taken(&error) => {
                return Err(anyhow!(
                    "{address} is in use by another program; give another --port, or 0 for a free one"
                ));
            }
            Err((address, error)) if is_forbidden(&error) => {
                return Err(anyhow!(
                    "only root may listen on {address}; give a --port from 1024 on, or allow this \
                     program to with setcap cap_net_bind_service=+ep"
                ));
            }
            Err((address, error)) => {
                return Err(error).with_context(|| format!("cannot listen on {address}"));
            }
        }
    }
}

async fn bind_all(
    ips: &[IpAddr],
    mut port: u16,
    lenient: bool,
) -> Result<Vec<TcpListener>, (SocketAddr, io::Error)> {
    let mut listeners = Vec::new();
    for &ip in ips {
        let address = SocketAddr::new(ip, port);
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

/// Returns true for a port that needs a capability, usually one below 1024.
fn is_forbidden(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied
}

fn is_taken(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrInUse
}
