//! The text of the status line: figures, or the progress of a large backlog.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use indicatif::HumanCount;

use super::figures::Figures;
use super::progress::{Amount, Progress};

/// Time over which rates are averaged; twice the time would smooth them and show changes later.
const WINDOW: Duration = Duration::from_secs(1);
/// Bytes of unread files for which progress is shown.
///
/// A disk reads them in a fraction of a second, so that a progress bar for less would flicker.
const BACKLOG: Threshold = Threshold { begin: 16 << 20, end: 1 << 20 };
/// Bytes per second of standard input for which progress is shown.
///
/// No person reads lines at this rate, so that the amount matters more than the number of lines.
const INPUT_RATE: Threshold = Threshold { begin: 8 << 20, end: 2 << 20 };

/// A value at which something begins, and a lower one at which it ends, so that it lasts.
struct Threshold {
    begin: u64,
    end: u64,
}

/// Figures of the last second, and the progress that is shown.
#[derive(Debug, Default)]
pub(super) struct StatusLine {
    history: VecDeque<(Instant, Figures)>,
    catching_up: Option<CatchingUp>,
}

/// Progress of reading a large backlog.
#[derive(Debug)]
struct CatchingUp {
    progress: Progress,
    /// Bytes that had been read when it began.
    begin: u64,
}

impl StatusLine {
    /// Returns the text for the figures of this moment, at most `width` characters.
    pub(super) fn render(&mut self, now: Figures, time: Instant, width: usize) -> String {
        self.history.push_back((time, now));
        while self.history.len() > 2 && time - self.history[1].0 >= WINDOW {
            self.history.pop_front();
        }
        // Progress is shown from the second time on, when its rate is known.
        let was_catching_up = self.catching_up.is_some();
        let amount = self.amount(now);
        let mut line = match (amount, &self.catching_up) {
            (Some(amount), Some(CatchingUp { progress, begin })) if was_catching_up => {
                progress.render(amount, now.bytes_read().saturating_sub(*begin), width)
            }
            _ => summary(now, self.per_second(|figures| figures.lines), width),
        };
        line.truncate(width);
        line
    }

    /// Returns the amount to read, if progress is to be shown.
    fn amount(&mut self, now: Figures) -> Option<Amount> {
        let is_catching_up = self.catching_up.is_some();
        let limit = |threshold: Threshold| {
            if is_catching_up { threshold.end } else { threshold.begin }
        };
        let has_backlog = now.backlog >= limit(BACKLOG);
        let has_fast_input = self.per_second(|figures| figures.input_bytes) >= limit(INPUT_RATE);
        if !has_backlog && !has_fast_input {
            self.catching_up = None;
            return None;
        }
        let begin = now.bytes_read();
        let begin = self
            .catching_up
            .get_or_insert_with(|| CatchingUp { progress: Progress::new(), begin })
            .begin;
        Some(if has_fast_input {
            Amount::Unknown
        } else {
            Amount::Known(now.bytes_read().saturating_sub(begin) + now.backlog)
        })
    }

    fn per_second(&self, figure: impl Fn(&Figures) -> u64) -> u64 {
        let (Some((began, first)), Some((ended, last))) =
            (self.history.front(), self.history.back())
        else {
            return 0;
        };
        let millis = (*ended - *began).as_millis().max(1) as u64;
        figure(last).saturating_sub(figure(first)) * 1000 / millis
    }
}

/// Returns the figures that fit into `width`; drops the least important ones first.
fn summary(now: Figures, rate: u64, width: usize) -> String {
    let several = |count: u64, one: &str| {
        format!("{} {one}{}", HumanCount(count), if count == 1 { "" } else { "s" })
    };
    let sources = several(now.sources as u64, "source");
    let clients = several(now.clients as u64, "client");
    let rate = format!("{} lines/s", HumanCount(rate));
    let gaps = several(now.gaps, "gap");
    let shorter = match now.gaps {
        0 => [&sources, &clients, &rate],
        _ => [&clients, &rate, &gaps],
    };
    [&[&sources, &clients, &rate, &gaps][..], &shorter[..], &shorter[1..], &shorter[2..]]
        .iter()
        .map(|parts| parts.iter().map(|part| &***part).collect::<Vec<&str>>().join(", "))
        .find(|line| line.len() <= width)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Figures = Figures {
        sources: 3,
        clients: 1,
        lines: 0,
        gaps: 0,
        file_bytes: 0,
        backlog: 0,
        input_bytes: 0,
    };

    #[test]
    fn a_narrow_terminal_shows_the_most_important_figures() {
        assert_eq!(summary(NOW, 1234, 79), "3 sources, 1 client, 1,234 lines/s, 0 gaps");
        assert_eq!(summary(NOW, 1234, 39), "3 sources, 1 client, 1,234 lines/s");
        assert_eq!(summary(NOW, 1234, 30), "1 client, 1,234 lines/s");
        assert_eq!(summary(NOW, 1234, 5), "");
        let lossy = Figures { gaps: 2, ..NOW };
        assert_eq!(summary(lossy, 1234, 39), "1 client, 1,234 lines/s, 2 gaps");
    }

    #[test]
    fn the_rate_is_that_of_the_last_second() {
        let mut status_line = StatusLine::default();
        let began = Instant::now();
        let mut line = |tick: u32, lines| {
            status_line.render(Figures { lines, ..NOW }, began + tick * WINDOW / 4, 79)
        };
        assert!(line(0, 0).contains(", 0 lines/s"));
        for tick in 1..=8 {
            assert!(line(tick, u64::from(tick) * 25).contains(", 100 lines/s"));
        }
        for tick in 9..12 {
            line(tick, 200);
        }
        assert!(line(12, 200).contains(", 0 lines/s"));
    }

    #[test]
    fn a_backlog_is_shown_until_it_is_read() {
        let mut status_line = StatusLine::default();
        let began = Instant::now();
        let mut line = |tick: u32, read: u64, backlog: u64| {
            let figures = Figures { file_bytes: read << 20, backlog: backlog << 20, ..NOW };
            status_line.render(figures, began + tick * WINDOW / 4, 79)
        };
        assert!(line(0, 0, 3).starts_with("3 sources"));
        assert!(line(1, 0, 100).starts_with("3 sources"));
        let shown = line(2, 50, 50);
        assert!(shown.starts_with("reading [") && shown.contains("50.00 MiB of 100.00 MiB"));
        assert!(line(3, 98, 2).contains("98.00 MiB of 100.00 MiB"));
        assert!(line(4, 100, 0).starts_with("3 sources"));
        assert!(line(5, 100, 2).starts_with("3 sources"));
    }

    #[test]
    fn progress_of_standard_input_has_no_total() {
        let mut status_line = StatusLine::default();
        let began = Instant::now();
        let mut line = |tick: u32, input: u64| {
            let figures = Figures { input_bytes: input << 20, ..NOW };
            status_line.render(figures, began + tick * WINDOW / 4, 79)
        };
        assert!(line(0, 0).starts_with("3 sources"));
        assert!(line(1, 100).starts_with("3 sources"));
        let shown = line(2, 200);
        assert!(shown.starts_with("reading standard input: 100.00 MiB"), "{shown}");
        for tick in 3..9 {
            line(tick, 200);
        }
        assert!(line(9, 200).starts_with("3 sources"));
    }
}
