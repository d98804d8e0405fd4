//! The search for the events with which a subscriber begins.

use std::collections::HashMap;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::look_back::{Found, LookBack};
use super::shared::Shared;
use super::since::SinceSearch;
use crate::event::Source;

/// A search in up to two steps: for lines that are new enough, and among them for the newest ones.
#[derive(Debug, Default)]
pub(super) struct StartSearch {
    pub(super) since: Option<SinceSearch>,
    pub(super) look_back: Option<LookBack>,
}

impl StartSearch {
    /// Searches the lines of sources for which `is_selected` returns true; ready when that is done.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        shared: &Arc<Shared>,
        is_selected: impl Fn(&Source) -> bool,
    ) -> Poll<Found> {
        if let Some(since) = &mut self.since {
            let starts = ready!(since.poll(cx, shared, &is_selected));
            self.since = None;
            match &mut self.look_back {
                Some(look_back) => look_back.begin_at(starts),
                None => return Poll::Ready(Found::at(starts, shared.lock().oldest_in_ring())),
            }
        }
        match &mut self.look_back {
            Some(look_back) => look_back.poll(cx, shared, is_selected),
            None => Poll::Ready(Found::at(HashMap::new(), shared.lock().oldest_in_ring())),
        }
    }
}
