//! Flags that say what the program prints.

use clap::Args;
use clap::builder::BoolishValueParser;
use clap_complete::Shell;

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// Show no status line on the terminal
    #[arg(short, long, env = "SSETAIL_QUIET", value_parser = BoolishValueParser::new())]
    pub(crate) quiet: bool,

    /// Log one line per request: time, peer, method, path, status, duration, events, bytes
    #[arg(short, long, env = "SSETAIL_VERBOSE", value_parser = BoolishValueParser::new())]
    pub(crate) verbose: bool,

    /// Print the completion script for a shell: bash, zsh, fish, powershell or elvish
    #[arg(
        long,
        env = "SSETAIL_COMPLETIONS",
        value_name = "SHELL",
        value_enum,
        hide_possible_values = true,
        hide_short_help = true
    )]
    pub(crate) completions: Option<Shell>,

    /// Print the man page
    #[arg(long, env = "SSETAIL_MAN", value_parser = BoolishValueParser::new(),
          hide_short_help = true)]
    pub(crate) man: bool,
}
