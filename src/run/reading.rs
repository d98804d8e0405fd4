//! Phase 5: the threads that read sources.

use std::future::pending;
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::oneshot;

use crate::event::{Cutting, Name};
use crate::feed::{Feed, Publisher};
use crate::follow::{Follower, Input, InputCopies, InputSettings, OpenedSources, Registry};
use crate::report::Report;

/// Maximum time to read the last lines when the program stops.
///
/// A reader that writes to a blocked standard output never ends.
/// A longer time delays the exit then; a shorter one can lose lines of a slow disk.
const STOP_TIMEOUT: Duration = Duration::from_millis(500);

/// Standard input, ready to be read.
pub(super) struct OpenedInput {
    pub(super) name: Name,
    pub(super) copies: InputCopies,
    /// The program stops at its end.
    pub(super) exits_at_end: bool,
}

/// Threads that read, and the feed that they publish to.
pub(super) struct Reading {
    pub(super) registry: Registry,
    pub(super) feed: Feed,
    follower: Option<Follower>,
    input: Option<Input>,
    /// Completes at the end of standard input, if the program stops then.
    end: Option<oneshot::Receiver<()>>,
    /// Keeps the feed open after the end of standard input, for clients that connect later.
    publisher: Publisher,
}

impl Reading {
    /// Starts to follow `files`.
    ///
    /// The follower tells the journal the paths of its files before it returns, so that no event
    /// comes before them in the journal.
    pub(super) fn follow(
        files: Option<OpenedSources>,
        feed: Feed,
        registry: Registry,
        publisher: Publisher,
        report: &Report,
    ) -> anyhow::Result<Self> {
        let follow = |files: OpenedSources| files.follow(publisher.clone(), report.clone());
        let follower = files.map(follow).transpose().context("cannot start a thread")?;
        Ok(Reading { registry, feed, follower, input: None, end: None, publisher })
    }

    /// Starts to read standard input.
    pub(super) fn with_input(
        self,
        input: OpenedInput,
        cutting: Cutting,
        report: Report,
    ) -> anyhow::Result<Self> {
        let is_only_source = self.follower.is_none();
        let (sender, end) = oneshot::channel();
        let OpenedInput { name, copies, exits_at_end } = input;
        let settings = InputSettings { name, is_only_source, cutting, copies };
        let input = Input::start(settings, &self.registry, self.publisher.clone(), report, || {
            let _ = sender.send(());
        });
        let input = Some(input.context("cannot start a thread")?);
        Ok(Reading { input, end: exits_at_end.then_some(end), ..self })
    }

    /// Waits until the program is to stop because standard input has ended.
    pub(super) async fn wait_for_end(&mut self) {
        if let Some(end) = &mut self.end
            && end.await.is_ok()
        {
            return;
        }
        // Without the flag, or after a panic of the thread, only a signal stops the program.
        pending::<()>().await;
    }

    /// Publishes the lines that are there, and stops the threads; leaves those that block.
    pub(super) async fn stop(self) {
        let join = tokio::task::spawn_blocking(move || self.join());
        let _ = tokio::time::timeout(STOP_TIMEOUT, join).await;
    }

    /// Stops the threads and waits for them; the last publisher ends the journal here.
    fn join(self) {
        if let Some(input) = self.input {
            input.stop();
        }
        if let Some(follower) = self.follower {
            follower.stop();
        }
    }
}
