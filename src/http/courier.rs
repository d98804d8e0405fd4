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
pub(super) struct Courier<F> {
    /// None when it is done.
    errand: Mutex<Option<F>>,
    task: Mutex<Option<Waker>>,
    runtime: Handle,
}

/// Waits until it is done, and polls it when the runtime wakes it.
pub(super) struct Errand<F>(Arc<Courier<F>>);

impl<F: Future<Output = ()> + Unpin + Send + 'static> Courier<F> {
    /// To be called in the runtime in which it is to be polled.
    pub(super) fn errand(future: F) -> Errand<F> {
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
