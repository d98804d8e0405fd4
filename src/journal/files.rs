//! Names of the files in the directory of the journal.

/// Name of the journal.
pub(super) const FILE_NAME: &str = "journal";

/// Name of the file with the position in the stream that is published to.
pub(crate) const PUBLISHED_FILE: &str = "published";

/// Names of all files in the directory.
pub(crate) const STATE_FILES: [&str; 4] = [FILE_NAME, "journal.new", "lock", PUBLISHED_FILE];
