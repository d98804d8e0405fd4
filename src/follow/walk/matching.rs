//! Whether a file is one that the walker finds, now or later.

use std::fs;
use std::path::{Component, Path};

use super::rules::{EntryKind, WalkRules};
use super::walker::Walker;
use crate::event::FileId;

impl Walker {
    /// Returns whether a walk finds this file: a pattern matches `path`, or the same name in the
    /// directory of `followed`, which may lead to that of `path` through symbolic links.
    pub(in crate::follow) fn finds(&self, path: &Path, file: FileId, followed: &Path) -> bool {
        let beside = path.file_name().map(|name| followed.with_file_name(name));
        [Some(path), beside.as_deref()].into_iter().flatten().any(|path| {
            let is_file = |path: &Path| {
                fs::metadata(path).is_ok_and(|metadata| FileId::of(&metadata).is_same_inode(file))
            };
            self.shared.rules.match_path(path) && is_file(path)
        })
    }
}

impl WalkRules {
    /// Returns whether a pattern matches the path of a file.
    fn match_path(&self, path: &Path) -> bool {
        let matches_below = |base: &Path, states| {
            let Ok(rest) = path.strip_prefix(base) else { return false };
            let mut directory = base.to_owned();
            let mut names = rest.components().peekable();
            let mut states = std::sync::Arc::clone(states);
            while let Some(Component::Normal(name)) = names.next() {
                directory.push(name);
                if names.peek().is_none() {
                    let (_, matches) = self.step(&states, name, EntryKind::Other);
                    let is_wanted = |pattern: u32| !self.pattern(pattern as usize).excludes(path);
                    return matches.iter().any(|found| is_wanted(found.pattern));
                }
                let kind =
                    if directory.is_symlink() { EntryKind::Link } else { EntryKind::Directory };
                let (below, _) = self.step(&states, name, kind);
                states = self.below(below, &states);
            }
            false
        };
        self.roots().iter().any(|(base, states)| matches_below(base, states))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::super::super::pattern::Pattern;
    use super::*;

    #[test]
    fn a_path_is_matched_as_a_walk_matches_it() {
        let directory = tempfile::tempdir().expect("a directory");
        let root = directory.path().canonicalize().expect("a path");
        fs::create_dir_all(root.join("logs/web")).expect("made");
        symlink(root.join("logs"), root.join("link")).expect("linked");
        let matches = |pattern: &str, path: &str| {
            let pattern = Pattern::new(&root.join(pattern)).expect("a pattern");
            WalkRules::new(vec![pattern]).match_path(&root.join(path))
        };
        for (pattern, path) in [
            ("logs/app.log*", "logs/app.log.1"),
            ("logs/{a,b}.log.[0-9]", "logs/b.log.2"),
            ("**/*.log.?", "logs/web/a.log.1"),
            ("**/a.log.1", "a.log.1"),
            ("*/web/*", "link/web/a.log.1"),
        ] {
            assert!(matches(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("logs/app.log", "logs/app.log.1"),
            ("logs/*.log", "logs/app.log.1"),
            ("logs/*", "logs/web/a.log.1"),
            ("**/*.log.?", "link/a.log.1"),
            ("logs/*", "logs/.a.log.1"),
        ] {
            assert!(!matches(pattern, path), "{pattern} {path}");
        }
    }
}
