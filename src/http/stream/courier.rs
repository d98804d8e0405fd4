//! Who sends an event stream: its task, or whoever has published what it waits for.
//!
//! A task of the runtime is woken by way of another thread, which takes longer than to send one
//! line. So a thread that is not of the runtime polls what it would wake; the task is there for
//! what comes from the runtime, such as room in the socket, and for what is busy already.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::task::{Context, Poll, Wake, Waker};

use tokio::runtime::Handle;

/// A future that is polled by whoever wakes it from outside the runtime.
pub(in crate::http) struct Courier<F> {
    /// None when it is done.
    errand: Mutex<Option<F>>,
    task: Mutex<Option<Waker>>,
    runtime: Handle,
}

/// Waits until it is done, and polls it when the runtime wakes it.
pub(in crate::http) struct Errand<F>(Arc<Courier<F>>);

impl<F: Future<Output = ()> + Unpin + Send + 'static> Courier<F> {
    /// To be called in the runtime in which it is to be polled.
    pub(in crate::http) fn errand(future: F) -> Errand<F> {
        let errand = Mutex::new(Some(future));
        Errand(Arc::new(Courier { errand, task: Mutex::default(), runtime: Handle::current() }))
    }

    fn poll(self: &Arc<Self>, errand: &mut Option<F>) -> Poll<()> {
        let Some(future) = errand else { return Poll::Ready(()) };
        let waker = Waker::from(Arc::clone(self));
        let polled = Pin::new(future).poll(&mut Context::from_waker(&waker));
        if polled.is_ready() {
            *errand = None;
        }
        polled
    }

    /// False if its task has to do it.
    fn poll_here(self: &Arc<Self>) -> bool {
        let mut errand = match self.errand.try_lock() {
            Ok(errand) => errand,
            Err(TryLockError::Poisoned(_) | TryLockError::WouldBlock) => return false,
        };
        let _runtime = self.runtime.enter();
        // A panic ends this errand, and not the thread that has something else to do.
        let polled = catch_unwind(AssertUnwindSafe(|| self.poll(&mut errand)));
        if polled.is_err() {
            *errand = None;
        }
        polled.is_ok_and(|polled| polled.is_pending())
    }
}

impl<F: Future<Output = ()> + Unpin + Send + 'static> Wake for Courier<F> {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if Handle::try_current().is_err() && self.poll_here() {
            return;
        }
        if let Some(task) = &*lock(&self.task) {
            task.wake_by_ref();
        }
    }
}

impl<F: Future<Output = ()> + Unpin + Send + 'static> Future for Errand<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let courier = &self.0;
        let mut task = lock(&courier.task);
        if !task.as_ref().is_some_and(|task| task.will_wake(cx.waker())) {
            *task = Some(cx.waker().clone());
        }
        drop(task);
        courier.poll(&mut lock(&courier.errand))
    }
}

impl<F> Drop for Errand<F> {
    fn drop(&mut self) {
        // Whatever the future waits for holds the courier, and so the future itself.
        drop(lock(&self.0.errand).take());
    }
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

    /// What a future of the tests has lived through.
    #[derive(Default)]
    struct Diary {
        waker: Mutex<Option<Waker>>,
        threads: Mutex<Vec<thread::ThreadId>>,
        polls_to_go: AtomicUsize,
        panics: bool,
    }

    struct Visitor(Arc<Diary>);

    impl Future for Visitor {
        type Output = ();

        fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
            let diary = &self.0;
            *lock(&diary.waker) = Some(cx.waker().clone());
            lock(&diary.threads).push(thread::current().id());
            let to_go = diary.polls_to_go.fetch_sub(1, Ordering::SeqCst) - 1;
            assert!(to_go > 0 || !diary.panics, "as it was told to");
            if to_go == 0 { Poll::Ready(()) } else { Poll::Pending }
        }
    }

    fn diary(polls: usize, panics: bool) -> Arc<Diary> {
        let polls_to_go = AtomicUsize::new(polls);
        Arc::new(Diary { polls_to_go, panics, ..Diary::default() })
    }

    fn until(what: &str, holds: impl Fn() -> bool) {
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

    /// A task that was polled for the first time.
    fn begun(runtime: &tokio::runtime::Runtime, diary: &Arc<Diary>) -> tokio::task::JoinHandle<()> {
        let _runtime = runtime.enter();
        let errand = Courier::errand(Visitor(Arc::clone(diary)));
        let courier = Arc::clone(&errand.0);
        let task = runtime.spawn(errand);
        until("it is polled", || lock(&diary.waker).is_some() && courier.errand.try_lock().is_ok());
        task
    }

    fn wake(diary: &Diary) {
        let waker = lock(&diary.waker).clone().expect("a waker");
        waker.wake();
    }

    #[test]
    fn whoever_wakes_it_from_outside_polls_it() {
        let (runtime, diary) = (runtime(), diary(4, false));
        let task = begun(&runtime, &diary);
        let here = thread::current().id();
        wake(&diary);
        wake(&diary);
        assert_eq!(lock(&diary.threads)[1..], [here, here]);
        wake(&diary);
        runtime.block_on(task).expect("its task ends when it is done");
        assert_eq!(lock(&diary.threads).len(), 4);
    }

    #[test]
    fn the_runtime_wakes_its_task() {
        let (runtime, diary) = (runtime(), diary(2, false));
        let task = begun(&runtime, &diary);
        let waker = lock(&diary.waker).clone().expect("a waker");
        runtime.block_on(async {
            waker.wake();
            task.await.expect("done");
        });
        assert!(!lock(&diary.threads).contains(&thread::current().id()));
    }

    #[test]
    fn what_is_busy_is_left_to_its_task() {
        let (runtime, diary) = (runtime(), diary(2, false));
        let courier = Arc::new(Courier {
            errand: Mutex::new(Some(Visitor(Arc::clone(&diary)))),
            task: Mutex::default(),
            runtime: runtime.handle().clone(),
        });
        let busy = lock(&courier.errand);
        assert!(!courier.poll_here());
        drop(busy);
        assert!(courier.poll_here());
        assert_eq!(lock(&diary.threads).len(), 1);
    }

    #[test]
    fn a_panic_ends_the_errand_and_not_who_woke_it() {
        let (runtime, diary) = (runtime(), diary(2, true));
        let task = begun(&runtime, &diary);
        wake(&diary);
        runtime.block_on(task).expect("its task ends");
        wake(&diary);
        assert_eq!(lock(&diary.threads).len(), 2);
    }

    #[test]
    fn it_goes_with_its_task_whoever_could_still_wake_it() {
        let (runtime, diary) = (runtime(), diary(9, false));
        let task = begun(&runtime, &diary);
        task.abort();
        until("the future is dropped", || Arc::strong_count(&diary) == 1);
        wake(&diary);
    }
}
