//! Phase 3: signals, descriptors and the certificate.

use std::future::pending;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::http::Tls;
use crate::report::Report;
use crate::settings::Settings;
use crate::status::Status;
use crate::system::{ForwardedSignal, raise_descriptor_limit};

/// Resources that do not depend on sources or sockets.
pub(super) struct Prepared {
    pub(super) signals: StopSignals,
    pub(super) tls: Option<Tls>,
    /// Number of descriptors that this process may have.
    pub(super) descriptors: usize,
}

/// Signals that stop the program: SIGINT and SIGTERM, and with a command also those that its
/// terminal would send.
pub(super) struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Option<Signal>,
    quit: Option<Signal>,
}

impl Prepared {
    pub(super) fn new(settings: &Settings, status: &Status) -> anyhow::Result<Self> {
        settings.notes.iter().for_each(|sentence| status.say(sentence));
        let has_command = settings.sources.command.is_some();
        // With a certificate, SIGHUP means that it is to be read again.
        let stops_on_hang_up = has_command && settings.certificate.is_none();
        let signals = StopSignals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: stops_on_hang_up.then(|| signal(SignalKind::hangup())).transpose()?,
            quit: has_command.then(|| signal(SignalKind::quit())).transpose()?,
        };
        let files = settings.certificate.as_ref();
        let tls = files.map(|files| Tls::load(&files.chain, &files.key)).transpose()?;
        let descriptors = raise_descriptors(settings.site.max_streams, &status.report());
        Ok(Prepared { signals, tls, descriptors })
    }
}

impl StopSignals {
    pub(super) async fn recv(&mut self) -> ForwardedSignal {
        tokio::select! {
            _ = self.interrupt.recv() => ForwardedSignal::Interrupt,
            _ = self.terminate.recv() => ForwardedSignal::Terminate,
            () = received(&mut self.hang_up) => ForwardedSignal::HangUp,
            () = received(&mut self.quit) => ForwardedSignal::Quit,
        }
    }
}

/// Waits for a signal; forever if there is none to wait for.
async fn received(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => pending().await,
    }
}

/// Returns the number of descriptors that this process may have; warns if there are too few.
fn raise_descriptors(max_streams: usize, report: &Report) -> usize {
    let limit = raise_descriptor_limit();
    if limit < max_streams {
        report.say(&format!(
            "this process may open only {limit} descriptors, too few for --max-clients \
             {max_streams}; raise the hard limit, e.g. with ulimit -Hn"
        ));
    }
    limit
}
