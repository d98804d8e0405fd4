//! A simple implementation of the filters over lines of a known form.

use serde_json::Value;

/// The lines of all files, in the order in which they were written.
#[derive(Default)]
pub struct Log {
    pub lines: Vec<Written>,
    /// Number of heads in each file since it was created.
    heads: [usize; 3],
}

/// A line that was written.
#[derive(Clone, Debug)]
pub struct Written {
    file: usize,
    text: String,
    /// Seconds after [`START`]; of the last line above that states a time, or none.
    time: Option<usize>,
    level: Option<usize>,
    status: Option<u32>,
    /// It continues an entry.
    continues: bool,
}

/// The filters of a query.
#[derive(Clone, Debug)]
pub struct Filter {
    /// The parameters that need no time and no number of lines.
    pub text: String,
    /// Seconds after [`START`].
    pub since: Option<usize>,
    pub until: Option<usize>,
    pub newest: Option<usize>,
}

const LEVELS: [&str; 4] = ["DEBUG", "INFO", "WARN", "ERROR"];
const STATUS: [u32; 3] = [200, 404, 500];

/// Seconds since 1970 of 2026-11-25T00:00:00Z.
const START: usize = 1_795_564_800;

impl Written {
    pub fn key(file: &Value, message: &Value) -> (String, String) {
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        (text(file), text(message))
    }
}

impl Log {
    /// The next line of `file` is the first one of its file.
    pub fn rotate(&mut self, file: usize) {
        self.heads[file] = 0;
    }

    /// Writes lines with these random numbers, and whether each begins an entry; returns their text.
    pub fn write(&mut self, file: usize, lines: &[(u16, bool)]) -> String {
        let first = self.lines.len();
        for &(random, is_head) in lines {
            let random = random as usize;
            let number = self.lines.len();
            // The first line of a file has nothing to continue.
            let is_head = is_head || self.heads[file] == 0;
            let word = random % 5;
            let written = if is_head {
                self.heads[file] += 1;
                let (level, status) = (random / 5 % 4, STATUS[random / 20 % 3]);
                let (minutes, seconds) = (number / 3 / 60, number / 3 % 60);
                let text = format!(
                    "2026-11-25T00:{minutes:02}:{seconds:02}Z {} w{word} n={number} status={status}",
                    LEVELS[level]
                );
                let (time, level, status) = (Some(number / 3), Some(level), Some(status));
                Written { file, text, time, level, status, continues: false }
            } else {
                let last = self.lines.iter().rfind(|line| line.file == file).expect("a head");
                let text = format!("    at frame{number} w{word}");
                let (time, level) = (last.time, last.level);
                Written { file, text, time, level, status: None, continues: true }
            };
            self.lines.push(written);
        }
        self.lines[first..].iter().map(|line| format!("{}\n", line.text)).collect()
    }

    /// Returns the file and the text of each line that `filter` wants.
    pub fn select(&self, filter: &Filter) -> Vec<(String, String)> {
        let mut wanted: Vec<usize> = Vec::new();
        for file in 0..3 {
            let own: Vec<usize> =
                (0..self.lines.len()).filter(|&at| self.lines[at].file == file).collect();
            let hits: Vec<bool> = own.iter().map(|&at| filter.matches(&self.lines[at])).collect();
            let spans: Vec<(usize, usize)> =
                (0..own.len()).map(|at| self.span(&own, at, filter)).collect();
            let first = filter.first(&hits, &spans);
            wanted.extend((first..own.len()).filter_map(|at| {
                let near =
                    if filter.has_surroundings() { spans[at].0..spans[at].1 } else { at..at + 1 };
                hits[near].iter().any(|hit| *hit).then_some(own[at])
            }));
        }
        wanted.sort_unstable();
        let key = |at: usize| {
            let line = &self.lines[at];
            (format!("{}.log", line.file), line.text.clone())
        };
        wanted.into_iter().map(key).collect()
    }

    /// Returns the lines of a source around the one at `at`, as a range of `own`.
    fn span(&self, own: &[usize], at: usize, filter: &Filter) -> (usize, usize) {
        if let Some(lines) = filter.context() {
            return (at.saturating_sub(lines), own.len().min(at + lines + 1));
        }
        let begins = |at: &usize| !self.lines[own[*at]].continues;
        let first = (0..=at).rev().find(begins).unwrap_or(0);
        let next = (at + 1..own.len()).find(begins).unwrap_or(own.len());
        (first, next)
    }
}

impl Filter {
    /// Returns the query string.
    pub fn query(&self, _log: &Log) -> String {
        let time = |key, seconds: Option<usize>| {
            seconds.map_or(String::new(), |s| format!("&{key}={}", (START + s) * 1000))
        };
        let newest = self.newest.map_or("&n=all".to_owned(), |n| format!("&n={n}"));
        format!("{}{}{}{newest}", self.text, time("since", self.since), time("until", self.until))
    }

    fn has(&self, part: &str) -> bool {
        self.text.split('&').any(|parameter| parameter == part)
    }

    fn context(&self) -> Option<usize> {
        let value = self.text.split('&').find_map(|part| part.strip_prefix("context="));
        value.map(|lines| lines.parse().expect("a number"))
    }

    fn is_filter(&self) -> bool {
        let has_others = ["level", "grep", "where"].iter().any(|key| self.text.contains(key));
        has_others || self.since.is_some() || self.until.is_some()
    }

    fn has_surroundings(&self) -> bool {
        self.is_filter() && (self.context().is_some() || self.has("entries"))
    }

    /// Returns the first line of a source that is sent.
    fn first(&self, hits: &[bool], spans: &[(usize, usize)]) -> usize {
        let Some(newest) = self.newest else { return 0 };
        let counted: Vec<usize> = if self.is_filter() && self.has("entries") {
            let mut entries: Vec<usize> =
                (0..hits.len()).filter(|&at| hits[at]).map(|at| spans[at].0).collect();
            entries.dedup();
            entries
        } else {
            (0..hits.len()).filter(|&at| hits[at]).collect()
        };
        match counted.len().checked_sub(newest) {
            None => 0,
            Some(_) if newest == 0 => hits.len(),
            Some(first) if self.has_surroundings() => spans[counted[first]].0,
            Some(first) => counted[first],
        }
    }

    fn matches(&self, line: &Written) -> bool {
        let least = ["DEBUG", "info", "warn", "error"];
        let level = least.iter().position(|name| self.has(&format!("level={name}")));
        let has = |word: &str| line.text.contains(word);
        // True if the query does not have the parameter, or the line satisfies it.
        let holds = |parameter: &str, is_match: bool| is_match || !self.has(parameter);
        let grep = holds("grep=w1", has("w1"))
            && holds("grep=w[12]", has("w1") || has("w2"))
            && holds("grep=!frame", !has("frame"))
            && holds("grep=!w0", !has("w0"));
        let status = |test: fn(u32) -> bool| line.status.is_some_and(test);
        let condition = holds("where=status>=500", status(|status| status >= 500))
            && holds("where=status=200", status(|status| status == 200))
            && holds("where=status!=404", status(|status| status != 404));
        level.is_none_or(|least| line.level >= Some(least))
            && grep
            && condition
            && self.since.is_none_or(|since| line.time >= Some(since))
            && self.until.is_none_or(|until| line.time.is_some_and(|time| time <= until))
    }
}
