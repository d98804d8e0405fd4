//! Phase 1: resources that this process has from its start.

use crate::failure::Failure;
use crate::http::{Access, InheritedSockets};
use crate::settings::Settings;
use crate::status::Tee;
use crate::system::descriptor_limit;

/// Resources that this process has from its start, and the credentials in the token file.
pub(super) struct Environment {
    pub(super) inherited: InheritedSockets,
    /// Standard output, if a source is copied to it and it is the terminal of stderr.
    pub(super) tee: Option<Tee>,
    pub(super) access: Access,
    /// Number of descriptors that a command may have; none is no limit.
    pub(super) descriptors: Option<u64>,
}

impl Environment {
    /// Must be called while this process has one thread, because it changes environment variables.
    /// A thread that looks at an argument on a mount that hangs may be there: it reads none.
    ///
    /// Threads are started by [`Process`](super::process::Process), which needs an environment.
    pub(super) fn take(settings: &Settings) -> Result<Self, Failure> {
        let has_tee = settings.sources.have_tee();
        Ok(Environment {
            access: settings.access.load()?,
            inherited: InheritedSockets::take_environment(),
            tee: has_tee.then(Tee::to_terminal).flatten(),
            descriptors: descriptor_limit(),
        })
    }
}
