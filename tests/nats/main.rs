//! Tests with NATS servers: streams that several programs write to and serve.
//!
//! `tests/run` installs the servers.

mod api;
mod basics;
#[path = "../tls/certificate.rs"]
#[expect(dead_code, reason = "the fast tier uses the rest")]
mod certificate;
mod cluster;
mod credentials;
#[path = "../harness/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the fast tier uses the rest")]
mod harness;
mod history;
mod kills;
mod losses;
#[path = "../parser.rs"]
mod parser;
mod permissions;
mod reader;
mod removals;
mod sentences;
mod server;

use std::sync::{Arc, Mutex};

use self::harness::{Running, Ssetail};
use self::reader::Addresses;

/// Flags of a publisher that goes on after a restart.
pub(crate) const STATE: [&str; 3] = ["--state", "state", "--from-start"];

/// Starts a publisher of `x.log`, which makes the stream if it does not exist.
pub(crate) fn agent(url: &str, host: &str) -> Running {
    let ssetail = Ssetail::new().file("x.log", "").args(["x.log", "--to", url, "--create"]);
    ssetail.args(["--host", host]).args(STATE).start()
}

/// Starts a publisher again in its directory after a kill.
pub(crate) fn agent_again(before: &mut Running, url: &str, host: &str) -> Running {
    let ssetail = Ssetail::after(before).args(["x.log", "--to", url, "--host", host]);
    ssetail.args(STATE).start()
}

pub(crate) fn node(url: &str) -> Running {
    Ssetail::new().arg(url).start()
}

/// Returns the addresses of nodes for readers.
pub(crate) fn addresses(nodes: &[&Running]) -> Addresses {
    Arc::new(Mutex::new(nodes.iter().map(|node| node.address().to_owned()).collect()))
}
