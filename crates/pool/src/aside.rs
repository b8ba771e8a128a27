//! Runs long work on a thread of its own, so that the thread of the pool can serve all other workers meanwhile.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

/// Runs `work` on a new thread and waits for its result. If no thread can be started, the work runs on the current
/// one. Returns `None` if the work panics.
pub(super) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (sender, result) = oneshot::channel();
    // If the thread cannot be started, its closure is lost. The work must not be lost with it.
    let work = Arc::new(Mutex::new(Some(work)));
    let taken = Arc::clone(&work);
    let take = |work: &Mutex<Option<_>>| work.lock().unwrap_or_else(PoisonError::into_inner).take();
    let started = std::thread::Builder::new().name("gleaner aside".to_owned()).spawn(move || {
        if let Some(work) = take(&taken) {
            // The reader is aborted if its worker is gone.
            let _ = sender.send(work());
        }
    });
    if started.is_err() {
        return take(&work).map(|work| work());
    }
    result.await.ok()
}

#[cfg(test)]
mod tests {
    use std::thread::current;

    use super::aside;

    #[tokio::test]
    async fn work_runs_on_another_thread_and_a_panic_is_no_result() {
        let thread = aside(|| current().id()).await.expect("no panic");
        assert_ne!(thread, current().id());
        assert_eq!(aside(|| assert_eq!(1, 2, "a bug")).await, None);
    }
}
