//! Phase 6: the server, until the program stops.

use std::future::pending;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::command::CommandControl;
use super::figures::{figures, followed};
use super::open::Bound;
use super::prepare::{Prepared, StopSignals};
use super::reading::Reading;
use super::supervisor;
#[cfg(feature = "nats")]
use crate::http::Site;
use crate::http::{Secret, ServeOptions, Tls, serve};
use crate::report::Report;
use crate::settings::Settings;
use crate::status::Status;
use crate::system::ForwardedSignal;
use crate::urls::PageUrls;

/// The running server and the threads that read.
pub(super) struct Serving {
    signals: StopSignals,
    command: Option<CommandControl>,
    reading: Reading,
    server: JoinHandle<()>,
    shutdown: oneshot::Sender<()>,
}

/// The reason for which the program stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum StopReason {
    Signal(ForwardedSignal),
    EndOfInput,
    /// A part of the program cannot go on; the sentence says why.
    Failure(String),
}

impl Serving {
    /// Prints the URLs, and starts to accept connections.
    ///
    /// All files are open by then: a line that is written after the URL was printed is published.
    pub(super) fn start(
        settings: Settings,
        prepared: Prepared,
        (bound, mut reading): (Bound, Reading),
        status: &Status,
    ) -> anyhow::Result<Self> {
        let Prepared { signals, tls, descriptors } = prepared;
        if let Some(tls) = tls.clone() {
            reload_on_hangup(tls, status.report())?;
        }
        announce(&settings, &bound, &reading, status)?;
        let Bound { listeners, access, .. } = bound;
        let (feed, registry) = (reading.feed.clone(), reading.registry.clone());
        let lineage = reading.lineage.clone();
        let site = settings.site.site(access, feed.clone(), registry.clone(), lineage);
        #[cfg(feature = "nats")]
        let site = Site { figures: reading.reach.figures(&feed, &registry), ..site };
        let site = Arc::new(site);
        status.show({
            let site = Arc::clone(&site);
            move || figures(&registry, &feed, &site.traffic)
        });
        let requests = settings.verbose.then(|| status.request_log());
        let options = ServeOptions { site, tls, report: status.report(), requests };
        let (shutdown, stopped) = oneshot::channel();
        let server = tokio::spawn(serve(listeners, options, descriptors, async {
            let _ = stopped.await;
        }));
        let command = reading.command.take();
        Ok(Serving { signals, command, reading, server, shutdown })
    }

    /// Waits until there is a reason to stop; passes the first signal to the command.
    pub(super) async fn wait(&mut self) -> StopReason {
        loop {
            let command = self.command.as_ref();
            tokio::select! {
                biased;
                signal = self.signals.recv() => {
                    let is_passed = self.command.as_mut().is_some_and(|command| command.pass(signal));
                    if !is_passed {
                        return StopReason::Signal(signal);
                    }
                }
                () = all_published(&self.reading) => return StopReason::EndOfInput,
                sentence = self.reading.wait_for_failure() => {
                    return StopReason::Failure(sentence);
                }
                signal = end_after_signal(&self.reading, command) => {
                    return StopReason::Signal(signal);
                }
            }
        }
    }

    /// Publishes the last lines, delivers them, and closes all connections; returns the exit status
    /// of the program.
    ///
    /// After a signal, event streams are aborted, so that clients reconnect.
    pub(super) async fn stop(self, reason: StopReason) -> anyhow::Result<i32> {
        supervisor::announce_stop();
        let feed = self.reading.feed.clone();
        if !matches!(reason, StopReason::EndOfInput) {
            feed.abort_streams();
        }
        let signal = match &reason {
            StopReason::Signal(signal) => Some(*signal),
            StopReason::EndOfInput | StopReason::Failure(_) => None,
        };
        let status = self.command.as_ref().map_or(0, |command| command.exit_code(signal));
        self.reading.stop().await;
        feed.close();
        let _ = self.shutdown.send(());
        self.server.await?;
        if let StopReason::Failure(sentence) = reason {
            anyhow::bail!(sentence);
        }
        Ok(status)
    }
}

/// Waits until the program is to stop because all streams have ended, and what they had is published.
async fn all_published(reading: &Reading) {
    reading.wait_for_end().await;
    reading.published().await;
}

/// Waits until the command has ended after a signal that is meant for this program too.
async fn end_after_signal(reading: &Reading, command: Option<&CommandControl>) -> ForwardedSignal {
    match command.and_then(|command| Some((command, command.stop_signal()?))) {
        Some((command, signal)) => {
            command.ended().await;
            reading.wait_for_command().await;
            signal
        }
        None => pending().await,
    }
}

/// Prints where the page is and which sources are read, and opens the page with `--open`.
fn announce(
    settings: &Settings,
    bound: &Bound,
    reading: &Reading,
    status: &Status,
) -> anyhow::Result<()> {
    let page = PageUrls {
        bound: bound.listeners.bound(),
        scheme: if settings.certificate.is_some() { "https" } else { "http" },
        prefix: settings.site.prefix.clone(),
    };
    let generated = bound.generated.as_ref();
    let urls = if settings.listen.addresses.is_empty() {
        page.without_second_loopback(generated)
    } else {
        page.all(generated)
    };
    status.announce(urls, followed(&reading.registry).into_iter().collect());
    if settings.open {
        open_in_background(page, bound.access.token().cloned(), status.report())?;
    }
    Ok(())
}

/// Opens the page on a thread of its own, because a browser in the terminal blocks it.
fn open_in_background(page: PageUrls, token: Option<Secret>, report: Report) -> anyhow::Result<()> {
    let open = move || {
        if let Err(sentence) = page.open(token.as_ref()) {
            report.say(&sentence);
        }
    };
    let thread = std::thread::Builder::new().name("browser".to_owned()).spawn(open);
    thread.map(drop).context("cannot start a thread")
}

/// Reads the certificate again at every SIGHUP.
fn reload_on_hangup(tls: Tls, report: Report) -> anyhow::Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            match tls.reload() {
                Ok(()) => report.say("the certificate was read again"),
                Err(error) => report.say(&format!("{error:#}; the old certificate stays in use")),
            }
        }
    });
    Ok(())
}
