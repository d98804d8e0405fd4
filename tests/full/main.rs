//! Tests that need installed programs: browsers, clients, proxies, curl, shells and systemd.
//!
//! `tests/run` installs these programs and runs both tiers.

mod browsers;
#[path = "../tls/certificate.rs"]
mod certificate;
mod clients;
mod commands;
mod completions;
mod curl;
mod documents;
#[path = "../harness/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the fast tier uses the rest")]
mod harness;
mod hung_mounts;
mod inotify;
mod journal;
mod logrotate;
mod manual;
mod nginx;
mod openapi;
#[path = "../parser.rs"]
mod parser;
mod peer;
mod proxied_page;
mod proxied_stream;
mod proxy;
mod readme;
mod recipes;
mod registries;
mod relays;
mod results;
mod reverse_proxies;
mod same_file;
mod shell;
mod systemd;
