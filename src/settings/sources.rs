//! Sources that the command line names.

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::path::Path;

use super::upstreams::wanted_upstreams;
use crate::cli::{Cli, SourceArg, parse_sources};
use crate::event::Name;
use crate::failure::Failure;
use crate::follow::{SpoolNames, Target, WantedJournal, WantedSource};
use crate::upstream::WantedUpstream;

/// Sources to follow; at least one.
#[derive(Debug)]
pub(crate) struct SourceSettings {
    pub(crate) input: Option<StdinSettings>,
    pub(crate) command: Option<CommandSettings>,
    pub(crate) files: Vec<WantedSource>,
    pub(crate) upstreams: Vec<WantedUpstream>,
    pub(crate) journals: Vec<WantedJournal>,
    /// Streams of a NATS server.
    pub(super) streams: Vec<(Option<OsString>, String)>,
    /// Stop the program when standard input and the command have ended.
    pub(crate) exits_at_end: bool,
    /// Sentences about sources that cannot be followed, while others can.
    pub(crate) refused: Vec<String>,
}

/// Settings of standard input.
#[derive(Debug)]
pub(crate) struct StdinSettings {
    pub(crate) name: Name,
    /// Copy it to standard output.
    pub(crate) has_tee: bool,
    pub(crate) spool: Option<SpoolSettings>,
}

/// Settings of a command.
#[derive(Debug)]
pub(crate) struct CommandSettings {
    /// The name of its program.
    pub(crate) name: Name,
    /// The program and its arguments; at least one.
    pub(crate) arguments: Vec<OsString>,
    /// The command gets the standard input of this process.
    pub(crate) gets_input: bool,
    pub(crate) spool: Option<SpoolSettings>,
}

/// Files that keep standard input, or the output of a command.
#[derive(Clone, Debug)]
pub(crate) struct SpoolSettings {
    pub(crate) names: SpoolNames,
    /// Maximum size of all files together, in bytes; unlimited if none.
    pub(crate) capacity: Option<u64>,
}

impl SourceSettings {
    /// Parses the SOURCE arguments, and checks the flags that need a stream.
    pub(super) fn new(cli: &Cli) -> Result<Self, Failure> {
        let Arguments { input, mut files, upstreams, journals, streams, refused } = parse(cli)?;
        let command = CommandSettings::new(cli, input.is_none());
        let is_stream = input.is_some() || command.is_some();
        let has_others = is_stream || !upstreams.is_empty() || !journals.is_empty();
        if !has_others && files.is_empty() && streams.is_empty() {
            return Err(Failure::Usage(refused.join("; ")));
        }
        if !streams.is_empty() && (has_others || !files.is_empty()) {
            let sentence = "a stream is served alone, so that all nodes give the same ids; publish \
                            the other sources to it with another ssetail and --to";
            return Err(Failure::Usage(sentence.to_owned()));
        }
        if cli.input.binary && !journals.is_empty() {
            let sentence = "--binary publishes bytes, and the systemd journal has lines; leave the \
                            flag out";
            return Err(Failure::Usage(sentence.to_owned()));
        }
        check_flags(cli, input.is_some(), command.is_some())?;
        if let Some(spool) = &cli.history.spool {
            exclude_spool(&mut files, spool)?;
        }
        if let Some(state) = &cli.history.state {
            exclude_state(&mut files, state);
        }
        let input = input.map(|name| StdinSettings {
            name,
            has_tee: cli.input.tee,
            spool: SpoolSettings::new(cli),
        });
        Ok(SourceSettings {
            input,
            command,
            files,
            upstreams: wanted_upstreams(upstreams)?,
            journals,
            streams,
            exits_at_end: cli.input.exit_on_eof,
            refused,
        })
    }

    /// Returns true if a source is copied to standard output.
    pub(crate) fn have_tee(&self) -> bool {
        self.command.is_some() || self.input.as_ref().is_some_and(|input| input.has_tee)
    }
}

/// Parsed SOURCE arguments.
#[derive(Default)]
struct Arguments {
    input: Option<Name>,
    files: Vec<WantedSource>,
    /// Names and URLs.
    upstreams: Vec<(Option<OsString>, String)>,
    journals: Vec<WantedJournal>,
    streams: Vec<(Option<OsString>, String)>,
    refused: Vec<String>,
}

fn parse(cli: &Cli) -> Result<Arguments, Failure> {
    let mut sources = cli.sources.clone();
    if sources.is_empty() && cli.command.is_empty() {
        if std::io::stdin().is_terminal() {
            let sentence = "nothing to follow; give a file, a glob, - for standard input, or \
                            -- and a command (see ssetail --help)";
            return Err(Failure::Usage(sentence.to_owned()));
        }
        sources.push("-".into());
    }
    let mut arguments = Arguments::default();
    for source in parse_sources(&sources).map_err(Failure::Usage)? {
        match source {
            SourceArg::Refused(sentence) => arguments.refused.push(sentence),
            SourceArg::Files(wanted) => arguments.files.push(wanted),
            SourceArg::Upstream(name, url) => arguments.upstreams.push((name, url)),
            SourceArg::Stream(name, url) => arguments.streams.push((name, url)),
            SourceArg::Journal(name, unit) => {
                let name = name.map(|name| Name::new(&name));
                arguments.journals.push(WantedJournal { name, unit });
            }
            SourceArg::Input(name) => {
                let name = name.unwrap_or_else(|| "stdin".into());
                arguments.input.get_or_insert_with(|| Name::new(&name));
            }
        }
    }
    Ok(arguments)
}

impl CommandSettings {
    fn new(cli: &Cli, is_input_free: bool) -> Option<Self> {
        let program = cli.command.first()?;
        let name = Path::new(program).file_name().unwrap_or(program);
        Some(CommandSettings {
            name: Name::new(name),
            arguments: cli.command.clone(),
            gets_input: is_input_free && !std::io::stdin().is_terminal(),
            spool: SpoolSettings::new(cli),
        })
    }
}

impl SpoolSettings {
    fn new(cli: &Cli) -> Option<Self> {
        let names = cli.history.spool.clone()?;
        Some(SpoolSettings { names, capacity: cli.history.spool_bytes })
    }
}

/// Fails if a flag needs a stream that is not read.
fn check_flags(cli: &Cli, has_input: bool, has_command: bool) -> Result<(), Failure> {
    if has_input && has_command && cli.history.spool.is_some() {
        let sentence = "--spool keeps one stream; leave out - or the command, or start a second \
                        ssetail for it";
        return Err(Failure::Usage(sentence.to_owned()));
    }
    let flags = [
        (cli.input.exit_on_eof, "--exit-on-eof waits for the end of standard input"),
        (cli.input.tee, "--tee copies standard input"),
        (cli.history.spool.is_some(), "--spool keeps standard input"),
    ];
    match flags.iter().find(|(is_set, _)| *is_set) {
        Some((_, sentence)) if !has_input && !has_command => Err(Failure::Usage(format!(
            "{sentence}, which is not followed; give - as a SOURCE or -- and a command, or leave \
             the flag out"
        ))),
        _ => Ok(()),
    }
}

/// Keeps patterns from the files of the journal, which grow with every line that is published.
fn exclude_state(files: &mut [WantedSource], state: &Path) {
    for wanted in files {
        if let Target::Pattern(pattern) = &mut wanted.target {
            *pattern = pattern.clone().besides_state(state);
        }
    }
}

/// Keeps the files of the spool from being followed, which would publish every line twice.
fn exclude_spool(files: &mut [WantedSource], spool: &SpoolNames) -> Result<(), Failure> {
    for wanted in files {
        match &mut wanted.target {
            Target::Pattern(pattern) => *pattern = pattern.clone().besides(spool.clone()),
            Target::Path(path) if spool.include(path) => {
                return Err(Failure::Usage(format!(
                    "{} cannot be followed: --spool {spool} writes to it",
                    path.display()
                )));
            }
            Target::Path(_) => {}
        }
    }
    Ok(())
}
