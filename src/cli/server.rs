//! Flags that say where the events are served.

use std::time::Duration;

use clap::Args;
use clap::builder::BoolishValueParser;

use super::default::duration;
use super::value::{
    compress_parser, parse_address, parse_clients, parse_interval, parse_port, parse_url_path,
};
use crate::http::{Compress, ListenAddress, Site};

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Server")]
pub(crate) struct ServerArgs {
    /// Port to listen on; 0 selects a free port
    #[arg(short, long, env = "SSETAIL_PORT", value_name = "PORT", default_value = "8088",
          value_parser = parse_port, allow_hyphen_values = true)]
    pub(crate) port: u16,

    /// IP address to listen on, or unix:PATH for a Unix socket; repeatable; both loopback addresses if not given
    #[arg(short, long, env = "SSETAIL_BIND", value_name = "ADDR", value_delimiter = ',',
          value_parser = parse_address)]
    pub(crate) bind: Vec<ListenAddress>,

    /// URL path of the event stream
    #[arg(long, env = "SSETAIL_ENDPOINT", value_name = "PATH", default_value = "/sse",
          value_parser = parse_url_path, hide_short_help = true)]
    pub(crate) endpoint: String,

    /// Prefix of every URL path, for a reverse proxy
    #[arg(long, env = "SSETAIL_PATH_PREFIX", value_name = "PATH", default_value = "/",
          value_parser = parse_url_path, hide_short_help = true)]
    pub(crate) path_prefix: String,

    /// Maximum number of open event streams; further clients are asked to retry later
    #[arg(long, env = "SSETAIL_MAX_CLIENTS", value_name = "N",
          default_value = Site::DEFAULT_MAX_STREAMS.to_string(), value_parser = parse_clients,
          hide_short_help = true, allow_hyphen_values = true)]
    pub(crate) max_clients: usize,

    /// Close a connection whose peer accepts no byte for this time
    #[arg(long, env = "SSETAIL_SEND_TIMEOUT", value_name = "DURATION",
          default_value = duration(Site::DEFAULT_SEND_TIMEOUT), value_parser = parse_interval,
          hide_short_help = true, allow_hyphen_values = true)]
    pub(crate) send_timeout: Duration,

    /// Compress event streams with gzip for clients that accept it; auto leaves out this machine
    #[arg(long, env = "SSETAIL_COMPRESS", value_name = "WHEN", default_value = "auto",
          value_parser = compress_parser(), hide_short_help = true)]
    pub(crate) compress: Compress,

    /// Do not serve the web page
    #[arg(long, env = "SSETAIL_NO_VIEWER", value_parser = BoolishValueParser::new(),
          hide_short_help = true)]
    pub(crate) no_viewer: bool,

    /// Open the web page in a browser
    #[arg(long, env = "SSETAIL_OPEN", conflicts_with = "no_viewer",
          value_parser = BoolishValueParser::new())]
    pub(crate) open: bool,
}
