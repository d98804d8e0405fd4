//! The addresses that a person opens, or has opened.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::cli::Cli;
use crate::http::{BoundAddress, Listeners, Secret};

/// The addresses to open: one, where the two loopback addresses were not asked for.
pub(crate) fn urls(cli: &Cli, listeners: &Listeners, token: Option<&Secret>) -> Vec<String> {
    let url = |bound: &BoundAddress| match bound {
        BoundAddress::Tcp(address) => url(cli, *address, token),
        BoundAddress::Unix(Some(path)) => format!("unix:{}", path.display()),
        BoundAddress::Unix(None) => "a socket without a path".to_owned(),
    };
    let bound = listeners.bound();
    let are_loopback = |pair: &[BoundAddress]| {
        let is_loopback = |bound: &BoundAddress| matches!(bound, BoundAddress::Tcp(address) if address.ip().is_loopback());
        cli.bind.is_empty() && pair.iter().all(is_loopback)
    };
    match &*bound {
        [first, second] if are_loopback(&[first.clone(), second.clone()]) => vec![url(first)],
        all => all.iter().map(url).collect(),
    }
}

/// Opens the page in the browser of whoever runs the program; the token lets them in.
///
/// Blocks for as long as a browser without a window of its own is open.
pub(crate) fn open_page(
    cli: &Cli,
    listeners: &[BoundAddress],
    token: Option<&Secret>,
) -> Result<(), String> {
    let address = listeners.iter().find_map(|bound| match bound {
        BoundAddress::Tcp(address) => Some(reachable(*address)),
        BoundAddress::Unix(_) => None,
    });
    let address = address.ok_or("no browser can open a socket in the file system")?;
    webbrowser::open(&url(cli, address, token))
        .map_err(|_| "no browser was found to open the page; BROWSER can name one".to_owned())
}

fn url(cli: &Cli, address: SocketAddr, token: Option<&Secret>) -> String {
    let scheme = if cli.tls_cert.is_some() { "https" } else { "http" };
    let query = token.map_or(String::new(), |token| {
        let token = form_urlencoded::byte_serialize(token.reveal().as_bytes());
        format!("?token={}", token.collect::<String>())
    });
    format!("{scheme}://{address}{}/{query}", cli.path_prefix)
}

/// Where all addresses are listened on, this machine's own is one.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, address.port())
}
