//! The program journalctl, which prints the entries of the systemd journal.

use std::collections::BTreeSet;
use std::io::{self, BufRead as _, BufReader, PipeReader, Read as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use super::wanted::WantedJournal;
use crate::follow::start_at::StartAt;
use crate::report::Report;
use crate::system::{Ready, wait_for};

/// Most bytes of an entry as JSON. A larger one is left out; twice as many take twice the memory.
const MAX_ENTRY: usize = 32 << 20;
/// Bytes of one read. Twice as many take twice the memory; half as many, twice the system calls.
const BLOCK: usize = 256 * 1024;
/// Most different sentences of journalctl that are reported.
const MAX_SENTENCES: usize = 32;

/// journalctl while it runs; killed when dropped.
#[derive(Debug)]
pub(super) struct Journalctl {
    child: Child,
    output: ChildStdout,
    /// The lines that were not taken yet; the last one may be unfinished.
    unread: Vec<u8>,
    /// Number of the first of these bytes that have no line end.
    searched: usize,
    /// The rest of the line is left out, because it is too long.
    skips_rest: bool,
}

/// Sentences of journalctl that were reported; clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Sentences(Arc<Mutex<BTreeSet<String>>>);

impl Journalctl {
    /// Starts journalctl after the entry with `cursor`, or else where `start_at` says.
    pub(super) fn start(
        wanted: &WantedJournal,
        start_at: &StartAt,
        cursor: Option<&str>,
        sentences: &Sentences,
        report: &Report,
    ) -> io::Result<Self> {
        let mut command = Command::new("journalctl");
        command.args(["--follow", "--all", "--output=json"]);
        command.arg("--output-fields=MESSAGE,PRIORITY,_SYSTEMD_UNIT,SYSLOG_IDENTIFIER");
        command.args(wanted.unit.iter().map(|unit| format!("--unit={unit}")));
        command.args(position(start_at, cursor));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // The keys of the terminal are for this program, which ends journalctl.
        let mut child = command.process_group(0).spawn()?;
        let (output, errors) = (child.stdout.take(), child.stderr.take());
        let (Some(output), Some(errors)) = (output, errors) else {
            return Err(io::Error::other("journalctl has no output"));
        };
        let (sentences, report) = (sentences.clone(), report.clone());
        let read = move || sentences.report_all(errors, &report);
        // If the thread cannot be started, journalctl ends, too.
        let journalctl =
            Journalctl { child, output, unread: Vec::new(), searched: 0, skips_rest: false };
        std::thread::Builder::new().name("journalctl".to_owned()).spawn(read)?;
        Ok(journalctl)
    }

    /// Waits until there is output, or the writing end of `stop` is closed.
    pub(super) fn wait(&self, stop: &PipeReader) -> Ready {
        wait_for(&self.output, stop)
    }

    /// Reads what there is; returns false at the end.
    pub(super) fn read(&mut self) -> io::Result<bool> {
        let known = self.unread.len();
        self.unread.resize(known + BLOCK, 0);
        let read = self.output.read(&mut self.unread[known..]);
        self.unread.truncate(known + *read.as_ref().unwrap_or(&0));
        Ok(read? > 0)
    }

    /// Calls `take` with each complete line that was read; returns false if one was too long.
    pub(super) fn take_lines(&mut self, mut take: impl FnMut(&[u8])) -> bool {
        let (mut used, searched) = (0, self.searched);
        for end in memchr::memchr_iter(b'\n', &self.unread[searched..]) {
            let end = searched + end;
            if !std::mem::take(&mut self.skips_rest) {
                take(&self.unread[used..end]);
            }
            used = end + 1;
        }
        self.unread.drain(..used);
        let is_too_long = self.unread.len() > MAX_ENTRY;
        let is_first = is_too_long && !self.skips_rest;
        if is_too_long || self.skips_rest {
            self.unread.clear();
            self.skips_rest = true;
        }
        // A long entry is not searched again at each read.
        self.searched = self.unread.len();
        !is_first
    }

    /// Returns how the program has ended.
    pub(super) fn ended(&mut self) -> io::Result<ExitStatus> {
        self.child.wait()
    }
}

impl Drop for Journalctl {
    fn drop(&mut self) {
        // An error means that it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the arguments that name the first entry.
fn position(start_at: &StartAt, cursor: Option<&str>) -> Vec<String> {
    let all = || "--no-tail".to_owned();
    match (cursor, start_at) {
        (Some(cursor), _) => vec![all(), format!("--after-cursor={cursor}")],
        (None, StartAt::Last(lines)) => vec![format!("--lines={lines}")],
        (None, StartAt::Line(_)) => vec![all()],
        (None, StartAt::Since { time, .. }) => {
            vec![all(), format!("--since=@{}.{:03}", time.div_euclid(1000), time.rem_euclid(1000))]
        }
    }
}

impl Sentences {
    /// Reports each sentence once.
    fn report_all(&self, errors: ChildStderr, report: &Report) {
        for line in BufReader::new(errors).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).trim().to_owned();
            let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if !line.is_empty() && said.len() < MAX_SENTENCES && said.insert(line.clone()) {
                report.say(&format!("journalctl: {line}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Zone;

    #[test]
    fn the_first_entry_is_the_wanted_one() {
        let after = |cursor| position(&StartAt::Last(5), cursor);
        assert_eq!(after(None), ["--lines=5"]);
        assert_eq!(after(Some("s=1")), ["--no-tail", "--after-cursor=s=1"]);
        assert_eq!(position(&StartAt::Line(1), None), ["--no-tail"]);
        let since = StartAt::Since { time: 1_795_633_201_023, zone: Zone::utc() };
        assert_eq!(position(&since, None), ["--no-tail", "--since=@1795633201.023"]);
    }
}
