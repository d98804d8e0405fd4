//! The check of a followed path that costs least: whether its file has changed.

use super::clock::wall_clock_nanos;
use super::fingerprint::Fingerprint;
use super::followed_path::FollowedPath;
use super::source_status::SourceState;

impl FollowedPath {
    /// Compares the metadata with those of the last two calls; returns whether the file has not
    /// changed, so that it need not be read.
    ///
    /// Two equal results are needed, because two changes within one tick of the file system's
    /// clock have the same time. The metadata of a pipe do not tell whether it has bytes. A path that
    /// was missing or unreadable may be as before, and has to be looked at for that.
    pub(super) fn check_unchanged(&mut self) -> bool {
        let time = wall_clock_nanos();
        let Some(fingerprint) = Fingerprint::of(&self.path) else { return false };
        if self.newest().is_some_and(|newest| newest.id() == fingerprint.id) {
            self.seen_at = Some(time);
        }
        let was_stable = self.is_stable;
        self.is_stable = self.fingerprint.replace(fingerprint) == Some(fingerprint);
        let Some(newest) = self.newest().filter(|newest| !newest.is_pipe()) else { return false };
        let is_read = (newest.id(), newest.offset()) == (fingerprint.id, fingerprint.size);
        was_stable
            && self.is_stable
            && self.state == SourceState::Live
            && newest.replaced.is_none()
            && self.history.is_none()
            && self.generations.len() == 1
            && is_read
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use super::super::descriptors::{Descriptors, OpenedFile};
    use super::super::file::FileKind;
    use super::super::generation::Generation;
    use super::super::mount::Mount;
    use super::super::path_origin::PathOrigin;
    use super::super::path_target::UnreadableReason;
    use super::*;
    use crate::event::{Names, Source};

    /// Nothing in the metadata tells that a directory above the file was closed or renamed meanwhile.
    #[test]
    fn a_path_that_was_missing_or_unreadable_is_not_unchanged() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a.log");
        std::fs::write(&path, "one\n").expect("written");
        let (now, descriptors) = (Instant::now(), Descriptors::new());
        let source = Arc::new(Source { id: 0, name: Names::default().assign(&path) });
        let origin = PathOrigin { is_explicit: true, was_followed: false };
        let budget = Arc::clone(&descriptors);
        let mut followed =
            FollowedPath::new(source, path.clone(), origin, Mount::Local, budget, Arc::default());
        let file = descriptors.open(&path, Mount::Local).expect("opened");
        let id = file.id();
        let opened = OpenedFile { file, id, kind: FileKind::Regular };
        followed.push(Generation::new(opened, 4).expect("read"), now, &mut Vec::new());
        let mut updates = Vec::new();
        let is_unchanged = |followed: &mut FollowedPath| {
            (0..3).map(|_| followed.check_unchanged()).collect::<Vec<_>>()[2]
        };
        assert!(is_unchanged(&mut followed));
        followed.report_unreadable(UnreadableReason::OnePath(String::new()), &mut updates);
        assert!(!is_unchanged(&mut followed));
        followed.confirm_newest(&mut updates);
        assert!(is_unchanged(&mut followed));
        followed.mark_missing(now, &mut updates);
        assert!(!is_unchanged(&mut followed), "its removal is not published yet");
        followed.mark_missing(now + Duration::from_secs(1), &mut updates);
        assert!(!is_unchanged(&mut followed));
        followed.confirm_newest(&mut updates);
        assert!(is_unchanged(&mut followed));
    }
}
