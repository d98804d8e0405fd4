//! Certificates for tests.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, DnType, KeyPair};

/// Writes a new certificate for `localhost` to `cert.pem`, and its key to `key.pem`.
pub fn certify(directory: &Path) {
    let mut parameters = CertificateParams::new(["localhost".to_owned()]).expect("a DNS name");
    parameters.distinguished_name.push(DnType::CommonName, "localhost");
    let key = KeyPair::generate().expect("a key can be generated");
    let certificate = parameters.self_signed(&key).expect("the certificate can be signed");
    write_pem(&directory.join("cert.pem"), "CERTIFICATE", certificate.der());
    write_pem(&directory.join("key.pem"), "PRIVATE KEY", &key.serialize_der());
}

/// Writes a file with one section.
pub fn write_pem(path: &Path, label: &str, der: &[u8]) {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
    let pem = format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"));
    std::fs::write(path, pem).expect("the file can be written");
}
