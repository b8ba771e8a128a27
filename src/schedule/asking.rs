//! Requests a robots.txt: through the gate of its host like a page, with retries and redirects.

use std::time::{Duration, Instant};

use super::backoff;
use super::hosts::HostId;
use super::origins::OriginId;
use super::queue::{Dispatch, RequestId, Schedule, Step};
use super::target::Astray;
use crate::model::{Failure, FailureKind, Reach, Retry, Stage, shown_url};
use crate::robots::{self, Rules};

impl Schedule {
    pub(super) fn begin_robots(&mut self, origin: OriginId, host: HostId, now: Instant) -> Option<Step> {
        if let Some(failure) = self.hosts.get(host).refusal(now) {
            let detour = self.origins.fetch(origin).map_or(0, |fetch| fetch.target.detour());
            self.swap_detours(detour, 0);
            let tasks = self.origins.refused(origin, &failure, now);
            self.unpark(tasks, host, now);
            return None;
        }
        let fetch = self.origins.fetch(origin)?;
        let host = self.hosts.get(host);
        let visit = host.visit(&fetch.target, fetch.again);
        Some(Step::Fetch(Dispatch {
            id: RequestId::Robots(origin.0),
            visit,
            affinity: host.affinity,
            alone: fetch.alone,
        }))
    }

    /// Handles the answer to a request for a robots.txt. `took` is how long the answer took.
    pub fn robots_answered(&mut self, id: u64, answer: robots::Answer, took: Duration, now: Instant) {
        let (request, origin) = (RequestId::Robots(id), OriginId(id));
        let failure = if let robots::Answer::Failed(failure) = &answer { Some(failure) } else { None };
        let is_lost = failure.is_some_and(|failure| failure.retry == Retry::Again);
        if let Some(fetch) = self.origins.fetch(origin) {
            fetch.again = is_lost && !fetch.again;
            if fetch.again {
                return self.rerun(request, false, false, now);
            }
        }
        self.judge(request, took, failure, now);
        let leash = self.robots_leash();
        let Some(fetch) = self.origins.fetch(origin) else { return };
        let (host, before) = (fetch.host, fetch.target.detour());
        let tasks = match answer {
            robots::Answer::Redirect { to, .. } => match fetch.target.follow(to, |_| 0, leash) {
                Ok(()) => {
                    let after = fetch.target.detour();
                    fetch.host = self.hosts.hold(&fetch.target.url);
                    self.swap_detours(before, after);
                    self.release(host, now);
                    return self.put_first(request, now);
                }
                Err(astray @ Astray::NoRoom(_)) => {
                    let message = format!("follow the redirect of {}: {astray}", shown_url(&fetch.target.url));
                    let failure = Failure::new(FailureKind::Protocol, Stage::Robots, message).retryable();
                    match self.robots_failed(origin, &failure, now) {
                        Some(tasks) => tasks,
                        None => return,
                    }
                }
                Err(_) => self.origins.known(origin, Rules::allow_all(), now),
            },
            robots::Answer::Rules(rules) => {
                self.slow_down(&rules, origin, now);
                self.origins.known(origin, rules, now)
            }
            robots::Answer::Failed(failure) => match self.robots_failed(origin, &failure, now) {
                Some(tasks) => tasks,
                None => return,
            },
        };
        self.swap_detours(before, 0);
        self.unpark(tasks, host, now);
    }

    /// Applies a `Crawl-delay` to the host of the tasks, wherever redirects led the robots.txt request.
    fn slow_down(&mut self, rules: &Rules, origin: OriginId, now: Instant) {
        let waiting = self.origins.fetch(origin).and_then(|fetch| fetch.parked.first().copied());
        let host = waiting.and_then(|seq| self.tasks.get(&seq)).map(|task| task.host);
        if let (Some(delay), Some(host)) = (rules.crawl_delay(), host) {
            let delay = delay.min(self.hosts.options().politeness.max_crawl_delay);
            self.hosts.change(host, now, |host, _| host.slow_down(delay, now));
        }
    }

    /// Schedules a retry and returns `None`, or returns the tasks that waited in vain.
    fn robots_failed(&mut self, origin: OriginId, failure: &Failure, now: Instant) -> Option<Vec<u64>> {
        let options = self.hosts.options();
        let (max_retries, max_retry_after) = (options.max_retries, options.max_retry_after);
        let fetch = self.origins.fetch(origin)?;
        fetch.tries += 1;
        let (tries, asked_by) = (fetch.tries, fetch.asked_by.clone());
        let is_local = failure.retry == Retry::Local;
        let pause = backoff::pause(tries, origin.0, failure.retry, max_retry_after);
        if let Some(pause) = pause.filter(|_| tries <= max_retries)
            && let Some(payer) = self.payer(RequestId::Robots(origin.0))
            && (is_local || self.hosts.change(payer, now, |host, _| host.take_retry()))
        {
            self.try_again(RequestId::Robots(origin.0), failure, pause, now);
            return None;
        }
        let is_blocked = failure.kind == FailureKind::BlockedAddress && asked_by != Reach::Listed;
        if !is_blocked && !is_local {
            return Some(self.origins.refused(origin, failure, now));
        }
        // A blocked address concerns the place that these tasks came from, not the origin: other tasks may be allowed to
        // go there. A local shortage does not concern the origin either: it may be over when other tasks come.
        let tasks = self.origins.unknown(origin, now);
        for seq in &tasks {
            if let Some(task) = self.tasks.get_mut(seq).filter(|task| is_local || task.target.reach == asked_by) {
                task.verdict = Some(Box::new(Failure { stage: Stage::Robots, ..failure.brief() }));
            }
        }
        Some(tasks)
    }

    /// Wakes the tasks that waited for a robots.txt, and releases the host that served it.
    fn unpark(&mut self, tasks: Vec<u64>, host: HostId, now: Instant) {
        for seq in tasks.into_iter().rev() {
            self.put_first(RequestId::Page(seq), now);
        }
        self.release(host, now);
    }
}
