//! How a robots.txt is asked for: through its host's gate like a page, again after a failure that may pass, and over the
//! redirects that lead to it.

use std::cmp::Reverse;
use std::time::{Duration, Instant};

use super::backoff;
use super::hosts::HostId;
use super::origins::OriginId;
use super::queue::{Dispatch, Order, Schedule, Step};
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
        fetch.handed_out = Some(now);
        self.robots_requests += 1;
        let host = self.hosts.get(host);
        Some(Step::Fetch(Dispatch {
            order: Order::Robots(origin.0),
            url: fetch.target.url.to_string(),
            reach: fetch.target.reach.clone(),
            affinity: host.affinity,
            alone: fetch.alone,
            tell_when_sent: host.counts_time(),
            connection: host.connection(fetch.again),
        }))
    }

    /// Judges what came of asking for a robots.txt, which took so long.
    pub fn robots_answered(&mut self, id: u64, answer: robots::Answer, took: Duration, now: Instant) {
        let (order, origin) = (Order::Robots(id), OriginId(id));
        let failure = if let robots::Answer::Failed(failure) = &answer { Some(failure) } else { None };
        let is_lost = failure.is_some_and(|failure| failure.retry == Retry::Again);
        if let Some(fetch) = self.origins.fetch(origin) {
            fetch.again = is_lost && !fetch.again;
            if fetch.again {
                return self.rerun(order, false, false, now);
            }
        }
        self.judge(order, took, failure, now);
        let leash = self.robots_leash();
        let Some(fetch) = self.origins.fetch(origin) else { return };
        let (host, before) = (fetch.host, fetch.target.detour());
        let tasks = match answer {
            robots::Answer::Redirect { to, .. } => match fetch.target.follow(&to, |_| 0, leash) {
                Ok(()) => {
                    let after = fetch.target.detour();
                    fetch.host = self.hosts.hold(&fetch.target.url);
                    self.swap_detours(before, after);
                    self.release(host, now);
                    return self.put_first(order, now);
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

    /// A `Crawl-delay` holds for the host of the tasks, wherever a redirect has found it.
    fn slow_down(&mut self, rules: &Rules, origin: OriginId, now: Instant) {
        let waiting = self.origins.fetch(origin).and_then(|fetch| fetch.parked.first().copied());
        let host = waiting.and_then(|seq| self.tasks.get(&seq)).map(|task| task.host);
        if let (Some(delay), Some(host)) = (rules.crawl_delay(), host) {
            let delay = delay.min(self.hosts.options().politeness.max_crawl_delay);
            self.hosts.change(host, now, |host, _| host.slow_down(delay, now));
        }
    }

    /// Asks for it again later, or gives the tasks that have waited in vain.
    fn robots_failed(&mut self, origin: OriginId, failure: &Failure, now: Instant) -> Option<Vec<u64>> {
        let options = self.hosts.options();
        let (max_retries, max_retry_after) = (options.max_retries, options.max_retry_after);
        let fetch = self.origins.fetch(origin)?;
        fetch.tries += 1;
        let (tries, asked_by) = (fetch.tries, fetch.asked_by.clone());
        let is_local = failure.retry == Retry::Local;
        let pause = backoff::pause(tries, origin.0, failure.retry, max_retry_after);
        if let Some(pause) = pause.filter(|_| tries <= max_retries)
            && let Some(payer) = self.payer(Order::Robots(origin.0))
            && (is_local || self.hosts.change(payer, now, |host, _| host.may_retry()))
        {
            self.retries += 1;
            self.pausing.push(Reverse((now + pause, Order::Robots(origin.0))));
            return None;
        }
        let is_blocked = failure.kind == FailureKind::BlockedAddress && asked_by != Reach::Listed;
        if !is_blocked && !is_local {
            return Some(self.origins.refused(origin, failure, now));
        }
        // Not a verdict on the origin. Blocked is who came from elsewhere, and others may go where they may not; and what
        // this machine lacks now it may have for tasks that come later.
        let tasks = self.origins.unknown(origin, now);
        for seq in &tasks {
            if let Some(task) = self.tasks.get_mut(seq).filter(|task| is_local || task.target.reach == asked_by) {
                task.verdict = Some(Box::new(Failure { stage: Stage::Robots, ..failure.brief() }));
            }
        }
        Some(tasks)
    }

    /// Lets those go on that have waited for a robots.txt, and lets go of the host at which it was.
    fn unpark(&mut self, tasks: Vec<u64>, host: HostId, now: Instant) {
        for seq in tasks.into_iter().rev() {
            self.put_first(Order::Page(seq), now);
        }
        self.release(host, now);
    }
}
