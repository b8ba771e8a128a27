//! Who works, on what, and who comes next: the pool's decisions, without its processes.
//!
//! Pure: events and the time go in, [`Action`]s come out; whoever carries them out reports back with further events.
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

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::breaker::Breaker;
use super::event::{End, Event, JobId, WorkerId};
use super::{Cause, Hints};

/// A drainer costs a process: this many may stand beside the active workers, or two for each slot.
const LEAST_DRAINERS: usize = 8;
/// What a worker's start is thought to take before one was seen.
const START_GUESS: Duration = Duration::from_millis(50);
/// A spare is asked for this long before it is thought to be needed, besides twice the time a start takes.
const SPARE_MARGIN: Duration = Duration::from_millis(50);

/// A worker that has work and is alive says so four times a second.
const SILENCE: Duration = Duration::from_secs(1);
/// The clock is looked at ten times a second; after this long without a look it was us who stood still.
const STALL: Duration = Duration::from_secs(1);

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
    /// When it last gave a sign of life.
    heard: Instant,
    /// The job that keeps its thread from all others, and since when.
    computing: Option<(Ticket, Instant)>,
    /// Why it will end, once that is decided.
    end: End,
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
    since: Instant,
    deadline: Option<Duration>,
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
    failed: bool,
    next_worker: WorkerId,
    next_ticket: Ticket,
    last_tick: Option<Instant>,
    random: Random,
    /// Average time between two assignments to one slot.
    interval: Duration,
    start_time: Duration,
    stale: u64,
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
            failed: false,
            next_worker: 0,
            // 0 stands for none where a worker notes what it is at.
            next_ticket: 1,
            last_tick: None,
            interval: Duration::ZERO,
            start_time: START_GUESS,
            stale: 0,
        }
    }

    pub(super) fn submit(&mut self, job: Submission) {
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
    }

    pub(super) fn is_over(&self) -> bool {
        self.workers.is_empty() && (self.failed || (!self.open && self.is_idle()))
    }

    /// Results that came for jobs which their sender did not hold. Dropped, and counted.
    pub(super) fn stale(&self) -> u64 {
        self.stale
    }

    fn is_idle(&self) -> bool {
        self.in_flight.is_empty() && self.queue.is_empty() && self.alone.is_empty()
    }

    // ---- what happened -------------------------------------------------------------------------------------------

    pub(super) fn ready(&mut self, id: WorkerId, resident: u64, now: Instant) -> Vec<Action> {
        let Some(worker) = self.workers.get_mut(&id) else { return Vec::new() };
        if worker.phase != Phase::Starting {
            return Vec::new();
        }
        worker.phase = Phase::Ready;
        worker.heard = now;
        let took = now.saturating_duration_since(worker.started);
        self.start_time = (self.start_time * 3 + took) / 4;
        match self.limits.max_memory {
            Some(limit) if resident.saturating_mul(2) > limit => self.fail(format!(
                "a worker needs {} MiB before its first task, and its memory limit is {} MiB: give it at least {} MiB",
                resident >> 20,
                limit >> 20,
                (resident >> 20) * 2 + 1
            )),
            _ => Vec::new(),
        }
    }

    /// The job that `id` holds under this ticket; what it says of any other is not to be believed. Settles the job.
    pub(super) fn finished(&mut self, id: WorkerId, ticket: Ticket) -> Option<JobId> {
        if self.in_flight.get(&ticket).is_none_or(|held| held.worker != id) {
            self.stale += 1;
            return None;
        }
        let job = self.in_flight.remove(&ticket)?.job;
        self.breaker.succeeded();
        if let Some(worker) = self.workers.get_mut(&id) {
            worker.finished += 1;
            if let Some(slot) = worker.slot {
                self.slots[slot].load -= 1;
            }
        }
        Some(job)
    }

    /// A worker gave a sign of life.
    pub(super) fn heard(&mut self, id: WorkerId, now: Instant) {
        if let Some(worker) = self.workers.get_mut(&id) {
            worker.heard = now;
        }
    }

    /// A worker said that it is alive, and which job keeps its thread, if one does.
    pub(super) fn beat(&mut self, id: WorkerId, computing: Option<Ticket>, now: Instant) {
        let Some(worker) = self.workers.get_mut(&id) else { return };
        worker.heard = now;
        let before = worker.computing;
        if before.map(|(ticket, _)| ticket) == computing {
            return;
        }
        worker.computing = computing.map(|ticket| (ticket, now));
        // The others could not go on meanwhile: that time is not theirs.
        if let Some((ticket, since)) = before {
            let lost = now.saturating_duration_since(since);
            let others = self.in_flight.iter_mut().filter(|(other, held)| **other != ticket && held.worker == id);
            others.for_each(|(_, held)| held.since += lost);
        }
    }

    /// A worker said, or was seen, to have this many bytes of memory in use.
    pub(super) fn memory(&mut self, id: WorkerId, resident: u64) -> Vec<Action> {
        let Some(limit) = self.limits.max_memory else { return Vec::new() };
        if resident > limit {
            return self.doom(id, Some(Cause::Memory { resident, limit }), End::Memory);
        }
        if resident > limit / 4 * 3 && self.workers.get(&id).is_some_and(|w| w.finished > 0) {
            return self.retire(id, End::Memory).into_iter().collect();
        }
        Vec::new()
    }

    /// A worker sent what is no message of ours.
    pub(super) fn corrupt(&mut self, id: WorkerId, reason: String) -> Vec<Action> {
        self.doom(id, Some(Cause::Corrupt(reason)), End::Corrupt)
    }

    /// A worker is gone: its pipe is at its end, its last frame was read, and it was waited for.
    ///
    /// `exit` is how it ended by its own account; a reason of ours goes before it.
    pub(super) fn exited(&mut self, id: WorkerId, exit: Exit, now: Instant) -> Vec<Action> {
        let Some(worker) = self.workers.remove(&id) else { return Vec::new() };
        let mut jobs: Vec<JobId> =
            self.in_flight.extract_if(|_, held| held.worker == id).map(|(_, held)| held.job).collect();
        jobs.sort_unstable();
        if let Some(slot) = worker.slot {
            self.slots[slot].load -= jobs.len();
            if self.slots[slot].active == Some(id) {
                self.slots[slot].active = None;
            }
        }
        let mut actions = Vec::new();
        let clean = exit.said_bye && jobs.is_empty();
        let (cause, end) = match worker.phase {
            Phase::Doomed(cause) => (cause, worker.end),
            _ if clean => (None, worker.end),
            _ => (Some(exit.cause.clone()), if exit.cause == Cause::Signal(9) { End::Killed } else { End::Crashed }),
        };
        if let Some(cause) = cause {
            let death = super::Death { cause, last_words: exit.last_words };
            // A worker that had been given work died of that, for all we know; one that had none died of itself.
            if worker.assigned == 0 && !self.failed && self.breaker.failed(now) {
                let count = self.breaker.failures();
                let reason = exit.refusal.unwrap_or_else(|| format!("the last one {death}"));
                actions.extend(self.fail(format!("{count} workers in a row did not come to work: {reason}")));
            }
            actions.push(Action::Emit(Event::Lost { worker: id, jobs, death }));
        }
        actions.push(Action::Emit(Event::Ended {
            worker: id,
            slot: worker.slot,
            generation: worker.generation,
            jobs: u64::from(worker.assigned),
            started: worker.started,
            ended: now,
            end,
        }));
        actions
    }

    /// Looks at the clock: jobs over their deadline, workers that never got ready.
    pub(super) fn tick(&mut self, now: Instant) -> Vec<Action> {
        self.forgive_a_stall(now);
        let mut late: BTreeMap<WorkerId, Vec<JobId>> = BTreeMap::new();
        for (ticket, held) in &self.in_flight {
            // While one job keeps the thread, no other can be late.
            let computing = self.workers.get(&held.worker).and_then(|w| w.computing);
            let could_run = computing.is_none_or(|(other, _)| other == *ticket);
            if could_run && held.deadline.is_some_and(|limit| now.saturating_duration_since(held.since) > limit) {
                late.entry(held.worker).or_default().push(held.job);
            }
        }
        let mut actions = Vec::new();
        for (id, mut late) in late {
            late.sort_unstable();
            let silence = self.workers.get(&id).map_or(Duration::ZERO, |w| now.saturating_duration_since(w.heard));
            let (cause, end) =
                if silence > SILENCE { (Cause::Silent, End::Killed) } else { (Cause::Timeout { late }, End::Timeout) };
            actions.extend(self.doom(id, Some(cause), end));
        }
        let stuck: Vec<WorkerId> = self
            .workers
            .iter()
            .filter(|(_, w)| w.phase == Phase::Starting)
            .filter(|(_, w)| now.saturating_duration_since(w.started) > self.limits.start_limit)
            .map(|(id, _)| *id)
            .collect();
        for worker in stuck {
            actions.extend(self.doom(worker, Some(Cause::Timeout { late: Vec::new() }), End::Timeout));
        }
        actions
    }

    /// After a pause of this process itself (SIGSTOP, a laptop's sleep) no clock of a worker means anything: all start
    /// again where they were.
    fn forgive_a_stall(&mut self, now: Instant) {
        let gap = self.last_tick.replace(now).map_or(Duration::ZERO, |last| now.saturating_duration_since(last));
        if gap < STALL {
            return;
        }
        self.in_flight.values_mut().for_each(|held| held.since += gap);
        for worker in self.workers.values_mut() {
            worker.started += gap;
            worker.heard = now;
            worker.computing = worker.computing.map(|(ticket, since)| (ticket, since + gap));
        }
    }

    /// Gives up: every worker is killed, and nothing is begun any more.
    pub(super) fn fail(&mut self, reason: String) -> Vec<Action> {
        if std::mem::replace(&mut self.failed, true) {
            return Vec::new();
        }
        let mut actions = self.kill_all();
        actions.push(Action::Emit(Event::Fatal(reason)));
        actions
    }

    /// Kills every worker, blaming nobody.
    pub(super) fn kill_all(&mut self) -> Vec<Action> {
        self.open = false;
        self.failed = true;
        let all: Vec<WorkerId> = self.workers.keys().copied().collect();
        all.into_iter().flat_map(|worker| self.doom(worker, None, End::Killed)).collect()
    }

    fn doom(&mut self, id: WorkerId, cause: Option<Cause>, end: End) -> Vec<Action> {
        match self.workers.get_mut(&id) {
            Some(worker) if !matches!(worker.phase, Phase::Doomed(_)) => {
                worker.phase = Phase::Doomed(cause);
                worker.end = end;
                vec![Action::Kill { worker: id }]
            }
            _ => Vec::new(),
        }
    }

    // ---- what follows --------------------------------------------------------------------------------------------

    /// Brings workers and jobs together. To be called after every turn of events.
    pub(super) fn settle(&mut self, now: Instant) -> Vec<Action> {
        if self.failed {
            return Vec::new();
        }
        let mut actions = Vec::new();
        self.fill_slots(now, &mut actions);
        self.assign(now, &mut actions);
        self.order_spares(now, &mut actions);
        if !self.open && self.is_idle() {
            self.dismiss(&mut actions);
        }
        actions
    }

    /// Gives slots without a worker one, as far as there is work for it.
    fn fill_slots(&mut self, now: Instant, actions: &mut Vec<Action>) {
        let waiting = self.queue.len() + self.alone.len();
        // While more may come, it is likely to be as much as there is now.
        let demand = if self.open { waiting + self.in_flight.len() } else { waiting };
        let mut active = self.slots.iter().filter(|slot| slot.active.is_some()).count();
        for index in 0..self.slots.len() {
            let quarantined = self.quarantine == Some(index) && !self.alone.is_empty();
            if self.slots[index].active.is_some() || (active >= demand && !quarantined) {
                continue;
            }
            if self.seat_successor(index, now, actions) {
                active += 1;
            }
        }
    }

    /// Puts a spare, or else a new worker, into an empty slot. False where that must wait.
    fn seat_successor(&mut self, index: usize, now: Instant, actions: &mut Vec<Action>) -> bool {
        let drainers = self.workers.values().filter(|w| w.phase == Phase::Draining).count();
        if drainers >= LEAST_DRAINERS.max(2 * self.slots.len()) {
            return false;
        }
        let spare = |ready: bool| {
            self.workers
                .iter()
                .find(|(_, w)| w.slot.is_none() && w.phase == if ready { Phase::Ready } else { Phase::Starting })
                .map(|(id, _)| *id)
        };
        let id = match spare(true).or_else(|| spare(false)) {
            Some(id) => id,
            None if self.breaker.permits(now) => self.spawn(Some(index), now, actions),
            None => return false,
        };
        let slot = &mut self.slots[index];
        slot.active = Some(id);
        if let Some(worker) = self.workers.get_mut(&id) {
            worker.slot = Some(index);
            worker.generation = slot.generations;
        }
        slot.generations += 1;
        true
    }

    fn spawn(&mut self, slot: Option<usize>, now: Instant, actions: &mut Vec<Action>) -> WorkerId {
        let id = self.next_worker;
        self.next_worker += 1;
        let quota = self.limits.quota.map_or(u32::MAX, |quota| {
            let jitter = self.limits.quota_jitter.min(quota - 1);
            quota - self.random.up_to(jitter)
        });
        let worker = Worker {
            slot,
            generation: 0,
            phase: Phase::Starting,
            quota,
            assigned: 0,
            finished: 0,
            started: now,
            heard: now,
            computing: None,
            end: End::Finished,
        };
        self.workers.insert(id, worker);
        actions.push(Action::Spawn { worker: id });
        id
    }

    /// Hands jobs to workers that have room.
    fn assign(&mut self, now: Instant, actions: &mut Vec<Action>) {
        let mut batches: BTreeMap<WorkerId, Vec<(Ticket, Submission)>> = BTreeMap::new();
        let mut retired = Vec::new();
        self.choose_quarantine();
        loop {
            let Some((index, job)) = self.next_assignment() else { break };
            let Some(id) = self.slots[index].active else { break };
            let slot = &mut self.slots[index];
            slot.load += 1;
            if let Some(before) = slot.last_assigned.replace(now) {
                self.interval = (self.interval * 15 + now.saturating_duration_since(before)) / 16;
            }
            let ticket = self.next_ticket;
            self.next_ticket += 1;
            let held = InFlight { job: job.id, worker: id, since: now, deadline: job.hints.deadline };
            self.in_flight.insert(ticket, held);
            batches.entry(id).or_default().push((ticket, job));
            let Some(worker) = self.workers.get_mut(&id) else { break };
            worker.assigned += 1;
            if worker.assigned == worker.quota {
                retired.extend(self.retire(id, End::Quota));
                self.fill_slots(now, actions);
            }
        }
        actions.extend(batches.into_iter().map(|(worker, jobs)| Action::Send { worker, jobs }));
        actions.extend(retired);
    }

    fn next_assignment(&mut self) -> Option<(usize, Submission)> {
        if let Some(index) = self.quarantine
            && self.slots[index].load == 0
            && self.can_take(index)
            && let Some(job) = self.alone.pop_front()
        {
            return Some((index, job));
        }
        let index = self.choose_slot(self.queue.front()?.hints.affinity)?;
        self.queue.pop_front().map(|job| (index, job))
    }

    /// The slot that `affinity` points to while it is not much busier than the others, else the one with least to do.
    fn choose_slot(&self, affinity: Option<u64>) -> Option<usize> {
        let free = |index: &usize| {
            Some(*index) != self.quarantine
                && self.slots[*index].load < self.limits.concurrency
                && self.can_take(*index)
        };
        let least = (0..self.slots.len()).filter(free).min_by_key(|index| self.slots[*index].load)?;
        let leeway = self.limits.concurrency / 4;
        affinity
            .map(|hash| usize::try_from(hash % self.slots.len() as u64).unwrap_or(0))
            .filter(free)
            .filter(|index| self.slots[*index].load <= self.slots[least].load + leeway)
            .or(Some(least))
    }

    fn can_take(&self, index: usize) -> bool {
        let worker = self.slots[index].active.and_then(|id| self.workers.get(&id));
        worker.is_some_and(|w| w.phase == Phase::Ready && w.assigned < w.quota)
    }

    /// Keeps a slot free of other work while there are jobs that must be alone.
    fn choose_quarantine(&mut self) {
        match self.quarantine {
            None if !self.alone.is_empty() => {
                self.quarantine = (0..self.slots.len())
                    .min_by_key(|index| (self.slots[*index].active.is_none(), self.slots[*index].load));
            }
            Some(index) if self.alone.is_empty() && self.slots[index].load == 0 => self.quarantine = None,
            _ => {}
        }
    }

    /// Starts spares for the workers that will soon have reached their quota.
    fn order_spares(&mut self, now: Instant, actions: &mut Vec<Action>) {
        let Some(quota) = self.limits.quota else { return };
        let lead = self.start_time * 2 + SPARE_MARGIN;
        let soon = self
            .slots
            .iter()
            .filter_map(|slot| slot.active.and_then(|id| self.workers.get(&id)))
            .filter(|worker| self.interval.saturating_mul(worker.quota - worker.assigned) <= lead)
            .count();
        let wanted = if self.open {
            soon
        } else {
            // The active workers may well do what is left without help.
            let left: u32 = self.workers.values().map(|w| w.quota - w.assigned).sum();
            let beyond = self.queue.len().saturating_sub(left as usize);
            soon.min(beyond.div_ceil(quota as usize))
        };
        let spares = self.workers.values().filter(|w| w.slot.is_none()).count();
        for _ in spares..wanted {
            if !self.breaker.permits(now) {
                return;
            }
            self.spawn(None, now, actions);
        }
    }

    /// Lets a worker finish what it holds and leave.
    fn retire(&mut self, id: WorkerId, end: End) -> Option<Action> {
        let worker = self.workers.get_mut(&id).filter(|w| w.phase == Phase::Ready)?;
        worker.phase = Phase::Draining;
        worker.end = end;
        if let Some(slot) = worker.slot
            && self.slots[slot].active == Some(id)
        {
            self.slots[slot].active = None;
        }
        Some(Action::Drain { worker: id })
    }

    /// All is done: everybody may go.
    fn dismiss(&mut self, actions: &mut Vec<Action>) {
        let all: Vec<WorkerId> = self.workers.keys().copied().collect();
        for id in all {
            if self.workers[&id].phase == Phase::Starting {
                actions.extend(self.doom(id, None, End::Finished));
            } else {
                actions.extend(self.retire(id, End::Finished));
            }
        }
    }
}

/// How a process ended, from outside.
#[derive(Debug)]
pub(super) struct Exit {
    /// Whether it had sent its goodbye. Only that makes an end a clean one.
    pub(super) said_bye: bool,
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
#[path = "roster_tests.rs"]
mod tests;
