//! Standard input: read by a thread of its own, until it ends or the program does.

use std::io::{self, PipeWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use super::follower::tell;
use super::registry::{Registry, SourceState};
use super::source::Update;
use super::spool::Spool;
use super::wall_clock;
use crate::event::{Carry, ControlEvent, Cutting, End, Lines, Name, Source};
use crate::feed::{Draft, DraftContent, Publisher};
use crate::report::Report;
use crate::system::{Ready, read_stdin, wait_for_stdin};

const BLOCK: usize = 256 * 1024;

/// A thread that reads standard input.
#[derive(Debug)]
pub struct Input {
    /// Closing it ends the thread.
    running: PipeWriter,
    thread: JoinHandle<()>,
}

/// Where what is read also goes.
#[derive(Default)]
pub struct InputCopies {
    /// Byte for byte.
    pub tee: Option<Box<dyn Write + Send>>,
    /// So that it can be read again.
    pub spool: Option<Spool>,
}

struct Reader {
    source: Arc<Source>,
    cutting: Cutting,
    registry: Registry,
    publisher: Publisher,
    report: Report,
    copies: InputCopies,
    is_all: bool,
    /// A line without its end, and where in standard input it begins.
    held: Vec<u8>,
    offset: u64,
    carry: Carry,
}

impl Input {
    /// Starts to read; `ended` is called when standard input has ended and all of it is published.
    ///
    /// What is read also goes to `copies`; `is_all`: nothing else is followed.
    pub fn start(
        (name, is_all): (Name, bool),
        cutting: Cutting,
        copies: InputCopies,
        registry: &Registry,
        publisher: Publisher,
        report: Report,
        ended: impl FnOnce() + Send + 'static,
    ) -> io::Result<Self> {
        let (stopped, running) = io::pipe()?;
        let mut reader = Reader {
            source: registry.add(PathBuf::from("-"), name),
            cutting,
            registry: registry.clone(),
            publisher,
            report,
            copies,
            is_all,
            held: Vec::new(),
            offset: 0,
            carry: Carry::default(),
        };
        let thread = std::thread::Builder::new().name("input".to_owned()).spawn(move || {
            if reader.read_all(&stopped) {
                reader.end();
                drop(reader);
                ended();
            }
        })?;
        Ok(Input { running, thread })
    }

    /// Ends the thread, also while standard input is silent.
    pub fn stop(self) {
        drop(self.running);
        let _ = self.thread.join();
    }
}

impl Reader {
    /// False if it was stopped before the end.
    fn read_all(&mut self, stopped: &io::PipeReader) -> bool {
        self.registry.update(&self.source, |entry| entry.state = SourceState::Live);
        let mut block = vec![0; BLOCK];
        loop {
            if wait_for_stdin(stopped) == Ready::Stopped {
                return false;
            }
            match read_stdin(&mut block) {
                Ok(Some(0)) => return true,
                Ok(Some(read)) => self.take(&block[..read]),
                Ok(None) => {}
                Err(error) => {
                    self.report.say(&format!("standard input cannot be read: {error}"));
                    return true;
                }
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.keep(bytes);
        self.held.extend_from_slice(bytes);
        let used = self.publish(End::Open);
        self.held.drain(..used);
        self.offset += used as u64;
        let offset = bytes.len() as u64;
        self.registry.update(&self.source, |entry| entry.offset += offset);
        self.pass_through(bytes);
    }

    /// What was written is the log of what is published, so that it is written first.
    fn keep(&mut self, bytes: &[u8]) {
        let Some(spool) = &mut self.copies.spool else { return };
        match spool.write(bytes) {
            Ok(false) => {}
            Ok(true) => self.publisher.remove_dropped(),
            Err(error) => self.report.say(&format!(
                "{} cannot be written: {error}; from here on, standard input is not kept",
                spool.names()
            )),
        }
    }

    /// A closed standard output is the reader's choice and no reason to stop.
    fn pass_through(&mut self, bytes: &[u8]) {
        if let Some(tee) = &mut self.copies.tee
            && tee.write_all(bytes).and_then(|()| tee.flush()).is_err()
        {
            self.copies.tee = None;
        }
    }

    fn publish(&mut self, end: End) -> usize {
        let time = wall_clock();
        let mut used = 0;
        let mut news = Vec::new();
        loop {
            let rest = &self.held[used..];
            let (lines, taken) = self.cutting.cut(rest, &mut self.carry, end);
            let offset = self.offset + used as u64;
            let place = |lines: &Lines| self.copies.spool.as_ref()?.place(&lines.bytes, offset);
            let placed = |lines| Lines { location: place(&lines), time, ..lines };
            news.extend(lines.map(|lines| Update::Lines(placed(lines))));
            used += taken;
            if taken == 0 {
                break;
            }
        }
        tell(&self.source, news, &self.publisher, &self.report, &self.registry);
        used
    }

    fn end(&mut self) {
        self.publish(End::Finished);
        self.registry.update(&self.source, |entry| entry.state = SourceState::Ended);
        let event = ControlEvent::End { file: &self.source.name };
        let content = DraftContent::Control(event.to_json());
        let drafts = vec![Draft { source: Arc::clone(&self.source), content }];
        if self.is_all {
            self.publisher.publish_last(drafts);
        } else {
            self.publisher.publish(drafts);
        }
    }
}
