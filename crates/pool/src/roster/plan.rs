//! Decides what to do next: which workers are started, which jobs they get, and which workers may end.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::{Action, InFlight, Phase, Roster, Submission, Ticket, Worker};
use crate::event::{End, Hints, WorkerId};

/// At most this many drainers may exist besides the active workers, or two for each slot if that is more. Each costs a
/// process.
pub(super) const LEAST_DRAINERS: usize = 8;
/// A spare is started this long, plus twice the duration of a start, before it is expected to be needed.
const SPARE_MARGIN: Duration = Duration::from_millis(50);

impl Roster {
    /// Assigns jobs to workers. Must be called after each event.
    pub(crate) fn plan(&mut self, now: Instant) -> Vec<Action> {
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

    /// Gives each slot without a worker a new one, as long as there is work for it.
    fn fill_slots(&mut self, now: Instant, actions: &mut Vec<Action>) {
        let waiting = self.queue.len() + self.alone.len();
        // As many jobs as there are now are likely to follow. If no more jobs are expected, jobs in flight do not count as
        // demand, and workers that are full do not count as available.
        let demand = waiting + self.in_flight.len().min(self.to_come);
        let full = if self.to_come > 0 { usize::MAX } else { self.limits.concurrency };
        let mut active = self.slots.iter().filter(|slot| slot.active.is_some() && slot.load < full).count();
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

    /// Puts a spare, or else a new worker, into an empty slot. Returns false if that must wait.
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
            None if self.may_start(now) => self.spawn(Some(index), now, actions),
            None => return false,
        };
        let slot = &mut self.slots[index];
        slot.active = Some(id);
        if let Some(worker) = self.workers.get_mut(&id) {
            worker.slot = Some(index);
            worker.placed = Some(now);
            worker.generation = slot.generations;
        }
        slot.generations += 1;
        true
    }

    /// Returns whether a worker may be started now. After a failed start, one starts at a time.
    fn may_start(&self, now: Instant) -> bool {
        let starting = self.workers.values().filter(|w| w.phase == Phase::Starting).count();
        self.breaker.permits(now, starting)
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
            born: now,
            placed: None,
            beats: 0,
            heard: now,
            waits_since: None,
            computing: None,
            said_bye: false,
            idle_since: None,
            end: End::Finished,
            is_distrusted: false,
            refused: Vec::new(),
        };
        self.workers.insert(id, worker);
        actions.push(Action::Spawn { worker: id });
        id
    }

    /// Gives jobs to workers that have room.
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
            let Hints { deadline, merge, .. } = job.hints;
            let held = InFlight { job: job.id, worker: id, since: now, handed_over: now, deadline, merge };
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

    /// Returns the slot for `affinity`, unless it is much busier than the others. Otherwise returns the slot with the fewest
    /// jobs.
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

    /// Reserves a slot while there are jobs that must be alone in their worker.
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

    /// Starts spares for workers that reach their quota soon.
    fn order_spares(&mut self, now: Instant, actions: &mut Vec<Action>) {
        // Before the first job is assigned, the duration of jobs is unknown, and often their number is unknown, too.
        let Some(quota) = self.limits.quota.filter(|_| self.next_ticket > 1) else { return };
        let lead = self.start_time * 2 + SPARE_MARGIN;
        let soon = self
            .slots
            .iter()
            .filter_map(|slot| slot.active.and_then(|id| self.workers.get(&id)))
            .filter(|worker| self.interval.saturating_mul(worker.quota - worker.assigned) <= lead)
            .count();
        // The existing workers may be able to do the remaining jobs without a spare.
        let staying = self.workers.values().filter(|w| matches!(w.phase, Phase::Starting | Phase::Ready));
        let left: usize = staying.map(|w| (w.quota - w.assigned) as usize).sum();
        let spares = self.workers.values().filter(|w| w.slot.is_none()).count();
        let beyond = (self.queue.len() + self.alone.len()).saturating_add(self.to_come).saturating_sub(left);
        for _ in spares..soon.min(spares.saturating_add(beyond.div_ceil(quota as usize))) {
            if !self.may_start(now) {
                return;
            }
            self.spawn(None, now, actions);
        }
    }

    /// Lets a worker finish its jobs and end.
    pub(super) fn retire(&mut self, id: WorkerId, end: End) -> Option<Action> {
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

    /// Ends all workers when all jobs are done.
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
