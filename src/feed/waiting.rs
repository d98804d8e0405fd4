//! Who waits for the next event: wakers in, wakers out.

use std::task::{Context, Waker};

use slab::Slab;

/// A place for each subscriber.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// The waker of one that has all there is.
    places: Slab<Option<Waker>>,
    /// How many of them have.
    level: usize,
    /// Somebody will call those who wait, as soon as it can.
    is_called: bool,
    /// Who is woken when all are level.
    reader: Option<Waker>,
}

impl Waiting {
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// A place for one more, which has yet to look.
    pub(super) fn insert(&mut self) -> usize {
        self.places.insert(None)
    }

    /// Gives up a place; whom it gives is to be woken.
    pub(super) fn remove(&mut self, key: usize) -> Option<Waker> {
        if self.places.remove(key).is_some() {
            self.level -= 1;
        }
        self.take_reader()
    }

    /// Waits at a place; whom it gives is to be woken.
    pub(super) fn wait(&mut self, key: usize, cx: &Context<'_>) -> Option<Waker> {
        let waker = &mut self.places[key];
        self.level += usize::from(waker.is_none());
        if !waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            *waker = Some(cx.waker().clone());
        }
        self.take_reader()
    }

    /// There is something for all of them; true if somebody has yet to tell those who wait.
    pub(super) fn call(&mut self) -> bool {
        self.level > 0 && !std::mem::replace(&mut self.is_called, true)
    }

    /// All who wait, to be woken.
    pub(super) fn take(&mut self) -> Vec<Waker> {
        self.is_called = false;
        self.level = 0;
        self.places.iter_mut().filter_map(|(_, waker)| waker.take()).collect()
    }

    /// Whether all have what there is; if not, `reader` is woken when they have.
    pub(super) fn is_level(&mut self, reader: &Waker) -> bool {
        let is_level = !self.is_called && self.level == self.places.len();
        self.reader = (!is_level).then(|| reader.clone());
        is_level
    }

    fn take_reader(&mut self) -> Option<Waker> {
        let is_level = !self.is_called && self.level == self.places.len();
        if is_level { self.reader.take() } else { None }
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
    struct Bell(AtomicUsize);

    impl Wake for Bell {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn wake(waker: Option<Waker>) {
        waker.into_iter().for_each(Waker::wake);
    }

    #[test]
    fn whoever_reads_is_woken_once_when_all_have_everything() {
        let (bell, idle) = (Arc::new(Bell::default()), Context::from_waker(Waker::noop()));
        let reader = Arc::clone(&bell).into();
        let rung = || bell.0.load(Ordering::Relaxed);
        let mut waiting = Waiting::default();
        assert!(waiting.is_level(&reader), "there is nobody");
        let (one, two, gone) = (waiting.insert(), waiting.insert(), waiting.insert());
        assert!(!waiting.is_level(&reader), "they have yet to look");
        wake(waiting.wait(one, &idle));
        wake(waiting.wait(one, &idle));
        wake(waiting.wait(two, &idle));
        assert_eq!(rung(), 0);
        wake(waiting.remove(gone));
        assert_eq!(rung(), 1);
        assert!(waiting.is_level(&reader));
        assert!(waiting.call());
        assert!(!waiting.call(), "once is enough");
        assert!(!waiting.is_level(&reader), "they are about to be told");
        assert_eq!(waiting.take().len(), 2);
        assert!(!waiting.is_level(&reader), "they are being sent it");
        assert!(!waiting.call(), "nobody waits");
        wake(waiting.wait(two, &idle));
        wake(waiting.wait(one, &idle));
        wake(waiting.wait(one, &idle));
        assert_eq!(rung(), 2);
    }
}
