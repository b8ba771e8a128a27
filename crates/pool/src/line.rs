//! A connection from a running job to the code that submitted it.

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::job::Job;
use super::outbox::Outbox;
use super::roster::Ticket;
use super::watch;

type Say = Box<dyn Fn(Ticket, &[u8]) + Send + Sync>;

/// Set once in a worker, before its first job.
static OUTBOX: OnceLock<Say> = OnceLock::new();

/// Sends notes of a job that is not done yet. Each note arrives at once, as [`Event::Noted`](super::Event::Noted).
///
/// Notes are for information that cannot wait for the output, such as the moment at which a request was sent. Each note
/// is a separate frame and costs a system call.
#[derive(Clone, Copy)]
pub struct Line {
    ticket: Ticket,
}

impl Line {
    /// Returns the line of the job that is running; `None` outside of a worker's job. Call this in
    /// [`Job::run`](super::Job::run) itself, and keep the value for later.
    pub fn of_this_job() -> Option<Self> {
        let ticket = watch::polled()?;
        OUTBOX.get().map(|_| Self { ticket })
    }

    /// Sends a note, from any thread or task of the worker. A note that is sent after the job is done is dropped.
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

/// Lets jobs send notes through this outbox.
pub(super) fn open<J: Job>(outbox: &Arc<Outbox<J>>) {
    let outbox = Arc::clone(outbox);
    // A process becomes a worker only once, so this cannot fail.
    let _ = OUTBOX.set(Box::new(move |id, note| outbox.note(id, note)));
}
