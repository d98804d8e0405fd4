//! The names of the query parameters, and names that are almost one of them.

use super::bad_query::BadQuery;

/// Each parameter, with an example.
pub(super) const PARAMETERS: [(&str, &str); 19] = [
    ("file", "file=*.log"),
    ("n", "n=100"),
    ("grep", "grep=error|warn"),
    ("where", "where=status%3E=500"),
    ("level", "level=warn"),
    ("since", "since=10m"),
    ("until", "until=14:00"),
    ("context", "context=3"),
    ("entries", "entries=1"),
    ("format", "format=json"),
    ("unnamed", "unnamed=1"),
    ("ping", "ping=1"),
    ("clean_end", "clean_end=1"),
    ("last_event_id", "last_event_id=k3f9q2-1"),
    ("follow", "follow=0"),
    ("wait", "wait=15s"),
    ("stop", "stop=done"),
    ("before", "before=k3f9q2-1a&n=100"),
    ("token", "token=a-long-secret"),
];

/// Shortest name that may have one wrong letter.
///
/// With half the length, cache busters such as `t` would count as `n`; with twice the length,
/// `greep` would be ignored, and the client get lines that it did not ask for.
const ONE_ERROR: usize = 4;

/// Shortest name that may have two wrong letters; in a shorter one, another word would be found.
const TWO_ERRORS: usize = 10;

/// Finds the parameter that was meant by a name that is none; returns its name and an example.
pub(super) fn meant_by(name: &str) -> Option<(&'static str, &'static str)> {
    let given = bare(name);
    PARAMETERS.into_iter().find(|(known, _)| {
        let known = bare(known);
        let allowed = match known.len() {
            TWO_ERRORS.. => 2,
            ONE_ERROR.. => 1,
            _ => 0,
        };
        given.len().abs_diff(known.len()) <= allowed && distance(&given, &known) <= allowed
    })
}

/// Returns the characters of a name without case, underscores and hyphens.
fn bare(name: &str) -> Vec<char> {
    name.chars().filter(|c| !['_', '-'].contains(c)).map(|c| c.to_ascii_lowercase()).collect()
}

/// Counts the insertions, deletions, replacements and exchanges of neighbours between two texts.
fn distance(one: &[char], other: &[char]) -> usize {
    let (mut before, mut last) = (Vec::new(), (0..=other.len()).collect::<Vec<_>>());
    for (i, &a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, &b) in other.iter().enumerate() {
            let mut cost = (last[j] + usize::from(a != b)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a == other[j - 1] && one[i - 1] == b {
                cost = cost.min(before[j - 1] + 1);
            }
            row.push(cost);
        }
        (before, last) = (last, row);
    }
    last[other.len()]
}

/// Parses the value of a parameter that is on or off.
pub(super) fn parse_switch(key: &str, value: &str) -> Result<bool, BadQuery> {
    match value {
        "" | "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => Err(BadQuery::new(format!("{key} takes no value, or 1 or 0, as {key}=1"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_one_error_is_recognized() {
        let meant = |name| meant_by(name).map(|(meant, _)| meant);
        for (name, expected) in [
            ("fil", "file"),
            ("files", "file"),
            ("flie", "file"),
            ("File", "file"),
            ("greep", "grep"),
            ("gerp", "grep"),
            ("formt", "format"),
            ("unamed", "unnamed"),
            ("pign", "ping"),
            ("N", "n"),
            ("lastEventID", "last_event_id"),
            ("last_even_id", "last_event_id"),
            ("lastEventIds", "last_event_id"),
            ("Token", "token"),
            ("folow", "follow"),
            ("waits", "wait"),
            ("Stop", "stop"),
            ("befor", "before"),
        ] {
            assert_eq!(meant(name), Some(expected), "{name}");
        }
        for name in ["_", "t", "ts", "time", "v", "cb", "nocache", "r", "x", "", "utm_source", "id"]
        {
            assert_eq!(meant(name), None, "{name}");
        }
        assert_eq!(meant(&"x".repeat(10_000)), None);
    }
}
