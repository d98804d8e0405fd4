//! An address that leads to one server or another, as one behind a proxy does.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::harness::Running;

/// Passes the bytes of connections on to a server that can be replaced.
pub struct Forwarder {
    address: String,
    target: Arc<Mutex<Option<String>>>,
}

impl Forwarder {
    /// An address that refuses service until it leads to a server.
    pub fn to_nobody() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let target: Arc<Mutex<Option<String>>> = Arc::default();
        let forwarder = Forwarder { address, target: Arc::clone(&target) };
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let target = target.lock().expect("no panic").clone();
                let server = target.and_then(|target| TcpStream::connect(target).ok());
                if let Some(server) = server {
                    pass_on(&client, &server);
                    pass_on(&server, &client);
                }
            }
        });
        forwarder
    }

    pub fn to(server: &Running) -> Self {
        let forwarder = Forwarder::to_nobody();
        forwarder.lead_to(server);
        forwarder
    }

    pub fn lead_to(&self, server: &Running) {
        *self.target.lock().expect("no panic") = Some(server.address().to_owned());
    }

    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

fn pass_on(from: &TcpStream, to: &TcpStream) {
    let (Ok(mut from), Ok(mut to)) = (from.try_clone(), to.try_clone()) else { return };
    std::thread::spawn(move || {
        let mut bytes = vec![0; 65536];
        while let Ok(read @ 1..) = from.read(&mut bytes) {
            if to.write_all(&bytes[..read]).is_err() {
                break;
            }
        }
        let _ = (to.shutdown(Shutdown::Both), from.shutdown(Shutdown::Both));
    });
}
