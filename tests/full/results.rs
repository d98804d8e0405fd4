//! The results of the trials of clients, and the document that has them.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::Path;

use serde_json::Value;

use crate::parser::Event;
use crate::peer::{Client, Origin};

/// The text below the table.
const NOTES: &str = "
- **1,000 lines**: the lines are written while the client is connected, with heartbeats in between.
  They are empty, have leading spaces, colons, U+FEFF, U+2028, U+2029, VT, FF, NUL, carriage returns, emoji or bytes that are not UTF-8, or are 30 KB long; they belong to two files, one of which has a name that has to be encoded.
  *Exact* means that the client hands out every line once, unchanged and under its name, and nothing else.
- **JSON, unnamed**: the same lines, written before the client connects, with `format=json&unnamed`.
- **nginx**: the first trial behind nginx with its default proxy settings, below a path prefix; **nginx with gzip**: with `gzip on` for event streams.
- **broken events**: the connection breaks 14 times, inside fields, inside characters and around the ends of fields.
- **compressed**: the first trial with `--compress always`; **compressed, broken**: the connection breaks eight times, at any byte of a compressed stream, or of a plain one if the client does not accept gzip.
- **restart**: ssetail restarts without `--state`; the client has to hand out the gap, the lines that a new client gets, and the lines that come later; **restart, nginx**: the same behind nginx with the settings of the recipe.
- A client that reconnects *by its program* leaves this to the program that uses it; the trials start it again with the last id that it has handed out.

fetch-event-source drops a U+FEFF at the start of a line, and the empty part before a carriage return at the start of a line; `format=json` escapes both.
It counts an id as received before its event is complete, so that it loses an event that breaks between its id and its last byte.
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

/// Returns true for a control event that any client may get at any time.
fn is_about_a_source(event: &Event) -> bool {
    let json = || serde_json::from_str::<Value>(&event.data).expect("JSON");
    event.kind == "ssetail" && json()["type"] == "source"
}

/// Returns the document with the verdicts of each client, in the order of the trials.
pub fn page(trials: &[&str], rows: &[(Client, Vec<Verdict>)]) -> String {
    let titles: String = trials.iter().map(|name| format!(" {name} |")).collect();
    let mut page = format!(
        "# Clients\n\nThe faults of each client in the trials of `tests/full/clients.rs`, which writes this page.\n\n\
         | client | from | reconnects |{titles}\n|---|---|---|{}\n",
        "---|".repeat(trials.len()),
    );
    for (client, row) in rows {
        let from = match client.from {
            Origin::Debian | Origin::Browser => "Debian",
            Origin::Npm => "npm",
            Origin::PyPi => "PyPI",
            Origin::Crates => "crates.io",
        };
        let returns = if client.reconnects { "by itself" } else { "by its program" };
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
