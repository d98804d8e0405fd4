//! From flags to a running program: the one place where all parts meet.

use std::fmt;
use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use regex::bytes::{Regex, RegexSet};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::cli::{Cli, SourceArg, parse_source};
use crate::event::{
    Cutting, Encoder, Epoch, Format, LineFilter, Medium, Name, Presentation, Splitter,
};
use crate::feed::{Capacity, Feed, Publisher, feed};
use crate::follow::{Follower, Input, Opened, Options, Registry, Report, Wanted};
use crate::http::{Listeners, Site, Trust, listen, serve};
use crate::status::Status;

/// How long the last events may take to be read when the program is told to stop.
const LAST_READ: Duration = Duration::from_millis(500);

/// How many threads read evicted events from files, and do what else would block.
const READERS: usize = 8;

/// Why the program ended other than as asked.
#[derive(Debug)]
pub enum Failure {
    /// The command line cannot be meant.
    Usage(String),
    /// It could not run.
    Run(anyhow::Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(sentence) => f.write_str(sentence),
            Failure::Run(error) => write!(f, "{error:#}"),
        }
    }
}

impl std::error::Error for Failure {}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Failure::Run(error)
    }
}

/// What is to be followed.
struct Sources {
    input: Option<Name>,
    files: Vec<Wanted>,
}

/// Follows and serves until a signal, or the end of all input, says to stop.
pub fn run(cli: Cli) -> Result<(), Failure> {
    let sources = sources(&cli)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(READERS)
        .build()
        .context("cannot start worker threads")?;
    let result = runtime.block_on(follow_and_serve(cli, sources));
    runtime.shutdown_background();
    Ok(result?)
}

async fn follow_and_serve(cli: Cli, sources: Sources) -> anyhow::Result<()> {
    let mut signals = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let status = Status::new(cli.quiet);
    let report = Report::new({
        let status = status.clone();
        move |sentence| status.say(sentence)
    });
    let listeners = listen(&cli.bind, cli.port).await?;
    let registry = Registry::default();
    // What is written once the address is known is new: whoever has read it may rely on that.
    let open = |files| Opened::new(files, options(&cli), &registry);
    let files = (!sources.files.is_empty()).then(|| open(sources.files));
    let epoch = Epoch::from_random(getrandom::u64().context("the kernel has no random numbers")?);
    let capacity =
        Capacity { lines: cli.replay, bytes: cli.replay_bytes, index_bytes: cli.index_bytes };
    let (publisher, feed) = feed(Encoder::new(epoch), capacity, cutting(&cli));
    let (reading, input_ended) =
        start_reading(&cli, sources.input, files, &registry, publisher, &report)?;
    status.announce(&urls(&listeners, &cli.path_prefix));

    let (stop, stopped) = oneshot::channel::<()>();
    let log = cli.verbose.then_some(report);
    let site = Arc::new(site(&cli, feed.clone(), registry.clone()));
    let server = tokio::spawn(serve(listeners, site, log, async {
        let _ = stopped.await;
    }));
    let describe = {
        let feed = feed.clone();
        move || describe(&registry, &feed)
    };
    tokio::select! {
        _ = signals.0.recv() => feed.cut(),
        _ = signals.1.recv() => feed.cut(),
        () = all_read(input_ended, cli.exit_on_eof) => {}
        () = status.clone().show(describe) => {}
    }
    status.clear();
    // The last events are read before the feed closes, and delivered while the server stops.
    // A reader may be stuck where its --tee is not read.
    let stop_reading = tokio::task::spawn_blocking(move || reading.stop());
    let _ = tokio::time::timeout(LAST_READ, stop_reading).await;
    feed.close();
    let _ = stop.send(());
    server.await?;
    Ok(())
}

/// The threads that read.
struct Reading {
    follower: Option<Follower>,
    input: Option<Input>,
    /// Keeps the feed open when input has ended, for those who come later.
    _open: Publisher,
}

impl Reading {
    /// Reads what is there, and closes the feed.
    fn stop(self) {
        if let Some(input) = self.input {
            input.stop();
        }
        if let Some(follower) = self.follower {
            follower.stop();
        }
    }
}

fn start_reading(
    cli: &Cli,
    input: Option<Name>,
    files: Option<Opened>,
    registry: &Registry,
    publisher: Publisher,
    report: &Report,
) -> anyhow::Result<(Reading, oneshot::Receiver<()>)> {
    let (ended, input_ended) = oneshot::channel();
    let is_all = files.is_none();
    let start = |name| {
        let (publisher, report) = (publisher.clone(), report.clone());
        Input::start((name, is_all), cutting(cli), cli.tee, registry, publisher, report, || {
            let _ = ended.send(());
        })
    };
    let input = input.map(start).transpose().context("cannot start a thread")?;
    let follow = |files: Opened| files.follow(publisher.clone(), report.clone());
    let follower = files.map(follow).transpose().context("cannot start a thread")?;
    Ok((Reading { follower, input, _open: publisher }, input_ended))
}

/// Never, unless the end of standard input is to be the end.
async fn all_read(input_ended: oneshot::Receiver<()>, exit_on_eof: bool) {
    if !exit_on_eof || input_ended.await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn sources(cli: &Cli) -> Result<Sources, Failure> {
    let mut arguments = cli.sources.clone();
    if arguments.is_empty() {
        if std::io::stdin().is_terminal() {
            let sentence = "nothing to follow; give a file, a glob, or - for standard input \
                            (ssetail --help tells more)";
            return Err(Failure::Usage(sentence.to_owned()));
        }
        arguments.push("-".into());
    }
    let mut sources = Sources { input: None, files: Vec::new() };
    for argument in &arguments {
        match parse_source(argument).map_err(Failure::Usage)? {
            SourceArg::Files(wanted) => sources.files.push(wanted),
            SourceArg::Input(name) => {
                let name = name.unwrap_or_else(|| "stdin".into());
                sources.input.get_or_insert_with(|| Name::new(&name));
            }
        }
    }
    if cli.exit_on_eof && sources.input.is_none() {
        let sentence = "--exit-on-eof waits for the end of standard input, which is not followed; \
                        give - as a SOURCE, or leave the flag out";
        return Err(Failure::Usage(sentence.to_owned()));
    }
    Ok(sources)
}

fn cutting(cli: &Cli) -> Cutting {
    let set = |expressions: &[Regex]| RegexSet::new(expressions.iter().map(Regex::as_str));
    let filter = match (set(&cli.include), set(&cli.exclude)) {
        (Ok(include), Ok(exclude)) => LineFilter::new(include, exclude),
        _ => LineFilter::default(),
    };
    Cutting { splitter: Splitter { max_line: cli.max_line, binary: cli.binary }, filter }
}

fn options(cli: &Cli) -> Options {
    Options { begin: cli.begin(), linger: cli.linger, cutting: cutting(cli), watch: true }
}

fn site(cli: &Cli, feed: Feed, registry: Registry) -> Site {
    let default = if cli.binary { Format::Base64 } else { Format::Text };
    Site {
        feed,
        registry,
        prefix: cli.path_prefix.clone(),
        endpoint: cli.endpoint.clone(),
        trust: Trust { hosts: cli.allow_host.clone(), origins: cli.cors.clone() },
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

/// The address to open: one, unless more were asked for than the two loopback addresses.
fn urls(listeners: &Listeners, prefix: &str) -> Vec<String> {
    let addresses = listeners.addresses();
    let are_loopback = addresses.len() == 2 && addresses.iter().all(|a| a.ip().is_loopback());
    let shown: &[SocketAddr] = if are_loopback { &addresses[..1] } else { &addresses };
    shown.iter().map(|address| format!("http://{address}{prefix}/")).collect()
}

fn describe(registry: &Registry, feed: &Feed) -> String {
    let entries = registry.entries();
    let lines: u64 = entries.iter().map(|entry| entry.lines).sum();
    format!("{} sources, {lines} lines, {} clients", entries.len(), feed.subscribers())
}
