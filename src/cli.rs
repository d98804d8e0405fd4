//! The command line, and the environment that stands in for it.
//!
//! Texts become the types that the other modules work with here, once; an
//! argument that is wrong is refused with an example of one that is right.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytesize::ByteSize;
use clap::Parser;
use clap::builder::BoolishValueParser;
use regex::bytes::Regex;

use crate::event::Format;
use crate::follow::{From, Pattern, Wanted, What};
use crate::http::{Address, AllowedOrigin, Secret, parse_host};

/// Follow files, globs and standard input, and serve their lines as Server-Sent Events
#[derive(Clone, Debug, Parser)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
#[command(name = "ssetail", version, max_term_width = 100, after_help = EXAMPLES, args_override_self = true)]
pub struct Cli {
    /// A path, a quoted glob, `-` for standard input, or NAME= before any of these
    #[arg(value_name = "SOURCE")]
    pub sources: Vec<OsString>,

    /// Begin with the last N lines of each file that exists at start, or with +N, from line N
    #[arg(short = 'n', long, env = "SSETAIL_LINES", value_name = "N|+N", default_value = "100",
          value_parser = parse_lines, allow_hyphen_values = true)]
    pub lines: From,

    /// Begin with the first line: the same as -n +1
    #[arg(long, env = "SSETAIL_FROM_START", conflicts_with = "lines", value_parser = BoolishValueParser::new())]
    pub from_start: bool,

    /// Accepted, so that tail habits work; files are always followed, by name
    #[arg(short = 'f', short_alias = 'F', long, env = "SSETAIL_FOLLOW", num_args = 0..=1,
          require_equals = true, default_missing_value = "name", value_name = "HOW", hide_possible_values = true)]
    pub follow: Option<String>,

    /// The port to listen on; 0 takes a free one
    #[arg(short, long, env = "SSETAIL_PORT", value_name = "PORT", default_value = "8088",
          value_parser = parse_port)]
    pub port: u16,

    /// An IP address to listen on, or unix:PATH for a socket; repeatable [default: `127.0.0.1` and `::1`]
    #[arg(short, long, env = "SSETAIL_BIND", value_name = "ADDR", value_delimiter = ',',
          value_parser = parse_address)]
    pub bind: Vec<Address>,

    /// Where the event stream is served
    #[arg(long, env = "SSETAIL_ENDPOINT", value_name = "PATH", default_value = "/sse",
          value_parser = parse_url_path)]
    pub endpoint: String,

    /// Serve everything below this path, for a reverse proxy
    #[arg(long, env = "SSETAIL_PATH_PREFIX", value_name = "PATH", default_value = "/",
          value_parser = parse_url_path)]
    pub path_prefix: String,

    /// What the data of an event holds
    #[arg(long, env = "SSETAIL_FORMAT", value_name = "FORMAT", value_enum)]
    pub format: Option<Format>,

    /// Send lines without an event name, so that `onmessage` receives them
    #[arg(long, env = "SSETAIL_UNNAMED", value_parser = BoolishValueParser::new())]
    pub unnamed: bool,

    /// Follow bytes instead of lines: every chunk is an event
    #[arg(long, env = "SSETAIL_BINARY", conflicts_with_all = ["include", "exclude"])]
    pub binary: bool,

    /// How long a replaced file is still read
    #[arg(long, env = "SSETAIL_LINGER", value_name = "DURATION", default_value = "5s",
          value_parser = parse_duration)]
    pub linger: Duration,

    /// A longer line is sent in parts
    #[arg(long, env = "SSETAIL_MAX_LINE", value_name = "SIZE", default_value = "32KiB",
          value_parser = parse_max_line)]
    pub max_line: usize,

    /// Publish only lines that match; repeatable
    #[arg(long, env = "SSETAIL_INCLUDE", value_name = "RE", value_parser = parse_regex)]
    pub include: Vec<Regex>,

    /// Do not publish lines that match; repeatable
    #[arg(long, env = "SSETAIL_EXCLUDE", value_name = "RE", value_parser = parse_regex)]
    pub exclude: Vec<Regex>,

    /// How many lines are kept for clients that come, or come back; 0 keeps none
    #[arg(long, env = "SSETAIL_REPLAY", value_name = "LINES", default_value = "10000",
          value_parser = parse_count)]
    pub replay: u64,

    /// How much memory they may take
    #[arg(long, env = "SSETAIL_REPLAY_BYTES", value_name = "SIZE", default_value = "16MiB",
          value_parser = parse_size)]
    pub replay_bytes: usize,

    /// How much memory may be taken to find lines beyond that in their files
    #[arg(long, env = "SSETAIL_INDEX_BYTES", value_name = "SIZE", default_value = "16MiB",
          value_parser = parse_size)]
    pub index_bytes: usize,

    /// Keep ids and places in this directory, so that a restart goes on where this run stops
    #[arg(long, env = "SSETAIL_STATE", value_name = "DIR")]
    pub state: Option<PathBuf>,

    /// Send a comment after so much silence
    #[arg(long, env = "SSETAIL_HEARTBEAT", value_name = "DURATION", default_value = "15s",
          value_parser = parse_interval)]
    pub heartbeat: Duration,

    /// How long a client waits before it reconnects
    #[arg(long, env = "SSETAIL_RECONNECT_DELAY", value_name = "DURATION", default_value = "2s",
          value_parser = parse_duration)]
    pub reconnect_delay: Duration,

    /// Let in who knows this user and password; better in the environment, where ps does not show it
    #[arg(short, long, env = "SSETAIL_AUTH", value_name = "USER:PASS", hide_env_values = true)]
    pub auth: Option<Secret>,

    /// Let in who knows this token, from a header, a cookie or the URL; better in the environment
    #[arg(
        long,
        env = "SSETAIL_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true,
        conflicts_with = "token_file"
    )]
    pub token: Option<Secret>,

    /// Read the token from a file
    #[arg(long, env = "SSETAIL_TOKEN_FILE", value_name = "FILE")]
    pub token_file: Option<PathBuf>,

    /// Let anybody in, also when listening beyond this machine
    #[arg(long, env = "SSETAIL_NO_AUTH", conflicts_with_all = ["auth", "token", "token_file"])]
    pub no_auth: bool,

    /// Let pages of this origin read, beside loopback origins; '*' for any, null for pages from disk; repeatable
    #[arg(long, env = "SSETAIL_CORS", value_name = "ORIGIN", value_delimiter = ',',
          value_parser = AllowedOrigin::parse)]
    pub cors: Vec<AllowedOrigin>,

    /// Accept this host name, beside loopback names and IP addresses; repeatable
    #[arg(long, env = "SSETAIL_ALLOW_HOST", value_name = "NAME", value_delimiter = ',',
          value_parser = parse_host)]
    pub allow_host: Vec<String>,

    /// Encrypt, with the certificate chain in this PEM file; HTTP/2 is then offered too
    #[arg(long, env = "SSETAIL_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// The certificate's key, in a PEM file
    #[arg(long, env = "SSETAIL_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// How many event streams may be open; further clients are asked to come back later
    #[arg(long, env = "SSETAIL_MAX_CLIENTS", value_name = "N", default_value = "1024",
          value_parser = parse_clients)]
    pub max_clients: usize,

    /// Drop a peer that takes no byte for so long
    #[arg(long, env = "SSETAIL_SEND_TIMEOUT", value_name = "DURATION", default_value = "60s",
          value_parser = parse_interval)]
    pub send_timeout: Duration,

    /// Copy standard input to standard output, byte for byte
    #[arg(long, env = "SSETAIL_TEE", value_parser = BoolishValueParser::new())]
    pub tee: bool,

    /// When standard input has ended: deliver what is owed and exit
    #[arg(long, env = "SSETAIL_EXIT_ON_EOF", value_parser = BoolishValueParser::new())]
    pub exit_on_eof: bool,

    /// Serve no page, only the stream
    #[arg(long, env = "SSETAIL_NO_VIEWER", value_parser = BoolishValueParser::new())]
    pub no_viewer: bool,

    /// Print the completions for a shell: bash, zsh, fish, powershell or elvish
    #[arg(
        long,
        env = "SSETAIL_COMPLETIONS",
        value_name = "SHELL",
        value_enum,
        hide_possible_values = true
    )]
    pub completions: Option<clap_complete::Shell>,

    /// Print the man page
    #[arg(long, env = "SSETAIL_MAN", value_parser = BoolishValueParser::new())]
    pub man: bool,

    /// No status line
    #[arg(short, long, env = "SSETAIL_QUIET", value_parser = BoolishValueParser::new())]
    pub quiet: bool,

    /// Say one line for each request
    #[arg(short, long, env = "SSETAIL_VERBOSE", value_parser = BoolishValueParser::new())]
    pub verbose: bool,
}

const EXAMPLES: &str = "\
Examples:
  ssetail build.log --port 8088
  make 2>&1 | ssetail -
  ssetail 'logs/**/*.log' api=/srv/api/current.log
  curl -N localhost:8088/sse";

/// What a SOURCE argument asks for.
#[derive(Clone, Debug)]
pub(crate) enum SourceArg {
    /// Standard input, and the name for it.
    Input(Option<OsString>),
    /// Files.
    Files(Wanted),
    /// A directory, and a sentence that says what was probably meant.
    Directory(String),
}

impl Cli {
    /// Where to begin in files that exist at start.
    #[must_use]
    pub fn begin(&self) -> From {
        if self.from_start { From::Line(1) } else { self.lines }
    }
}

/// Takes a SOURCE apart: a path that exists is a path, whatever characters it has.
pub(crate) fn parse_source(text: &OsStr) -> Result<SourceArg, String> {
    if is_input(text) {
        return Ok(SourceArg::Input(None));
    }
    if exists(text) {
        return path(None, text);
    }
    let Some((name, rest)) = split_name(text) else { return path_or_pattern(None, text) };
    if name.len() > 255 {
        return Err("a NAME before = has at most 255 bytes".to_owned());
    }
    let name = Some(name.to_owned());
    if is_input(rest) {
        Ok(SourceArg::Input(name))
    } else if exists(rest) {
        path(name, rest)
    } else {
        path_or_pattern(name, rest)
    }
}

fn is_input(text: &OsStr) -> bool {
    text == "-" || text == "/dev/stdin"
}

fn exists(text: &OsStr) -> bool {
    Path::new(text).symlink_metadata().is_ok()
}

/// A NAME has no slash, so that `./a=b` is a path.
fn split_name(text: &OsStr) -> Option<(&OsStr, &OsStr)> {
    let bytes = text.as_bytes();
    let at = bytes.iter().position(|&byte| byte == b'=')?;
    let (name, rest) = (&bytes[..at], &bytes[at + 1..]);
    let is_name = !name.is_empty() && !name.contains(&b'/') && !rest.is_empty();
    is_name.then(|| (OsStr::from_bytes(name), OsStr::from_bytes(rest)))
}

fn path_or_pattern(name: Option<OsString>, text: &OsStr) -> Result<SourceArg, String> {
    if !Pattern::is_wild(text) {
        return path(name, text);
    }
    let pattern = Pattern::new(&absolute(text)?)
        .map_err(|error| format!("{} is not a glob: {}", text.display(), error.kind()))?;
    Ok(SourceArg::Files(Wanted { name, what: What::Pattern(pattern) }))
}

fn path(name: Option<OsString>, text: &OsStr) -> Result<SourceArg, String> {
    let path = absolute(text)?;
    if path.is_dir() {
        let text = text.to_string_lossy();
        let glob = format!("{}/*.log", text.trim_end_matches('/'));
        let sentence = format!("{text} is a directory; to follow the files in it, give '{glob}'");
        return Ok(SourceArg::Directory(sentence));
    }
    if text.as_bytes().ends_with(b"/") {
        let text = text.display();
        return Err(format!("{text} is a directory that does not exist; give a file or a glob"));
    }
    Ok(SourceArg::Files(Wanted { name, what: What::Path(path) }))
}

fn absolute(text: &OsStr) -> Result<PathBuf, String> {
    std::path::absolute(text)
        .map_err(|error| format!("'{}' is not a path: {error}", text.display()))
}

fn parse_lines(text: &str) -> Result<From, String> {
    let (number, make): (_, fn(u64) -> From) = match text.strip_prefix('+') {
        Some(number) => (number, From::Line),
        None => (text.strip_prefix('-').unwrap_or(text), From::Last),
    };
    number.parse().map(make).map_err(|_| "give a number of lines, as 100, or +1 for all".to_owned())
}

fn parse_port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| "give a port from 0 to 65535, as 8088".to_owned())
}

fn parse_count(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "give a whole number, as 10000".to_owned())
}

fn parse_address(text: &str) -> Result<Address, String> {
    if let Some(path) = text.strip_prefix("unix:").filter(|path| !path.is_empty()) {
        return absolute(OsStr::new(path)).map(Address::Unix);
    }
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().map(Address::Ip);
    address.map_err(|_| {
        "give an IP address, as 127.0.0.1, ::1 or 0.0.0.0, or a path, as unix:/run/ssetail.sock"
            .to_owned()
    })
}

fn parse_clients(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ 1..=1_000_000) => Ok(count),
        _ => Err("give a number of streams from 1 to 1000000, as 1024".to_owned()),
    }
}

fn parse_url_path(text: &str) -> Result<String, String> {
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=:@%".contains(&byte);
    if !text.starts_with('/') || !text.bytes().all(is_plain) {
        return Err("give a path that begins with a slash, as /sse, percent-encoded".to_owned());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn parse_size(text: &str) -> Result<usize, String> {
    let size: Result<ByteSize, _> = text.parse();
    size.ok()
        .and_then(|size| usize::try_from(size.as_u64()).ok())
        .ok_or_else(|| "give a size, as 64KiB, 16MiB or 1000".to_owned())
}

fn parse_max_line(text: &str) -> Result<usize, String> {
    match parse_size(text)? {
        size @ 4..=1_048_576 => Ok(size),
        _ => Err("give a size from 4 to 1MiB, as 32KiB".to_owned()),
    }
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|_| "give a duration, as 500ms, 15s or 2m".to_owned())
}

fn parse_interval(text: &str) -> Result<Duration, String> {
    match parse_duration(text)? {
        Duration::ZERO => Err("give a duration that is not zero, as 15s".to_owned()),
        duration => Ok(duration),
    }
}

fn parse_regex(text: &str) -> Result<Regex, String> {
    Regex::new(text).map_err(|error| format!("not a regular expression: {error}"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

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

    #[test]
    fn lines_are_read_as_by_tail() {
        assert_eq!(parse_lines("5"), Ok(From::Last(5)));
        assert_eq!(parse_lines("-5"), Ok(From::Last(5)));
        assert_eq!(parse_lines("+5"), Ok(From::Line(5)));
        assert!(parse_lines("many").is_err());
    }

    #[test]
    fn a_source_may_have_a_name() {
        let named = |text: &str| match parse_source(OsStr::new(text)).expect("a source") {
            SourceArg::Input(name) => (name, "-".to_owned()),
            SourceArg::Files(Wanted { name, what: What::Path(path) }) => {
                (name, path.file_name().expect("a name").to_string_lossy().into_owned())
            }
            SourceArg::Files(Wanted { name, .. }) => (name, "*".to_owned()),
            SourceArg::Directory(sentence) => (None, sentence),
        };
        let name = |text: &str| Some(OsString::from(text));
        assert_eq!(named("-"), (None, "-".to_owned()));
        assert_eq!(named("ci=-"), (name("ci"), "-".to_owned()));
        assert_eq!(named("api=x.log"), (name("api"), "x.log".to_owned()));
        assert_eq!(named("api=x/*.log"), (name("api"), "*".to_owned()));
        assert_eq!(named("./a=b.log"), (None, "a=b.log".to_owned()));
        assert_eq!(named("a=b=c.log"), (name("a"), "b=c.log".to_owned()));
    }
}
