//! Sources that the command line names.

use std::io::IsTerminal as _;
use std::path::Path;

use crate::cli::{Cli, SourceArg, parse_sources};
use crate::event::Name;
use crate::failure::Failure;
use crate::follow::{SpoolNames, Target, WantedSource};

/// Sources to follow; at least one.
#[derive(Debug)]
pub(crate) struct SourceSettings {
    pub(crate) input: Option<StdinSettings>,
    pub(crate) files: Vec<WantedSource>,
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
    /// Stop the program at its end.
    pub(crate) exits_at_end: bool,
}

/// Files that keep standard input.
#[derive(Clone, Debug)]
pub(crate) struct SpoolSettings {
    pub(crate) names: SpoolNames,
    /// Maximum size of all files together, in bytes; unlimited if none.
    pub(crate) capacity: Option<u64>,
}

impl SourceSettings {
    /// Parses the SOURCE arguments, and checks the flags that need standard input.
    pub(super) fn new(cli: &Cli) -> Result<Self, Failure> {
        let Arguments { input, mut files, refused } = parse(cli)?;
        if input.is_none() && files.is_empty() {
            return Err(Failure::Usage(refused.join("; ")));
        }
        let input = match input {
            Some(name) => Some(StdinSettings::new(name, cli)),
            None => StdinSettings::missing(cli)?,
        };
        if let Some(spool) = &cli.history.spool {
            exclude_spool(&mut files, spool)?;
        }
        if let Some(state) = &cli.history.state {
            exclude_state(&mut files, state);
        }
        Ok(SourceSettings { input, files, refused })
    }
}

/// Parsed SOURCE arguments.
#[derive(Default)]
struct Arguments {
    input: Option<Name>,
    files: Vec<WantedSource>,
    refused: Vec<String>,
}

fn parse(cli: &Cli) -> Result<Arguments, Failure> {
    let mut sources = cli.sources.clone();
    if sources.is_empty() {
        if std::io::stdin().is_terminal() {
            let sentence = "nothing to follow; give a file, a glob, or - for standard input \
                            (see ssetail --help)";
            return Err(Failure::Usage(sentence.to_owned()));
        }
        sources.push("-".into());
    }
    let mut arguments = Arguments::default();
    for source in parse_sources(&sources).map_err(Failure::Usage)? {
        match source {
            SourceArg::Directory(sentence) => arguments.refused.push(sentence),
            SourceArg::Files(wanted) => arguments.files.push(wanted),
            SourceArg::Input(name) => {
                let name = name.unwrap_or_else(|| "stdin".into());
                arguments.input.get_or_insert_with(|| Name::new(&name));
            }
        }
    }
    Ok(arguments)
}

impl StdinSettings {
    fn new(name: Name, cli: &Cli) -> Self {
        let spool = |names: SpoolNames| SpoolSettings { names, capacity: cli.history.spool_bytes };
        StdinSettings {
            name,
            has_tee: cli.input.tee,
            spool: cli.history.spool.clone().map(spool),
            exits_at_end: cli.input.exit_on_eof,
        }
    }

    /// Returns none; fails if a flag needs standard input.
    fn missing(cli: &Cli) -> Result<Option<Self>, Failure> {
        let flags = [
            (cli.input.exit_on_eof, "--exit-on-eof waits for the end of standard input"),
            (cli.input.tee, "--tee copies standard input"),
            (cli.history.spool.is_some(), "--spool keeps standard input"),
        ];
        match flags.iter().find(|(is_set, _)| *is_set) {
            Some((_, sentence)) => Err(Failure::Usage(format!(
                "{sentence}, which is not followed; give - as a SOURCE, or leave the flag out"
            ))),
            None => Ok(None),
        }
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
                    "{} cannot be followed: --spool {spool} writes standard input to it",
                    path.display()
                )));
            }
            Target::Path(_) => {}
        }
    }
    Ok(())
}
