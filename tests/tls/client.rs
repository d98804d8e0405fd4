//! A TLS client that reads and writes bytes.

use std::io::{ErrorKind, Read, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Instant;

use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::harness::{DEADLINE, Running};

/// An encrypted connection, and the bytes that were read from it.
pub struct TlsClient {
    stream: StreamOwned<ClientConnection, TcpStream>,
    pub received: Vec<u8>,
}

impl TlsClient {
    /// Completes the handshake; offers these protocols and trusts `cert.pem` only.
    pub fn open(ssetail: &Running, protocols: &[&str]) -> Self {
        let certificate = CertificateDer::from_pem_file(ssetail.path("cert.pem"));
        let mut roots = RootCertStore::empty();
        roots.add(certificate.expect("a certificate")).expect("the certificate is valid");
        let mut config =
            ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        let name = ServerName::try_from("localhost").expect("a DNS name");
        let mut connection = ClientConnection::new(Arc::new(config), name).expect("a session");
        let mut socket = TcpStream::connect(ssetail.address()).expect("the server accepts");
        socket.set_read_timeout(Some(DEADLINE)).expect("a timeout can be set");
        while connection.is_handshaking() {
            connection.complete_io(&mut socket).expect("the handshake succeeds");
        }
        TlsClient { stream: StreamOwned::new(connection, socket), received: Vec::new() }
    }

    /// Opens an HTTP/1.1 connection and sends a GET request.
    pub fn get(ssetail: &Running, path: &str) -> Self {
        let mut client = TlsClient::open(ssetail, &["http/1.1"]);
        client.send(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes());
        client
    }

    /// Returns the protocol that the server chose.
    pub fn protocol(&self) -> &str {
        let protocol = self.stream.conn.alpn_protocol().expect("the server chose a protocol");
        std::str::from_utf8(protocol).expect("ASCII")
    }

    pub fn send(&mut self, bytes: &[u8]) {
        assert!(self.try_send(bytes), "the bytes cannot be sent");
    }

    /// Returns false if the server has closed the connection.
    pub fn try_send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).and_then(|()| self.stream.flush()).is_ok()
    }

    /// Reads until the received bytes contain `text`.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) {
        let deadline = Instant::now() + DEADLINE;
        while memchr::memmem::find(&self.received, text.as_bytes()).is_none() {
            let is_open = Instant::now() < deadline && self.fill();
            assert!(is_open, "no {text:?} in {}", String::from_utf8_lossy(&self.received));
        }
    }

    /// Reads until the server closes the connection.
    #[track_caller]
    pub fn wait_for_close(&mut self) {
        let deadline = Instant::now() + DEADLINE;
        while self.fill() {
            assert!(Instant::now() < deadline, "the server does not close the connection");
        }
    }

    /// Reads bytes; returns false at the end of the connection.
    #[track_caller]
    fn fill(&mut self) -> bool {
        let mut bytes = [0; 16 * 1024];
        match self.stream.read(&mut bytes) {
            Ok(0) => false,
            Ok(read) => {
                self.received.extend_from_slice(&bytes[..read]);
                true
            }
            Err(error) => {
                let is_closed =
                    matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset);
                assert!(is_closed, "no byte came: {error}");
                false
            }
        }
    }

    /// Removes and returns the first `len` bytes of those received; `None` if there are fewer.
    pub fn take(&mut self, len: usize) -> Option<Vec<u8>> {
        while self.received.len() < len {
            if !self.fill() {
                return None;
            }
        }
        let rest = self.received.split_off(len);
        Some(std::mem::replace(&mut self.received, rest))
    }
}
