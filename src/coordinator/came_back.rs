//! What follows from what the executor says: a job that came back, one that was lost, a worker that came or went.
//!
//! An answer is checked before it is believed (`plausible`). If it is impossible, the executor is told, and the job is
//! lost with its worker like any other.

use bytes::Bytes;
use std::time::{Duration, Instant};

use url::Url;

use super::job::{Brought, Fetched};
use super::state::{Action, State, order_of};
use super::verdict;
use crate::model::{Answer, Outcome, Visited};
use crate::pool::{Death, Event as PoolEvent, JobError, JobId, WorkerId, blame};
use crate::schedule::Order;

impl State {
    pub(super) fn executed(&mut self, event: &PoolEvent, now: Instant, actions: &mut Vec<Action>) {
        match event {
            PoolEvent::Done { job, worker, output } => {
                self.answered(*job, *worker, output, now, actions);
            }
            PoolEvent::Failed { job, worker, error } => {
                if self.out.remove(job).is_some() {
                    self.fail(*job, *worker, error, now, actions);
                }
            }
            PoolEvent::Noted { job, worker, note } => match self.out.get_mut(job) {
                Some(out) if out.to_tell && note.is_empty() => {
                    out.to_tell = false;
                    self.schedule.sent(order_of(*job), now);
                }
                Some(_) => {
                    let reason = "a note that nobody asked for".to_owned();
                    actions.push(Action::Refuse { worker: *worker, job: None, reason });
                }
                None => {}
            },
            PoolEvent::Lost { worker, jobs, death } => {
                let (pid, tasks) = (self.tally.pid(*worker), jobs.len());
                if self.is_news(tasks, death) {
                    tracing::warn!(pid, tasks, "worker {death}");
                } else {
                    tracing::debug!(pid, tasks, "worker {death}");
                }
                for job in jobs {
                    if self.out.remove(job).is_none() {
                        continue;
                    }
                    self.lost(*job, jobs.len() - 1, *worker, death, now, actions);
                }
            }
            PoolEvent::Fatal(reason) => self.fatal = Some(reason.clone()),
            PoolEvent::Started { .. } | PoolEvent::Ended { .. } | PoolEvent::Merged { .. } => {}
        }
        self.tally.note(event);
    }

    /// Of workers in a row that came to the same end and held nothing, since they could not start perhaps, one is worth a
    /// warning.
    pub(super) fn is_news(&mut self, tasks: usize, death: &Death) -> bool {
        tasks > 0 || self.idle_end.replace(death.cause.clone()).as_ref() != Some(&death.cause)
    }

    /// Sends a job again whose worker is lost, or fails it if it is to blame. `companions`: jobs that were lost with it.
    fn lost(
        &mut self,
        job: JobId,
        companions: usize,
        worker: WorkerId,
        death: &Death,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        let record = self.suspects.entry(job).or_default();
        let deaths = record.deaths();
        let verdict = record.judge(job, companions, death);
        let charged = record.deaths() > deaths;
        if verdict == blame::Verdict::Guilty {
            self.fail(job, Some(worker), &JobError::Poison(death.clone()), now, actions);
        } else {
            self.schedule.rerun(order_of(job), verdict == blame::Verdict::Alone, charged, now);
        }
    }

    fn answered(&mut self, job: JobId, worker: WorkerId, output: &Bytes, now: Instant, actions: &mut Vec<Action>) {
        let order = order_of(job);
        let Some(out) = self.out.get(&job) else { return };
        let url = if let Order::Page(seq) = order { self.schedule.url(seq) } else { None };
        let fetched = match Fetched::read(output) {
            Some(fetched) => self.bounds.plausible.check((order, out), url, &fetched, now).map(|()| fetched),
            None => Err("an answer that is not one"),
        };
        let Fetched { what, elapsed, .. } = match fetched {
            Ok(fetched) => fetched,
            Err(lie) => {
                return actions.push(Action::Refuse { worker, job: Some(job), reason: lie.to_owned() });
            }
        };
        self.out.remove(&job);
        match (order, what) {
            (Order::Page(seq), Brought::Page(visited)) => self.visited(seq, worker, visited, elapsed, now, actions),
            (Order::Robots(id), Brought::Robots(answer)) => {
                self.suspects.remove(&job);
                self.schedule.robots_answered(id, answer, elapsed, now);
            }
            // That was refused.
            (Order::Page(_) | Order::Robots(_), _) => {}
        }
    }

    fn visited(
        &mut self,
        seq: u64,
        worker: WorkerId,
        Visited { answer, headers }: Visited,
        elapsed: Duration,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        if let (Some(cookies), Some(url)) = (&mut self.cookies, self.schedule.url(seq)) {
            cookies.came_back(url, &headers, now);
        }
        self.tally.request(match &answer {
            Answer::Outcome(Outcome::Page(page)) => page.bytes,
            Answer::Outcome(Outcome::Failure(failure)) => failure.bytes,
            Answer::Redirect { bytes, .. } | Answer::NotModified { bytes } => *bytes,
        });
        let answer = match &mut self.cached {
            Some(cached) => cached.after(seq, answer, &headers),
            None => Some(answer),
        };
        let Some(answer) = answer else {
            return self.schedule.rerun(Order::Page(seq), false, false, now);
        };
        let cookies = self.cookies.as_ref();
        let cookies_for = |url: &Url| cookies.map_or(0, |cookies| cookies.number(url, now));
        if let Some(settled) = self.schedule.answered(seq, answer, cookies_for, elapsed, now) {
            self.record(settled, Some(worker), actions);
        }
    }

    fn fail(
        &mut self,
        job: JobId,
        worker: Option<WorkerId>,
        error: &JobError,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        self.suspects.remove(&job);
        if let Some(settled) = self.schedule.fail(order_of(job), verdict::of_error(error), now) {
            self.record(settled, worker, actions);
        }
    }
}
