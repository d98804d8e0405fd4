//! Settings: the validated values of all flags, in the types of the modules that use them.

mod access;
mod filter;
#[cfg(feature = "nats")]
mod reach;
#[cfg(not(feature = "nats"))]
#[path = "settings/no_reach.rs"]
mod reach;
mod sources;
mod upstreams;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

pub(crate) use self::access::AccessSettings;
use self::filter::{line_filter, redaction};
pub(crate) use self::reach::ReachSettings;
pub(crate) use self::sources::{CommandSettings, SourceSettings, SpoolSettings, StdinSettings};
use crate::cli::Cli;
use crate::event::{Cutting, Format, Medium, Presentation, Splitter};
use crate::failure::Failure;
use crate::feed::Feed;
use crate::follow::{FollowOptions, Registry};
use crate::http::{
    Access, Asset, Compress, ListenAddress, Site, StreamCompression, Traffic, Trust,
};
use crate::store::Capacity;
use crate::upstream::Lineage;

/// Settings of one run of the program.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) sources: SourceSettings,
    /// Streams of a NATS server.
    pub(crate) reach: ReachSettings,
    pub(crate) follow: FollowOptions,
    /// PEM file of the authorities that are trusted, in place of those of the system.
    pub(crate) authorities: Option<PathBuf>,
    pub(crate) capacity: Capacity,
    /// Directory of the journal.
    pub(crate) state: Option<PathBuf>,
    pub(crate) listen: ListenSettings,
    pub(crate) certificate: Option<CertificateFiles>,
    pub(crate) access: AccessSettings,
    pub(crate) site: SiteSettings,
    /// Open the web page in a browser.
    pub(crate) open: bool,
    /// Show no status line.
    pub(crate) quiet: bool,
    /// Log requests.
    pub(crate) verbose: bool,
    /// Sentences about the command line, to be reported at the start.
    pub(crate) notes: Vec<String>,
}

/// Addresses to listen on.
#[derive(Debug)]
pub(crate) struct ListenSettings {
    /// Empty for the loopback addresses.
    pub(crate) addresses: Vec<ListenAddress>,
    pub(crate) port: u16,
}

/// PEM files of a certificate chain and its private key.
#[derive(Debug)]
pub(crate) struct CertificateFiles {
    pub(crate) chain: PathBuf,
    pub(crate) key: PathBuf,
}

/// The part of a [`Site`] that flags decide.
#[derive(Debug)]
pub(crate) struct SiteSettings {
    pub(crate) prefix: String,
    endpoint: String,
    has_viewer: bool,
    trust: Trust,
    pub(crate) max_streams: usize,
    compress: Compress,
    presentation: Presentation,
    heartbeat: Duration,
    send_timeout: Duration,
    reconnect_delay: Duration,
}

impl TryFrom<Cli> for Settings {
    type Error = Failure;

    /// Returns [`Failure::Usage`] if flags contradict each other or no source can be followed.
    fn try_from(cli: Cli) -> Result<Self, Failure> {
        let sources = SourceSettings::new(&cli)?;
        let reach = ReachSettings::new(&cli, &sources.streams)?;
        let splitter = Splitter {
            max_line: cli.input.max_line,
            binary: cli.input.binary,
            ..Splitter::default()
        };
        let cutting = Cutting {
            splitter,
            container: cli.input.decode,
            redaction: redaction(&cli.input)?,
            filter: line_filter(&cli.input)?,
        };
        let access = AccessSettings::new(&cli.access)?;
        let site = SiteSettings::new(&cli);
        let key = cli.access.tls_key;
        Ok(Settings {
            sources,
            reach,
            follow: FollowOptions {
                start_at: cli.input.start_at(),
                linger: cli.input.linger,
                cutting,
                watch: true,
            },
            authorities: cli.input.tls_ca,
            capacity: Capacity {
                lines: cli.history.replay,
                bytes: cli.history.replay_bytes,
                index_bytes: cli.history.index_bytes,
            },
            state: cli.history.state,
            listen: ListenSettings { addresses: cli.server.bind, port: cli.server.port },
            certificate: cli
                .access
                .tls_cert
                .zip(key)
                .map(|(chain, key)| CertificateFiles { chain, key }),
            access,
            site,
            open: cli.server.open,
            quiet: cli.output.quiet,
            verbose: cli.output.verbose,
            notes: if cli.output.verbose { cli.notes } else { Vec::new() },
        })
    }
}

impl SiteSettings {
    fn new(cli: &Cli) -> Self {
        let default = if cli.input.binary { Format::Base64 } else { Format::Text };
        SiteSettings {
            prefix: cli.server.path_prefix.clone(),
            endpoint: cli.server.endpoint.clone(),
            has_viewer: !cli.server.no_viewer,
            trust: Trust { hosts: cli.access.allow_host.clone(), origins: cli.access.cors.clone() },
            max_streams: cli.server.max_clients,
            compress: cli.server.compress,
            presentation: Presentation {
                medium: Medium::Events,
                format: cli.events.format.unwrap_or(default),
                named: !cli.events.unnamed,
            },
            heartbeat: cli.events.heartbeat,
            send_timeout: cli.server.send_timeout,
            reconnect_delay: cli.events.reconnect_delay,
        }
    }

    /// Returns the site that serves `feed`.
    pub(crate) fn site(
        self,
        access: Access,
        feed: Feed,
        registry: Registry,
        lineage: Lineage,
    ) -> Site {
        Site {
            lineage,
            feed,
            registry,
            prefix: self.prefix,
            viewer: self.has_viewer.then(|| Asset::page(&self.endpoint)),
            endpoint: self.endpoint,
            trust: self.trust,
            access,
            stream_permits: Arc::new(Semaphore::new(self.max_streams)),
            parse_permits: Arc::new(Semaphore::new(Site::PARSE_PERMITS)),
            search_permits: Arc::new(Semaphore::new(Site::SEARCH_PERMITS)),
            compression: StreamCompression::new(self.compress),
            traffic: Traffic::default(),
            presentation: self.presentation,
            heartbeat: self.heartbeat,
            send_timeout: self.send_timeout,
            reconnect_delay: self.reconnect_delay,
            figures: Vec::new(),
        }
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
    fn settings_without_flags_are_the_defaults_of_the_library() {
        let settings = Settings::try_from(Cli::parse_from(["ssetail", "a.log"])).expect("valid");
        let same = |ours: &dyn fmt::Debug, theirs: &dyn fmt::Debug| {
            assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
        };
        same(&settings.follow, &FollowOptions::default());
        same(&settings.capacity, &Capacity::default());
        let encoder = Encoder::new(Epoch::from_random(1));
        let (_publisher, feed) = feed(encoder, settings.capacity, settings.follow.cutting);
        let registry = Registry::default();
        let lineage = Lineage::new(feed.encoder().epoch().clone());
        let ours = settings.site.site(Access::default(), feed.clone(), registry.clone(), lineage);
        same(&ours, &Site::new(feed, registry, "/sse"));
    }
}
