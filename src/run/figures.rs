//! Figures and sentences about the sources, for the status.

use crate::feed::Feed;
use crate::follow::{Registry, SourceState, SourceStatus};
use crate::http::Traffic;
use crate::status::Figures;

/// Maximum number of sources that are named at startup; more would not fit into one line.
const NAMED_SOURCES: usize = 4;

/// Returns a sentence that names the sources that exist, or none if there are none.
pub(super) fn followed(registry: &Registry) -> Option<String> {
    let sources = registry.entries();
    let exists = |source: &&SourceStatus| match source.state {
        SourceState::Waiting => !source.kind.is_file(),
        SourceState::Live | SourceState::Ended => true,
        SourceState::Removed
        | SourceState::Unreadable
        | SourceState::Stalled
        | SourceState::Unreachable
        | SourceState::Refused => false,
    };
    let names: Vec<&str> =
        sources.iter().filter(exists).map(|status| status.source.name.as_str()).collect();
    let (first, more) = names.split_at(names.len().min(NAMED_SOURCES));
    match (first, more.len()) {
        ([], _) => None,
        (first, 0) => Some(format!("following {}", first.join(", "))),
        (first, more) => Some(format!("following {} and {more} more", first.join(", "))),
    }
}

/// Returns the figures of the status line.
pub(super) fn figures(registry: &Registry, feed: &Feed, traffic: &Traffic) -> Figures {
    let mut figures =
        Figures { clients: feed.subscribers(), gaps: traffic.gaps(), ..Figures::default() };
    figures.lines = registry.totals().lines;
    for source in registry.entries() {
        figures.sources += 1;
        if !source.kind.is_file() {
            figures.input_bytes += source.offset;
        } else if source.state == SourceState::Live && source.kind.is_file() {
            figures.file_bytes += source.offset;
            figures.backlog += source.backlog;
        }
    }
    figures
}
