//! A pool with simulated workers instead of processes. It makes the real decisions, for tests of programs that drive a
//! [`Core`](crate::Core).

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};

use super::event::{Event, Hints, JobId, WorkerId};
use super::heard::{ChildEvent, Heard};
use super::roster::{Action, Exit, Limits, Roster, Submission, Ticket};
use super::wire::{self, FromWorker, WireResult};
use super::{Cause, Check, Sandbox};

/// A pool whose workers are simulated. The test decides what they say. The pool panics if a worker causes something that no
/// worker may cause.
pub struct Simulated {
    roster: Roster,
    workers: BTreeMap<WorkerId, SimulatedWorker>,
    events: VecDeque<Event>,
    most_jobs: usize,
    check: Option<Check>,
}

/// A simulated worker, as the pool sees it.
pub struct SimulatedWorker {
    heard: Heard,
    /// The jobs that it got and has not settled: tickets, job ids and payloads.
    pub holds: Vec<(Ticket, JobId, Bytes)>,
    /// Whether it ever got a job.
    pub has_worked: bool,
    /// Whether it was told that no more jobs will come.
    pub is_draining: bool,
}

impl Simulated {
    /// Creates a pool of `workers` workers, each of which holds at most `most_jobs` jobs. `check` is that of
    /// [`Core::check_outputs`](crate::Core::check_outputs).
    pub fn new(workers: usize, most_jobs: usize, check: Option<Check>) -> Self {
        let roster = Roster::new(Limits {
            workers,
            concurrency: most_jobs,
            quota: None,
            quota_jitter: 0,
            max_memory: None,
            start_limit: Duration::from_secs(20),
            build: "b".to_owned(),
            sandbox: Sandbox::Auto,
        });
        Self { roster, workers: BTreeMap::new(), events: VecDeque::new(), most_jobs, check }
    }

    /// Does the same as [`Core::room`](crate::Core::room).
    pub fn room(&self) -> usize {
        self.roster.room()
    }

    /// Returns whether the pool is closed and its last worker is gone.
    pub fn is_over(&self) -> bool {
        self.roster.is_over()
    }

    /// Returns the workers that exist now.
    pub fn workers(&self) -> &BTreeMap<WorkerId, SimulatedWorker> {
        &self.workers
    }

    /// Returns the workers that have not sent anything yet.
    pub fn starting(&self) -> impl Iterator<Item = WorkerId> {
        self.workers.iter().filter(|(_, worker)| worker.heard.is_starting()).map(|(id, _)| *id)
    }

    /// Does the same as [`Core::submit`](crate::Core::submit).
    pub fn submit(&mut self, id: JobId, payload: Bytes, hints: Hints) {
        self.roster.submit(Submission { id, payload, hints });
    }

    /// Does the same as [`Core::close`](crate::Core::close).
    pub fn close(&mut self) {
        self.roster.close();
    }

    /// Does the same as [`Core::refuse`](crate::Core::refuse).
    pub fn refuse(&mut self, worker: WorkerId, job: Option<JobId>, reason: String, now: Instant) {
        let actions = self.roster.refuse(worker, job, reason);
        self.carry_out(actions, now);
    }

    /// Assigns jobs to workers and checks the time limits. Returns the events since the last call.
    pub fn turn(&mut self, now: Instant) -> Vec<Event> {
        let mut actions = self.roster.tick(now);
        actions.extend(self.roster.plan(now));
        self.carry_out(actions, now);
        self.events.drain(..).collect()
    }

    /// Makes a worker send one frame.
    pub fn say(&mut self, id: WorkerId, payload: &[u8], now: Instant) {
        let Some(worker) = self.workers.get_mut(&id) else { return };
        let event = match worker.heard.take(&Bytes::copy_from_slice(payload)) {
            Ok(Some(event)) => event,
            Ok(None) => return,
            Err(error) => ChildEvent::Corrupt { reason: error.to_string() },
        };
        let actions = self.roster.hear(id, event, now);
        self.carry_out(actions, now);
    }

    /// Makes a worker send a valid message.
    fn say_message(&mut self, id: WorkerId, message: &FromWorker<'_>, results: &[WireResult<'_>], now: Instant) {
        let mut stream = BytesMut::new();
        wire::encode_list(message, results, &mut stream).expect("it is short");
        self.say(id, &stream[8..], now);
    }

    /// Makes a worker say that it is alive, and which job keeps its thread busy.
    pub fn beat(&mut self, id: WorkerId, computing: Option<Ticket>, now: Instant) {
        self.say_message(id, &FromWorker::Beat { computing }, &[], now);
    }

    /// Makes a worker send a note for a job.
    pub fn note(&mut self, id: WorkerId, ticket: Ticket, note: &[u8], now: Instant) {
        self.say_message(id, &FromWorker::Note { id: ticket, note }, &[], now);
    }

    /// Makes a worker say goodbye.
    pub fn bye(&mut self, id: WorkerId, now: Instant) {
        self.say_message(id, &FromWorker::Bye, &[], now);
    }

    /// Makes a worker say that it is ready.
    pub fn become_ready(&mut self, id: WorkerId, now: Instant) {
        let ready = FromWorker::Ready { protocol: wire::PROTOCOL, build: "b", resident: 0, lacks: "" };
        self.say_message(id, &ready, &[], now);
    }

    /// Makes a worker send the output of a job.
    pub fn output(&mut self, id: WorkerId, ticket: Ticket, output: &[u8], now: Instant) {
        let results = FromWorker::Results { resident: 0, count: 1 };
        self.say_message(id, &results, &[WireResult::Output { id: ticket, output }], now);
    }

    /// Ends a worker's process.
    pub fn exit(&mut self, id: WorkerId, cause: Cause, now: Instant) {
        if self.workers.remove(&id).is_some() {
            let exit = Exit { cause, last_words: Vec::new(), refusal: None };
            let actions = self.roster.hear(id, ChildEvent::Exited(exit), now);
            self.carry_out(actions, now);
        }
    }

    fn carry_out(&mut self, actions: Vec<Action>, now: Instant) {
        for action in actions {
            match action {
                Action::Spawn { worker } => {
                    let heard = Heard::new(self.most_jobs, self.check);
                    let unused = SimulatedWorker { heard, holds: Vec::new(), has_worked: false, is_draining: false };
                    self.workers.insert(worker, unused);
                }
                Action::Send { worker, jobs } => {
                    let worker = self.workers.get_mut(&worker).expect("the worker exists");
                    worker.has_worked = true;
                    worker.holds.extend(jobs.into_iter().map(|(ticket, job)| (ticket, job.id, job.payload)));
                    assert!(worker.holds.len() <= self.most_jobs, "a worker holds more than it may");
                }
                Action::Drain { worker } => {
                    self.workers.get_mut(&worker).expect("the worker exists").is_draining = true;
                }
                Action::Kill { worker } => self.exit(worker, Cause::Signal(9), now),
                Action::Emit(event) => {
                    self.settle(&event);
                    self.events.push_back(event);
                }
            }
        }
    }

    fn settle(&mut self, event: &Event) {
        let (job, worker) = match event {
            Event::Done { job, worker, .. } | Event::Failed { job, worker: Some(worker), .. } => (job, worker),
            Event::Noted { job, worker, .. } => {
                let holds = &self.workers[worker].holds;
                assert!(
                    holds.iter().any(|(_, held, _)| held == job),
                    "a worker has sent a note for a job that it does not hold"
                );
                return;
            }
            Event::Merged { .. } => panic!("no job may be merged"),
            Event::Fatal(reason) => panic!("a worker has ended the pool: {reason}"),
            _ => return,
        };
        let holds = &mut self.workers.get_mut(worker).expect("the worker exists").holds;
        let at = holds.iter().position(|(_, held, _)| held == job);
        holds.remove(at.expect("a worker has settled a job that it does not hold"));
    }
}
