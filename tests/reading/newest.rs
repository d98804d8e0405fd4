//! The newest lines that pass the filters (docs/PROTOCOL.md, "Query parameters").

use std::sync::atomic::{AtomicBool, Ordering};

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use super::{objects, plain, wait_for_lines};
use crate::harness::{Ssetail, append, numbered};

#[test]
fn the_newest_lines_are_counted_after_the_filters() {
    let ssetail = Ssetail::new()
        .file("a.log", numbered("a", 0..30_000))
        .file("b.log", numbered("b", 0..100))
        .args(["a.log", "b.log", "--from-start", "--replay-bytes", "64KiB"])
        .start();
    wait_for_lines(&ssetail, 30_100);
    assert_eq!(plain(ssetail.address(), "follow=0&n=2&grep=777$"), "a 28777\na 29777\n");
    assert_eq!(plain(ssetail.address(), "follow=0&n=2&grep=77$&file=b.*"), "b 77\n");
    let both = plain(ssetail.address(), "follow=0&n=1&grep=77$");
    assert!(both == "a 29977\nb 77\n" || both == "b 77\na 29977\n", "{both}");
    assert_eq!(
        plain(ssetail.address(), "follow=0&n=100&grep=^a 10$".replace(' ', "+").as_str()),
        "a 10\n"
    );
    // Lines that come during the search or after it follow.
    let mut events = ssetail.events("/sse?n=1&grep=^a+10$|new");
    assert_eq!(events.lines(1), ["a 10"]);
    ssetail.append("b.log", "new\n");
    assert_eq!(events.lines(1), ["new"]);
}

#[test]
fn parts_of_a_line_count_as_one() {
    let long = |c: char| format!("{}\n", c.to_string().repeat(5000));
    let text = [long('x'), long('y'), long('x')].concat();
    let ssetail = Ssetail::new()
        .file("a.log", &text)
        .args(["a.log", "--from-start", "--max-line", "1000"])
        .start();
    wait_for_lines(&ssetail, 3);
    assert_eq!(plain(ssetail.address(), "follow=0&n=2&grep=x"), long('x') + &long('x'));
    assert_eq!(plain(ssetail.address(), "stop=y"), long('x') + &long('y'));
}

#[test]
fn events_that_cannot_be_searched_are_a_gap() {
    let ssetail = Ssetail::new()
        .file("a.log", numbered("line", 0..50_000))
        .args(["a.log", "--from-start", "--replay-bytes", "64KiB"])
        .start();
    wait_for_lines(&ssetail, 50_000);
    std::fs::write(ssetail.path("a.log"), "rare\n").expect("written");
    wait_for_lines(&ssetail, 50_001);
    let (objects, _) = objects(ssetail.address(), "follow=0&n=2&grep=rare");
    assert_eq!(objects[0]["type"], "gap");
    assert_eq!(objects[0]["reason"], "truncated");
    assert_eq!(objects.last().expect("a line")["message"], "rare");
    // One line is enough for this read, so that nothing is missing.
    assert_eq!(plain(ssetail.address(), "follow=0&n=1&grep=rare"), "rare\n");
}

#[test]
fn a_client_with_an_id_of_another_run_gets_a_gap_before_the_matches() {
    let ssetail = Ssetail::new()
        .file("a.log", numbered("a", 0..1000))
        .args(["a.log", "--from-start"])
        .start();
    wait_for_lines(&ssetail, 1000);
    let events = ssetail.events_after("/sse?n=2&grep=77$&follow=0", "zzzzzz-5").rest();
    assert!(events[0].data.contains(r#""reason":"restart""#), "{events:?}");
    let rest = ssetail.events_after("/sse?n=0&grep=77$&follow=0", &events[0].id).rest();
    assert_eq!(events[1..], rest, "the gap stands before the first match");
    assert_eq!(rest.iter().map(|event| &*event.data).collect::<Vec<_>>(), ["a 877", "a 977"]);
}

/// Stops a writer, also when its test fails.
struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn no_match_is_lost_or_doubled_between_the_search_and_new_lines() {
    let ssetail = Ssetail::new()
        .file("a.log", "")
        .args(["a.log", "--from-start", "--replay-bytes", "64KiB"])
        .start();
    let path = ssetail.path("a.log");
    let stop = AtomicBool::new(false);
    let part = |n: usize| format!("hit {n}\n{}", "other\n".repeat(50));
    append(&path, (0..5000).map(part).collect::<String>());
    wait_for_lines(&ssetail, 5000 * 51);
    std::thread::scope(|scope| {
        let stop_writer = StopOnDrop(&stop);
        scope.spawn(|| {
            let parts = (5000..).take_while(|_| !stop.load(Ordering::Relaxed));
            parts.for_each(|n| append(&path, part(n)));
        });
        for lines in [1, 100, 700, 4000] {
            let mut events = ssetail.events(&format!("/sse?n={lines}&grep=hit"));
            let hits = events.lines(5000);
            let first: usize =
                hits[0].strip_prefix("hit ").expect("a hit").parse().expect("a number");
            assert!(first + lines >= 5000, "{first}");
            assert_eq!(hits, numbered("hit", first..first + 5000).lines().collect::<Vec<_>>());
        }
        drop(stop_writer);
    });
}

/// A search through much history delays neither the lines nor the streams of others.
#[test]
fn a_long_search_does_not_delay_others() {
    let wide = |n: usize| format!("{n:<99}\n");
    let ssetail = Ssetail::new()
        .file("a.log", (0..400_000).map(wide).collect::<String>())
        .file("b.log", "")
        .args(["a.log", "b.log", "--from-start", "--replay-bytes", "1MiB"])
        .start();
    wait_for_lines(&ssetail, 400_000);
    let mut live = ssetail.events("/sse?n=0");
    live.until_comments(1);
    let address = ssetail.address();
    std::thread::scope(|scope| {
        let search = || plain(address, "follow=0&n=5&grep=^123456+");
        let searches: Vec<_> = (0..3).map(|_| scope.spawn(search)).collect();
        let mut lines = 0;
        while searches.iter().any(|search| !search.is_finished()) {
            ssetail.append("b.log", format!("live {lines}\n"));
            assert_eq!(live.lines(1), [format!("live {lines}")]);
            lines += 1;
        }
        assert!(lines > 3, "the searches took the time of {lines} lines");
        for search in searches {
            assert_eq!(search.join().expect("it ends"), wide(123_456));
        }
    });
}

/// Returns the newest `n` lines of each source that match, in the order of `all`.
fn newest<'a>(all: &'a [Value], n: usize, grep: &str) -> Vec<&'a Value> {
    let mut counts = std::collections::HashMap::new();
    let matches = |line: &&Value| line["message"].as_str().is_some_and(|text| text.contains(grep));
    let mut newest: Vec<_> = all
        .iter()
        .rev()
        .filter(matches)
        .filter(|line| {
            let count = counts.entry(line["file"].to_string()).or_insert(0);
            *count += 1;
            *count <= n
        })
        .collect();
    newest.reverse();
    newest
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 0, ..ProptestConfig::with_cases(6) })]

    #[test]
    fn the_newest_matches_are_those_of_grep_and_tail(
        parts in vec((0..2usize, vec("[abc]{0,5}", 1..400)), 4..8),
        queries in vec((0..30usize, "[abc]{1,3}", any::<prop::sample::Index>()), 12),
        rotated in 1..3usize,
    ) {
        let ssetail = Ssetail::new()
            .file("0.log", "")
            .file("1.log", "")
            .args(["0.log", "1.log", "--replay-bytes", "4KiB"])
            .start();
        let (mut written, mut count) = ([Vec::new(), Vec::new()], 0);
        for (part, (source, lines)) in parts.iter().enumerate() {
            let name = format!("{source}.log");
            if part == rotated {
                ssetail.rename(&name, "old");
            }
            ssetail.append(&name, lines.join("\n") + "\n");
            written[*source].extend(lines.clone());
            count += lines.len() as u64;
            wait_for_lines(&ssetail, count);
        }
        let (mut all, _) = objects(ssetail.address(), "follow=0&n=all");
        all.retain(|object| object["type"].is_null());
        for (source, lines) in written.iter().enumerate() {
            let name = format!("{source}.log");
            let read = all.iter().filter(|line| line["file"] == name.as_str());
            let read: Vec<_> = read.map(|line| line["message"].as_str().expect("text")).collect();
            prop_assert_eq!(&read, lines);
        }
        for (n, grep, before) in queries {
            let read = |query: String| {
                let (mut lines, _) = objects(ssetail.address(), &query);
                lines.retain(|object| object["type"].is_null());
                lines
            };
            let lines = read(format!("follow=0&n={n}&grep={grep}"));
            prop_assert_eq!(lines.iter().collect::<Vec<_>>(), newest(&all, n, &grep));
            let end = before.index(all.len());
            let id = all[end]["id"].as_str().expect("an id");
            let page = read(format!("before={id}&n={n}&grep={grep}"));
            prop_assert_eq!(page.iter().collect::<Vec<_>>(), newest(&all[..end], n, &grep));
            let page = read(format!("before={id}&n={n}"));
            prop_assert_eq!(page.iter().collect::<Vec<_>>(), newest(&all[..end], n, ""));
        }
    }
}
