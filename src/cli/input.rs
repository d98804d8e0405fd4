//! Flags that say how sources are followed.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::BoolishValueParser;
use regex::bytes::Regex;

use super::default::{duration, lines, size};
use super::value::{
    container_parser, parse_duration, parse_lines, parse_max_line, parse_regex, parse_since,
};
use crate::event::{ContainerFormat, Splitter};
use crate::follow::{FollowOptions, StartAt};

#[derive(Args, Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
#[command(next_help_heading = "Input")]
pub(crate) struct InputArgs {
    /// Start with the last N lines of each file that exists at startup, and of its rotated files if
    /// it has fewer; +N starts with line N
    #[arg(short = 'n', long, env = "SSETAIL_LINES", value_name = "N|+N",
          default_value = lines(&FollowOptions::DEFAULT_START), value_parser = parse_lines,
          allow_hyphen_values = true)]
    lines: StartAt,

    /// Start with the first line of the oldest rotated file: the same as -n +1
    #[arg(long, env = "SSETAIL_FROM_START", conflicts_with = "lines",
          value_parser = BoolishValueParser::new())]
    from_start: bool,

    /// Start with the first line at or after TIME; e.g. 10m (ago), 14:00, 2026-11-25 or
    /// 2026-11-25T14:00:00Z
    #[arg(long, env = "SSETAIL_SINCE", value_name = "TIME", value_parser = parse_since,
          conflicts_with_all = ["lines", "from_start"])]
    since: Option<StartAt>,

    /// Accepted for compatibility with tail; files are always followed by name
    #[arg(short = 'f', short_alias = 'F', long, env = "SSETAIL_FOLLOW", num_args = 0..=1,
          require_equals = true, default_missing_value = "name", value_name = "HOW",
          hide_possible_values = true, hide_short_help = true)]
    follow: Option<String>,

    /// Time for which a replaced file is still read
    #[arg(long, env = "SSETAIL_LINGER", value_name = "DURATION",
          default_value = duration(FollowOptions::DEFAULT_LINGER), value_parser = parse_duration,
          hide_short_help = true, allow_hyphen_values = true)]
    pub(crate) linger: Duration,

    /// Publish chunks of bytes instead of lines; each chunk is an event
    #[arg(long, env = "SSETAIL_BINARY",
          conflicts_with_all = ["include", "exclude", "redact", "redact_secrets", "decode"],
          value_parser = BoolishValueParser::new(), hide_short_help = true)]
    pub(crate) binary: bool,

    /// Maximum length of a line; a longer line is sent in parts, which filters see as a whole up to
    /// 1 MiB
    #[arg(long, env = "SSETAIL_MAX_LINE", value_name = "SIZE",
          default_value = size(Splitter::DEFAULT_MAX_LINE), value_parser = parse_max_line,
          hide_short_help = true, allow_hyphen_values = true)]
    pub(crate) max_line: usize,

    /// Follow the logs of a container runtime, and publish what the programs wrote
    #[arg(long, env = "SSETAIL_DECODE", value_name = "RUNTIME", value_parser = container_parser())]
    pub(crate) decode: Option<ContainerFormat>,

    /// Publish `[redacted]` in place of what matches; groups named keep stay; repeatable
    #[arg(long, env = "SSETAIL_REDACT", value_name = "RE")]
    pub(crate) redact: Vec<String>,

    /// Redact well-known secrets: passwords, tokens, cloud keys and private keys
    #[arg(long, env = "SSETAIL_REDACT_SECRETS", value_parser = BoolishValueParser::new())]
    pub(crate) redact_secrets: bool,

    /// Publish only lines that match; $ stands before \r\n too; repeatable
    #[arg(long, env = "SSETAIL_INCLUDE", value_name = "RE", value_parser = parse_regex)]
    pub(crate) include: Vec<Regex>,

    /// Do not publish lines that match; $ stands before \r\n too; repeatable
    #[arg(long, env = "SSETAIL_EXCLUDE", value_name = "RE", value_parser = parse_regex)]
    pub(crate) exclude: Vec<Regex>,

    /// Trust the certificate authorities in this PEM file in place of those of the system, for
    /// https:// sources
    #[arg(long, env = "SSETAIL_TLS_CA", value_name = "FILE", hide_short_help = true)]
    pub(crate) tls_ca: Option<PathBuf>,

    /// Copy standard input to standard output, byte for byte
    #[arg(long, env = "SSETAIL_TEE", value_parser = BoolishValueParser::new())]
    pub(crate) tee: bool,

    /// At the end of standard input and the command, deliver all events and exit
    #[arg(long, env = "SSETAIL_EXIT_ON_EOF", value_parser = BoolishValueParser::new())]
    pub(crate) exit_on_eof: bool,
}

impl InputArgs {
    /// Returns the first line to publish of files that exist at startup.
    pub(crate) fn start_at(&self) -> StartAt {
        match &self.since {
            Some(since) => since.clone(),
            None if self.from_start => StartAt::Line(1),
            None => self.lines.clone(),
        }
    }
}
