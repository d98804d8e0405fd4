//! Sentences for the person who runs the program.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Where a sentence for whoever runs the program goes.
#[derive(Clone)]
pub struct Report {
    say: Arc<dyn Fn(&str) + Send + Sync>,
    said_once: Arc<Mutex<HashSet<&'static str>>>,
}

impl Report {
    /// Sentences are handed to `say`.
    pub fn new(say: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Report { say: Arc::new(say), said_once: Arc::default() }
    }

    /// Hands on one sentence.
    pub fn say(&self, sentence: &str) {
        (self.say)(sentence);
    }

    /// Hands on a sentence that would be the same for many files, the first time only.
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
