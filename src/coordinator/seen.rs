//! What the run looks like now, for those who watch it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::executor::{JobId, WorkerNow};
use super::state::{Outside, State, request_of};
use super::tally::Levels;
use crate::input;
use crate::model::{HostKey, WorkerLabel, counted, without_credentials};
use crate::observation::{Glance, HostWait, PageGlance, RunState, Summary, Total, WorkerGlance, WorkerSummary};
use crate::schedule::{Course, RequestId, Wait};

/// The most pages and hosts in a glance.
const PAGES: usize = 50;
const HOSTS: usize = 10;

/// The most hosts in an answer to SIGUSR1.
const TOLD_HOSTS: usize = 100;

/// How long nothing must happen until the waiting hosts are looked for in a run that only the terminal watches. Looking
/// for them takes time for each host.
const QUIET: Duration = Duration::from_secs(1);

fn total(list: &input::Progress) -> Total {
    match list.estimate() {
        Some(total) if list.is_complete() => Total::Known(total),
        Some(total) => Total::About(total),
        None => Total::Unknown,
    }
}

impl State {
    /// What the run looks like now.
    pub(super) fn glance(
        &self,
        workers: &[WorkerNow],
        list: &input::Progress,
        outside: Outside,
        now: Instant,
    ) -> Glance {
        let (done, failed) = self.tally.settled();
        let held = workers.iter().flat_map(|worker| worker.jobs.iter().map(move |job| (*job, worker.label)));
        let holders: HashMap<JobId, WorkerLabel> = held.collect();
        let quiet = self.tally.quiet(now);
        let (waiting_hosts, waits) =
            if quiet > QUIET || self.tally.counts_details() { self.waits(HOSTS, now) } else { (0, Vec::new()) };
        let retrying = self.schedule.retrying();
        Glance {
            state: self.run_state(now),
            elapsed: self.tally.elapsed(now),
            done,
            failed,
            total: total(list),
            rate: self.tally.rate(now),
            left: self.left(list, now),
            quiet,
            in_flight: self.out.len(),
            workers: workers.iter().map(|worker| self.worker(worker, now)).collect(),
            oldest: self.oldest(&holders, now),
            waits,
            waiting_hosts,
            retrying: retrying.map_or(0, |(count, _)| count as u64),
            next_retry: retrying.map(|(_, at)| at.saturating_duration_since(now)),
            backlog: outside.backlog,
            window: outside.window,
            under_way: self.schedule.under_way() as u64,
        }
    }

    /// How many hosts may not be asked now although tasks wait for them, and `most` of them.
    fn waits(&self, most: usize, now: Instant) -> (u64, Vec<HostWait>) {
        let (count, waits) = self.schedule.waits(most, now);
        let waits = waits.into_iter().map(|Wait { host, why, until, waiting }| HostWait {
            host,
            why,
            left: until.saturating_duration_since(now),
            waiting: waiting as u64,
        });
        (count as u64, waits.collect())
    }

    fn worker(&self, worker: &WorkerNow, now: Instant) -> WorkerGlance {
        WorkerGlance {
            label: worker.label.to_string(),
            facts: worker.facts.iter().map(|(name, value)| (Cow::Borrowed(*name), *value)).collect(),
            state: Cow::Borrowed(worker.state),
            done: worker.done,
            quota: worker.quota,
            in_flight: worker.jobs.len(),
            memory: worker.memory,
            page: worker.jobs.first().and_then(|job| self.page(*job, Some(worker.label), now)),
        }
    }

    fn oldest(&self, holders: &HashMap<JobId, WorkerLabel>, now: Instant) -> Vec<PageGlance> {
        let mut jobs: Vec<(Instant, JobId)> = self.out.iter().map(|(job, out)| (out.since(), *job)).collect();
        jobs.sort_unstable();
        let pages = jobs.into_iter().take(PAGES);
        pages.filter_map(|(_, job)| self.page(job, holders.get(&job).copied(), now)).collect()
    }

    fn page(&self, job: JobId, worker: Option<WorkerLabel>, now: Instant) -> Option<PageGlance> {
        let url = match request_of(job) {
            RequestId::Page(seq) => self.schedule.url(seq)?.clone(),
            RequestId::Robots(id) => self.schedule.robots_url(id)?.clone(),
        };
        Some(PageGlance {
            host: HostKey::of(&url).map(|host| host.to_string()).unwrap_or_default(),
            url: without_credentials(&url).into(),
            worker: worker.map(|label| label.to_string()),
            since: now.saturating_duration_since(self.out.get(&job)?.since()),
        })
    }

    fn left(&self, list: &input::Progress, now: Instant) -> Option<Duration> {
        let (done, _) = self.tally.settled();
        let (read, settled) = (list.tasks(), self.tally.settled_now());
        let course = Course {
            total: list.estimate()?,
            read,
            done,
            settled,
            elapsed: self.tally.elapsed(now).saturating_sub(self.paused_for(now)),
            places: self.bounds.places,
        };
        // A page that has taken long may take as long again.
        let oldest = self.out.values().map(|out| now.saturating_duration_since(out.since())).max();
        self.schedule.time_left(course, now).map(|left| left.max(oldest.unwrap_or_default()))
    }

    /// Notes the levels of this moment for the history.
    pub(super) fn note_levels(&mut self, glance: &Glance, now: Instant) {
        let memory = glance.workers.iter().filter_map(|worker| worker.memory).sum();
        let levels = Levels { in_flight: glance.in_flight as u64, memory, waiting_hosts: glance.waiting_hosts };
        self.tally.levels(levels, now);
    }

    /// What the run has done until now. Workers that have not ended are listed as `running`.
    pub(super) fn summary(&self, workers: &[WorkerNow], now: Instant) -> Summary {
        let (retries, robots) = (self.schedule.retries(), self.schedule.robots_requests());
        let mut summary = self.tally.summary(retries, robots, now, self.wall);
        let known: HashMap<WorkerLabel, &WorkerNow> = workers.iter().map(|worker| (worker.label, worker)).collect();
        summary.workers.extend(self.tally.live(now).map(|(label, worker)| {
            let Some(known) = known.get(&label) else { return worker };
            WorkerSummary {
                facts: known.facts.iter().map(|(name, value)| (Cow::Borrowed(*name), *value)).collect(),
                placed_s: known.placed.map(|at| self.tally.seconds(at)),
                jobs: known.done + known.jobs.len() as u64,
                ..worker
            }
        }));
        summary
    }

    fn run_state(&self, now: Instant) -> RunState {
        match self.stops_at() {
            Some(until) => RunState::Stopping(until.saturating_duration_since(now)),
            None if self.is_paused() => RunState::Paused,
            None => RunState::Running,
        }
    }

    /// Writes the state of each worker, and the hosts that wait, to the log.
    pub(super) fn tell(&self, glance: &Glance, now: Instant) {
        let Glance { done, failed, in_flight, under_way, retrying, state, .. } = glance;
        let state = match state {
            RunState::Running => "",
            RunState::Paused => "; the run is paused",
            RunState::Stopping(_) => "; the run is stopping",
            RunState::Writing => "; the output is being completed",
        };
        tracing::info!(target: "gleaner::state", "{} done, {failed} of them failed, {under_way} under way, {in_flight} in flight, {retrying} to be tried again{state}", counted(*done, "task"));
        for WorkerGlance { label, state, done, in_flight, memory, page, .. } in &glance.workers {
            let memory = memory.map_or_else(String::new, |bytes| format!(", {} MiB", bytes >> 20));
            let page = page.as_ref().map_or_else(String::new, |page| {
                format!(", oldest page since {} s: {}", page.since.as_secs(), page.url)
            });
            let done = counted(*done, "job");
            tracing::info!(target: "gleaner::state", "worker {label}: {state}, {done} done, {in_flight} in flight{memory}{page}");
        }
        let (count, waits) = self.waits(TOLD_HOSTS, now);
        for HostWait { host, why, left, waiting } in &waits {
            let (why, left) = (why.words(), left.as_secs());
            tracing::info!(target: "gleaner::state", "host {host}: {why}, {left} s more, {}", that_wait(*waiting, "request"));
        }
        let more = count - waits.len() as u64;
        if more > 0 {
            tracing::info!(target: "gleaner::state", "{}", that_wait(more, "more host"));
        }
    }
}

/// "1 request waits", "2 requests wait".
fn that_wait(count: u64, word: &str) -> String {
    format!("{} {}", counted(count, word), if count == 1 { "waits" } else { "wait" })
}
