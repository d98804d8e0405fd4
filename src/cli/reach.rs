//! Flags that say where events are published for other machines.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::BoolishValueParser;

use super::value::{parse_duration, parse_replicas, parse_spool_size};

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Many machines")]
pub(crate) struct ReachArgs {
    #[arg(
        long,
        env = "SSETAIL_TO",
        value_name = "URL",
        hide_short_help = true,
        help = "Publish all events to a NATS JetStream too: nats://HOST[:PORT]/STREAM, or tls://; \
                  TOKEN@ or USER:PASS@ may stand before HOST"
    )]
    pub(crate) to: Option<String>,

    /// Name of this machine in the stream; the host name if not given
    #[arg(
        long,
        env = "SSETAIL_HOST",
        value_name = "NAME",
        requires = "to",
        hide_short_help = true
    )]
    pub(crate) host: Option<String>,

    /// Make the stream if it does not exist, with files as its storage
    #[arg(long, env = "SSETAIL_CREATE", requires = "to", value_parser = BoolishValueParser::new(),
          hide_short_help = true)]
    pub(crate) create: bool,

    /// Number of servers that have each message of a new stream
    #[arg(long, env = "SSETAIL_REPLICAS", value_name = "N", requires = "create",
          value_parser = parse_replicas, hide_short_help = true, allow_hyphen_values = true)]
    pub(crate) replicas: Option<usize>,

    /// Time after which a new stream removes events; never if not given
    #[arg(long, env = "SSETAIL_MAX_AGE", value_name = "DURATION", requires = "create",
          value_parser = parse_duration, hide_short_help = true, allow_hyphen_values = true)]
    pub(crate) max_age: Option<Duration>,

    /// Size above which a new stream removes its oldest events; unlimited if not given
    #[arg(long, env = "SSETAIL_MAX_BYTES", value_name = "SIZE", requires = "create",
          value_parser = parse_spool_size, hide_short_help = true, allow_hyphen_values = true)]
    pub(crate) max_bytes: Option<u64>,

    /// File with the JWT and the key for a NATS server
    #[arg(long, env = "SSETAIL_NATS_CREDS", value_name = "FILE", hide_short_help = true)]
    pub(crate) nats_creds: Option<PathBuf>,
}
