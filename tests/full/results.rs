//! The results of the trials of clients, and the document that has them.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::Path;

use serde_json::Value;

use crate::parser::Event;
use crate::peer::{Client, Origin};

/// The text below the table.
const NOTES: &str = "
- **1,000 lines**: written while the client was connected, with heartbeats in between: empty, with leading spaces, colons, U+FEFF, U+2028, U+2029, VT, FF, NUL, carriage returns, emoji, bytes that are not UTF-8, and 30 KB long; of two files, one of them with a name that has to be encoded.
  Exact means: every line once, as it is, under its name, and no event beside them.
- **as JSON, unnamed**: 1,000 such lines that were there before, by `format=json&unnamed`.
- **through nginx**: the first trial again, with nginx in front in its default proxy settings, below a path prefix; **and its gzip**: with `gzip on` for event streams.
- **cut in an event**: the connection is cut 14 times, inside fields, inside characters and around the ends of fields; then it has every line once.
- **a restart**: of ssetail; the client is told of the gap, and gets what a new client gets, and then what comes; **and behind nginx**, with the settings that the README recommends.
- A client that comes back *when told to* leaves that to the program that uses it; here it was started again with the last ID it had handed out.

fetch-event-source drops a U+FEFF with which a line begins, and an empty first line of several (a carriage return at the start); `format=json` escapes both.
It takes an ID for received before the event is complete: an event that is cut between its ID and its last byte is lost to it.
";

/// The faults of a client in a trial.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    pub lost: usize,
    pub doubled: usize,
    pub changed: usize,
    pub phantoms: usize,
}

/// Compares the events of a client with the expected ones; the order counts for each name.
pub fn verdict(expected: &[(String, String)], events: &[Event]) -> Verdict {
    let mut verdict = Verdict::default();
    let mut ids = HashSet::new();
    let mut got: HashMap<&str, Vec<&str>> = HashMap::new();
    for event in events {
        if is_about_a_source(event) {
            continue;
        }
        let is_known = expected.iter().any(|(kind, _)| *kind == event.kind);
        if !is_known || event.id.is_empty() {
            verdict.phantoms += 1;
        } else if !ids.insert((&event.id, &event.kind)) {
            verdict.doubled += 1;
        } else {
            got.entry(&event.kind).or_default().push(&event.data);
        }
    }
    let mut owed: HashMap<&str, Vec<&str>> = HashMap::new();
    for (kind, data) in expected {
        owed.entry(kind).or_default().push(data);
    }
    for (kind, owed) in owed {
        let got = got.remove(kind).unwrap_or_default();
        if got.len() < owed.len() {
            verdict.lost += owed.len() - got.len();
            verdict.changed += got.iter().filter(|data| !owed.contains(data)).count();
        } else {
            verdict.doubled += got.len() - owed.len();
            verdict.changed += owed.iter().zip(&got).filter(|(owed, got)| owed != got).count();
        }
    }
    verdict
}

/// Returns whether a control event is one that any client may get at any time.
fn is_about_a_source(event: &Event) -> bool {
    let json = || serde_json::from_str::<Value>(&event.data).expect("JSON");
    event.kind == "ssetail" && json()["type"] == "source"
}

/// Returns the document with the verdicts of each client, in the order of the trials.
pub fn page(trials: &[&str], rows: &[(Client, Vec<Verdict>)]) -> String {
    let titles: String = trials.iter().map(|name| format!(" {name} |")).collect();
    let mut page = format!(
        "# Clients\n\nWhat each client made of what ssetail sent it, written by `tests/full/clients.rs`.\n\n\
         | client | from | comes back |{titles}\n|---|---|---|{}\n",
        "---|".repeat(trials.len()),
    );
    for (client, row) in rows {
        let from = match client.from {
            Origin::Debian | Origin::Browser => "Debian",
            Origin::Npm => "npm",
            Origin::PyPi => "PyPI",
            Origin::Crates => "crates.io",
        };
        let returns = if client.reconnects { "by itself" } else { "when told to" };
        let results: String = row.iter().map(|verdict| format!(" {verdict} |")).collect();
        page.push_str(&format!("| {} | {from} | {returns} |{results}\n", client.name));
    }
    page + NOTES
}

/// Fails if `page` is not the committed document.
pub fn compare_with_committed(page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/RESULTS.md");
    if std::env::var_os("SSETAIL_BLESS").is_some() {
        std::fs::write(&path, page).expect("written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == page, "the results have changed; SSETAIL_BLESS=1 accepts this:\n{page}");
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [
            (self.lost, "lost"),
            (self.doubled, "doubled"),
            (self.changed, "changed"),
            (self.phantoms, "phantom"),
        ];
        let flaws: Vec<_> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, fault)| format!("{count} {fault}"))
            .collect();
        f.write_str(if flaws.is_empty() { "exact" } else { "" })?;
        f.write_str(&flaws.join(", "))
    }
}
