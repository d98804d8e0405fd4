//! The authorities whose certificates are trusted, and encrypted connections to servers.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// The authorities whose certificates are trusted.
#[derive(Clone, Debug)]
pub struct TrustedRoots {
    config: Arc<ClientConfig>,
    /// There is no authority at all.
    is_empty: bool,
}

impl TrustedRoots {
    /// Reads the authorities of the system.
    pub fn of_system() -> anyhow::Result<Self> {
        let mut roots = RootCertStore::empty();
        // A file that cannot be read is no reason to distrust the others.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        TrustedRoots::new(roots)
    }

    /// Reads the authorities in a PEM file, which are trusted in place of those of the system.
    pub fn in_file(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let text = std::fs::read(path).with_context(|| format!("cannot read {shown}"))?;
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&text) {
            let certificate = certificate
                .map_err(|error| anyhow!("the certificate in {shown} is not PEM: {error}"))?;
            roots
                .add(certificate)
                .map_err(|error| anyhow!("cannot trust the certificate in {shown}: {error}"))?;
        }
        if roots.is_empty() {
            bail!("there is no certificate in {shown}; give a PEM file");
        }
        TrustedRoots::new(roots)
    }

    fn new(roots: RootCertStore) -> anyhow::Result<Self> {
        let is_empty = roots.is_empty();
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .context("cannot use TLS")?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TrustedRoots { config: Arc::new(config), is_empty })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.is_empty
    }

    pub(super) fn connector(&self) -> TlsConnector {
        TlsConnector::from(Arc::clone(&self.config))
    }
}
