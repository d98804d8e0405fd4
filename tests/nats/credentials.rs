//! Servers whose users have JWTs, and servers with certificates of an authority of their own.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nkeys::KeyPair;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa};
use serde_json::{Value, json};

use crate::certificate::write_pem;
use crate::harness::{Running, Ssetail, numbered};
use crate::reader::Reader;
use crate::server::{SERVERS, Server};
use crate::{STATE, addresses};

/// The keys of an operator and of an account with JetStream.
struct Operator {
    operator: KeyPair,
    account: KeyPair,
}

/// Signs the claims of `subject`.
fn jwt(issuer: &KeyPair, subject: &KeyPair, nats: &Value) -> String {
    let encode = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let (issuer_key, key) = (issuer.public_key(), subject.public_key());
    let claims = json!({
        "jti": key, "iat": 1_795_000_000, "iss": issuer_key, "sub": key, "name": key, "nats": nats,
    });
    let header = json!({ "typ": "JWT", "alg": "ed25519-nkey" });
    let text = format!("{}.{}", encode(&header), encode(&claims));
    let signature = issuer.sign(text.as_bytes()).expect("signed");
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Returns the claims of an account whose streams have this limit, where -1 is none.
fn account(storage: i64) -> Value {
    let names = ["subs", "data", "payload", "imports", "exports", "conn", "leaf"];
    let mut limits = json!({ "wildcards": true, "disk_storage": storage });
    for name in names.into_iter().chain(["streams", "consumer"]) {
        limits[name] = (-1).into();
    }
    json!({ "type": "account", "version": 2, "limits": limits })
}

impl Operator {
    fn new() -> Self {
        Operator { operator: KeyPair::new_operator(), account: KeyPair::new_account() }
    }

    /// Starts a server that trusts the operator.
    fn server(&self, program: &'static str) -> Server {
        let system = KeyPair::new_account();
        let claims = json!({ "type": "operator", "version": 2 });
        let operator = jwt(&self.operator, &self.operator, &claims);
        let preloaded =
            [(&self.account, account(-1)), (&system, account(0))].map(|(key, claims)| {
                format!("{}: \"{}\"\n", key.public_key(), jwt(&self.operator, key, &claims))
            });
        Server::configured(
            program,
            &format!(
                "operator: \"{operator}\"\nsystem_account: {}\nresolver: MEMORY\n\
                 resolver_preload: {{\n{}}}\n",
                system.public_key(),
                preloaded.concat(),
            ),
        )
    }

    /// Writes the credentials of a new user.
    fn credentials(&self, path: &Path) {
        let user = KeyPair::new_user();
        let claims = json!({
            "type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1,
        });
        let text = format!(
            "-----BEGIN NATS USER JWT-----\n{}\n------END NATS USER JWT------\n\n\
             -----BEGIN USER NKEY SEED-----\n{}\n------END USER NKEY SEED------\n",
            jwt(&self.account, &user, &claims),
            user.seed().expect("a seed"),
        );
        std::fs::write(path, text).expect("written");
    }
}

fn publisher(url: &str, more: &[&str]) -> Ssetail {
    let ssetail = Ssetail::new().file("x.log", "").args(["x.log", "--to", url, "--create"]);
    ssetail.args(STATE).args(["--host", "web1"]).args(more)
}

/// Checks that lines get from a publisher to a client of a node.
fn check(web1: &Running, node: &Running) {
    let reader = Reader::start(&addresses(&[node]), 0);
    web1.append("x.log", numbered("line", 0..100));
    reader.until("line 99");
    assert_eq!(reader.lines().len(), 100);
}

fn path(directory: &tempfile::TempDir, name: &str) -> (PathBuf, String) {
    let path = directory.path().join(name);
    let text = path.to_str().expect("text").to_owned();
    (path, text)
}

#[test]
fn a_file_with_a_jwt_and_its_key_opens_a_server() {
    let (operator, directory) = (Operator::new(), tempfile::tempdir().expect("a directory"));
    let (right, right_name) = path(&directory, "right.creds");
    operator.credentials(&right);
    let (wrong, wrong_name) = path(&directory, "wrong.creds");
    Operator::new().credentials(&wrong);
    for program in SERVERS {
        let server = operator.server(program);
        let creds = ["--nats-creds", &*right_name];
        let web1 = publisher(&server.url(), &creds).start();
        let node = Ssetail::new().arg(server.url()).args(creds).start();
        check(&web1, &node);
        for args in [&["--nats-creds", &*wrong_name][..], &[]] {
            let mut denied = publisher(&server.url(), args).start();
            denied.wait_for("refuses the credentials; give TOKEN@ or USER:PASS@");
            let mut node = Ssetail::new().arg(server.url()).args(args).start();
            node.wait_for("refuses the credentials; give TOKEN@ or USER:PASS@");
        }
    }
    std::fs::write(&wrong, "no credentials").expect("written");
    let mut unreadable =
        publisher("nats://127.0.0.1:1/LOGS", &["--nats-creds", &wrong_name]).start();
    unreadable.wait_for("the credentials in ");
}

/// Writes `ca.pem`, and a certificate for 127.0.0.1 that this authority has signed.
fn certify(directory: &Path) {
    let parameters = |names: &[String], common: &str| {
        let mut parameters = CertificateParams::new(names).expect("names");
        parameters.distinguished_name.push(DnType::CommonName, common);
        parameters
    };
    let generate = || rcgen::KeyPair::generate().expect("a key");
    let (authority_key, key) = (generate(), generate());
    let mut authority = parameters(&[], "an authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = authority.self_signed(&authority_key).expect("signed");
    let server = parameters(&["127.0.0.1".to_owned()], "a server");
    let server = server.signed_by(&key, &authority, &authority_key).expect("signed");
    write_pem(&directory.join("ca.pem"), "CERTIFICATE", authority.der());
    write_pem(&directory.join("cert.pem"), "CERTIFICATE", server.der());
    write_pem(&directory.join("key.pem"), "PRIVATE KEY", &key.serialize_der());
}

#[test]
fn a_server_with_a_certificate_of_an_own_authority_is_trusted_with_tls_ca() {
    let directory = tempfile::tempdir().expect("a directory");
    certify(directory.path());
    let (_, authority) = path(&directory, "ca.pem");
    let files = ["cert", "key"].map(|name| path(&directory, &format!("{name}.pem")).1);
    let text = format!("tls {{ cert_file: \"{}\", key_file: \"{}\" }}\n", files[0], files[1]);
    for program in SERVERS {
        let server = Server::configured(program, &text);
        let tls = server.url().replace("nats://", "tls://");
        let trusted = ["--tls-ca", &*authority];
        for (stream, to, from) in [("ONE", &tls, &server.url()), ("TWO", &server.url(), &tls)] {
            let web1 = publisher(&to.replace("LOGS", stream), &trusted).start();
            let node = Ssetail::new().arg(from.replace("LOGS", stream)).args(trusted).start();
            check(&web1, &node);
        }
        for url in [&tls, &server.url()] {
            let mut untrusting = publisher(url, &[]).start();
            untrusting.wait_for("give the authority of its certificate with --tls-ca");
            let mut node = Ssetail::new().arg(url).start();
            node.wait_for("give the authority of its certificate with --tls-ca");
        }
    }
}
