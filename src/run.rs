//! The program, as a sequence of phases.
//!
//! A phase takes the values that earlier phases return, so that no phase can run too early.

mod command;
mod environment;
mod figures;
mod open;
mod prepare;
mod process;
#[cfg(feature = "nats")]
mod reach;
mod reading;
mod serving;
mod supervisor;

use self::environment::Environment;
use self::open::{State, bind};
use self::prepare::Prepared;
use self::process::Process;
use self::serving::Serving;
use crate::cli::Cli;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::status::Status;

/// Follows and serves until a signal, or the end of all streams with `--exit-on-eof`.
///
/// Replaces the panic hook of this process by one that reports panics in one sentence.
pub fn run(cli: Cli) -> Result<(), Failure> {
    if let Some(status) = supervisor::supervise(&cli)? {
        return ended_with(status);
    }
    let settings = Settings::try_from(cli)?;
    let environment = Environment::take(&settings)?;
    let process = Process::start(&environment, settings.quiet)?;
    let result = process.block_on(|status| follow_and_serve(settings, environment, status));
    process.stop();
    ended_with(result?)
}

fn ended_with(status: i32) -> Result<(), Failure> {
    if status == 0 { Ok(()) } else { Err(Failure::Child(status)) }
}

async fn follow_and_serve(
    settings: Settings,
    environment: Environment,
    status: Status,
) -> anyhow::Result<i32> {
    let prepared = Prepared::new(&settings, &status)?;
    let state = State::open(&settings, &status.report())?;
    let bound = bind(&settings, environment).await?;
    let opened = bound.open_sources(state, &settings, &status)?;
    let reading = opened.start_reading(&settings, &status.report())?;
    reading.1.ready().await;
    let mut serving = Serving::start(settings, prepared, reading, &status)?;
    let reason = serving.wait().await;
    serving.stop(reason).await
}
