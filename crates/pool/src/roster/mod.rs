//! Who works, on what, and who comes next: the pool's decisions, without its processes.
//!
//! Pure: events and the time go in, [`Action`]s come out; whoever carries them out reports back with further events.
//! `hear` takes in what workers say, and whether they may say it; `observe` what happened, `plan` decides what follows,
//! `breaker` when to stop starting workers.
//!
//! A *slot* is a place for one worker. It has one active worker, and drainers: former ones that finish what they
//! hold. What all of them hold counts against the slot's `concurrency`, so that a replacement gets just the room which
//! the drainer frees. *Spares* stand by for slots whose worker is about to reach its quota.
//!
//! ```text
//! Starting --ready--> Ready --quota, memory, close--> Draining --bye, exit--> gone
//!     |                 |                                 |
//!     +-----------------+----- exit, kill (Doomed) -------+---> gone, and its jobs are reported lost
//! ```
//!
//! Further files:
//!
//! - `tests`: with a model of the world

mod breaker;
mod hear;
mod observe;
mod plan;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::event::{End, Event, JobId, WorkerId};
use super::{Cause, Hints, Sandbox};
use breaker::Breaker;

/// What a worker's start is thought to take before one was seen.
const START_GUESS: Duration = Duration::from_millis(50);

#[derive(Debug, Clone)]
pub(super) struct Limits {
    pub(super) workers: usize,
    pub(super) concurrency: usize,
    pub(super) quota: Option<u32>,
    pub(super) quota_jitter: u32,
    /// Resident bytes at which a worker is killed; at three quarters it is replaced after its tasks.
    pub(super) max_memory: Option<u64>,
    /// From a worker's start to its being ready.
    pub(super) start_limit: Duration,
    /// The build that workers must be of.
    pub(super) build: String,
    /// Whether they must be confined.
    pub(super) sandbox: Sandbox,
}

/// One handing over of one job to one worker: what a worker says of it later can be taken for nothing else.
pub(super) type Ticket = u64;

/// What is to be done. In this order.
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
    /// As `started`, which is moved when this process stands still.
    born: Instant,
    /// Signs of life that it gave.
    beats: u64,
    /// When it last gave a sign of life.
    heard: Instant,
    /// Since when its pipe is not read because this process has no memory for what is in it. Its clocks stand still.
    waits_since: Option<Instant>,
    /// The job that keeps its thread from all others, and since when.
    computing: Option<(Ticket, Instant)>,
    /// It has said goodbye, having done all it had. Only that makes an end a clean one.
    said_bye: bool,
    /// Since when a drainer is known to have nothing left to do.
    idle_since: Option<Instant>,
    /// Why it will end, once that is decided.
    end: End,
    /// It has lied: nothing that it says is heard any more.
    is_distrusted: bool,
    /// Jobs of which it gave outputs that were refused. They are lost with it.
    refused: Vec<JobId>,
}

impl Worker {
    /// Time has passed until `now` that does not count.
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
    /// We killed it, for this reason; `None` where nobody is to blame.
    Doomed(Option<Cause>),
}

#[derive(Debug, Default)]
struct Slot {
    active: Option<WorkerId>,
    /// Jobs in flight in all its workers, drainers included.
    load: usize,
    generations: u32,
    last_assigned: Option<Instant>,
}

#[derive(Debug)]
struct InFlight {
    job: JobId,
    worker: WorkerId,
    /// From when its time counts: later than it was handed over where its neighbours have kept the thread.
    since: Instant,
    handed_over: Instant,
    deadline: Option<Duration>,
    /// The group of jobs with which its output may come merged.
    merge: Option<u64>,
}

#[derive(Debug)]
pub(super) struct Roster {
    limits: Limits,
    slots: Vec<Slot>,
    workers: BTreeMap<WorkerId, Worker>,
    queue: VecDeque<Submission>,
    /// Jobs that must have a worker to themselves.
    alone: VecDeque<Submission>,
    /// The slot that is kept free for them.
    quarantine: Option<usize>,
    in_flight: HashMap<Ticket, InFlight>,
    breaker: Breaker,
    open: bool,
    /// Jobs that are likely to be submitted yet; past counting where nobody has said.
    to_come: usize,
    failed: bool,
    next_worker: WorkerId,
    next_ticket: Ticket,
    last_tick: Option<Instant>,
    random: Random,
    /// Average time between two assignments to one slot.
    interval: Duration,
    start_time: Duration,
    /// A worker has said that it is confined in full.
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
            // 0 stands for none where a worker notes what it is at.
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

    /// How many more jobs could be in a worker's hands at once.
    pub(super) fn room(&self) -> usize {
        let credits = self.limits.workers * self.limits.concurrency;
        credits.saturating_sub(self.in_flight.len() + self.queue.len() + self.alone.len())
    }

    /// Nothing more will be submitted, but for jobs that are reported lost.
    pub(super) fn close(&mut self) {
        self.open = false;
        self.to_come = 0;
    }

    /// About so many more jobs will be submitted. No more than a guess: if more come, they are done all the same.
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

/// How a process ended, from outside.
#[derive(Debug)]
pub(super) struct Exit {
    pub(super) cause: Cause,
    pub(super) last_words: Vec<String>,
    /// What it said when it refused to start, or why it could not be started.
    pub(super) refusal: Option<String>,
}

/// xorshift64*: the jitter needs spread, not secrecy.
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
