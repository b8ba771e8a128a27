//! Makes the pool's decisions: which worker gets which job, and when workers are started, replaced and killed.
//!
//! Pure: events and the time go in, and [`Action`]s come out. The caller carries the actions out and reports the
//! results as further events. `hear` handles messages of workers and checks whether they are allowed. `observe` handles
//! other events. `plan` decides what to do next, and `breaker` when to stop starting workers. `status` says what each
//! worker is doing.
//!
//! A *slot* is a place for one worker. It has one active worker, and may have drainers: former workers that finish
//! their jobs. The jobs of all of them count towards the slot's `concurrency`. So a replacement gets only the room that
//! the drainers free. *Spares* are workers without a slot. They replace workers that are about to reach their quota.
//!
//! ```text
//! Starting --ready--> Ready --quota, memory, close--> Draining --bye, exit--> gone
//!     |                 |                                 |
//!     +-----------------+----- exit, kill (Doomed) -------+---> gone, and its jobs are reported lost
//! ```
//!
//! Further files:
//!
//! - `tests`: tests with simulated workers

mod breaker;
mod hear;
mod observe;
mod plan;
mod status;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::event::{End, Event, JobId, WorkerId};
use super::{Cause, Hints, Sandbox};
use breaker::Breaker;

/// The assumed duration of a worker's start, before the first one is measured.
const START_GUESS: Duration = Duration::from_millis(50);

#[derive(Debug, Clone)]
pub(super) struct Limits {
    pub(super) workers: usize,
    pub(super) concurrency: usize,
    pub(super) quota: Option<u32>,
    pub(super) quota_jitter: u32,
    /// A worker is killed above this many resident bytes. Above three quarters of it, it is replaced after its tasks.
    pub(super) max_memory: Option<u64>,
    /// How long a worker may take from its start until it is ready.
    pub(super) start_limit: Duration,
    /// The build that workers must have.
    pub(super) build: String,
    /// Whether workers must be confined.
    pub(super) sandbox: Sandbox,
}

/// Identifies one assignment of one job to one worker. If the job is assigned again, it gets a new ticket. So a late
/// result is never taken for the result of another assignment.
pub(super) type Ticket = u64;

/// Something that the caller must do. Actions must be carried out in order.
#[derive(Debug)]
pub(super) enum Action {
    Spawn { worker: WorkerId },
    Send { worker: WorkerId, jobs: Vec<(Ticket, Submission)> },
    Drain { worker: WorkerId },
    Kill { worker: WorkerId },
    Emit(Event),
}

/// A job as it was submitted.
#[derive(Debug, Clone)]
pub(super) struct Submission {
    pub(super) id: JobId,
    pub(super) payload: Bytes,
    pub(super) hints: Hints,
}

#[derive(Debug)]
struct Worker {
    slot: Option<usize>,
    generation: u32,
    phase: Phase,
    quota: u32,
    assigned: u32,
    finished: u32,
    started: Instant,
    /// When it was started. Unlike `started`, this does not move after a pause of this process.
    born: Instant,
    /// When it got its slot.
    placed: Option<Instant>,
    /// How many signs of life it gave.
    beats: u64,
    /// When it last gave a sign of life.
    heard: Instant,
    /// Since when its pipe is not read, because the memory for large messages is full. Its time limits are paused.
    waits_since: Option<Instant>,
    /// The job that keeps its thread busy, and since when.
    computing: Option<(Ticket, Instant)>,
    /// It has said goodbye after all its jobs. Without this, its end is not clean.
    said_bye: bool,
    /// When the pool noticed that this drainer has no job left.
    idle_since: Option<Instant>,
    /// Why it ends, if the pool has decided that.
    end: End,
    /// It broke the protocol. Its later messages are not read.
    is_distrusted: bool,
    /// Jobs whose outputs were refused. They are lost with the worker.
    refused: Vec<JobId>,
}

impl Worker {
    /// Excludes the time `gap`, which ended at `now`, from the worker's clocks.
    fn pause(&mut self, gap: Duration, now: Instant) {
        self.heard = now;
        self.computing = self.computing.map(|(ticket, since)| (ticket, since + gap));
        self.idle_since = None;
    }
}

#[derive(Debug, PartialEq)]
enum Phase {
    Starting,
    Ready,
    Draining,
    /// The pool decided to kill it, for this reason; `None` if no job is to blame.
    Doomed(Option<Cause>),
}

#[derive(Debug, Default)]
struct Slot {
    active: Option<WorkerId>,
    /// Jobs in flight in all its workers, including drainers.
    load: usize,
    generations: u32,
    last_assigned: Option<Instant>,
}

#[derive(Debug)]
struct InFlight {
    job: JobId,
    worker: WorkerId,
    /// When its time started. It moves later if other jobs have kept the worker's thread busy.
    since: Instant,
    handed_over: Instant,
    deadline: Option<Duration>,
    /// The group of jobs with which its output may be merged.
    merge: Option<u64>,
}

#[derive(Debug)]
pub(super) struct Roster {
    limits: Limits,
    slots: Vec<Slot>,
    workers: BTreeMap<WorkerId, Worker>,
    queue: VecDeque<Submission>,
    /// Jobs that must be alone in a worker.
    alone: VecDeque<Submission>,
    /// The slot that is reserved for the jobs in `alone`.
    quarantine: Option<usize>,
    in_flight: HashMap<Ticket, InFlight>,
    breaker: Breaker,
    open: bool,
    /// How many more jobs are expected; `usize::MAX` if unknown.
    to_come: usize,
    failed: bool,
    next_worker: WorkerId,
    next_ticket: Ticket,
    last_tick: Option<Instant>,
    random: Random,
    /// The average time between two assignments to one slot.
    interval: Duration,
    start_time: Duration,
    /// At least one worker has reported that it is fully confined.
    has_confined: bool,
}

impl Roster {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            slots: (0..limits.workers).map(|_| Slot::default()).collect(),
            breaker: Breaker::new(limits.workers),
            random: Random(0x9E37_79B9_7F4A_7C15 ^ u64::from(std::process::id())),
            limits,
            workers: BTreeMap::new(),
            queue: VecDeque::new(),
            alone: VecDeque::new(),
            quarantine: None,
            in_flight: HashMap::new(),
            open: true,
            to_come: usize::MAX,
            failed: false,
            next_worker: 0,
            // A worker stores the ticket of its current job in an atomic, where 0 means no job.
            next_ticket: 1,
            last_tick: None,
            interval: Duration::ZERO,
            start_time: START_GUESS,
            has_confined: false,
        }
    }

    pub(super) fn submit(&mut self, job: Submission) {
        self.to_come = self.to_come.saturating_sub(1);
        if job.hints.alone { self.alone.push_back(job) } else { self.queue.push_back(job) }
    }

    /// Returns how many more jobs the workers could hold now.
    pub(super) fn room(&self) -> usize {
        let credits = self.limits.workers * self.limits.concurrency;
        credits.saturating_sub(self.in_flight.len() + self.queue.len() + self.alone.len())
    }

    /// Declares that no more jobs are submitted, except those that are reported lost.
    pub(super) fn close(&mut self) {
        self.open = false;
        self.to_come = 0;
    }

    /// Sets how many more jobs are expected. This is only an estimate. If more jobs come, they are done as well.
    pub(super) fn expect(&mut self, jobs: usize) {
        self.to_come = jobs;
    }

    pub(super) fn is_over(&self) -> bool {
        self.workers.is_empty() && (self.failed || (!self.open && self.is_idle()))
    }

    fn is_idle(&self) -> bool {
        self.in_flight.is_empty() && self.queue.is_empty() && self.alone.is_empty()
    }
}

/// How a process ended, as its parent sees it.
#[derive(Debug)]
pub(super) struct Exit {
    pub(super) cause: Cause,
    pub(super) last_words: Vec<String>,
    /// Why the worker could not start, as it reported, or why its process could not be started.
    pub(super) refusal: Option<String>,
}

/// Random numbers by xorshift64*. The jitter does not need secure random numbers.
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn up_to(&mut self, most: u32) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32;
        u32::try_from(high % (u64::from(most) + 1)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests;
