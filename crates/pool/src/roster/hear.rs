//! Handles the messages of workers. A worker may only name jobs that it holds.
//!
//! A worker reads untrusted pages, and a page may have taken control of it. If a worker names a job that it does not
//! hold, it is killed as corrupt. All its jobs are lost, and no result of the same message is used.

use std::collections::BTreeSet;
use std::time::Instant;

use super::{Action, Phase, Roster, Ticket};
use crate::event::{End, Event, JobId, WorkerId};
use crate::heard::{ChildEvent, Finished};
use crate::wire::PROTOCOL;
use crate::{Cause, Death, Sandbox, sandbox};

/// How many signs of life a worker may give per second. A healthy worker gives four, and some may arrive late.
const MOST_BEATS: u64 = 16;

impl Roster {
    /// Handles an event of a worker or of its process.
    pub(crate) fn hear(&mut self, id: WorkerId, event: ChildEvent, now: Instant) -> Vec<Action> {
        match event {
            ChildEvent::Started { pid } => return vec![Action::Emit(Event::Started { worker: id, pid })],
            ChildEvent::Exited(exit) => return self.exited(id, exit, now),
            ChildEvent::Corrupt { reason } => return self.corrupt(id, reason),
            _ => {}
        }
        let Some(worker) = self.workers.get_mut(&id).filter(|worker| !worker.is_distrusted) else { return Vec::new() };
        worker.heard = now;
        match event {
            ChildEvent::Ready { build, protocol, resident, lacks } => {
                if build != self.limits.build || protocol != PROTOCOL {
                    return self.fail(format!(
                        "the executable was replaced while it ran: this process is build {}, its new workers are \
                         {build}; start again",
                        self.limits.build
                    ));
                }
                self.ready(id, resident, &lacks, now)
            }
            ChildEvent::Unconfined { lacks } => self.unconfined(id, &lacks),
            ChildEvent::Beat { computing } => self.beat(id, computing, now),
            ChildEvent::Note { id: ticket, note } => match self.held(id, ticket) {
                Some(job) => vec![Action::Emit(Event::Noted { job, worker: id, note })],
                None => self.corrupt(id, "a note for a job that it does not hold".to_owned()),
            },
            ChildEvent::Results { resident, results } => {
                if let Err(reason) = self.are_its_own(id, &results) {
                    return self.corrupt(id, reason.to_owned());
                }
                let mut actions: Vec<Action> =
                    results.into_iter().filter_map(|result| self.settle(id, result, now)).map(Action::Emit).collect();
                actions.extend(self.memory(id, resident));
                actions
            }
            ChildEvent::Bye => self.bye(id),
            ChildEvent::Waits => {
                worker.waits_since = Some(now);
                Vec::new()
            }
            ChildEvent::GoesOn => {
                self.went_on(id, now);
                Vec::new()
            }
            ChildEvent::Started { .. } | ChildEvent::Exited(_) | ChildEvent::Corrupt { .. } => Vec::new(),
        }
    }

    /// Kills a worker that broke the protocol. Its later messages are not read.
    pub(super) fn corrupt(&mut self, id: WorkerId, reason: String) -> Vec<Action> {
        let Some(worker) = self.workers.get_mut(&id) else { return Vec::new() };
        worker.is_distrusted = true;
        self.doom(id, Some(Cause::Corrupt(reason)), End::Corrupt)
    }

    /// Kills a worker whose output is impossible. `job` is the job of that output. It is lost with the worker.
    pub(crate) fn refuse(&mut self, id: WorkerId, job: Option<JobId>, reason: String) -> Vec<Action> {
        let Some(job) = job else { return self.corrupt(id, reason) };
        let Some(worker) = self.workers.get_mut(&id) else {
            // The worker is already gone, so its own `Lost` event does not include this job.
            let death = Death { cause: Cause::Corrupt(reason), last_words: Vec::new() };
            return vec![Action::Emit(Event::Lost { worker: id, jobs: vec![job], death })];
        };
        worker.refused.push(job);
        if worker.phase == Phase::Doomed(None) {
            // The worker is already being killed without a cause. It gets a cause now, so that the job is reported
            // lost.
            worker.phase = Phase::Doomed(Some(Cause::Corrupt(reason)));
            worker.end = End::Corrupt;
            worker.is_distrusted = true;
            return Vec::new();
        }
        self.corrupt(id, reason)
    }

    fn ready(&mut self, id: WorkerId, resident: u64, lacks: &str, now: Instant) -> Vec<Action> {
        if self.limits.sandbox == Sandbox::Require && !lacks.is_empty() {
            return self.corrupt(id, "that it is ready without the sandbox, which is required".to_owned());
        }
        let Some(worker) = self.workers.get_mut(&id).filter(|worker| worker.phase == Phase::Starting) else {
            return Vec::new();
        };
        self.has_confined |= lacks.is_empty();
        worker.phase = Phase::Ready;
        let took = now.saturating_duration_since(worker.started);
        self.start_time = (self.start_time * 3 + took) / 4;
        match self.limits.max_memory {
            Some(limit) if resident.saturating_mul(2) > limit => self.fail(format!(
                "a worker needs {} MiB before its first task, and its memory limit is {} MiB: give it at least {} MiB",
                resident >> 20,
                limit >> 20,
                (resident >> 20).saturating_mul(2).saturating_add(1)
            )),
            _ => Vec::new(),
        }
    }

    /// Handles the message that a worker cannot be confined. The worker has not read any page yet, so it is trusted.
    /// Usually the system is the reason, and no other worker could be confined either, so the pool fails. If other
    /// workers were confined on this system, only this worker is killed.
    fn unconfined(&mut self, id: WorkerId, lacks: &str) -> Vec<Action> {
        if self.limits.sandbox != Sandbox::Require {
            return self.corrupt(id, "that it cannot be confined, but the sandbox is not required".to_owned());
        }
        if self.has_confined {
            let reason = format!("it could not be confined, and other workers could: it lacked {lacks}");
            return self.doom(id, Some(Cause::Unready(reason)), End::Crashed);
        }
        self.fail(sandbox::required(lacks))
    }

    /// Returns the job that `id` holds under this ticket.
    fn held(&self, id: WorkerId, ticket: Ticket) -> Option<JobId> {
        self.in_flight.get(&ticket).filter(|held| held.worker == id).map(|held| held.job)
    }

    /// Checks that `id` holds each job of these results, and that it may merge the outputs that it has merged.
    fn are_its_own(&self, id: WorkerId, results: &[Finished]) -> Result<(), &'static str> {
        let mut seen = BTreeSet::new();
        for result in results {
            let (tickets, is_merged) = match result {
                Finished::Output { id, .. } | Finished::Failed { id, .. } => (std::slice::from_ref(id), false),
                Finished::Merged { ids, .. } => (ids.as_slice(), true),
            };
            if !tickets.iter().all(|ticket| self.held(id, *ticket).is_some() && seen.insert(*ticket)) {
                return Err("a result of a job that it does not hold");
            }
            let group = |ticket: &Ticket| self.in_flight.get(ticket).and_then(|held| held.merge);
            let first = tickets.first().and_then(group);
            if is_merged && (first.is_none() || tickets.iter().any(|ticket| group(ticket) != first)) {
                return Err("a merged output of jobs that it may not merge");
            }
        }
        Ok(())
    }

    fn settle(&mut self, worker: WorkerId, result: Finished, now: Instant) -> Option<Event> {
        Some(match result {
            Finished::Output { id, output } => Event::Done { job: self.finished(worker, id, now)?, worker, output },
            Finished::Failed { id, error } => {
                Event::Failed { job: self.finished(worker, id, now)?, worker: Some(worker), error }
            }
            Finished::Merged { ids, output } => {
                let jobs = ids.iter().filter_map(|id| self.finished(worker, *id, now)).collect();
                Event::Merged { jobs, worker, output }
            }
        })
    }

    /// Settles the job that `id` holds under this ticket.
    fn finished(&mut self, id: WorkerId, ticket: Ticket, now: Instant) -> Option<JobId> {
        let job = self.in_flight.remove(&ticket)?.job;
        self.breaker.succeeded();
        let worker = self.workers.get_mut(&id)?;
        worker.finished += 1;
        if let Some(slot) = worker.slot {
            self.slots[slot].load -= 1;
        }
        if worker.computing.is_some_and(|(other, _)| other == ticket) {
            // The job no longer keeps the thread busy. Without this, if the worker falls silent now, none of its jobs
            // could be late.
            self.computes(id, None, now);
        }
        Some(job)
    }

    /// Handles a sign of life. `computing` is the job that keeps the worker's thread busy.
    fn beat(&mut self, id: WorkerId, computing: Option<Ticket>, now: Instant) -> Vec<Action> {
        let is_its_own = computing.is_none_or(|ticket| self.held(id, ticket).is_some());
        let Some(worker) = self.workers.get_mut(&id) else { return Vec::new() };
        worker.beats += 1;
        let seconds = now.saturating_duration_since(worker.born).as_secs();
        let most = seconds.saturating_add(1).saturating_mul(MOST_BEATS);
        if !is_its_own || worker.assigned == worker.finished {
            return self.corrupt(id, "a sign of life for a job that it does not hold".to_owned());
        }
        if worker.beats > most {
            return self.corrupt(id, "more signs of life than are possible in this time".to_owned());
        }
        self.computes(id, computing, now);
        Vec::new()
    }

    /// Records which job keeps a worker's thread busy from now on.
    fn computes(&mut self, id: WorkerId, computing: Option<Ticket>, now: Instant) {
        let Some(worker) = self.workers.get_mut(&id) else { return };
        let before = worker.computing;
        if before.map(|(ticket, _)| ticket) == computing {
            return;
        }
        worker.computing = computing.map(|ticket| (ticket, now));
        // The other jobs could not run during this time, so it does not count for them.
        if let Some((ticket, since)) = before {
            let lost = now.saturating_duration_since(since);
            let others = self.in_flight.iter_mut().filter(|(other, held)| **other != ticket && held.worker == id);
            others.for_each(|(_, held)| held.since += lost);
        }
    }

    fn bye(&mut self, id: WorkerId) -> Vec<Action> {
        let Some(worker) = self.workers.get_mut(&id) else { return Vec::new() };
        match worker.phase {
            Phase::Draining if worker.finished == worker.assigned => {
                worker.said_bye = true;
                Vec::new()
            }
            Phase::Doomed(_) => Vec::new(),
            _ => self.corrupt(id, "a goodbye at the wrong time".to_owned()),
        }
    }
}
