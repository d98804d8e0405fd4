//! How things stand, in one line: a backlog that is read, or else a few figures.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use indicatif::HumanCount;

use super::progress::{Amount, Progress};

/// Over how long lines are counted for their rate.
const WINDOW: Duration = Duration::from_secs(1);
/// How many bytes of files that wait to be read are worth a progress bar, and how few end it.
const BACKLOG: (u64, u64) = (16 << 20, 1 << 20);
/// How many bytes a second of standard input are, and how few end it.
const FULL_SPEED: (u64, u64) = (8 << 20, 2 << 20);

/// How things stand.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) sources: usize,
    pub(crate) clients: usize,
    /// Lines published.
    pub(crate) lines: u64,
    /// Gaps that peers were told of.
    pub(crate) gaps: u64,
    /// Bytes of files that were read, and that wait to be.
    pub(crate) read: u64,
    pub(crate) behind: u64,
    /// Bytes of standard input.
    pub(crate) input: u64,
}

/// How things stood for the last second, and what is being read since when.
#[derive(Debug, Default)]
pub(super) struct StatusLine {
    past: VecDeque<(Instant, Figures)>,
    reading: Option<(Progress, u64)>,
}

impl Figures {
    fn all_read(&self) -> u64 {
        self.read + self.input
    }
}

impl StatusLine {
    /// The line for now, no longer than `width`.
    pub(super) fn line(&mut self, now: Figures, time: Instant, width: usize) -> String {
        self.past.push_back((time, now));
        while self.past.len() > 2 && time - self.past[1].0 >= WINDOW {
            self.past.pop_front();
        }
        // It is drawn once a rate is known.
        let was_reading = self.reading.is_some();
        let amount = self.amount(now);
        let mut line = match (amount, &mut self.reading) {
            (Some(amount), Some((progress, from))) if was_reading => {
                progress.line(amount, now.all_read().saturating_sub(*from), width)
            }
            _ => summary(now, self.per_second(|figures| figures.lines), width),
        };
        line.truncate(width);
        line
    }

    /// How much there is to be read, if that is worth telling.
    fn amount(&mut self, now: Figures) -> Option<Amount> {
        let limit = |(much, few): (u64, u64)| if self.reading.is_some() { few } else { much };
        let is_behind = now.behind >= limit(BACKLOG);
        let is_flooded = self.per_second(|figures| figures.input) >= limit(FULL_SPEED);
        if !is_behind && !is_flooded {
            self.reading = None;
            return None;
        }
        let (_, from) = self.reading.get_or_insert_with(|| (Progress::new(), now.all_read()));
        Some(if is_flooded {
            Amount::Unknown
        } else {
            Amount::Known(now.all_read().saturating_sub(*from) + now.behind)
        })
    }

    fn per_second(&self, figure: impl Fn(&Figures) -> u64) -> u64 {
        let (Some((began, first)), Some((ended, last))) = (self.past.front(), self.past.back())
        else {
            return 0;
        };
        let millis = (*ended - *began).as_millis().max(1) as u64;
        figure(last).saturating_sub(figure(first)) * 1000 / millis
    }
}

/// What fits, leaving out first what matters least.
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

    const NOW: Figures =
        Figures { sources: 3, clients: 1, lines: 0, gaps: 0, read: 0, behind: 0, input: 0 };

    #[test]
    fn a_narrow_terminal_shows_what_matters() {
        assert_eq!(summary(NOW, 1234, 79), "3 sources, 1 client, 1,234 lines/s, 0 gaps");
        assert_eq!(summary(NOW, 1234, 39), "3 sources, 1 client, 1,234 lines/s");
        assert_eq!(summary(NOW, 1234, 30), "1 client, 1,234 lines/s");
        assert_eq!(summary(NOW, 1234, 5), "");
        let lossy = Figures { gaps: 2, ..NOW };
        assert_eq!(summary(lossy, 1234, 39), "1 client, 1,234 lines/s, 2 gaps");
    }

    #[test]
    fn the_rate_is_that_of_the_last_second() {
        let mut standing = StatusLine::default();
        let began = Instant::now();
        let mut line = |tick: u32, lines| {
            standing.line(Figures { lines, ..NOW }, began + tick * WINDOW / 4, 79)
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
        let mut standing = StatusLine::default();
        let began = Instant::now();
        let mut line = |tick: u32, read: u64, behind: u64| {
            let figures = Figures { read: read << 20, behind: behind << 20, ..NOW };
            standing.line(figures, began + tick * WINDOW / 4, 79)
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
    fn standing_input_at_full_speed_has_no_total() {
        let mut standing = StatusLine::default();
        let began = Instant::now();
        let mut line = |tick: u32, input: u64| {
            let figures = Figures { input: input << 20, ..NOW };
            standing.line(figures, began + tick * WINDOW / 4, 79)
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
