//! The worker's second thread. It sleeps most of the time, and it can work while the first thread computes.
//!
//! It ends the worker when the parent is gone. It also tells the parent that the worker is alive, and which job has kept
//! the worker's first thread busy. The first thread cannot report this itself while it computes, so it stores the job
//! that is being polled in an atomic.

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

/// How often the thread checks. It names a job if that job has kept the first thread busy for at least this long.
const BEAT: Duration = Duration::from_millis(250);

/// The job that is being polled; 0 between polls.
static POLLED: AtomicU64 = AtomicU64::new(0);
/// Counts polls. The count tells one long poll from many short polls of the same job.
static POLLS: AtomicU64 = AtomicU64::new(0);

/// Starts the thread. Must be called on the first thread of the process. This thread starts before the sandbox, and parts
/// of the sandbox only apply to threads that start later. So it gives up what it can by itself. The returned channel is
/// closed when that is done.
pub(super) fn begin<J: Job>(input: OwnedFd, outbox: Arc<Outbox<J>>) -> io::Result<mpsc::Receiver<()>> {
    let (open_until_confined, given_up) = mpsc::channel();
    std::thread::Builder::new().name("watch".to_owned()).spawn(move || {
        sandbox::give_up_early();
        drop(open_until_confined);
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

/// Returns the job that is being polled.
pub(super) fn polled() -> Option<Ticket> {
    Some(POLLED.load(Ordering::Relaxed)).filter(|ticket| *ticket != 0)
}

/// Runs `future` for the job `ticket`, and records the ticket while the future is being polled.
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
