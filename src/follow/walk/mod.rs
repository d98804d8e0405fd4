//! Walks: patterns go in, the files that match them come out, as they appear.
//!
//! The [`Walker`] owns the threads and their pauses.
//! Each thread has a [`tree::Tree`], which remembers the directories that it has read.
//! The rules say which names in a directory match, and a candidate is a name that does: it may be
//! no file that can be followed.

mod candidate;
mod directory_memory;
mod matching;
mod pace;
mod rules;
#[cfg(test)]
mod tests;
mod tree;
mod walker;

pub(super) use walker::{WalkUpdate, Walker};
