//! From flags to a running program: the one place where all parts meet.

use std::future::pending;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::cli::Cli;
use crate::event::{Cutting, Encoder, Epoch, Name};
use crate::failure::Failure;
use crate::feed::{Feed, Publisher, resume};
use crate::follow::{
    Follower, Input, InputCopies, InputSettings, OpenedSources, Registry, SourceKind, SourceState,
    SourceStatus, Target, WantedSource,
};
use crate::http::{
    Access, InheritedSockets, Listeners, Secret, ServeOptions, Tls, Traffic, listen, serve,
};
use crate::journal::{Journal, Recovered};
use crate::report::Report;
use crate::settings::{
    SourceArgs, access, capacity, create_spool, cutting, load_certificate, make_token, options,
    site, sources,
};
use crate::status::{Figures, Status, Tee, Terminal};
use crate::system::raise_descriptor_limit;
use crate::urls::{open_page, urls};

/// How long the last events may take to be read when the program is told to stop.
const LAST_READ: Duration = Duration::from_millis(500);

/// How many sources are named at the start.
const NAMED: usize = 4;

/// How many threads read evicted events from files, and do what else would block.
const READERS: usize = 8;

/// Follows and serves until a signal, or the end of all input, says to stop.
pub fn run(cli: Cli) -> Result<(), Failure> {
    let sources = sources(&cli)?;
    let cutting = cutting(&cli)?;
    let access = access(&cli)?;
    // While there is one thread: what was inherited is taken out of the environment.
    let inherited = InheritedSockets::take_environment();
    let tee = cli.tee.then(Tee::to_terminal).flatten();
    let terminal = Terminal::stderr(cli.quiet, tee.clone());
    let status = Status::start(terminal).context("cannot start a thread")?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(READERS)
        .build()
        .context("cannot start worker threads")?;
    let parts = Parts { sources, cutting, access, inherited, tee };
    let result = runtime.block_on(follow_and_serve(cli, parts, status.clone()));
    runtime.shutdown_background();
    status.end();
    Ok(result?)
}

/// Target the command line and the environment have come to.
struct Parts {
    sources: SourceArgs,
    cutting: Cutting,
    access: Access,
    inherited: InheritedSockets,
    tee: Option<Tee>,
}

async fn follow_and_serve(cli: Cli, parts: Parts, status: Status) -> anyhow::Result<()> {
    let Parts { sources, cutting, mut access, inherited, tee } = parts;
    let mut signals = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let report = Report::new({
        let status = status.clone();
        move |sentence| status.say(sentence)
    });
    report_panics({
        let status = status.clone();
        move |sentence| status.say_now(sentence)
    });
    let tls = load_certificate(&cli)?;
    let descriptors = raise_descriptors(&cli, &report);
    let (journal, mut recovered) = keep_state(&cli, &cutting, &sources.files, &report)?;
    let listeners = listen(&cli.bind, cli.port, inherited).await?;
    let made = make_token(&cli, &listeners, &mut access)?;
    let spool = create_spool(&cli)?;
    let registry = Registry::default();
    // Target is written once the address is known is new: whoever has read it may rely on that.
    sources.refused.iter().for_each(|sentence| status.say(sentence));
    let mut open = |files| {
        OpenedSources::resume(files, options(&cli, cutting.clone()), &registry, &mut recovered)
    };
    let files = (!sources.files.is_empty()).then(|| open(sources.files));
    let epoch = match recovered.epoch() {
        Some(epoch) => epoch.clone(),
        None => Epoch::from_random(getrandom::u64().context("the kernel has no random numbers")?),
    };
    let (capacity, past) = (capacity(&cli), recovered.history(cli.index_bytes));
    let (publisher, feed) = resume(Encoder::new(epoch), capacity, cutting.clone(), past, journal);
    tokio::spawn(feed.clone().relay());
    let input = sources.input.map(|name| (name, InputCopies { tee: tee_writer(&cli, tee), spool }));
    let (reading, input_ended) =
        start_reading(cutting, input, files, &registry, publisher, &report)?;
    let reloading = reload_on_hangup(tls.clone(), report.clone())?;
    let followed = followed(&registry).into_iter().collect();
    status.announce(urls(&cli, &listeners, made.as_ref()), followed);
    if cli.open {
        open_in_background(&cli, &listeners, access.token().cloned(), report.clone())?;
    }

    let (stop, stopped) = oneshot::channel::<()>();
    let site = Arc::new(site(&cli, access, feed.clone(), registry.clone()));
    let requests = cli.verbose.then(|| {
        let status = status.clone();
        Report::new(move |line| status.write(line))
    });
    status.show({
        let (site, feed) = (Arc::clone(&site), feed.clone());
        move || figures(&registry, &feed, &site.traffic)
    });
    let terms = ServeOptions { site, tls, report, requests };
    let server = tokio::spawn(serve(listeners, terms, descriptors, async {
        let _ = stopped.await;
    }));
    tokio::select! {
        _ = signals.0.recv() => feed.abort_streams(),
        _ = signals.1.recv() => feed.abort_streams(),
        () = all_read(input_ended, cli.exit_on_eof) => {}
        () = reloading => {}
    }
    // The last events are read before the feed closes, and delivered while the server stops.
    // A reader may be stuck where its --tee is not read.
    let stop_reading = tokio::task::spawn_blocking(move || reading.stop());
    let _ = tokio::time::timeout(LAST_READ, stop_reading).await;
    feed.close();
    let _ = stop.send(());
    server.await?;
    Ok(())
}

/// Target an earlier run has left, and where this one leaves as much.
fn keep_state(
    cli: &Cli,
    cutting: &Cutting,
    files: &[WantedSource],
    report: &Report,
) -> anyhow::Result<(Option<Journal>, Recovered)> {
    let Some(directory) = &cli.state else { return Ok((None, Recovered::nothing())) };
    let pattern = |wanted: &WantedSource| match &wanted.target {
        Target::Pattern(pattern) => Some(pattern.text().to_owned()),
        Target::Path(_) => None,
    };
    let patterns = files.iter().filter_map(pattern).collect();
    let report = report.clone();
    let say = move |sentence: &str| report.say(sentence);
    let (journal, recovered) = Journal::open(directory, cli.index_bytes, cutting, patterns, say)?;
    Ok((Some(journal), recovered))
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
    cutting: Cutting,
    input: Option<(Name, InputCopies)>,
    files: Option<OpenedSources>,
    registry: &Registry,
    publisher: Publisher,
    report: &Report,
) -> anyhow::Result<(Reading, oneshot::Receiver<()>)> {
    let (ended, input_ended) = oneshot::channel();
    let is_only_source = files.is_none();
    let start = |(name, copies)| {
        let (publisher, report) = (publisher.clone(), report.clone());
        let settings = InputSettings { name, is_only_source, cutting, copies };
        Input::start(settings, registry, publisher, report, || {
            let _ = ended.send(());
        })
    };
    let follow = |files: OpenedSources| files.follow(publisher.clone(), report.clone());
    // First, as it tells the journal what there was before anything is published.
    let follower = files.map(follow).transpose().context("cannot start a thread")?;
    let input = input.map(start).transpose().context("cannot start a thread")?;
    Ok((Reading { follower, input, _open: publisher }, input_ended))
}

/// Never, unless the end of standard input is to be the end.
async fn all_read(input_ended: oneshot::Receiver<()>, exit_on_eof: bool) {
    if !exit_on_eof || input_ended.await.is_err() {
        pending::<()>().await;
    }
}

/// Reads the certificate again whenever told to; never ends.
fn reload_on_hangup(tls: Option<Tls>, report: Report) -> anyhow::Result<impl Future<Output = ()>> {
    let hangup = tls.map(|tls| signal(SignalKind::hangup()).map(|hangup| (tls, hangup)));
    let hangup = hangup.transpose()?;
    Ok(async move {
        let Some((tls, mut hangup)) = hangup else { return pending().await };
        while hangup.recv().await.is_some() {
            match tls.reload() {
                Ok(()) => report.say("the certificate was read again"),
                Err(error) => report.say(&format!("{error:#}; the old certificate stays")),
            }
        }
    })
}

/// As many descriptors as this process may have; says so if that is too few.
fn raise_descriptors(cli: &Cli, report: &Report) -> usize {
    let limit = raise_descriptor_limit();
    if limit < cli.max_clients {
        report.say(&format!(
            "only {limit} descriptors may be open, too few for --max-clients {}; \
             raise the hard limit, as with ulimit -Hn",
            cli.max_clients
        ));
    }
    limit
}

/// A panic is a mistake in this program: it ends what it happened in, and one line tells of it.
fn report_panics(say: impl Fn(&str) + Send + Sync + 'static) {
    std::panic::set_hook(Box::new(move |panic| {
        let payload = panic.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let place = panic.location().map_or(String::new(), |place| format!(" at {place}"));
        let text = text.unwrap_or("no reason given");
        say(&format!("something failed that should not{place}: {text}"));
    }));
}

/// Where standard input is copied to, if it is.
fn tee_writer(cli: &Cli, tee: Option<Tee>) -> Option<Box<dyn Write + Send>> {
    match (cli.tee, tee) {
        (false, _) => None,
        (true, Some(tee)) => Some(Box::new(tee)),
        (true, None) => Some(Box::new(std::io::stdout())),
    }
}

/// A browser may take its time, or the terminal.
fn open_in_background(
    cli: &Cli,
    listeners: &Listeners,
    token: Option<Secret>,
    report: Report,
) -> anyhow::Result<()> {
    let (cli, bound) = (cli.clone(), listeners.bound());
    let open = move || {
        if let Err(sentence) = open_page(&cli, &bound, token.as_ref()) {
            report.say(&sentence);
        }
    };
    let thread = std::thread::Builder::new().name("browser".to_owned()).spawn(open);
    thread.map(drop).context("cannot start a thread")
}

/// A sentence that names what is read already, if anything is.
fn followed(registry: &Registry) -> Option<String> {
    let entries = registry.entries();
    let is_there = |entry: &&SourceStatus| match entry.state {
        SourceState::Waiting => match &entry.kind {
            SourceKind::File(path) => path.exists(),
            SourceKind::Input => true,
        },
        SourceState::Live | SourceState::Ended => true,
        SourceState::Removed | SourceState::Unreadable => false,
    };
    let names: Vec<&str> =
        entries.iter().filter(is_there).map(|entry| entry.source.name.as_str()).collect();
    let (first, more) = names.split_at(names.len().min(NAMED));
    match (first, more.len()) {
        ([], _) => None,
        (first, 0) => Some(format!("following {}", first.join(", "))),
        (first, more) => Some(format!("following {} and {more} more", first.join(", "))),
    }
}

fn figures(registry: &Registry, feed: &Feed, traffic: &Traffic) -> Figures {
    let mut figures =
        Figures { clients: feed.subscribers(), gaps: traffic.gaps(), ..Figures::default() };
    for entry in registry.entries() {
        figures.sources += 1;
        figures.lines += entry.lines;
        if entry.kind == SourceKind::Input {
            figures.input += entry.offset;
        } else if entry.state == SourceState::Live {
            figures.read += entry.offset;
            figures.behind += entry.size.saturating_sub(entry.offset);
        }
    }
    figures
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_panic_is_told_in_one_sentence() {
        let (sender, sentences) = channel();
        let before = std::panic::take_hook();
        report_panics(move |sentence| drop(sender.send(sentence.to_owned())));
        let ended = std::thread::Builder::new().spawn(|| panic!("a\nb {}", 1)).expect("a thread");
        assert!(ended.join().is_err());
        std::panic::set_hook(before);
        let told: Vec<String> = sentences.try_iter().collect();
        assert!(told.iter().any(|told| told.contains("src/run.rs") && told.ends_with("a\nb 1")));
    }
}
