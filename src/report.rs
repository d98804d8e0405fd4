//! Sentences for the person who runs the program.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Destination of sentences for the person who runs the program; clones share it.
#[derive(Clone)]
pub struct Report {
    say: Arc<dyn Fn(&str) + Send + Sync>,
    said_once: Arc<Mutex<HashSet<&'static str>>>,
}

impl Report {
    /// Returns a report that calls `say` with each sentence.
    pub fn new(say: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Report { say: Arc::new(say), said_once: Arc::default() }
    }

    /// Reports one sentence.
    pub fn say(&self, sentence: &str) {
        (self.say)(sentence);
    }

    /// Reports a sentence that is the same for many files, but only once.
    pub(crate) fn say_once(&self, sentence: &'static str) {
        if self.said_once.lock().unwrap_or_else(PoisonError::into_inner).insert(sentence) {
            self.say(sentence);
        }
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Report")
    }
}
