//! URLs of the web page, and opening it in a browser.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::http::{BoundAddress, Secret};

/// The web page at every address that the server listens on.
#[derive(Clone, Debug)]
pub(crate) struct PageUrls {
    pub(crate) bound: Vec<BoundAddress>,
    /// `http` or `https`.
    pub(crate) scheme: &'static str,
    /// Path of the page, without the slash at its end.
    pub(crate) prefix: String,
}

impl PageUrls {
    /// Returns one URL for each address, with `token` in its query.
    pub(crate) fn all(&self, token: Option<&Secret>) -> Vec<String> {
        let url = |bound: &BoundAddress| match bound {
            BoundAddress::Tcp(address) => self.url(*address, token),
            BoundAddress::Unix(Some(path)) => format!("unix:{}", path.display()),
            BoundAddress::Unix(None) => "a socket without a path".to_owned(),
        };
        self.bound.iter().map(url).collect()
    }

    /// Returns one URL if the addresses are the two loopback addresses, otherwise all.
    pub(crate) fn without_second_loopback(&self, token: Option<&Secret>) -> Vec<String> {
        let is_loopback = |bound: &BoundAddress| matches!(bound, BoundAddress::Tcp(address) if address.ip().is_loopback());
        let mut urls = self.all(token);
        if self.bound.len() == 2 && self.bound.iter().all(is_loopback) {
            urls.truncate(1);
        }
        urls
    }

    /// Opens the page in the browser of the user; `token` admits it.
    ///
    /// Blocks while a browser runs in this terminal.
    /// Returns a sentence if no browser can open the page.
    pub(crate) fn open(&self, token: Option<&Secret>) -> Result<(), String> {
        let address = self.bound.iter().find_map(|bound| match bound {
            BoundAddress::Tcp(address) => Some(connectable(*address)),
            BoundAddress::Unix(_) => None,
        });
        let address = address
            .ok_or("--open needs a TCP address, because browsers cannot open a Unix socket")?;
        webbrowser::open(&self.url(address, token)).map_err(|_| {
            "no browser was found to open the page; set BROWSER, e.g. BROWSER=firefox".to_owned()
        })
    }

    fn url(&self, address: SocketAddr, token: Option<&Secret>) -> String {
        let query = token.map_or(String::new(), |token| {
            let token = form_urlencoded::byte_serialize(token.reveal().as_bytes());
            format!("?token={}", token.collect::<String>())
        });
        format!("{}://{address}{}/{query}", self.scheme, self.prefix)
    }
}

/// Replaces the unspecified address, which nothing can connect to, with the loopback address.
fn connectable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, address.port())
}
