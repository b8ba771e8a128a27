//! The worker's second thread. It sleeps most of the time; what it does, it can do while the first one computes.
//!
//! It ends the worker when the parent is gone. It tells the parent that the worker lives, and which job has kept the
//! worker's thread: a worker that computes cannot speak, so the job that is being polled stands in an atomic.

use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll};
use std::time::Duration;

use super::job::Job;
use super::outbox::Outbox;
use super::roster::Ticket;
use super::{sandbox, unix};

/// How often it looks, and the least time for which a job must have kept the thread to be named.
const BEAT: Duration = Duration::from_millis(250);

/// The job that is being polled, and 0 between polls.
static POLLED: AtomicU64 = AtomicU64::new(0);
/// Counts polls: the same job may be polled again and again without keeping the thread.
static POLLS: AtomicU64 = AtomicU64::new(0);

/// Starts the thread. Must be called on the first thread of the process. The channel is closed when the thread has
/// given up all that it can by itself: it is older than the sandbox, which in part holds only for younger threads.
pub(super) fn begin<J: Job>(input: OwnedFd, outbox: Arc<Outbox<J>>) -> io::Result<mpsc::Receiver<()>> {
    let (at_it, given_up) = mpsc::channel();
    std::thread::Builder::new().name("watch".to_owned()).spawn(move || {
        sandbox::forsake();
        drop(at_it);
        let mut before = (0, 0);
        while !unix::hung_up_within(&input, BEAT) {
            let now = (POLLED.load(Ordering::Relaxed), POLLS.load(Ordering::Relaxed));
            let computing = (now == before && now.0 != 0).then_some(now.0);
            outbox.beat(computing);
            before = now;
        }
        unix::kill_own_group()
    })?;
    unix::wake_with_parents_death();
    Ok(given_up)
}

/// The job that is being polled.
pub(super) fn polled() -> Option<Ticket> {
    Some(POLLED.load(Ordering::Relaxed)).filter(|ticket| *ticket != 0)
}

/// Notes when `future` is being polled, on behalf of the job `ticket`.
pub(super) async fn marked<F: Future>(ticket: Ticket, future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(move |context| poll_marked(ticket, future.as_mut(), context)).await
}

fn poll_marked<F: Future>(ticket: Ticket, future: Pin<&mut F>, context: &mut Context<'_>) -> Poll<F::Output> {
    POLLED.store(ticket, Ordering::Relaxed);
    POLLS.fetch_add(1, Ordering::Relaxed);
    let polled = future.poll(context);
    POLLED.store(0, Ordering::Relaxed);
    polled
}
