//! Tasks of streams that the publishing thread can run, too.
//!
//! `src/feed/inline.rs` decides when the publishing thread sends.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak};
use std::task::{Context, Poll, Waker};

use tokio::runtime::Handle;

use crate::feed::InlineStream;

/// The task of a future that other threads may poll, too.
pub(super) struct InlineTask<F>(Arc<Shared<F>>);

struct Shared<F> {
    /// None when the future is done.
    future: Mutex<Option<F>>,
    /// The waker of the task that polled the future last.
    task: Mutex<Option<Waker>>,
    runtime: Handle,
}

impl<F: Future<Output = ()> + Unpin + Send + 'static> InlineTask<F> {
    /// Makes a task of `future`, to be spawned on the current runtime.
    pub(super) fn new(future: F) -> Self {
        let (future, task) = (Mutex::new(Some(future)), Mutex::default());
        InlineTask(Arc::new(Shared { future, task, runtime: Handle::current() }))
    }

    /// Returns the stream for the feed that publishes its events.
    pub(super) fn stream(&self) -> Weak<dyn InlineStream> {
        let shared: Arc<dyn InlineStream> = Arc::<Shared<F>>::clone(&self.0);
        Arc::downgrade(&shared)
    }

    /// Calls `f` with the future and its stream.
    pub(super) fn with(&self, f: impl FnOnce(&F, Weak<dyn InlineStream>)) {
        if let Some(future) = &*lock(&self.0.future) {
            f(future, self.stream());
        }
    }
}

impl<F: Future<Output = ()> + Unpin + Send> InlineStream for Shared<F> {
    fn send_now(&self) -> bool {
        let mut future = match self.future.try_lock() {
            Ok(future) => future,
            Err(TryLockError::Poisoned(_) | TryLockError::WouldBlock) => return false,
        };
        let Some(task) = lock(&self.task).clone() else { return false };
        let _runtime = self.runtime.enter();
        let mut cx = Context::from_waker(&task);
        // A panic ends this stream, and not the publishing thread.
        let polled = catch_unwind(AssertUnwindSafe(|| poll_once(&mut future, &mut cx)));
        if polled.is_err() {
            *future = None;
        }
        polled.is_ok_and(|polled| polled.is_pending())
    }
}

impl<F: Future<Output = ()> + Unpin> Future for InlineTask<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let shared = &self.0;
        let mut task = lock(&shared.task);
        if !task.as_ref().is_some_and(|task| task.will_wake(cx.waker())) {
            *task = Some(cx.waker().clone());
        }
        drop(task);
        poll_once(&mut lock(&shared.future), cx)
    }
}

/// Polls a future that is not done, and drops it when it is.
fn poll_once<F>(future: &mut Option<F>, cx: &mut Context<'_>) -> Poll<()>
where
    F: Future<Output = ()> + Unpin,
{
    let Some(running) = future else { return Poll::Ready(()) };
    let polled = Pin::new(running).poll(cx);
    if polled.is_ready() {
        *future = None;
    }
    polled
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;
    use std::time::{Duration, Instant};

    use super::*;

    /// Records the polls of a future.
    #[derive(Default)]
    struct Polls {
        threads: Mutex<Vec<thread::ThreadId>>,
        /// Number of polls until the future is done.
        left: AtomicUsize,
        /// True if the last poll panics.
        panics: bool,
    }

    struct Counted(Arc<Polls>);

    impl Future for Counted {
        type Output = ();

        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
            lock(&self.0.threads).push(thread::current().id());
            let left = self.0.left.fetch_sub(1, Ordering::SeqCst) - 1;
            assert!(left > 0 || !self.0.panics, "a panic that the test wants");
            if left == 0 { Poll::Ready(()) } else { Poll::Pending }
        }
    }

    fn polls(left: usize, panics: bool) -> Arc<Polls> {
        Arc::new(Polls { left: AtomicUsize::new(left), panics, ..Polls::default() })
    }

    fn wait_until(what: &str, holds: impl Fn() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !holds() {
            assert!(Instant::now() < deadline, "never: {what}");
            thread::yield_now();
        }
    }

    fn runtime() -> tokio::runtime::Runtime {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(1).build().expect("a runtime")
    }

    type Started = (tokio::task::JoinHandle<()>, Weak<dyn InlineStream>);

    /// A task that was polled once.
    fn started(runtime: &tokio::runtime::Runtime, polls: &Arc<Polls>) -> Started {
        let _runtime = runtime.enter();
        let task = InlineTask::new(Counted(Arc::clone(polls)));
        let (shared, stream) = (Arc::clone(&task.0), task.stream());
        let task = runtime.spawn(task);
        wait_until("polled once", || {
            !lock(&polls.threads).is_empty() && shared.future.try_lock().is_ok()
        });
        (task, stream)
    }

    fn send(stream: &Weak<dyn InlineStream>) -> bool {
        stream.upgrade().is_some_and(|stream| stream.send_now())
    }

    #[test]
    fn the_publishing_thread_polls_until_the_future_is_done() {
        let (runtime, polls) = (runtime(), polls(4, false));
        let (task, stream) = started(&runtime, &polls);
        let here = thread::current().id();
        assert!(send(&stream) && send(&stream));
        assert_eq!(lock(&polls.threads)[1..], [here, here]);
        assert!(!send(&stream), "the task has to end");
        task.abort();
        assert_eq!(lock(&polls.threads).len(), 4);
    }

    #[test]
    fn a_future_that_is_being_polled_is_left_to_its_task() {
        let (runtime, polls) = (runtime(), polls(3, false));
        let _runtime = runtime.enter();
        let task = InlineTask::new(Counted(Arc::clone(&polls)));
        *lock(&task.0.task) = Some(Waker::noop().clone());
        let busy = lock(&task.0.future);
        assert!(!task.0.send_now());
        drop(busy);
        assert!(task.0.send_now());
        assert_eq!(lock(&polls.threads).len(), 1);
    }

    #[test]
    fn a_panic_ends_the_stream_and_not_the_publishing_thread() {
        let (runtime, polls) = (runtime(), polls(2, true));
        let (_task, stream) = started(&runtime, &polls);
        assert!(!send(&stream));
        assert!(!send(&stream));
        assert_eq!(lock(&polls.threads).len(), 2);
    }

    #[test]
    fn the_future_is_dropped_with_its_task() {
        let (runtime, polls) = (runtime(), polls(9, false));
        let (task, stream) = started(&runtime, &polls);
        task.abort();
        wait_until("dropped", || Arc::strong_count(&polls) == 1);
        assert!(!send(&stream));
    }
}
