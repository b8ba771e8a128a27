//! Decides which actions follow from an event of the executor: a job has an answer, a job is lost, a worker joined or
//! left.
//!
//! Each answer is checked before it is used (`plausible`). Its data was checked by the executor. If it is impossible,
//! the executor is told to end the worker, and the job is lost with it like any other job.

use std::time::{Duration, Instant};

use bytes::Bytes;
use gleaner_pool::blame;
use url::Url;

use super::executor::{Death, ExecutorEvent, JobError, JobId, WorkerId};
use super::job::{JobOutput, Received, SentOutput};
use super::listings::is_listing;
use super::state::{Action, State, request_of};
use super::verdict;
use crate::model::{Answer, Visited};
use crate::schedule::RequestId;

impl State {
    pub(super) fn executed(&mut self, event: &ExecutorEvent, now: Instant, actions: &mut Vec<Action>) {
        match event {
            ExecutorEvent::Done { job, worker, output } => self.answered(*job, *worker, output, now, actions),
            ExecutorEvent::Failed { job, worker, error } => {
                if self.out.remove(job).is_some() {
                    self.fail(*job, *worker, error, now, actions);
                }
            }
            ExecutorEvent::Noted { job, worker, note } => match self.out.get_mut(job) {
                Some(out) if out.to_tell && note.is_empty() => {
                    out.to_tell = false;
                    self.schedule.sent(request_of(*job), now);
                }
                Some(_) => {
                    let reason = "a note that nobody asked for".to_owned();
                    actions.push(Action::Refuse { worker: *worker, job: None, reason });
                }
                None => {}
            },
            ExecutorEvent::Lost { worker, jobs, death } => {
                let (label, tasks) = (self.tally.label(*worker).map(tracing::field::display), jobs.len());
                if self.is_news(tasks, death) {
                    tracing::warn!(worker = label, tasks, "worker {death}");
                } else {
                    tracing::debug!(worker = label, tasks, "worker {death}");
                }
                for job in jobs {
                    if self.out.remove(job).is_none() {
                        continue;
                    }
                    self.lost(*job, jobs.len() - 1, *worker, death, now, actions);
                }
            }
            ExecutorEvent::Fatal(reason) => self.fatal = Some(reason.clone()),
            ExecutorEvent::Joined { worker, label } => self.tally.joined(*worker, *label, now),
            ExecutorEvent::Left { worker, report } => self.tally.left(*worker, report.as_ref()),
        }
    }

    /// Whether the loss of a worker deserves a warning. Several workers in a row may end in the same way while they
    /// hold no job, for example because they cannot start. Then only the first of them deserves one.
    pub(super) fn is_news(&mut self, tasks: usize, death: &Death) -> bool {
        tasks > 0 || self.idle_end.replace(death.cause.clone()).as_ref() != Some(&death.cause)
    }

    /// Handles a job whose worker is lost: fails the job if it is to blame, otherwise submits it again. `companions`:
    /// the number of other jobs that were lost with it.
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
            self.schedule.rerun(request_of(job), verdict == blame::Verdict::Alone, charged, now);
        }
    }

    fn answered(&mut self, job: JobId, worker: WorkerId, output: &Bytes, now: Instant, actions: &mut Vec<Action>) {
        let id = request_of(job);
        let Some(out) = self.out.get(&job) else { return };
        let url = if let RequestId::Page(seq) = id { self.schedule.url(seq) } else { None };
        let received = match SentOutput::read(output) {
            Some(received) => self.bounds.plausible.check((id, out), url, &received, now).map(|()| received),
            None => Err("what is not a valid answer"),
        };
        let Received { output, archived } = match received {
            Ok(received) => received,
            Err(lie) => {
                return actions.push(Action::Refuse { worker, job: Some(job), reason: lie.to_owned() });
            }
        };
        let is_stored = self.out.remove(&job).is_some_and(|out| out.is_stored);
        if !archived.is_empty() {
            actions.push(Action::Archive(archived));
        }
        match (id, output) {
            (RequestId::Page(seq), JobOutput::Listing(visited, elapsed)) if is_stored => {
                self.decide(seq, worker, visited.answer, elapsed, now, actions);
            }
            (RequestId::Page(seq), JobOutput::Page(visited, elapsed)) if is_stored => {
                self.stored_read(seq, worker, visited, elapsed, now, actions);
            }
            (RequestId::Page(seq), JobOutput::Page(visited, elapsed)) => {
                self.visited(seq, worker, visited, elapsed, now, actions);
            }
            (RequestId::Page(seq), JobOutput::Listing(visited, elapsed)) => {
                self.read_listing(seq, worker, visited, elapsed, now, actions);
            }
            (RequestId::Robots(id), JobOutput::Robots(answer, elapsed)) => {
                self.suspects.remove(&job);
                self.schedule.robots_answered(id, answer, elapsed, now);
            }
            // `plausible` has refused these.
            (RequestId::Page(_) | RequestId::Robots(_), _) => {}
        }
    }

    fn visited(
        &mut self,
        seq: u64,
        worker: WorkerId,
        Visited { answer, headers, by_reference, phases }: Visited,
        elapsed: Duration,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        self.take_cookies(seq, &headers, now);
        let Some(url) = self.schedule.url(seq) else { return };
        self.tally.parsed(by_reference);
        if self.tally.counts_details()
            && let Some(host) = self.schedule.host_of(seq)
        {
            self.tally.answered(host, phases, elapsed);
        }
        self.tally.request(bytes_of(&answer));
        let answer = match &mut self.cached {
            Some(cached) => cached.after(seq, url, answer, &headers),
            None => Some(answer),
        };
        let Some(answer) = answer else {
            return self.schedule.rerun(RequestId::Page(seq), false, false, now);
        };
        self.decide(seq, worker, answer, elapsed, now, actions);
    }

    /// Handles the answer to a request for a sitemap. It sets cookies like a page, but the cache does not keep it.
    fn read_listing(
        &mut self,
        seq: u64,
        worker: WorkerId,
        Visited { answer, headers, by_reference: _, phases: _ }: Visited,
        elapsed: Duration,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        self.take_cookies(seq, &headers, now);
        self.tally.listing_request(bytes_of(&answer));
        self.decide(seq, worker, answer, elapsed, now, actions);
    }

    fn take_cookies(&mut self, seq: u64, headers: &[(String, String)], now: Instant) {
        if let (Some(cookies), Some(url)) = (&mut self.cookies, self.schedule.url(seq)) {
            cookies.came_back(url, headers, now);
        }
    }

    /// Lets the schedule decide what follows from an answer.
    fn decide(
        &mut self,
        seq: u64,
        worker: WorkerId,
        answer: Answer,
        elapsed: Duration,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        let cookies = self.cookies.as_ref();
        let cookies_for = |url: &Url| cookies.map_or(0, |cookies| cookies.number(url, now));
        if let Some(settled) = self.schedule.answered(seq, answer, cookies_for, elapsed, now) {
            self.record(settled, Some(worker), now, actions);
        }
    }

    /// Handles what a worker made of an answer that the list has. No request was made for it, so it concerns neither the
    /// cookies nor the cache.
    fn stored_read(
        &mut self,
        seq: u64,
        worker: WorkerId,
        Visited { answer, by_reference, .. }: Visited,
        elapsed: Duration,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        self.tally.parsed(by_reference);
        self.tally.read(bytes_of(&answer));
        if let Some(settled) = self.schedule.answered(seq, answer, |_| 0, elapsed, now) {
            self.record(settled, Some(worker), now, actions);
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
        let failure = if is_listing(job) { verdict::of_listing_error(error) } else { verdict::of_error(error) };
        if let Some(settled) = self.schedule.fail(request_of(job), failure, now) {
            self.record(settled, worker, now, actions);
        }
    }
}

/// Decompressed bytes of the body of an answer.
fn bytes_of(answer: &Answer) -> u64 {
    match answer {
        Answer::Page(page) => page.bytes,
        Answer::Failure(failure) => failure.bytes,
        Answer::Redirect { bytes, .. } | Answer::NotModified { bytes } => *bytes,
    }
}
