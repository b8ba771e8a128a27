//! Handles events other than messages: memory use, exits, and the passing of time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::{Action, Exit, Phase, Roster};
use crate::event::{End, Event, JobId, WorkerId};
use crate::{Cause, Death};

/// A worker is silent after this long without a sign of life. A worker with work gives one four times a second.
const SILENCE: Duration = Duration::from_secs(1);
/// The clock is checked ten times a second. After this long without a check, this process itself was paused.
const STALL: Duration = Duration::from_secs(1);
/// How long a drainer without jobs may take to end.
const EXIT_LIMIT: Duration = Duration::from_secs(5);

impl Roster {
    /// Handles a report that a worker uses this many bytes of memory.
    pub(crate) fn memory(&mut self, id: WorkerId, resident: u64) -> Vec<Action> {
        let Some(limit) = self.limits.max_memory else { return Vec::new() };
        if resident > limit {
            return self.doom(id, Some(Cause::Memory { resident, limit }), End::Memory);
        }
        if resident > limit / 4 * 3 && self.workers.get(&id).is_some_and(|w| w.finished > 0) {
            return self.retire(id, End::Memory).into_iter().collect();
        }
        Vec::new()
    }

    /// Handles the end of a worker. Its pipe has ended, its last frame was read, and its process was waited for.
    ///
    /// `exit` is how the process ended. If the pool killed the worker, the pool's reason is used instead.
    pub(crate) fn exited(&mut self, id: WorkerId, exit: Exit, now: Instant) -> Vec<Action> {
        let Some(worker) = self.workers.remove(&id) else { return Vec::new() };
        let mut jobs: Vec<JobId> =
            self.in_flight.extract_if(|_, held| held.worker == id).map(|(_, held)| held.job).collect();
        let held = jobs.len();
        jobs.extend(worker.refused);
        jobs.sort_unstable();
        if let Some(slot) = worker.slot {
            self.slots[slot].load -= held;
            if self.slots[slot].active == Some(id) {
                self.slots[slot].active = None;
            }
        }
        let mut actions = Vec::new();
        let clean = worker.said_bye && jobs.is_empty();
        let (cause, end) = match worker.phase {
            Phase::Doomed(cause) => (cause, worker.end),
            _ if clean => (None, worker.end),
            _ if worker.assigned == 0 && exit.refusal.is_some() => {
                (exit.refusal.clone().map(Cause::Unready), End::Crashed)
            }
            _ => (Some(exit.cause.clone()), if exit.cause == Cause::Signal(9) { End::Killed } else { End::Crashed }),
        };
        if let Some(cause) = cause {
            let death = Death { cause, last_words: exit.last_words };
            // A worker that got a job may have died because of it. A worker that got no job failed to start. The pool
            // gives up after too many failed starts, but not while other workers have jobs.
            let is_hopeless = worker.assigned == 0 && !self.failed && self.breaker.failed(now);
            if is_hopeless && self.in_flight.is_empty() {
                let count = self.breaker.failures();
                let reason = exit.refusal.unwrap_or_else(|| format!("the last one {death}"));
                actions.extend(self.fail(format!("{count} workers in a row did not become ready: {reason}")));
            }
            actions.push(Action::Emit(Event::Lost { worker: id, jobs, death }));
        }
        actions.push(Action::Emit(Event::Ended {
            worker: id,
            slot: worker.slot,
            generation: worker.generation,
            jobs: u64::from(worker.assigned),
            started: worker.started,
            placed: worker.placed,
            ended: now,
            end,
        }));
        actions
    }

    /// Checks the time limits: kills workers that have late jobs and workers that are not ready in time.
    pub(crate) fn tick(&mut self, now: Instant) -> Vec<Action> {
        self.forgive_a_stall(now);
        let mut late: BTreeMap<WorkerId, Vec<JobId>> = BTreeMap::new();
        let turns = u32::try_from(self.limits.concurrency).unwrap_or(u32::MAX).saturating_add(1);
        for (ticket, held) in &self.in_flight {
            if self.workers.get(&held.worker).is_some_and(|worker| worker.waits_since.is_some()) {
                continue;
            }
            // While one job keeps the thread busy, no other job can be late.
            let computing = self.workers.get(&held.worker).and_then(|w| w.computing);
            let could_run = computing.is_none_or(|(other, _)| other == *ticket);
            // A worker may lie about which job keeps its thread busy. So there is also a limit of one deadline for each
            // job that it can hold.
            let own = |limit| could_run && now.saturating_duration_since(held.since) > limit;
            let all = |limit: Duration| now.saturating_duration_since(held.handed_over) > limit.saturating_mul(turns);
            if held.deadline.is_some_and(|limit| own(limit) || all(limit)) {
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
            let cause = Cause::Unready("it was killed because it was not ready in time".to_owned());
            actions.extend(self.doom(worker, Some(cause), End::Timeout));
        }
        actions.extend(self.hurry_drainers(now));
        actions
    }

    /// Kills drainers that have done all their jobs and do not end. Their jobs are done, so this counts as a planned
    /// end.
    fn hurry_drainers(&mut self, now: Instant) -> Vec<Action> {
        let mut overdue = Vec::new();
        for (id, worker) in self.workers.iter_mut().filter(|(_, worker)| worker.phase == Phase::Draining) {
            if worker.finished < worker.assigned || worker.waits_since.is_some() {
                continue;
            }
            let since = *worker.idle_since.get_or_insert(now);
            if now.saturating_duration_since(since) > EXIT_LIMIT {
                overdue.push((*id, worker.end));
            }
        }
        overdue.into_iter().flat_map(|(id, end)| self.doom(id, None, end)).collect()
    }

    /// Corrects the times of all workers and jobs after a pause of this process itself (SIGSTOP, a laptop's sleep). The
    /// pause does not count.
    fn forgive_a_stall(&mut self, now: Instant) {
        let gap = self.last_tick.replace(now).map_or(Duration::ZERO, |last| now.saturating_duration_since(last));
        if gap < STALL {
            return;
        }
        for held in self.in_flight.values_mut() {
            held.since += gap;
            held.handed_over += gap;
        }
        for worker in self.workers.values_mut() {
            worker.started += gap;
            worker.waits_since = worker.waits_since.map(|since| since + gap);
            worker.pause(gap, now);
        }
    }

    /// Corrects the times of a worker whose pipe is read again after a wait. During the wait it could send neither
    /// results nor signs of life.
    pub(super) fn went_on(&mut self, id: WorkerId, now: Instant) {
        let Some(worker) = self.workers.get_mut(&id) else { return };
        let Some(since) = worker.waits_since.take() else { return };
        let gap = now.saturating_duration_since(since);
        worker.pause(gap, now);
        for held in self.in_flight.values_mut().filter(|held| held.worker == id) {
            // A job that the worker got during the wait has waited for a shorter time.
            let gap = gap.min(now.saturating_duration_since(held.handed_over));
            held.since += gap;
            held.handed_over += gap;
        }
    }

    /// Stops the pool after an error. All workers are killed, and no more jobs are started.
    pub(crate) fn fail(&mut self, reason: String) -> Vec<Action> {
        if std::mem::replace(&mut self.failed, true) {
            return Vec::new();
        }
        let mut actions = self.kill_all();
        actions.push(Action::Emit(Event::Fatal(reason)));
        actions
    }

    /// Kills all workers. No job is blamed for their deaths.
    pub(crate) fn kill_all(&mut self) -> Vec<Action> {
        self.open = false;
        self.failed = true;
        let all: Vec<WorkerId> = self.workers.keys().copied().collect();
        all.into_iter().flat_map(|worker| self.doom(worker, None, End::Killed)).collect()
    }

    pub(super) fn doom(&mut self, id: WorkerId, cause: Option<Cause>, end: End) -> Vec<Action> {
        match self.workers.get_mut(&id) {
            Some(worker) if !matches!(worker.phase, Phase::Doomed(_)) => {
                worker.phase = Phase::Doomed(cause);
                worker.end = end;
                vec![Action::Kill { worker: id }]
            }
            _ => Vec::new(),
        }
    }
}
