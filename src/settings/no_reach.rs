//! Streams that the command line names, in a program without the feature `nats`.

use std::ffi::OsString;

use crate::cli::Cli;
use crate::failure::Failure;

/// No streams.
#[derive(Debug, Default)]
pub(crate) struct ReachSettings;

impl ReachSettings {
    /// Refuses `--to` and SOURCE arguments that are streams.
    pub(super) fn new(cli: &Cli, sources: &[(Option<OsString>, String)]) -> Result<Self, Failure> {
        if sources.is_empty() && cli.reach.to.is_none() {
            return Ok(ReachSettings);
        }
        let sentence = "this ssetail was built without NATS, which --to and nats:// need; build it with --features nats";
        Err(Failure::Usage(sentence.to_owned()))
    }

    /// Nothing is missing.
    #[expect(clippy::unused_self, reason = "with the feature, it depends on the streams")]
    pub(crate) fn advice(&self, _: bool) -> Option<String> {
        None
    }
}
