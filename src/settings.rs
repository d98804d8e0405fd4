//! From flags to the settings of every part.

use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use regex::bytes::{Regex, RegexSet};
use tokio::sync::Semaphore;

use crate::cli::{Cli, SourceArg, parse_source};
use crate::event::{Cutting, Format, LineFilter, Medium, Name, Presentation, Splitter};
use crate::failure::Failure;
use crate::feed::Feed;
use crate::follow::{FollowOptions, Registry, Spool, SpoolNames, Target, WantedSource};
use crate::http::{Access, Asset, Listeners, Secret, Site, Tls, Traffic, Trust};
use crate::store::Capacity;

/// Target is to be followed.
pub(crate) struct SourceArgs {
    pub(crate) input: Option<Name>,
    pub(crate) files: Vec<WantedSource>,
    /// Why others are not followed; no reason to stop these.
    pub(crate) refused: Vec<String>,
}

/// Target the command line asks for.
pub(crate) fn sources(cli: &Cli) -> Result<SourceArgs, Failure> {
    let mut arguments = cli.sources.clone();
    if arguments.is_empty() {
        if std::io::stdin().is_terminal() {
            let sentence = "nothing to follow; give a file, a glob, or - for standard input \
                            (ssetail --help tells more)";
            return Err(Failure::Usage(sentence.to_owned()));
        }
        arguments.push("-".into());
    }
    let mut sources = SourceArgs { input: None, files: Vec::new(), refused: Vec::new() };
    for argument in &arguments {
        match parse_source(argument).map_err(Failure::Usage)? {
            SourceArg::Directory(sentence) => sources.refused.push(sentence),
            SourceArg::Files(wanted) => sources.files.push(wanted),
            SourceArg::Input(name) => {
                let name = name.unwrap_or_else(|| "stdin".into());
                sources.input.get_or_insert_with(|| Name::new(&name));
            }
        }
    }
    if sources.input.is_none() && sources.files.is_empty() {
        return Err(Failure::Usage(sources.refused.join("; ")));
    }
    let without_input = [
        (cli.exit_on_eof, "--exit-on-eof waits for the end of standard input"),
        (cli.tee, "--tee copies standard input"),
        (cli.spool.is_some(), "--spool keeps standard input"),
    ];
    match without_input.iter().find(|(is_set, _)| *is_set && sources.input.is_none()) {
        Some((_, what)) => Err(Failure::Usage(format!(
            "{what}, which is not followed; give - as a SOURCE, or leave the flag out"
        ))),
        None => keep_apart(cli, sources),
    }
}

/// Target standard input is written to is not followed as well.
fn keep_apart(cli: &Cli, mut sources: SourceArgs) -> Result<SourceArgs, Failure> {
    let Some(spool) = &cli.spool else { return Ok(sources) };
    for wanted in &mut sources.files {
        match &mut wanted.target {
            Target::Pattern(pattern) => *pattern = pattern.clone().besides(spool.clone()),
            Target::Path(path) if spool.include(path) => {
                return Err(Failure::Usage(format!(
                    "{} cannot be followed: standard input is kept there by --spool {spool}",
                    path.display()
                )));
            }
            Target::Path(_) => {}
        }
    }
    Ok(sources)
}

/// The files of `--spool`, ready to be written.
pub(crate) fn create_spool(cli: &Cli) -> anyhow::Result<Option<Spool>> {
    let create = |names: &SpoolNames| {
        Spool::create(names.clone(), cli.spool_bytes)
            .with_context(|| format!("cannot keep standard input in {names}"))
    };
    cli.spool.as_ref().map(create).transpose()
}

/// Target requests must know, if that was said.
pub(crate) fn access(cli: &Cli) -> Result<Access, Failure> {
    let token = match &cli.token_file {
        Some(file) => Some(read_token(file)?),
        None => cli.token.clone(),
    };
    Access::new(cli.auth.clone(), token).map_err(|sentence| Failure::Usage(sentence.to_owned()))
}

fn read_token(file: &Path) -> anyhow::Result<Secret> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("cannot read the token in {}", file.display()))?;
    Ok(Secret::from(text.trim().to_owned()))
}

/// Beyond this machine nobody reads without being told how, unless that was asked for.
pub(crate) fn make_token(
    cli: &Cli,
    listeners: &Listeners,
    access: &mut Access,
) -> anyhow::Result<Option<Secret>> {
    if cli.no_auth || !access.is_open() || !listeners.are_beyond_loopback() {
        return Ok(None);
    }
    let token = Secret::generate().context("the kernel has no random numbers")?;
    *access = Access::new(None, Some(token.clone())).map_err(anyhow::Error::msg)?;
    Ok(Some(token))
}

/// The certificate, if there is one.
pub(crate) fn load_certificate(cli: &Cli) -> anyhow::Result<Option<Tls>> {
    let files = cli.tls_cert.as_ref().zip(cli.tls_key.as_ref());
    files.map(|(certificate, key)| Tls::load(certificate, key)).transpose()
}

/// How lines are cut, and which are published; a set of expressions that cannot be compiled must
/// not let any line through, so it ends the start.
pub(crate) fn cutting(cli: &Cli) -> Result<Cutting, Failure> {
    let include = expressions("--include", &cli.include)?;
    let exclude = expressions("--exclude", &cli.exclude)?;
    let filter = LineFilter::new(include, exclude);
    Ok(Cutting { splitter: Splitter { max_line: cli.max_line, binary: cli.binary }, filter })
}

fn expressions(flag: &str, expressions: &[Regex]) -> Result<RegexSet, Failure> {
    RegexSet::new(expressions.iter().map(Regex::as_str)).map_err(|error| {
        let reason = match error {
            regex::Error::CompiledTooBig(limit) => {
                format!("together they need more than {limit} bytes of memory")
            }
            error => error.to_string(),
        };
        Failure::Usage(format!(
            "the expressions of {flag} cannot be used: {reason}; give fewer or simpler ones"
        ))
    })
}

/// How files are followed.
pub(crate) fn options(cli: &Cli, cutting: Cutting) -> FollowOptions {
    FollowOptions { start_at: cli.start_at(), linger: cli.linger, cutting, watch: true }
}

/// How much is kept.
pub(crate) fn capacity(cli: &Cli) -> Capacity {
    Capacity { lines: cli.replay, bytes: cli.replay_bytes, index_bytes: cli.index_bytes }
}

/// Target is served, and to whom.
pub(crate) fn site(cli: &Cli, access: Access, feed: Feed, registry: Registry) -> Site {
    let default = if cli.binary { Format::Base64 } else { Format::Text };
    Site {
        feed,
        registry,
        prefix: cli.path_prefix.clone(),
        endpoint: cli.endpoint.clone(),
        viewer: (!cli.no_viewer).then(|| Asset::page(&cli.endpoint)),
        trust: Trust { hosts: cli.allow_host.clone(), origins: cli.cors.clone() },
        access,
        stream_permits: Arc::new(Semaphore::new(cli.max_clients)),
        traffic: Traffic::default(),
        presentation: Presentation {
            medium: Medium::Events,
            format: cli.format.unwrap_or(default),
            named: !cli.unnamed,
        },
        heartbeat: cli.heartbeat,
        send_timeout: cli.send_timeout,
        reconnect_delay: cli.reconnect_delay,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use clap::Parser as _;

    use super::*;
    use crate::event::{Encoder, Epoch};
    use crate::feed::feed;

    #[test]
    fn the_library_has_the_same_defaults() {
        let cli = Cli::parse_from(["ssetail", "a.log"]);
        let same = |ours: &dyn fmt::Debug, theirs: &dyn fmt::Debug| {
            assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
        };
        let cutting = cutting(&cli).expect("no expression");
        same(&options(&cli, cutting.clone()), &FollowOptions::default());
        same(&capacity(&cli), &Capacity::default());
        let (_publisher, feed) = feed(Encoder::new(Epoch::from_random(1)), capacity(&cli), cutting);
        let registry = Registry::default();
        let ours = site(&cli, Access::default(), feed.clone(), registry.clone());
        same(&ours, &Site::new(feed, registry, &cli.endpoint));
    }
}
