//! A thread that reads a stream, until the stream ends or the program does.

use std::io::{self, PipeReader, PipeWriter, Write};
use std::sync::Arc;
use std::thread::JoinHandle;

use super::byte_stream::ByteStream;
use super::clock::wall_clock;
#[cfg(feature = "cli")]
use super::command::CommandOutput;
use super::inputs::Inputs;
use super::line_reader::{Availability, LineReader};
use super::line_source::{LineSource, ReadState};
use super::registry::Registry;
use super::source_status::{SourceKind, SourceState};
use super::spool::Spool;
use super::spooled_stream::SpooledStream;
use super::stdin::StandardInput;
use super::update::{Update, UpdatePublisher};
use crate::event::{ControlEvent, Cutting, Name, Source};
use crate::feed::{Draft, DraftContent, Publisher};
use crate::report::Report;
use crate::system::Ready;

/// A thread that reads standard input, or the output of a command.
#[derive(Debug)]
pub struct Input {
    /// Dropping it ends the thread.
    running: PipeWriter,
    thread: JoinHandle<()>,
}

/// Settings of reading a stream.
pub struct InputSettings {
    /// The event name.
    pub name: Name,
    /// All streams that are read.
    pub inputs: Inputs,
    /// Rules by which bytes become published lines.
    pub cutting: Cutting,
    /// Copies of the stream.
    pub copies: InputCopies,
}

/// Copies of the bytes of a stream.
#[derive(Default)]
pub struct InputCopies {
    /// Writer that gets the bytes as they were written, once their lines are published. After an
    /// error it gets no more.
    pub tee: Option<Box<dyn Write + Send>>,
    /// Spool that gets the bytes, without what the cutting redacts, before their lines are published.
    pub spool: Option<Spool>,
}

struct InputReader<S> {
    source: Arc<Source>,
    reader: LineReader<S>,
    cutting: Cutting,
    scratch: Vec<u8>,
    output: UpdatePublisher,
    tee: Option<Box<dyn Write + Send>>,
    inputs: Inputs,
}

impl Input {
    /// Starts to read standard input.
    ///
    /// `ended` is called when standard input has ended and all of its lines are published.
    pub fn start(
        settings: InputSettings,
        registry: &Registry,
        publisher: Publisher,
        report: Report,
        ended: impl FnOnce() + Send + 'static,
    ) -> io::Result<Self> {
        let output = UpdatePublisher { publisher, report, registry: registry.clone() };
        Input::start_stream(StandardInput, SourceKind::Input, settings, output, ended)
    }

    /// Starts to read the output of a command.
    ///
    /// `ended` is called when the command has ended and all of its lines are published.
    #[cfg(feature = "cli")]
    pub(crate) fn start_command(
        command: CommandOutput,
        settings: InputSettings,
        registry: &Registry,
        publisher: Publisher,
        report: Report,
        ended: impl FnOnce() + Send + 'static,
    ) -> io::Result<Self> {
        let output = UpdatePublisher { publisher, report, registry: registry.clone() };
        let kind = SourceKind::Command(command.program().to_owned());
        Input::start_stream(command, kind, settings, output, ended)
    }

    fn start_stream<S: ByteStream + Send + 'static>(
        stream: S,
        kind: SourceKind,
        settings: InputSettings,
        output: UpdatePublisher,
        ended: impl FnOnce() + Send + 'static,
    ) -> io::Result<Self> {
        let InputSettings { name, inputs, cutting, copies } = settings;
        let UpdatePublisher { publisher, report, registry } = output.clone();
        let (source, cutting) =
            SpooledStream::new(stream, copies.spool, cutting, publisher, report);
        let reader = InputReader {
            source: registry.add(kind, name),
            reader: LineReader::new(source, ReadState::default()),
            scratch: LineReader::<SpooledStream<S>>::scratch(&cutting),
            cutting,
            output,
            tee: copies.tee,
            inputs,
        };
        Input::spawn(reader, ended)
    }

    /// Starts the thread of any source that is read to its end.
    fn spawn<S: LineSource + Send + 'static>(
        mut reader: InputReader<S>,
        ended: impl FnOnce() + Send + 'static,
    ) -> io::Result<Self> {
        let (stop, running) = io::pipe()?;
        let thread = std::thread::Builder::new().name("input".to_owned()).spawn(move || {
            if reader.read_all(&stop) {
                reader.end();
                drop(reader);
                ended();
            }
        })?;
        Ok(Input { running, thread })
    }

    /// Ends the thread, also while the stream is silent.
    pub fn stop(self) {
        drop(self.running);
        let _ = self.thread.join();
    }
}

impl<S: LineSource> InputReader<S> {
    /// Reads until the end of the source; returns false if it was stopped before.
    fn read_all(&mut self, stop: &PipeReader) -> bool {
        self.output.registry.update(&self.source, |status| status.state = SourceState::Live);
        loop {
            if self.reader.wait(stop) == Ready::Stopped {
                return false;
            }
            let time = wall_clock();
            match self.reader.read(&mut self.scratch, &self.cutting, time) {
                Ok(progress) => {
                    self.output.publish(&self.source, progress.updates);
                    if progress.availability == Availability::Ended {
                        return true;
                    }
                    let offset = self.reader.offset();
                    self.output.registry.update(&self.source, |status| status.offset = offset);
                    let written = self.reader.source().as_written(&self.scratch[progress.new]);
                    write_or_drop(&mut self.tee, written);
                }
                Err(error) => {
                    self.output.report.say(&error.to_string());
                    return true;
                }
            }
        }
    }

    /// Publishes the unfinished line, and the end of the source.
    fn end(&mut self) {
        let mut updates = Vec::new();
        self.reader.finish(&self.cutting, wall_clock(), |lines| updates.push(Update::Lines(lines)));
        self.output.publish(&self.source, updates);
        self.output.registry.update(&self.source, |status| status.state = SourceState::Ended);
        let exit = self.reader.source().exit();
        let event = ControlEvent::End { file: &self.source.name, exit: exit.as_ref() };
        let content = DraftContent::Control(event.to_json());
        let drafts = vec![Draft { source: Arc::clone(&self.source), content }];
        self.inputs.end(&self.output.publisher, drafts);
    }
}

/// Writes `bytes`, if there are any. A closed standard output is no reason to stop reading.
fn write_or_drop(tee: &mut Option<Box<dyn Write + Send>>, bytes: &[u8]) {
    if let Some(writer) = tee
        && !bytes.is_empty()
        && writer.write_all(bytes).and_then(|()| writer.flush()).is_err()
    {
        *tee = None;
    }
}
