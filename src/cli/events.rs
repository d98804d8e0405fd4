//! Flags that say how events are presented.

use std::time::Duration;

use clap::Args;
use clap::builder::BoolishValueParser;

use super::default::duration;
use super::value::{format_parser, parse_duration, parse_interval};
use crate::event::Format;
use crate::http::Site;

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Events")]
pub(crate) struct EventArgs {
    /// Format of the data of an event
    #[arg(long, env = "SSETAIL_FORMAT", value_name = "FORMAT", value_parser = format_parser())]
    pub(crate) format: Option<Format>,

    /// Send lines without an event name, so that `onmessage` receives them
    #[arg(long, env = "SSETAIL_UNNAMED", value_parser = BoolishValueParser::new())]
    pub(crate) unnamed: bool,

    /// Send a comment after this time without an event
    #[arg(long, env = "SSETAIL_HEARTBEAT", value_name = "DURATION",
          default_value = duration(Site::DEFAULT_HEARTBEAT), value_parser = parse_interval,
          hide_short_help = true, allow_hyphen_values = true)]
    pub(crate) heartbeat: Duration,

    /// Time that clients wait before they reconnect
    #[arg(long, env = "SSETAIL_RECONNECT_DELAY", value_name = "DURATION",
          default_value = duration(Site::DEFAULT_RECONNECT_DELAY), value_parser = parse_duration,
          hide_short_help = true, allow_hyphen_values = true)]
    pub(crate) reconnect_delay: Duration,
}
