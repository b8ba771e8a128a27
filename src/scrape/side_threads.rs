//! Threads for work that would block the worker's own thread for too long.
//!
//! There are at most as many threads as there can be such pieces of work at once, and they are reused. The reason is
//! memory: an allocator caches freed memory per thread, so two pages on two threads would take twice the memory. The
//! blocking threads of the tokio runtime do not fit: the runtime starts a new one if the last one is not idle yet.
//!
//! If the system provides no thread at all, the work runs on the worker's own thread. The other jobs wait then, but no
//! page fails.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::model::{Failure, FailureKind, Stage};

type Work = Box<dyn FnOnce() + Send>;

#[derive(Debug)]
pub(super) struct SideThreads {
    most: usize,
    /// The number of threads started so far.
    started: Mutex<usize>,
    queue: Sender<Work>,
    /// Shared by the threads: an idle thread waits here.
    work: Arc<Mutex<Receiver<Work>>>,
}

impl SideThreads {
    /// Allows up to `most` threads. Each starts when it is first needed.
    pub(super) fn new(most: usize) -> Self {
        let (queue, work) = channel();
        Self { most, started: Mutex::new(0), queue, work: Arc::new(Mutex::new(work)) }
    }

    /// Runs `work` on one of the threads, or on this one if there is none. A panic in `work` becomes a panic of this
    /// task.
    pub(super) async fn run<T, F>(&self, work: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T, Failure> + Send + 'static,
    {
        if !self.has_any() {
            return work();
        }
        let gone =
            || Failure::new(FailureKind::Panic, Stage::Parse, "parse the page: its thread ended, which is a bug");
        let (done, result) = oneshot::channel();
        let work = move || {
            // The task that asked may have ended.
            let _ = done.send(catch_unwind(AssertUnwindSafe(work)));
        };
        self.queue.send(Box::new(work)).map_err(|_| gone())?;
        match result.await {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => resume_unwind(panic),
            Err(_) => Err(gone()),
        }
    }

    /// Starts another thread, if allowed and possible. Returns whether there is any thread now.
    fn has_any(&self) -> bool {
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        if *started < self.most {
            let work = Arc::clone(&self.work);
            let thread = std::thread::Builder::new().name("large pages".to_owned());
            *started += usize::from(thread.spawn(move || serve(&work)).is_ok());
        }
        *started > 0
    }
}

/// Runs work until no sender is left.
fn serve(work: &Mutex<Receiver<Work>>) {
    loop {
        // The thread holds the lock while it waits for work. The other threads wait for the lock.
        let next = work.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            Ok(work) => work(),
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::thread::{ThreadId, current};

    use super::SideThreads;

    #[tokio::test]
    async fn work_runs_on_a_few_other_threads_that_are_reused() {
        for most in [1, 2] {
            let (threads, mut seen) = (SideThreads::new(most), BTreeSet::<String>::new());
            for _ in 0..100 {
                let thread: ThreadId = threads.run(|| Ok(current().id())).await.expect("the thread's id");
                assert_ne!(thread, current().id());
                seen.insert(format!("{thread:?}"));
            }
            assert!(seen.len() <= most, "{seen:?}");
        }
    }

    #[tokio::test]
    async fn without_side_threads_the_work_runs_on_the_current_thread() {
        let threads = SideThreads::new(0);
        assert_eq!(threads.run(|| Ok(current().id())).await, Ok(current().id()));
    }

    #[tokio::test]
    async fn a_panic_reaches_the_caller_and_the_thread_keeps_working() {
        let threads = std::sync::Arc::new(SideThreads::new(1));
        let its = std::sync::Arc::clone(&threads);
        let visit = tokio::spawn(async move { its.run::<(), _>(|| panic!("a page to blame")).await });
        let panic = visit.await.expect_err("a panic").into_panic();
        assert_eq!(panic.downcast_ref(), Some(&"a page to blame"));
        assert_eq!(threads.run(|| Ok(7)).await, Ok(7));
    }
}
