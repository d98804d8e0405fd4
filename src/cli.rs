//! The command line, and the environment that stands in for it.
//!
//! Texts become the types that the other modules work with here, once; an
//! argument that is wrong is refused with an example of one that is right.

mod format;
mod mistake;
mod source;
mod value;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, ValueHint};
use regex::bytes::Regex;

use crate::event::Format;
use crate::follow::{SpoolNames, StartAt};
use crate::http::{AllowedOrigin, ListenAddress, Secret, parse_host};
use format::format_parser;
pub(crate) use source::{SourceArg, parse_source};
use value::{
    parse_address, parse_clients, parse_count, parse_duration, parse_interval, parse_lines,
    parse_max_line, parse_port, parse_regex, parse_size, parse_spool, parse_spool_size,
    parse_url_path,
};

const FOLLOWING: &str = "What is followed";
const EVENTS: &str = "What events look like";
const HISTORY: &str = "What is kept";
const SERVING: &str = "Where it is served";
const ACCESS: &str = "Who may read";
const TERMINAL: &str = "What is said here";

/// Follow files, globs and standard input, and serve their lines as Server-Sent Events
#[derive(Clone, Debug, Parser)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
#[command(name = "ssetail", version, max_term_width = 100, args_override_self = true,
          after_help = MORE, after_long_help = EXAMPLES)]
pub struct Cli {
    /// A path, a quoted glob, `-` for standard input, or NAME= before any of these
    #[arg(value_name = "SOURCE", value_hint = ValueHint::AnyPath)]
    pub sources: Vec<OsString>,

    /// Begin with the last N lines of each file that exists at start, or with +N, from line N
    #[arg(help_heading = FOLLOWING, short = 'n', long, env = "SSETAIL_LINES", value_name = "N|+N",
          default_value = "100", value_parser = parse_lines, allow_hyphen_values = true)]
    pub lines: StartAt,

    /// Begin with the first line: the same as -n +1
    #[arg(help_heading = FOLLOWING, long, env = "SSETAIL_FROM_START", conflicts_with = "lines",
          value_parser = BoolishValueParser::new())]
    pub from_start: bool,

    /// Accepted, so that tail habits work; files are always followed, by name
    #[arg(help_heading = FOLLOWING, short = 'f', short_alias = 'F', long, env = "SSETAIL_FOLLOW",
          num_args = 0..=1, require_equals = true, default_missing_value = "name",
          value_name = "HOW", hide_possible_values = true, hide_short_help = true)]
    pub follow: Option<String>,

    /// How long a replaced file is still read
    #[arg(help_heading = FOLLOWING, long, env = "SSETAIL_LINGER", value_name = "DURATION",
          default_value = "5s", value_parser = parse_duration, hide_short_help = true,
          allow_hyphen_values = true)]
    pub linger: Duration,

    /// Follow bytes instead of lines: every chunk is an event
    #[arg(help_heading = FOLLOWING, long, env = "SSETAIL_BINARY",
          conflicts_with_all = ["include", "exclude"], value_parser = BoolishValueParser::new(),
          hide_short_help = true)]
    pub binary: bool,

    /// A longer line is sent in parts
    #[arg(help_heading = FOLLOWING, long, env = "SSETAIL_MAX_LINE", value_name = "SIZE",
          default_value = "32KiB", value_parser = parse_max_line, hide_short_help = true,
          allow_hyphen_values = true)]
    pub max_line: usize,

    /// Publish only lines that match; repeatable
    #[arg(help_heading = FOLLOWING, long, env = "SSETAIL_INCLUDE", value_name = "RE",
          value_parser = parse_regex)]
    pub include: Vec<Regex>,

    /// Do not publish lines that match; repeatable
    #[arg(help_heading = FOLLOWING, long, env = "SSETAIL_EXCLUDE", value_name = "RE",
          value_parser = parse_regex)]
    pub exclude: Vec<Regex>,

    /// Copy standard input to standard output, byte for byte
    #[arg(help_heading = FOLLOWING, long, env = "SSETAIL_TEE",
          value_parser = BoolishValueParser::new())]
    pub tee: bool,

    /// When standard input has ended: deliver what is owed and exit
    #[arg(help_heading = FOLLOWING, long, env = "SSETAIL_EXIT_ON_EOF",
          value_parser = BoolishValueParser::new())]
    pub exit_on_eof: bool,

    /// What the data of an event holds
    #[arg(help_heading = EVENTS, long, env = "SSETAIL_FORMAT", value_name = "FORMAT",
          value_parser = format_parser())]
    pub format: Option<Format>,

    /// Send lines without an event name, so that `onmessage` receives them
    #[arg(help_heading = EVENTS, long, env = "SSETAIL_UNNAMED",
          value_parser = BoolishValueParser::new())]
    pub unnamed: bool,

    /// Send a comment after so much silence
    #[arg(help_heading = EVENTS, long, env = "SSETAIL_HEARTBEAT", value_name = "DURATION",
          default_value = "15s", value_parser = parse_interval, hide_short_help = true,
          allow_hyphen_values = true)]
    pub heartbeat: Duration,

    /// How long a client waits before it reconnects
    #[arg(help_heading = EVENTS, long, env = "SSETAIL_RECONNECT_DELAY", value_name = "DURATION",
          default_value = "2s", value_parser = parse_duration, hide_short_help = true,
          allow_hyphen_values = true)]
    pub reconnect_delay: Duration,

    /// How many lines are kept for clients that come, or come back; 0 keeps none
    #[arg(help_heading = HISTORY, long, env = "SSETAIL_REPLAY", value_name = "LINES",
          default_value = "10000", value_parser = parse_count, allow_hyphen_values = true)]
    pub replay: u64,

    /// How much memory they may take
    #[arg(help_heading = HISTORY, long, env = "SSETAIL_REPLAY_BYTES", value_name = "SIZE",
          default_value = "16MiB", value_parser = parse_size, hide_short_help = true,
          allow_hyphen_values = true)]
    pub replay_bytes: usize,

    /// How much memory may be taken to find lines beyond that in their files
    #[arg(help_heading = HISTORY, long, env = "SSETAIL_INDEX_BYTES", value_name = "SIZE",
          default_value = "16MiB", value_parser = parse_size, hide_short_help = true,
          allow_hyphen_values = true)]
    pub index_bytes: usize,

    /// Keep ids and places in this directory, so that a restart goes on where this run stops
    #[arg(help_heading = HISTORY, long, env = "SSETAIL_STATE", value_name = "DIR",
          hide_short_help = true)]
    pub state: Option<PathBuf>,

    /// Keep standard input in a file, so that it can be sent again too; an earlier FILE becomes FILE.1
    #[arg(help_heading = HISTORY, long, env = "SSETAIL_SPOOL", value_name = "FILE",
          value_parser = parse_spool, hide_short_help = true)]
    pub spool: Option<SpoolNames>,

    /// Keep no more than so much of it, in FILE and older parts FILE.1 and so on; else all of it
    #[arg(help_heading = HISTORY, long, env = "SSETAIL_SPOOL_BYTES", value_name = "SIZE",
          requires = "spool", value_parser = parse_spool_size, hide_short_help = true,
          allow_hyphen_values = true)]
    pub spool_bytes: Option<u64>,

    /// The port to listen on; 0 takes a free one
    #[arg(help_heading = SERVING, short, long, env = "SSETAIL_PORT", value_name = "PORT",
          default_value = "8088", value_parser = parse_port, allow_hyphen_values = true)]
    pub port: u16,

    /// An IP address to listen on, or unix:PATH for a socket; repeatable; if none, both of localhost
    #[arg(help_heading = SERVING, short, long, env = "SSETAIL_BIND", value_name = "ADDR",
          value_delimiter = ',', value_parser = parse_address)]
    pub bind: Vec<ListenAddress>,

    /// Where the event stream is served
    #[arg(help_heading = SERVING, long, env = "SSETAIL_ENDPOINT", value_name = "PATH",
          default_value = "/sse", value_parser = parse_url_path, hide_short_help = true)]
    pub endpoint: String,

    /// Serve everything below this path, for a reverse proxy
    #[arg(help_heading = SERVING, long, env = "SSETAIL_PATH_PREFIX", value_name = "PATH",
          default_value = "/", value_parser = parse_url_path, hide_short_help = true)]
    pub path_prefix: String,

    /// How many event streams may be open; further clients are asked to come back later
    #[arg(help_heading = SERVING, long, env = "SSETAIL_MAX_CLIENTS", value_name = "N",
          default_value = "1024", value_parser = parse_clients, hide_short_help = true,
          allow_hyphen_values = true)]
    pub max_clients: usize,

    /// Drop a peer that takes no byte for so long
    #[arg(help_heading = SERVING, long, env = "SSETAIL_SEND_TIMEOUT", value_name = "DURATION",
          default_value = "60s", value_parser = parse_interval, hide_short_help = true,
          allow_hyphen_values = true)]
    pub send_timeout: Duration,

    /// Serve no page, only the stream
    #[arg(help_heading = SERVING, long, env = "SSETAIL_NO_VIEWER",
          value_parser = BoolishValueParser::new(), hide_short_help = true)]
    pub no_viewer: bool,

    /// Open the page in the browser
    #[arg(help_heading = SERVING, long, env = "SSETAIL_OPEN", conflicts_with = "no_viewer",
          value_parser = BoolishValueParser::new())]
    pub open: bool,

    /// Let in who knows this user and password; better in the environment, where ps does not show it
    #[arg(help_heading = ACCESS, short, long, env = "SSETAIL_AUTH", value_name = "USER:PASS")]
    pub auth: Option<Secret>,

    /// Let in who knows this token, from a header, a cookie or the URL; better in the environment
    #[arg(help_heading = ACCESS, long, env = "SSETAIL_TOKEN", value_name = "TOKEN",
          conflicts_with = "token_file")]
    pub token: Option<Secret>,

    /// Read the token from a file
    #[arg(help_heading = ACCESS, long, env = "SSETAIL_TOKEN_FILE", value_name = "FILE",
          hide_short_help = true)]
    pub token_file: Option<PathBuf>,

    /// Let anybody in, also when listening beyond this machine
    #[arg(help_heading = ACCESS, long, env = "SSETAIL_NO_AUTH",
          conflicts_with_all = ["auth", "token", "token_file"],
          value_parser = BoolishValueParser::new(), hide_short_help = true)]
    pub no_auth: bool,

    /// Let pages of this origin read, beside loopback origins; '*' for any, null for pages from disk; repeatable
    #[arg(help_heading = ACCESS, long, env = "SSETAIL_CORS", value_name = "ORIGIN",
          value_delimiter = ',', value_parser = AllowedOrigin::parse)]
    pub cors: Vec<AllowedOrigin>,

    /// Accept this host name, beside loopback names and IP addresses; repeatable
    #[arg(help_heading = ACCESS, long, env = "SSETAIL_ALLOW_HOST", value_name = "NAME",
          value_delimiter = ',', value_parser = parse_host, hide_short_help = true)]
    pub allow_host: Vec<String>,

    /// Encrypt, with the certificate chain in this PEM file; HTTP/2 is then offered too
    #[arg(help_heading = ACCESS, long, env = "SSETAIL_TLS_CERT", value_name = "FILE",
          requires = "tls_key", hide_short_help = true)]
    pub tls_cert: Option<PathBuf>,

    /// The certificate's key, in a PEM file
    #[arg(help_heading = ACCESS, long, env = "SSETAIL_TLS_KEY", value_name = "FILE",
          requires = "tls_cert", hide_short_help = true)]
    pub tls_key: Option<PathBuf>,

    /// No status line at the terminal
    #[arg(help_heading = TERMINAL, short, long, env = "SSETAIL_QUIET",
          value_parser = BoolishValueParser::new())]
    pub quiet: bool,

    /// Say one line for each request: time, peer, method, path, status, duration, events, bytes
    #[arg(help_heading = TERMINAL, short, long, env = "SSETAIL_VERBOSE",
          value_parser = BoolishValueParser::new())]
    pub verbose: bool,

    /// Print the completions for a shell: bash, zsh, fish, powershell or elvish
    #[arg(help_heading = TERMINAL, long, env = "SSETAIL_COMPLETIONS", value_name = "SHELL",
          value_enum, hide_possible_values = true, hide_short_help = true)]
    pub completions: Option<clap_complete::Shell>,

    /// Print the man page
    #[arg(help_heading = TERMINAL, long, env = "SSETAIL_MAN",
          value_parser = BoolishValueParser::new(), hide_short_help = true)]
    pub man: bool,
}

/// At the end of the short help.
const MORE: &str = "\
All flags, and the environment: ssetail --help
All about it: ssetail --man | man -l -";

/// At the end of the long one.
const EXAMPLES: &str = "\
Examples:
  ssetail build.log --port 9000
  make 2>&1 | ssetail - --tee
  ssetail 'logs/**/*.log' api=/srv/api/current.log
  SSETAIL_TOKEN=a-long-secret ssetail build.log --bind 0.0.0.0
  curl -N localhost:8088/sse";

impl Cli {
    /// The command line of this program; ends it where that cannot be meant, or asks for help.
    #[must_use]
    pub fn from_command_line() -> Self {
        let is_short = std::env::args_os().any(|arg| arg == "-h");
        let show = |arg: clap::Arg| arg.hide_env(is_short).hide_env_values(true);
        let matches = Cli::command().mut_args(show).try_get_matches();
        let cli = matches.and_then(|mut matches| Cli::from_arg_matches_mut(&mut matches));
        cli.unwrap_or_else(|error| mistake::explain(error).exit())
    }

    /// Where to begin in files that exist at start.
    #[must_use]
    pub fn start_at(&self) -> StartAt {
        if self.from_start { StartAt::Line(1) } else { self.lines }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn the_command_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_flag_has_an_environment_variable() {
        for arg in Cli::command().get_arguments().filter(|arg| arg.get_long().is_some()) {
            let name = arg.get_id().as_str().to_uppercase();
            if !["HELP", "VERSION"].contains(&name.as_str()) {
                assert_eq!(arg.get_env(), Some(OsStr::new(&format!("SSETAIL_{name}"))));
            }
        }
    }
}
