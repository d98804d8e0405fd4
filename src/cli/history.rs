//! Flags that say which events are kept, and where.

use std::path::PathBuf;

use clap::Args;

use super::default::size;
use super::value::{parse_count, parse_size, parse_spool, parse_spool_size};
use crate::follow::SpoolNames;
use crate::store::Capacity;

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "History")]
pub(crate) struct HistoryArgs {
    /// Number of lines kept in memory for new and returning clients; 0 keeps none
    #[arg(long, env = "SSETAIL_REPLAY", value_name = "LINES",
          default_value = Capacity::DEFAULT.lines.to_string(), value_parser = parse_count,
          allow_hyphen_values = true)]
    pub(crate) replay: u64,

    /// Maximum memory for these lines
    #[arg(long, env = "SSETAIL_REPLAY_BYTES", value_name = "SIZE",
          default_value = size(Capacity::DEFAULT.bytes), value_parser = parse_size,
          hide_short_help = true, allow_hyphen_values = true)]
    pub(crate) replay_bytes: usize,

    /// Maximum memory for the index of older lines, which are read again from their files
    #[arg(long, env = "SSETAIL_INDEX_BYTES", value_name = "SIZE",
          default_value = size(Capacity::DEFAULT.index_bytes), value_parser = parse_size,
          hide_short_help = true, allow_hyphen_values = true)]
    pub(crate) index_bytes: usize,

    /// Directory for event ids and file offsets, so that a restart continues where this run stops
    #[arg(long, env = "SSETAIL_STATE", value_name = "DIR", hide_short_help = true)]
    pub(crate) state: Option<PathBuf>,

    /// Write standard input or the command's output to FILE, so that it can be sent again; an
    /// existing FILE becomes FILE.1
    #[arg(long, env = "SSETAIL_SPOOL", value_name = "FILE", value_parser = parse_spool,
          hide_short_help = true)]
    pub(crate) spool: Option<SpoolNames>,

    /// Maximum size of FILE and its older parts, FILE.1 and so on, together; unlimited if not given
    #[arg(long, env = "SSETAIL_SPOOL_BYTES", value_name = "SIZE", requires = "spool",
          value_parser = parse_spool_size, hide_short_help = true, allow_hyphen_values = true)]
    pub(crate) spool_bytes: Option<u64>,
}
