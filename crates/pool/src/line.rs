//! A line from a job to whoever submitted it, while it runs.

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::job::Job;
use super::outbox::Outbox;
use super::roster::Ticket;
use super::watch;

type Say = Box<dyn Fn(Ticket, &[u8]) + Send + Sync>;

/// Set once in a worker, before its first job.
static OUTBOX: OnceLock<Say> = OnceLock::new();

/// Speaks for one job before it is done: what it says arrives at once, as [`Event::Noted`](super::Event::Noted).
///
/// For what cannot wait for the output, such as when something was sent. Each word is a frame of its own and a system
/// call, so a job had better say little.
#[derive(Clone, Copy)]
pub struct Line {
    ticket: Ticket,
}

impl Line {
    /// That of the job which is running: to be taken in [`Job::run`](super::Job::run) itself, and kept. `None` where no
    /// worker's job is running.
    pub fn of_this_job() -> Option<Self> {
        let ticket = watch::polled()?;
        OUTBOX.get().map(|_| Self { ticket })
    }

    /// Tells. From any thread or task of the worker; what is said after the job is done is not heard.
    pub fn say(&self, note: &[u8]) {
        if let Some(say) = OUTBOX.get() {
            say(self.ticket, note);
        }
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").finish_non_exhaustive()
    }
}

/// Lets jobs speak through this outbox.
pub(super) fn open<J: Job>(outbox: &Arc<Outbox<J>>) {
    let outbox = Arc::clone(outbox);
    // A process is a worker once.
    let _ = OUTBOX.set(Box::new(move |id, note| outbox.note(id, note)));
}
