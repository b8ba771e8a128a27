//! What follows from what happened. Knows no process, no file and no clock: events and the time go in, actions come
//! out.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use bytes::Bytes;
use gleaner_pool::{Cause, Event as PoolEvent, Hints, JobId, WorkerId, blame};
use url::Url;

use super::cached::Cached;
use super::cookies::{Cookies, number_of};
use super::job::Errand;
use super::limits::Reason;
use super::plausible::{Out, Plausible};
use super::summary::{Summary, Tally};
use crate::model::{HostKey, Outcome, Page, Reach, Record, RunLimits, Task, Visit, how_long, parse_url};

use crate::schedule::{Dispatch, Order, Schedule, Settled, Step};
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
    /// A worker sent what cannot be. `job`: one that came as done by that; it is still to come back.
    Refuse {
        worker: WorkerId,
        job: Option<JobId>,
        reason: String,
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
    /// Tasks that may be under way, to find open hosts among them.
    pub(super) read_ahead: usize,
    /// Tasks that may be begun past the first one that is not written yet.
    pub(super) ahead: u64,
    /// Bytes that may wait to be written.
    pub(super) backlog: u64,
    /// How long a job may keep its worker.
    pub(super) deadline: Duration,
    /// How long what is in flight may take when the run stops.
    pub(super) grace: Duration,
    /// What workers can bring back.
    pub(super) plausible: Plausible,
    /// Request headers of the settings for one host alone.
    pub(super) host_headers: BTreeMap<HostKey, Vec<(String, String)>>,
    /// When the run stops of its own accord.
    pub(super) limits: RunLimits,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) schedule: Schedule,
    pub(super) bounds: Bounds,
    pub(super) tally: Tally,
    /// Only of tasks that lost a worker.
    pub(super) suspects: HashMap<u64, blame::Charges>,
    /// What ended the last worker that held nothing.
    pub(super) idle_end: Option<Cause>,
    /// Asked before each submission and told of each answer.
    pub(super) cached: Option<Cached>,
    /// Jobs that were submitted and have not come back.
    pub(super) out: HashMap<JobId, Out>,
    /// Tasks of which the records exist or will: those of an earlier run, and those taken in.
    admitted: u64,
    list_ended: bool,
    closed: bool,
    /// When the run has had its time.
    deadline: Option<Instant>,
    stopping: Option<Stopping>,
    halted: bool,
    /// `None` where the run keeps none.
    pub(super) cookies: Option<Cookies>,
    pub(super) list_error: Option<input::Error>,
    pub(super) fatal: Option<String>,
}

/// The run is coming to its end before its end.
#[derive(Debug, Clone, Copy)]
struct Stopping {
    /// Why: the first reason there was.
    reason: Reason,
    /// When what is in flight is not waited for any longer.
    until: Instant,
}

impl State {
    pub(super) fn new(options: schedule::Options, bounds: Bounds, before: &Before, now: Instant) -> Self {
        Self {
            schedule: Schedule::new(options),
            deadline: bounds.limits.deadline.map(|deadline| now + deadline),
            bounds,
            tally: Tally::new(now, before),
            suspects: HashMap::new(),
            idle_end: None,
            cached: None,
            out: HashMap::new(),
            admitted: before.done.seqs.count(),
            list_ended: false,
            closed: false,
            stopping: None,
            halted: false,
            cookies: None,
            list_error: None,
            fatal: None,
        }
    }

    /// Whether to ask for more of the list: no more than keeps the executor busy, and lets it see the end in time.
    pub(super) fn wants_tasks(&self, outside: Outside) -> bool {
        !self.list_ended
            && self.stopping.is_none()
            && self.schedule.ready() < self.bounds.places.max(FORESIGHT)
            && self.schedule.weight() < READ_AHEAD
            && self.schedule.under_way() < self.bounds.read_ahead.saturating_add(self.bounds.places)
            && self.admitted.saturating_sub(outside.emitted) < self.bounds.ahead
            && outside.backlog < self.bounds.backlog
    }

    /// How many jobs are still to come, once the end of the list is known: one for each task that is not in a worker's hands,
    /// but for redirects and retries.
    pub(super) fn to_come(&self) -> Option<usize> {
        self.list_ended.then(|| self.schedule.under_way().saturating_sub(self.out.len()))
    }

    /// When there will be something to do though nothing happens.
    pub(super) fn next_wake_up(&self, outside: Outside) -> Option<Instant> {
        if let Some(stopping) = self.stopping {
            return (!self.halted).then_some(stopping.until);
        }
        if self.closed {
            return None;
        }
        // Without room, nothing that opens could be begun.
        let opens = self.schedule.next_wake_up().filter(|_| outside.room > 0);
        opens.into_iter().chain(self.deadline).min()
    }

    /// Why the run ended before its end, if it did.
    pub(super) fn stopped(&self) -> Option<Reason> {
        self.stopping.filter(|_| self.halted).map(|stopping| stopping.reason)
    }

    /// Settled tasks, and those among them that failed.
    pub(super) fn settled(&self) -> (u64, u64) {
        self.tally.settled()
    }

    pub(super) fn into_summary(self, now: Instant) -> Summary {
        let (retries, robots) = (self.schedule.retries(), self.schedule.robots_requests());
        self.tally.finish(retries, robots, now)
    }

    pub(super) fn handle(&mut self, event: Event, now: Instant, actions: &mut Vec<Action>) {
        match event {
            Event::Tasks(tasks) => {
                for task in tasks {
                    self.admitted += 1;
                    if let Some(settled) = self.known(&task, now).or_else(|| self.schedule.admit(task, now)) {
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
                None => self.stop(Reason::Signal(signal), now),
                Some(stopping) => stopping.until = now,
            },
            Event::Moved => {}
        }
    }

    /// Begins to stop: no new tasks, and a while for those in flight.
    fn stop(&mut self, reason: Reason, now: Instant) {
        let (grace, in_flight) = (self.bounds.grace, self.out.len());
        let patience = how_long(grace);
        let which = if matches!(reason, Reason::Signal(_)) { "another" } else { "a" };
        tracing::warn!("stopping: waiting up to {patience} for {in_flight} requests; {which} signal ends that");
        self.stopping = Some(Stopping { reason, until: now + grace });
    }

    /// The limit that the run has reached, if it has.
    fn reached(&self, now: Instant) -> Option<Reason> {
        let (tasks, failed) = self.tally.settled();
        let failures = self.bounds.limits.max_failures.filter(|most| most.is_exceeded(tasks, failed));
        let deadline = self.deadline.filter(|deadline| *deadline <= now);
        failures.map(|_| Reason::Failures).or(deadline.map(|_| Reason::Deadline))
    }

    /// Stops a run that has reached a limit before its end.
    fn stop_at_limits(&mut self, now: Instant) {
        if self.stopping.is_none()
            && !self.is_complete()
            && let Some(reason) = self.reached(now)
        {
            self.stop(reason, now);
        }
    }

    /// Hands out what can be handed out. To be called once after each turn of events.
    pub(super) fn issue(&mut self, outside: Outside, now: Instant, actions: &mut Vec<Action>) {
        self.stop_at_limits(now);
        if self.stopping.is_none() {
            self.hand_out(outside.room, now, actions);
            // What was settled on the way counts at once: nothing else need happen any more.
            self.stop_at_limits(now);
        }
        if let Some(stopping) = self.stopping
            && (!self.is_complete() || now >= stopping.until)
        {
            if !self.halted && (self.out.is_empty() || now >= stopping.until) {
                self.halted = true;
                actions.push(Action::Halt);
            }
            return;
        }
        if self.is_complete() && !self.closed {
            self.closed = true;
            actions.push(Action::Close);
        }
    }

    fn hand_out(&mut self, mut room: usize, now: Instant, actions: &mut Vec<Action>) {
        while room > 0
            && let Some(step) = self.schedule.next(now)
        {
            let settled = match step {
                Step::Settled(settled) => Some(settled),
                Step::Fetch(dispatch) => match self.visit(&dispatch, now) {
                    Err((seq, page)) => self.schedule.found(seq, page, now),
                    Ok(visit) => {
                        room -= 1;
                        self.out.insert(job_of(dispatch.order), Out::new(&visit, now));
                        actions.push(self.submission(&dispatch, visit));
                        None
                    }
                },
            };
            let Some(settled) = settled else { continue };
            self.record(settled, None, actions);
            // Many may fail in a row; the first too many is the last.
            if self.reached(now).is_some() {
                return;
            }
        }
    }

    fn is_complete(&self) -> bool {
        self.list_ended && self.schedule.is_empty()
    }

    /// The request that an order means; or the page of its task, where that is known already.
    fn visit(&mut self, dispatch: &Dispatch, now: Instant) -> Result<Visit, (u64, Page)> {
        let visit = Visit::new(dispatch.url.clone(), dispatch.reach.clone());
        let host_headers = parse_url(&dispatch.url, None).map(|url| self.host_headers(&url)).unwrap_or_default();
        let Dispatch { tell_when_sent, connection, .. } = *dispatch;
        let mut visit = Visit { host_headers, tell_when_sent, connection, ..visit };
        if let Order::Page(seq) = dispatch.order {
            if let (Some(cookies), Some(url)) = (&self.cookies, self.schedule.url(seq))
                && let Some((name, value)) = cookies.header(url, now)
            {
                self.schedule.goes_with(seq, number_of(&value));
                visit.headers.push((name, value));
            }
            if let Some(page) = self.cached.as_mut().and_then(|cached| cached.before(seq, &mut visit)) {
                return Err((seq, page));
            }
        }
        Ok(visit)
    }

    /// The headers that the settings have for the host of this URL alone.
    fn host_headers(&self, url: &Url) -> Vec<(String, String)> {
        if self.bounds.host_headers.is_empty() {
            return Vec::new();
        }
        HostKey::of(url).and_then(|host| self.bounds.host_headers.get(&host)).cloned().unwrap_or_default()
    }

    /// A page that need not be asked for, and so need not wait for its host's turn either.
    fn known(&mut self, task: &Task, now: Instant) -> Option<Settled> {
        let url = task.url.as_ref().ok().filter(|_| self.cached.is_some())?;
        let host_headers = self.host_headers(url);
        let cached = self.cached.as_mut()?;
        let mut visit = Visit::new(url.as_str(), Reach::Listed);
        visit.host_headers = host_headers;
        visit.headers.extend(self.cookies.as_ref().and_then(|cookies| cookies.header(url, now)));
        let page = cached.known(task.seq, &mut visit)?;
        let outcome = Outcome::Page(page);
        Some(Settled { seq: task.seq, line: task.line.clone(), outcome, attempts: 0, elapsed: Duration::ZERO })
    }

    fn submission(&self, dispatch: &Dispatch, visit: Visit) -> Action {
        let hints = Hints {
            affinity: Some(dispatch.affinity),
            alone: dispatch.alone,
            deadline: Some(self.bounds.deadline),
            merge: None,
        };
        let errand = match dispatch.order {
            Order::Page(_) => Errand::Page(visit),
            Order::Robots(_) => Errand::Robots(visit),
        };
        // It serialises into memory; there is nothing that could fail.
        let payload = postcard::to_stdvec(&errand).unwrap_or_default();
        Action::Submit { id: job_of(dispatch.order), payload: payload.into(), hints }
    }

    pub(super) fn record(&mut self, settled: Settled, worker: Option<WorkerId>, actions: &mut Vec<Action>) {
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

/// Tasks that are read before they are needed, so that no worker is started at the end of the list for tasks that do not
/// come. What is read is a batch of as many.
const FORESIGHT: usize = 256;

/// Bytes of tasks that may be under way, however few they are.
const READ_AHEAD: usize = 128 << 20;

/// Marks the jobs that are for a robots.txt; no list has so many tasks.
const ROBOTS: JobId = 1 << 63;

fn job_of(order: Order) -> JobId {
    match order {
        Order::Page(seq) => seq,
        Order::Robots(id) => id | ROBOTS,
    }
}

pub(super) fn order_of(job: JobId) -> Order {
    if job & ROBOTS == 0 { Order::Page(job) } else { Order::Robots(job & !ROBOTS) }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
