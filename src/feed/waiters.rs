//! The subscribers of a feed, and the wakers of those that wait for the next event.

use std::fmt;
use std::sync::Weak;
use std::task::{Context, Waker};

use slab::Slab;

use super::inline::{InlineStream, Waiter};

/// One slot for each subscriber.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    slots: Slab<Slot>,
    /// Number of slots that have a waker.
    waiting: usize,
    /// The relay was woken, and will wake the subscribers that wait.
    is_relay_woken: bool,
    /// The waker of a thread that waits until all subscribers have read everything.
    reader: Option<Waker>,
}

#[derive(Default)]
struct Slot {
    /// Set while the subscriber has read everything.
    waker: Option<Waker>,
    /// Set if the publishing thread may send the subscriber's stream.
    stream: Option<Weak<dyn InlineStream>>,
}

impl Waiters {
    /// Number of subscribers, whether they wait or not.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Adds a slot for a subscriber that has not read yet.
    pub(super) fn insert(&mut self) -> usize {
        self.slots.insert(Slot::default())
    }

    /// Lets the publishing thread send the stream of the subscriber with this slot.
    pub(super) fn set_stream(&mut self, key: usize, stream: Weak<dyn InlineStream>) {
        self.slots[key].stream = Some(stream);
    }

    /// Removes a slot; the returned waker is to be woken.
    pub(super) fn remove(&mut self, key: usize) -> Option<Waker> {
        if self.slots.remove(key).waker.is_some() {
            self.waiting -= 1;
        }
        self.take_reader()
    }

    /// Notes that a subscriber has read everything; the returned waker is to be woken.
    pub(super) fn wait(&mut self, key: usize, cx: &Context<'_>) -> Option<Waker> {
        let waker = &mut self.slots[key].waker;
        self.waiting += usize::from(waker.is_none());
        if !waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            *waker = Some(cx.waker().clone());
        }
        self.take_reader()
    }

    /// Notes that there are new events; returns whether the relay has to be woken for them.
    pub(super) fn needs_relay(&mut self) -> bool {
        self.waiting > 0 && !std::mem::replace(&mut self.is_relay_woken, true)
    }

    /// Takes out all subscribers that wait.
    pub(super) fn take(&mut self) -> Vec<Waiter> {
        self.is_relay_woken = false;
        self.waiting = 0;
        let waiter = |slot: &mut Slot| {
            Some(Waiter { waker: slot.waker.take()?, stream: slot.stream.clone() })
        };
        self.slots.iter_mut().filter_map(|(_, slot)| waiter(slot)).collect()
    }

    /// Returns whether all subscribers have read everything; if not, `reader` is woken when they
    /// have.
    pub(super) fn is_caught_up(&mut self, reader: &Waker) -> bool {
        let is_caught_up = self.are_all_waiting();
        self.reader = (!is_caught_up).then(|| reader.clone());
        is_caught_up
    }

    /// Number of subscribers that have not read everything.
    pub(super) fn behind(&self) -> usize {
        if self.is_relay_woken { self.slots.len() } else { self.slots.len() - self.waiting }
    }

    fn take_reader(&mut self) -> Option<Waker> {
        if self.are_all_waiting() { self.reader.take() } else { None }
    }

    fn are_all_waiting(&self) -> bool {
        !self.is_relay_woken && self.waiting == self.slots.len()
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").field("waker", &self.waker).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    /// Counts how often it is woken.
    #[derive(Default)]
    struct CountingWaker(AtomicUsize);

    impl Wake for CountingWaker {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn wake(waker: Option<Waker>) {
        waker.into_iter().for_each(Waker::wake);
    }

    #[test]
    fn the_reader_is_woken_once_when_all_subscribers_have_read_everything() {
        let (counter, idle) =
            (Arc::new(CountingWaker::default()), Context::from_waker(Waker::noop()));
        let reader = Arc::clone(&counter).into();
        let wakes = || counter.0.load(Ordering::Relaxed);
        let mut waiters = Waiters::default();
        assert!(waiters.is_caught_up(&reader), "there are no subscribers");
        let (one, two, gone) = (waiters.insert(), waiters.insert(), waiters.insert());
        assert!(!waiters.is_caught_up(&reader), "they have not read yet");
        assert_eq!(waiters.behind(), 3);
        wake(waiters.wait(one, &idle));
        wake(waiters.wait(one, &idle));
        assert_eq!(waiters.behind(), 2);
        wake(waiters.wait(two, &idle));
        assert_eq!(wakes(), 0);
        wake(waiters.remove(gone));
        assert_eq!(wakes(), 1);
        assert!(waiters.is_caught_up(&reader));
        assert!(waiters.needs_relay());
        assert!(!waiters.needs_relay(), "the relay was woken already");
        assert!(!waiters.is_caught_up(&reader), "the relay will wake them");
        assert_eq!(waiters.behind(), 2);
        assert_eq!(waiters.take().len(), 2);
        assert!(!waiters.is_caught_up(&reader), "they have not read yet");
        assert!(!waiters.needs_relay(), "no subscriber waits");
        wake(waiters.wait(two, &idle));
        wake(waiters.wait(one, &idle));
        wake(waiters.wait(one, &idle));
        assert_eq!(wakes(), 2);
    }
}
