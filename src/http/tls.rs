//! The certificate of encrypted connections, which can be replaced while the server runs.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context as _, anyhow, bail};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

/// The name of HTTP/2 in a handshake (RFC 9113, section 3.2).
pub(super) const HTTP2: &[u8] = b"h2";

/// A certificate and its key, in PEM files.
#[derive(Clone, Debug)]
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    current: Arc<RwLock<Arc<ServerConfig>>>,
}

impl Tls {
    /// Reads the certificate and its key.
    pub fn load(certificate: &Path, key: &Path) -> anyhow::Result<Self> {
        let current = Arc::new(RwLock::new(read(certificate, key)?));
        Ok(Tls { certificate: certificate.to_owned(), key: key.to_owned(), current })
    }

    /// Reads both again for new connections; after an error, the old ones stay in use.
    pub fn reload(&self) -> anyhow::Result<()> {
        let read = read(&self.certificate, &self.key)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(())
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        TlsAcceptor::from(Arc::clone(&current))
    }
}

fn read(certificate: &Path, key: &Path) -> anyhow::Result<Arc<ServerConfig>> {
    let (shown, shown_key) = (certificate.display(), key.display());
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&read_file(certificate)?)
        .collect::<Result<_, _>>()
        .map_err(|error| anyhow!("the certificate in {shown} is not PEM: {error}"))?;
    if chain.is_empty() {
        bail!("there is no certificate in {shown}; give a PEM file");
    }
    let secret = PrivateKeyDer::from_pem_slice(&read_file(key)?).map_err(|_| {
        anyhow!("there is no private key in {shown_key}; give a PEM file that is not encrypted")
    })?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .context("cannot offer TLS")?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                anyhow!("the key in {shown_key} does not belong to the certificate in {shown}")
            }
            error => anyhow!("cannot use the certificate in {shown}: {error}"),
        })?;
    config.alpn_protocols = vec![HTTP2.to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn read_file(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
