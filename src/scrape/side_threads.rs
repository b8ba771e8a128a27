//! Threads for what would keep the worker's own for too long.
//!
//! No more of them than there may be such pieces of work at once, and the same ones again and again: an allocator keeps
//! for each thread what it has given back, so that a page which is parsed on one thread and the next one on another would
//! take twice the memory. (A runtime's own threads for blocking work are that: a new one starts when the last one has
//! not yet come to rest.)
//!
//! If the system gives no thread at all, the work is done on the worker's own thread. Its neighbours wait, but no page
//! fails.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::model::{Failure, FailureKind, Stage};

type Work = Box<dyn FnOnce() + Send>;

#[derive(Debug)]
pub(super) struct SideThreads {
    most: usize,
    /// Threads that were started.
    started: Mutex<usize>,
    queue: Sender<Work>,
    /// Shared by the threads: whoever has nothing to do waits here.
    work: Arc<Mutex<Receiver<Work>>>,
}

impl SideThreads {
    /// Up to so many, each started when it is first needed.
    pub(super) fn new(most: usize) -> Self {
        let (queue, work) = channel();
        Self { most, started: Mutex::new(0), queue, work: Arc::new(Mutex::new(work)) }
    }

    /// Runs `work` on one of the threads, or right here where there is none. Its panics are panics of this task.
    pub(super) async fn run<T, F>(&self, work: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T, Failure> + Send + 'static,
    {
        if !self.has_any() {
            return work();
        }
        let gone =
            || Failure::new(FailureKind::Panic, Stage::Parse, "parse the page: its thread is gone, which is a bug");
        let (done, result) = oneshot::channel();
        let work = move || {
            // Whoever asked may be gone by now.
            let _ = done.send(catch_unwind(AssertUnwindSafe(work)));
        };
        self.queue.send(Box::new(work)).map_err(|_| gone())?;
        match result.await {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => resume_unwind(panic),
            Err(_) => Err(gone()),
        }
    }

    /// Starts another thread, if there may be one and the system gives it. Whether there is any then.
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

/// Works until nobody can send any more.
fn serve(work: &Mutex<Receiver<Work>>) {
    loop {
        // Held while it waits: the others wait for the lock instead.
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
    async fn work_is_done_on_other_threads_and_always_the_same_ones() {
        for most in [1, 2] {
            let (threads, mut seen) = (SideThreads::new(most), BTreeSet::<String>::new());
            for _ in 0..100 {
                let thread: ThreadId = threads.run(|| Ok(current().id())).await.expect("it is done");
                assert_ne!(thread, current().id());
                seen.insert(format!("{thread:?}"));
            }
            assert!(seen.len() <= most, "{seen:?}");
        }
    }

    #[tokio::test]
    async fn where_there_is_no_thread_the_work_is_done_here() {
        let threads = SideThreads::new(0);
        assert_eq!(threads.run(|| Ok(current().id())).await, Ok(current().id()));
    }

    #[tokio::test]
    async fn a_panic_there_is_a_panic_here_and_the_thread_goes_on() {
        let threads = std::sync::Arc::new(SideThreads::new(1));
        let its = std::sync::Arc::clone(&threads);
        let visit = tokio::spawn(async move { its.run::<(), _>(|| panic!("a page to blame")).await });
        let panic = visit.await.expect_err("a panic").into_panic();
        assert_eq!(panic.downcast_ref(), Some(&"a page to blame"));
        assert_eq!(threads.run(|| Ok(7)).await, Ok(7));
    }
}
