//! Flags that say which clients may read, and how connections are encrypted.

use std::path::PathBuf;

use clap::Args;
use clap::builder::BoolishValueParser;

use crate::http::{AllowedHost, AllowedOrigin, Secret};

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Access")]
pub(crate) struct AccessArgs {
    /// Admit clients that send this user and password; prefer the environment, which ps does not show
    #[arg(short, long, env = "SSETAIL_AUTH", value_name = "USER:PASS")]
    pub(crate) auth: Option<Secret>,

    /// Admit clients that send this token in a header, a cookie or the URL; prefer the environment
    #[arg(long, env = "SSETAIL_TOKEN", value_name = "TOKEN", conflicts_with = "token_file")]
    pub(crate) token: Option<Secret>,

    /// Read the token from a file
    #[arg(long, env = "SSETAIL_TOKEN_FILE", value_name = "FILE", hide_short_help = true)]
    pub(crate) token_file: Option<PathBuf>,

    /// Admit every client, even when other machines can connect
    #[arg(long, env = "SSETAIL_NO_AUTH", conflicts_with_all = ["auth", "token", "token_file"],
          value_parser = BoolishValueParser::new(), hide_short_help = true)]
    pub(crate) no_auth: bool,

    /// Admit web pages of this origin, besides loopback origins; '*' for any origin, null for pages from disk; repeatable
    #[arg(long, env = "SSETAIL_CORS", value_name = "ORIGIN", value_delimiter = ',',
          value_parser = AllowedOrigin::parse)]
    pub(crate) cors: Vec<AllowedOrigin>,

    /// Accept this host name, besides loopback names and IP addresses; '*.NAME' for all names below; repeatable
    #[arg(long, env = "SSETAIL_ALLOW_HOST", value_name = "NAME", value_delimiter = ',',
          value_parser = AllowedHost::parse, hide_short_help = true)]
    pub(crate) allow_host: Vec<AllowedHost>,

    /// Encrypt with the certificate chain in this PEM file, and offer HTTP/2
    #[arg(
        long,
        env = "SSETAIL_TLS_CERT",
        value_name = "FILE",
        requires = "tls_key",
        hide_short_help = true
    )]
    pub(crate) tls_cert: Option<PathBuf>,

    /// Private key of the certificate, in a PEM file
    #[arg(
        long,
        env = "SSETAIL_TLS_KEY",
        value_name = "FILE",
        requires = "tls_cert",
        hide_short_help = true
    )]
    pub(crate) tls_key: Option<PathBuf>,
}
