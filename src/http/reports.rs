//! Reports for programs: `/sources` as JSON, `/metrics` for Prometheus.

use std::fmt;

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Metric, Registry};

use super::Site;
use crate::event::JsonObject;
use crate::follow::{Registry as Sources, SourceState, SourceStatus};

/// The content type of [`metrics`].
pub(super) const METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All states of sources.
const STATES: [SourceState; 8] = [
    SourceState::Waiting,
    SourceState::Live,
    SourceState::Removed,
    SourceState::Unreadable,
    SourceState::Stalled,
    SourceState::Ended,
    SourceState::Unreachable,
    SourceState::Refused,
];

/// Returns a JSON array with an object for each source.
pub(super) fn sources(site: &Site) -> String {
    let entries: Vec<String> = site.registry.entries().iter().map(source).collect();
    format!("[{}]\n", entries.join(",\n"))
}

fn source(entry: &SourceStatus) -> String {
    JsonObject::default()
        .text("name", entry.source.name.as_str())
        .text("kind", entry.kind.as_str())
        .text("path", &entry.kind.path().to_string_lossy())
        .text("state", entry.state.as_str())
        .number("size", Some(entry.size))
        .number("offset", Some(entry.offset))
        .number("lines", Some(entry.lines))
        .number("last_change", entry.last_change)
        .finish()
}

/// Returns all metrics in the `OpenMetrics` text format.
pub(super) fn metrics(site: &Site) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("ssetail");
    register_reading(&mut registry, &site.registry);
    register_sending(&mut registry, site);
    register_ring(&mut registry, site);
    for figure in &site.figures {
        let value = (figure.value)();
        if figure.is_counter {
            registry.register(figure.name, figure.help, counter(value));
        } else {
            registry.register(figure.name, figure.help, gauge(value));
        }
    }
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

fn register_reading(registry: &mut Registry, sources: &Sources) {
    let totals = sources.totals();
    let by_state = SourcesByState::of(&sources.entries());
    registry.register("sources", "Sources in each state", by_state);
    registry.register("lines_read", "Lines published", counter(totals.lines));
    registry.register("bytes_read", "Bytes of the published lines", counter(totals.bytes));
    let gaps = "Gaps in the events of other servers";
    registry.register("relayed_gaps", gaps, counter(totals.relayed_gaps));
    let lost = "Events of other servers that their gaps reported as lost";
    registry.register("relayed_events_lost", lost, counter(totals.relayed_lost));
}

fn register_sending(registry: &mut Registry, site: &Site) {
    let traffic = &site.traffic;
    let streams = site.feed.subscribers() as u64;
    for (name, help, count) in [
        ("events_sent", "Events sent, over all peers", &traffic.events),
        ("bytes_sent", "Bytes of event streams sent, over all peers", &traffic.bytes),
        ("gaps", "Gap events sent, over all clients", &traffic.gaps),
        ("events_lost", "Lost events that gap events reported, over all clients", &traffic.lost),
        ("slow_peers_dropped", "Peers that took no byte for too long", &traffic.dropped),
        ("streams_turned_away", "Event streams over the limit", &traffic.refused_streams),
    ] {
        registry.register(name, help, counter(count.get()));
    }
    registry.register("open_streams", "Event streams being served", gauge(streams));
}

fn register_ring(registry: &mut Registry, site: &Site) {
    let fill = site.feed.usage();
    for (name, help, value) in [
        ("ring_events", "Events held in memory", fill.events),
        ("ring_bytes", "Memory of the events held in memory", fill.bytes as u64),
        (
            "ring_capacity_events",
            "Maximum number of lines in memory for new clients",
            fill.capacity.lines,
        ),
        ("ring_capacity_bytes", "Memory that events may take", fill.capacity.bytes as u64),
        ("index_bytes", "Memory for finding older events in their files", fill.index_bytes as u64),
        (
            "index_capacity_bytes",
            "Maximum memory of the index of older events",
            fill.capacity.index_bytes as u64,
        ),
    ] {
        registry.register(name, help, gauge(value));
    }
}

fn counter(value: u64) -> impl Metric {
    ConstCounter::new(value)
}

fn gauge(value: u64) -> impl Metric {
    ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX))
}

/// The number of sources in each state.
#[derive(Debug)]
struct SourcesByState([(SourceState, i64); STATES.len()]);

impl SourcesByState {
    fn of(entries: &[SourceStatus]) -> Self {
        let count = |state| entries.iter().map(|entry| i64::from(entry.state == state)).sum();
        SourcesByState(STATES.map(|state| (state, count(state))))
    }
}

impl EncodeMetric for SourcesByState {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        for (state, count) in &self.0 {
            let labels = [("state", state.as_str())];
            let family = encoder.encode_family(&labels)?;
            ConstGauge::new(*count).encode(family)?;
        }
        Ok(())
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Gauge
    }
}
