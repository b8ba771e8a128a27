//! What follows from what happened. Knows no process, no file and no clock: events and the time go in, actions come
//! out.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::cached::Cached;
use super::job::Fetched;
use super::summary::{Summary, Tally};
use super::verdict;
use crate::model::{Answer, Outcome, Record, Task, Visit, Visited};
use crate::pool::{Event as PoolEvent, Hints, JobError, JobId, WorkerId, blame};
use crate::schedule::{Dispatch, Schedule, Settled};
use crate::sink::Before;
use crate::{input, schedule};

/// Everything that can happen to a run.
#[derive(Debug)]
pub(super) enum Event {
    /// Some more of the list.
    Tasks(Vec<Task>),
    /// All of it.
    ListEnded,
    /// There is more of it, which cannot be read.
    ListBroken(input::Error),
    /// Something in the pool.
    Executor(PoolEvent),
    /// A signal, of this number, asks the run to stop.
    Signal(i32),
    /// Time has passed, or room was made.
    Moved,
}

/// What is to be done.
#[derive(Debug)]
pub(super) enum Action {
    Submit {
        id: JobId,
        payload: Bytes,
        hints: Hints,
    },
    Record(Record),
    /// Everything is settled.
    Close,
    /// Nothing more is waited for: the workers go at once.
    Halt,
}

/// What the state must know of the world outside to decide whether to go on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outside {
    /// Jobs that the executor could begin.
    pub(super) room: usize,
    /// Records that are out of the window.
    pub(super) emitted: u64,
    /// Bytes that wait to be written.
    pub(super) backlog: u64,
}

/// Bounds on what may be under way.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    /// Jobs that the executor can hold.
    pub(super) places: usize,
    /// Tasks that may be begun past the first one that is not written yet.
    pub(super) ahead: u64,
    /// Bytes that may wait to be written.
    pub(super) backlog: u64,
    /// How long a job may keep its worker.
    pub(super) deadline: Duration,
    /// How long what is in flight may take after a signal.
    pub(super) grace: Duration,
}

#[derive(Debug)]
pub(super) struct State {
    schedule: Schedule,
    bounds: Bounds,
    tally: Tally,
    /// Only of tasks that lost a worker.
    suspects: HashMap<u64, blame::Charges>,
    /// Asked before each submission and told of each answer.
    pub(super) cached: Option<Cached>,
    /// Jobs that were submitted and have not come back.
    in_flight: usize,
    /// Tasks of which the records exist or will: those of an earlier run, and those taken in.
    admitted: u64,
    list_ended: bool,
    closed: bool,
    /// Since a signal has come.
    stopping: Option<Stopping>,
    halted: bool,
    pub(super) list_error: Option<input::Error>,
    pub(super) fatal: Option<String>,
}

/// The run is coming to its end before its end.
#[derive(Debug, Clone, Copy)]
struct Stopping {
    /// The first signal.
    signal: i32,
    /// When what is in flight is not waited for any longer.
    until: Instant,
}

impl State {
    pub(super) fn new(options: schedule::Options, bounds: Bounds, before: &Before, now: Instant) -> Self {
        Self {
            schedule: Schedule::new(options),
            bounds,
            tally: Tally::new(now, before),
            suspects: HashMap::new(),
            cached: None,
            in_flight: 0,
            admitted: before.done.seqs.count(),
            list_ended: false,
            closed: false,
            stopping: None,
            halted: false,
            list_error: None,
            fatal: None,
        }
    }

    /// Whether to ask for more of the list: no more than keeps the executor busy.
    pub(super) fn wants_tasks(&self, outside: Outside) -> bool {
        !self.list_ended
            && self.stopping.is_none()
            && self.schedule.ready() < self.bounds.places
            && self.admitted.saturating_sub(outside.emitted) < self.bounds.ahead
            && outside.backlog < self.bounds.backlog
    }

    pub(super) fn next_wake_up(&self) -> Option<Instant> {
        match self.stopping {
            Some(stopping) => (!self.halted).then_some(stopping.until),
            None => self.schedule.next_wake_up(),
        }
    }

    /// The signal that ended the run before its end, if one did.
    pub(super) fn signal(&self) -> Option<i32> {
        self.stopping.filter(|_| self.halted).map(|stopping| stopping.signal)
    }

    /// Settled tasks, and those among them that failed.
    pub(super) fn settled(&self) -> (u64, u64) {
        self.tally.settled()
    }

    pub(super) fn into_summary(self, now: Instant) -> Summary {
        let retries = self.schedule.retries();
        self.tally.finish(retries, now)
    }

    pub(super) fn handle(&mut self, event: Event, now: Instant, actions: &mut Vec<Action>) {
        match event {
            Event::Tasks(tasks) => {
                for task in tasks {
                    self.admitted += 1;
                    if let Some(settled) = self.schedule.admit(task) {
                        self.record(settled, None, actions);
                    }
                }
            }
            Event::ListEnded => self.list_ended = true,
            Event::ListBroken(error) => {
                self.list_ended = true;
                self.list_error = Some(error);
            }
            Event::Executor(event) => self.executed(&event, now, actions),
            Event::Signal(signal) => match &mut self.stopping {
                None => {
                    tracing::info!(
                        "stopping: waiting up to {:?} for {} requests; another signal ends that",
                        self.bounds.grace,
                        self.in_flight
                    );
                    self.stopping = Some(Stopping { signal, until: now + self.bounds.grace });
                }
                Some(stopping) => stopping.until = now,
            },
            Event::Moved => {}
        }
    }

    /// Hands out what can be handed out. To be called once after each turn of events.
    pub(super) fn issue(&mut self, outside: Outside, now: Instant, actions: &mut Vec<Action>) {
        if let Some(stopping) = self.stopping
            && !self.is_complete()
        {
            if !self.halted && (self.in_flight == 0 || now >= stopping.until) {
                self.halted = true;
                actions.push(Action::Halt);
            }
            return;
        }
        let mut room = outside.room;
        while room > 0 {
            let Some(dispatch) = self.schedule.next(now) else { break };
            let mut visit = Visit::new(dispatch.url.clone(), dispatch.reach.clone());
            if let Some(page) = self.cached.as_mut().and_then(|cached| cached.before(dispatch.seq, &mut visit)) {
                if let Some(settled) = self.schedule.found(dispatch.seq, page) {
                    self.record(settled, None, actions);
                }
                continue;
            }
            room -= 1;
            self.in_flight += 1;
            actions.push(self.submission(&dispatch, &visit));
        }
        if self.is_complete() && !self.closed {
            self.closed = true;
            actions.push(Action::Close);
        }
    }

    fn is_complete(&self) -> bool {
        self.list_ended && self.schedule.is_empty()
    }

    fn submission(&self, dispatch: &Dispatch, visit: &Visit) -> Action {
        let hints = Hints {
            affinity: Some(dispatch.affinity),
            alone: dispatch.alone,
            deadline: Some(self.bounds.deadline),
            merge: false,
        };
        // A string serialises into memory; there is nothing that could fail.
        let payload = postcard::to_stdvec(visit).unwrap_or_default();
        Action::Submit { id: dispatch.seq, payload: payload.into(), hints }
    }

    fn executed(&mut self, event: &PoolEvent, now: Instant, actions: &mut Vec<Action>) {
        let came_back = match event {
            PoolEvent::Done { .. } | PoolEvent::Failed { .. } => 1,
            PoolEvent::Lost { jobs, .. } => jobs.len(),
            _ => 0,
        };
        self.in_flight = self.in_flight.saturating_sub(came_back);
        match event {
            PoolEvent::Done { job, worker, output } => {
                self.answered(*job, *worker, output, now, actions);
            }
            PoolEvent::Failed { job, worker, error } => {
                self.fail(*job, *worker, error, actions);
            }
            PoolEvent::Lost { worker, jobs, death } => {
                tracing::warn!(pid = self.tally.pid(*worker), tasks = jobs.len(), "worker {death}");
                for job in jobs {
                    let record = self.suspects.entry(*job).or_default();
                    let deaths = record.deaths();
                    match record.judge(*job, jobs.len() - 1, death) {
                        blame::Verdict::Guilty => {
                            self.fail(*job, Some(*worker), &JobError::Poison(death.clone()), actions);
                        }
                        verdict => {
                            let charged = record.deaths() > deaths;
                            self.schedule.rerun(*job, verdict == blame::Verdict::Alone, charged);
                        }
                    }
                }
            }
            PoolEvent::Fatal(reason) => self.fatal = Some(reason.clone()),
            PoolEvent::Noted { .. }
            | PoolEvent::Started { .. }
            | PoolEvent::Ended { .. }
            | PoolEvent::Merged { .. } => {}
        }
        self.tally.note(event);
    }

    fn answered(&mut self, seq: u64, worker: WorkerId, output: &[u8], now: Instant, actions: &mut Vec<Action>) {
        let fetched: Fetched = match postcard::from_bytes(output) {
            Ok(fetched) => fetched,
            Err(error) => {
                return self.fail(seq, Some(worker), &JobError::Unserializable(error.to_string()), actions);
            }
        };
        let Fetched { visited: Visited { answer, headers }, elapsed } = fetched;
        self.tally.request(match &answer {
            Answer::Outcome(Outcome::Page(page)) => page.bytes,
            Answer::Outcome(Outcome::Failure(failure)) => failure.bytes,
            Answer::Redirect { bytes, .. } | Answer::NotModified { bytes } => *bytes,
        });
        let answer = match &mut self.cached {
            Some(cached) => cached.after(seq, answer, &headers),
            None => Some(answer),
        };
        let Some(answer) = answer else { return self.schedule.rerun(seq, false, false) };
        if let Some(settled) = self.schedule.answered(seq, answer, elapsed, now) {
            self.record(settled, Some(worker), actions);
        }
    }

    fn fail(&mut self, seq: u64, worker: Option<WorkerId>, error: &JobError, actions: &mut Vec<Action>) {
        if let Some(settled) = self.schedule.fail(seq, verdict::of_error(error)) {
            self.record(settled, worker, actions);
        }
    }

    fn record(&mut self, settled: Settled, worker: Option<WorkerId>, actions: &mut Vec<Action>) {
        if !self.suspects.is_empty() {
            self.suspects.remove(&settled.seq);
        }
        let record = Record {
            seq: settled.seq,
            url: settled.line,
            outcome: settled.outcome,
            attempts: settled.attempts,
            elapsed: settled.elapsed,
            worker: worker.and_then(|worker| self.tally.pid(worker)),
            cached: self.cached.as_mut().map(|cached| cached.settled(settled.seq)),
        };
        self.tally.record(&record, worker);
        actions.push(Action::Record(record));
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
