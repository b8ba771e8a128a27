//! Decides which actions follow from an event. The input is an event and the time, the output is actions. No process,
//! file or clock is used here.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;

use super::archived::Archived;
use super::before_fetch::BeforeFetch;
use super::cached::Cached;
use super::cookies::Cookies;
use super::executor::{Cause, ExecutorEvent, JobHints, JobId, WorkerId};
use super::job::JobInput;
use super::limits::{Reason, to_stop_now};
use super::listings::{Asked, is_listing};
use super::observers::Wish;
use super::plausible::{Out, Plausible};
use super::table_rows::too_long;
use super::tally::Tally;
use crate::model::{HostKey, HostSettings, Outcome, Record, RunLimits, Task, Visit, counted};
use crate::schedule::{AnsweredBy, Dispatch, RequestId, Schedule, Settled, Step};
use crate::sink::Before;
use crate::{input, schedule};
use gleaner_pool::blame;

/// Everything that can happen to a run.
#[derive(Debug)]
pub(super) enum Event {
    /// These tasks were read from the list.
    Tasks(Vec<Task>),
    /// The list continues with the entries of this sitemap.
    Asked(input::Ask),
    /// The whole list was read.
    ListEnded,
    /// The rest of the list cannot be read.
    ListBroken(input::Error),
    /// The executor has an event.
    Executor(ExecutorEvent),
    /// A signal with this number asks the run to stop.
    Signal(i32),
    /// Somebody who watches the run has a wish.
    Wish(Wish),
    /// Time has passed, or the sink has made room.
    Moved,
}

/// Something that the loop must do.
#[derive(Debug)]
pub(super) enum Action {
    Submit {
        id: JobId,
        payload: Bytes,
        hints: JobHints,
    },
    /// End a worker that sent an impossible message. If the message is the output of a job, `job` is that job. The
    /// executor reports it as lost later.
    Refuse {
        worker: WorkerId,
        job: Option<JobId>,
        reason: String,
    },
    /// Append these members to the archive, before the records of later actions.
    Archive(Bytes),
    Record(Record),
    /// Close the executor: all tasks are settled.
    Close,
    /// Stop all workers at once. Nothing is waited for any more.
    Halt,
}

/// The facts about the executor and the sink that the state needs to decide whether more work may begin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outside {
    /// How many jobs the executor could begin.
    pub(super) room: usize,
    /// The number of records that are written in the order of the list.
    pub(super) emitted: u64,
    /// The number of bytes that wait to be written.
    pub(super) backlog: u64,
    /// The number of bytes that wait for the record of an earlier task.
    pub(super) window: u64,
}

/// The limits on the work that may be under way.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    /// How many jobs the executor can hold.
    pub(super) places: usize,
    /// How many tasks may be under way. The schedule searches them for open hosts.
    pub(super) read_ahead: usize,
    /// How many tasks may be begun after the first task whose record is not written yet.
    pub(super) ahead: u64,
    /// How many bytes may wait to be written.
    pub(super) backlog: u64,
    /// How long a job may keep its worker.
    pub(super) task_timeout: Duration,
    /// How long jobs in flight may take when the run stops.
    pub(super) grace: Duration,
    /// Which answers are possible.
    pub(super) plausible: Plausible,
    /// Whether a rule needs to know what the list says about a task.
    pub(super) reads_task: bool,
    /// What the settings define for single hosts.
    pub(super) hosts: BTreeMap<HostKey, HostSettings>,
    /// The limits at which the run stops by itself.
    pub(super) limits: RunLimits,
}

#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a state of its own")]
pub(super) struct State {
    pub(super) schedule: Schedule,
    pub(super) bounds: Bounds,
    pub(super) tally: Box<Tally>,
    /// The charges against jobs that lost a worker. Other jobs have no entry.
    pub(super) suspects: HashMap<u64, blame::Charges>,
    /// What ended the last lost worker that held no job.
    pub(super) idle_end: Option<Cause>,
    /// The cache. It is asked before each submission and receives each answer.
    pub(super) cached: Option<Cached>,
    /// Jobs that were submitted and are not answered, failed or lost yet.
    pub(super) out: HashMap<JobId, Out>,
    /// The number of tasks that have a record or get one later: those of an earlier run, and those that this run has
    /// read.
    admitted: u64,
    list_ended: bool,
    closed: bool,
    /// When the run must stop.
    deadline: Option<Instant>,
    stopping: Option<Stopping>,
    /// No request is sent until somebody resumes the run.
    paused: bool,
    halted: bool,
    /// The sitemap that the reader of the list waits for. There is at most one.
    pub(super) asked: Option<Asked>,
    /// The number of sitemaps that were asked for.
    pub(super) listings: u64,
    /// `None` if the run does not keep cookies.
    pub(super) cookies: Option<Cookies>,
    /// `None` if the run has no archive.
    pub(super) archived: Option<Archived>,
    /// The wall clock at the last event. The loop sets it.
    pub(super) wall: SystemTime,
    pub(super) list_error: Option<input::Error>,
    pub(super) fatal: Option<String>,
}

/// The state of a run that stops before the end of its list.
#[derive(Debug, Clone, Copy)]
struct Stopping {
    /// The first reason to stop.
    reason: Reason,
    /// The run waits until this time for jobs in flight.
    until: Instant,
}

impl State {
    pub(super) fn new(options: schedule::Options, bounds: Bounds, before: &Before, now: Instant) -> Self {
        Self {
            schedule: Schedule::new(options),
            deadline: bounds.limits.deadline.map(|deadline| now + deadline),
            bounds,
            tally: Box::new(Tally::new(now, before)),
            suspects: HashMap::new(),
            idle_end: None,
            cached: None,
            out: HashMap::new(),
            admitted: before.done.count(),
            list_ended: false,
            closed: false,
            stopping: None,
            paused: false,
            halted: false,
            asked: None,
            listings: 0,
            cookies: None,
            archived: None,
            wall: SystemTime::UNIX_EPOCH,
            list_error: None,
            fatal: None,
        }
    }

    /// Whether more of the list must be read. Reads only as much as is needed to keep the executor busy and to see the
    /// end of the list in time.
    pub(super) fn wants_tasks(&self, outside: Outside) -> bool {
        !self.list_ended
            && self.stopping.is_none()
            && self.schedule.ready() < self.bounds.places.max(FORESIGHT)
            && self.schedule.weight() < READ_AHEAD
            && self.schedule.under_way() < self.bounds.read_ahead.saturating_add(self.bounds.places)
            && self.admitted.saturating_sub(outside.emitted) < self.bounds.ahead
            && outside.backlog < self.bounds.backlog
    }

    /// How many jobs are still to come: one for each task that is not submitted. Redirects and retries are not counted.
    /// Returns `None` until the end of the list is known.
    pub(super) fn to_come(&self) -> Option<usize> {
        self.list_ended.then(|| self.schedule.under_way().saturating_sub(self.out.len()))
    }

    /// When there is something to do even if no event comes.
    pub(super) fn next_wake_up(&self, outside: Outside) -> Option<Instant> {
        if let Some(stopping) = self.stopping {
            return (!self.halted).then_some(stopping.until);
        }
        if self.closed {
            return None;
        }
        // If the executor has no room, an open host changes nothing.
        let opens = self.schedule.next_wake_up().filter(|_| outside.room > 0 && !self.paused);
        opens.into_iter().chain(self.deadline).min()
    }

    /// Why the run ended before the end of its list, if it did.
    pub(super) fn stopped(&self) -> Option<Reason> {
        self.stopping.filter(|_| self.halted).map(|stopping| stopping.reason)
    }

    /// When a run that stops waits no longer for jobs in flight.
    pub(super) fn stops_at(&self) -> Option<Instant> {
        self.stopping.map(|stopping| stopping.until)
    }

    pub(super) fn is_paused(&self) -> bool {
        self.paused
    }

    pub(super) fn handle(&mut self, event: Event, now: Instant, actions: &mut Vec<Action>) {
        match event {
            Event::Tasks(tasks) => {
                for task in tasks {
                    self.admitted += 1;
                    if let Some(settled) = self.settled_when_read(&task, now).or_else(|| self.schedule.admit(task, now))
                    {
                        self.record(settled, None, now, actions);
                    }
                }
            }
            Event::Asked(ask) => self.ask(ask, now),
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
            Event::Wish(Wish::Pause) => self.paused = true,
            Event::Wish(Wish::Resume) => self.paused = false,
            Event::Wish(Wish::Drain) => {
                if self.stopping.is_none() {
                    self.stop(Reason::Drained, now);
                }
            }
            Event::Moved => {}
        }
    }

    /// Begins to stop the run: no new requests are made, and those in flight may end within the grace time.
    fn stop(&mut self, reason: Reason, now: Instant) {
        // A job cannot take longer than its time limit.
        let grace = if reason == Reason::Drained { self.bounds.task_timeout } else { self.bounds.grace };
        let in_flight = self.out.len();
        let (seconds, now_or) = (grace.as_secs(), to_stop_now(reason));
        if in_flight == 0 {
            tracing::warn!("stopping: writing the output; {now_or}");
        } else {
            let pages = counted(in_flight as u64, "page");
            tracing::warn!("stopping: {pages} under way, up to {seconds} s; {now_or}");
        }
        self.stopping = Some(Stopping { reason, until: now + grace });
    }

    /// The limit that the run has reached, if any.
    fn reached(&self, now: Instant) -> Option<Reason> {
        let (tasks, failed) = self.tally.settled();
        let failures = self.bounds.limits.max_failures.filter(|most| most.is_exceeded(tasks, failed));
        let deadline = self.deadline.filter(|deadline| *deadline <= now);
        failures.map(|_| Reason::Failures).or(deadline.map(|_| Reason::Deadline))
    }

    /// Stops a run that has reached a limit before the end of its list.
    fn stop_at_limits(&mut self, now: Instant) {
        if self.stopping.is_none()
            && !self.is_complete()
            && let Some(reason) = self.reached(now)
        {
            self.stop(reason, now);
        }
    }

    /// Submits all requests that can be made now. Must be called once after the events of each turn.
    pub(super) fn issue(&mut self, outside: Outside, now: Instant, actions: &mut Vec<Action>) {
        self.stop_at_limits(now);
        if self.stopping.is_none() && !self.paused {
            self.hand_out(outside.room, now, actions);
            // Tasks may have been settled just now. Their failures count at once, because perhaps no other event
            // follows.
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
                Step::Fetch(Dispatch { id, visit, affinity, alone }) => match self.before_fetch(id, visit, now) {
                    BeforeFetch::Known(page) => self.schedule.known_page(id, page, now),
                    BeforeFetch::Fetch(mut visit) => {
                        room -= 1;
                        let wall = self.wall;
                        // For an answer that the list brings, no request is made.
                        let archived = self.archived.as_mut().filter(|_| visit.stored.is_none());
                        visit.archive = archived.map(|archived| archived.number(id, &visit.url, wall));
                        self.note_wait(id, now);
                        self.schedule.hand_out(id, now);
                        self.out.insert(job_of(id), Out::new(&visit, now));
                        self.tally.handed_out(self.out.len() as u64, now);
                        let hints = JobHints { affinity, alone, time_limit: self.bounds.task_timeout };
                        actions.push(self.submission(id, visit, hints));
                        None
                    }
                },
            };
            let Some(settled) = settled else { continue };
            self.record(settled, None, now, actions);
            // Many tasks may fail in a row. The loop ends at the first failure that exceeds the limit.
            if self.reached(now).is_some() {
                return;
            }
        }
    }

    fn submission(&self, id: RequestId, visit: Visit, hints: JobHints) -> Action {
        let input = match (id, &self.asked) {
            (RequestId::Page(seq), Some(asked)) if is_listing(seq) => JobInput::Listing(visit, asked.file()),
            (RequestId::Page(_), _) => JobInput::Page(visit),
            (RequestId::Robots(_), _) => JobInput::Robots(visit),
        };
        // This writes into memory, so it cannot fail.
        let payload = postcard::to_stdvec(&input).unwrap_or_default();
        Action::Submit { id: job_of(id), payload: payload.into(), hints }
    }

    /// Counts how long a task waited for its first request.
    fn note_wait(&mut self, id: RequestId, now: Instant) {
        if let RequestId::Page(seq) = id
            && self.tally.counts_details()
            && let Some(since) = self.schedule.waits_since(seq)
        {
            self.tally.waited(now.saturating_duration_since(since));
        }
    }

    fn is_complete(&self) -> bool {
        self.list_ended && self.schedule.is_empty()
    }

    pub(super) fn record(
        &mut self,
        settled: Settled,
        worker: Option<WorkerId>,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        if !self.suspects.is_empty() {
            self.suspects.remove(&settled.seq);
        }
        self.archived.iter_mut().for_each(|archived| archived.settled(settled.seq));
        if is_listing(settled.seq) {
            return self.listed(settled, worker);
        }
        let cached = self.cached.as_mut().map(|cached| cached.settled(settled.seq));
        let fetched_at = match settled.answered_by {
            AnsweredBy::List { at } => at,
            AnsweredBy::Requests => cached.flatten().or((settled.attempts > 0).then_some(self.wall)),
        };
        let too_long = match &settled.outcome {
            Outcome::Page(page) => too_long(&settled.line, &settled.input, page),
            Outcome::Failure(_) => None,
        };
        let record = Record {
            seq: settled.seq,
            url: settled.line,
            input: settled.input,
            outcome: too_long.map_or(settled.outcome, Outcome::Failure),
            attempts: settled.attempts,
            elapsed: settled.elapsed,
            worker: worker.and_then(|worker| self.tally.label(worker)),
            cached: cached.map(|found| found.is_some()),
            fetched_at,
        };
        self.tally.record(&record, settled.host.as_deref(), worker, now);
        actions.push(Action::Record(record));
    }
}

/// How many tasks are read before they are needed. So the run knows the end of the list in time, and starts no worker
/// for tasks that do not exist. A batch of the list has the same size.
const FORESIGHT: usize = 256;

/// Maximum bytes of the tasks under way, for lists with long lines.
const READ_AHEAD: usize = 128 << 20;

/// Marks a job that fetches a robots.txt. No list has so many tasks.
const ROBOTS: JobId = 1 << 63;

fn job_of(id: RequestId) -> JobId {
    match id {
        RequestId::Page(seq) => seq,
        RequestId::Robots(id) => id | ROBOTS,
    }
}

pub(super) fn request_of(job: JobId) -> RequestId {
    if job & ROBOTS == 0 { RequestId::Page(job) } else { RequestId::Robots(job & !ROBOTS) }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
