//! Phase 3: signals, descriptors and the certificate.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::http::Tls;
use crate::report::Report;
use crate::settings::Settings;
use crate::status::Status;
use crate::system::raise_descriptor_limit;

/// Resources that do not depend on sources or sockets.
pub(super) struct Prepared {
    pub(super) signals: StopSignals,
    pub(super) tls: Option<Tls>,
    /// Number of descriptors that this process may have.
    pub(super) descriptors: usize,
}

/// Signals that stop the program: SIGINT and SIGTERM.
pub(super) struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl Prepared {
    pub(super) fn new(settings: &Settings, status: &Status) -> anyhow::Result<Self> {
        settings.notes.iter().for_each(|sentence| status.say(sentence));
        let signals = StopSignals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        };
        let files = settings.certificate.as_ref();
        let tls = files.map(|files| Tls::load(&files.chain, &files.key)).transpose()?;
        let descriptors = raise_descriptors(settings.site.max_streams, &status.report());
        Ok(Prepared { signals, tls, descriptors })
    }
}

impl StopSignals {
    pub(super) async fn recv(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
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
