//! The start of following: the sources that exist, and the point in each where reading begins.

use std::time::Instant;

use super::followed_path::FollowedPath;
use super::options::FollowOptions;
use super::path_target::PathTarget;
use super::registry::Registry;
use super::restore::{Restored, restore};
use super::retired_files::RetiredFiles;
use super::source_set::SourceSet;
use super::start_at::StartAt;
use super::update::Update;
use super::wanted_source::WantedSource;
use crate::feed::Draft;
use crate::journal::Recovered;

/// Sources whose files are open: everything that is written from now on will be published.
#[derive(Debug)]
pub struct OpenedSources {
    pub(super) options: FollowOptions,
    pub(super) sources: SourceSet,
    /// Checkpoints of the files of an earlier run.
    pub(super) checkpoints: Vec<Draft>,
    /// The first updates of each source.
    pub(super) updates: Vec<Vec<Update>>,
    /// Files that an earlier run had retired.
    pub(super) retired: RetiredFiles,
}

impl OpenedSources {
    /// Opens the files that exist, at the line that `options` name.
    #[must_use]
    pub fn new(wanted: Vec<WantedSource>, options: FollowOptions, registry: &Registry) -> Self {
        OpenedSources::resume(wanted, options, registry, &mut Recovered::nothing())
    }

    /// Opens the files that exist after a restart: files of the earlier run are resumed.
    #[must_use]
    pub fn resume(
        wanted: Vec<WantedSource>,
        options: FollowOptions,
        registry: &Registry,
        recovered: &mut Recovered,
    ) -> Self {
        let mut sources = SourceSet::new(wanted, registry, recovered);
        let now = Instant::now();
        let restored = restore(recovered, &mut sources, now);
        let Restored { checkpoints, updates: mut earlier, retired } = restored;
        let mut updates = Vec::with_capacity(sources.followed.len());
        for followed in &mut sources.followed {
            let mut own = earlier.remove(&followed.source.id).unwrap_or_default();
            // Paths of an earlier run are left to the follower, which reads new files in full.
            if !followed.origin.was_followed {
                open(followed, options.start_at, now, &mut own);
            }
            updates.push(own);
        }
        OpenedSources { options, sources, checkpoints, updates, retired }
    }
}

fn open(followed: &mut FollowedPath, start_at: StartAt, now: Instant, updates: &mut Vec<Update>) {
    match followed.resolve(now) {
        PathTarget::Other(opened) => followed.open(opened, Some(start_at), now, updates),
        PathTarget::Unreadable(reason) => {
            followed.start_late(start_at);
            followed.report_unreadable(reason, updates);
        }
        PathTarget::Newest | PathTarget::Missing => {}
    }
}
