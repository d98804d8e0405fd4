//! The command line, and the environment variables that stand for flags.
//!
//! Each group of flags is a struct, named after its heading in the help text.
//! Texts become values of the types that other modules use; a text that is not valid is refused
//! with an example of a valid one.

mod access;
mod default;
mod environment;
mod error;
mod events;
mod history;
mod input;
mod output;
mod probe;
mod reach;
mod server;
mod source;
mod value;

use std::ffi::OsString;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, ValueHint};

use self::environment::without_service_address;
pub(crate) use access::AccessArgs;
pub(crate) use events::EventArgs;
pub(crate) use history::HistoryArgs;
pub(crate) use input::InputArgs;
pub(crate) use output::OutputArgs;
pub(crate) use reach::ReachArgs;
pub(crate) use server::ServerArgs;
pub(crate) use source::{SourceArg, may_hang, parse_sources, reads_input};

/// Follow files, globs, standard input and commands, and serve their lines as Server-Sent Events
#[derive(Clone, Debug, Parser)]
#[command(name = "ssetail", version, max_term_width = 100, args_override_self = true,
          override_usage = "ssetail [OPTIONS] [SOURCE]... [-- COMMAND [ARG]...]",
          after_help = MORE, after_long_help = EXAMPLES)]
pub struct Cli {
    #[arg(value_name = "SOURCE", value_hint = ValueHint::AnyPath,
          help = "Path, quoted glob, `-` for standard input, journal: or journal:UNIT, URL of another \
                  server, or nats://HOST/STREAM; NAME= before it sets the event name")]
    pub(crate) sources: Vec<OsString>,

    /// Command to run in a terminal of its own; its output is a source, and passes through
    #[arg(last = true, value_name = "COMMAND", value_hint = ValueHint::CommandName)]
    pub(crate) command: Vec<OsString>,

    #[command(flatten)]
    pub(crate) input: InputArgs,

    #[command(flatten)]
    pub(crate) events: EventArgs,

    #[command(flatten)]
    pub(crate) history: HistoryArgs,

    #[command(flatten)]
    pub(crate) server: ServerArgs,

    #[command(flatten)]
    pub(crate) access: AccessArgs,

    #[command(flatten)]
    pub(crate) reach: ReachArgs,

    #[command(flatten)]
    pub(crate) output: OutputArgs,

    /// Sentences about environment variables that were ignored, for `--verbose`.
    #[arg(skip)]
    pub(crate) notes: Vec<String>,
}

/// Last lines of the short help.
const MORE: &str = "\
All flags and environment variables: ssetail --help
Manual: ssetail --man | man -l -";

/// Last lines of the long help.
const EXAMPLES: &str = "\
Examples:
  ssetail build.log --port 9000
  ssetail -- cargo build
  make 2>&1 | ssetail - --tee
  ssetail 'logs/**/*.log' api=/srv/api/current.log
  ssetail https://web1:8088/ https://web2:8088/ local.log
  ssetail app.log --state /var/lib/ssetail --to nats://127.0.0.1:4222/LOGS --create
  ssetail nats://127.0.0.1:4222/LOGS
  SSETAIL_TOKEN=a-long-secret ssetail build.log --bind 0.0.0.0
  curl -N localhost:8088/sse";

impl Cli {
    /// Parses the arguments and the environment of this process.
    ///
    /// Exits with status 2 if they are invalid, and with 0 after printing the help or the version.
    #[must_use]
    pub fn from_command_line() -> Self {
        let is_short = std::env::args_os().any(|arg| arg == "-h");
        let mut notes = Vec::new();
        let adjust = |arg: clap::Arg| {
            let arg = without_service_address(arg, &mut notes);
            arg.hide_env(is_short).hide_env_values(true)
        };
        let matches = Cli::command().mut_args(adjust).try_get_matches();
        let cli = matches.and_then(|mut matches| Cli::from_arg_matches_mut(&mut matches));
        match cli {
            Ok(cli) => Cli { notes, ..cli },
            Err(error) => error::with_better_hint(error, &mut Cli::command()).exit(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn clap_accepts_the_definition_of_the_command() {
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
