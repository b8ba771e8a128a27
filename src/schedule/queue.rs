use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::{Duration, Instant};

use url::Url;

use super::backoff;
use super::host::Heard;
use super::hosts::{HostId, Hosts};
use super::options::Options;
use super::origins::{Leave, OriginId, Origins};
use super::task::{Settled, UnderWay};
use crate::model::{Answer, Connection, Failure, FailureKind, Outcome, Page, Reach, Retry, Stage, Task};
use crate::robots;

/// How late a request may be so that the next one need not be late as well.
const LATENESS: Duration = Duration::from_millis(20);

/// What somebody is sent for. Each has one errand under way at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Order {
    /// The page of a task, by its number.
    Page(u64),
    /// The robots.txt of an origin, by a number of the schedule's.
    Robots(u64),
}

/// Something to be fetched now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispatch {
    /// What for.
    pub order: Order,
    /// The URL of this hop.
    pub url: String,
    /// Whether the list or a redirect leads there.
    pub reach: Reach,
    /// The same for all orders to one host, so that its connections can be used again.
    pub affinity: u64,
    /// Nothing else may share its worker: it is suspected to have killed one.
    pub alone: bool,
    /// The schedule wants to be told when it is [sent](Schedule::sent).
    pub tell_when_sent: bool,
    /// Which connection it goes over.
    pub connection: Connection,
}

/// What is next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// To be fetched.
    Fetch(Dispatch),
    /// A task that is not sent any more.
    Settled(Settled),
}

/// The tasks that are under way, between the list and the records.
#[derive(Debug)]
pub struct Schedule {
    pub(super) hosts: Hosts,
    pub(super) origins: Origins,
    /// Every task under way, by seq: bounded by what is admitted and not settled. Boxed, since a table that tasks enter and
    /// leave all the time has up to four times as many places as it has tasks.
    pub(super) tasks: HashMap<u64, Box<UnderWay>>,
    /// To be sent again later.
    pub(super) pausing: BinaryHeap<Reverse<(Instant, Order)>>,
    /// When the rate of the whole run lets the next one out, and when it let the last one.
    next_out: Option<Instant>,
    last_out: Option<Instant>,
    /// Bytes that the tasks take, about, without their detours.
    pub(super) weight: usize,
    /// Bytes of long URLs to which redirects have led tasks, and robots.txt.
    pub(super) detours: usize,
    pub(super) retries: u64,
    pub(super) robots_requests: u64,
}

impl Schedule {
    /// A schedule without tasks.
    pub fn new(options: Options) -> Self {
        Self {
            hosts: Hosts::new(options),
            origins: Origins::default(),
            tasks: HashMap::new(),
            pausing: BinaryHeap::new(),
            next_out: None,
            last_out: None,
            weight: 0,
            detours: 0,
            retries: 0,
            robots_requests: 0,
        }
    }

    /// Takes a task in. One that names no place to go to is settled at once.
    pub fn admit(&mut self, task: Task, now: Instant) -> Option<Settled> {
        let Task { seq, line, url } = task;
        match url {
            Ok(url) => {
                let host = self.hosts.hold(&url);
                let mut under_way = UnderWay::new(line, url, host);
                self.hosts.hold_again(host);
                self.settle_down(&mut under_way, host);
                self.weight += under_way.weight;
                self.tasks.insert(seq, Box::new(under_way));
                self.hosts.change(host, now, |host, _| host.queue.push_back(Order::Page(seq)));
                None
            }
            Err(failure) => {
                let outcome = Outcome::Failure(failure);
                Some(Settled { seq, line, outcome, attempts: 0, elapsed: Duration::ZERO })
            }
        }
    }

    fn settle_down(&mut self, task: &mut UnderWay, host: HostId) {
        task.host = host;
        let left = task.origin.take();
        left.into_iter().for_each(|origin| self.origins.release(origin));
        task.origin = self.hosts.get(host).robots.then(|| self.origins.hold(&task.target.url, host));
    }

    /// Orders that could be handed out now, if there were room.
    pub fn ready(&self) -> usize {
        self.hosts.available()
    }

    /// Tasks that were admitted and are not settled.
    pub fn under_way(&self) -> usize {
        self.tasks.len()
    }

    /// Whether nothing is under way.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Where a task under way is: the URL of its next request, or of the one that it waits for.
    pub fn url(&self, seq: u64) -> Option<&Url> {
        Some(&self.tasks.get(&seq)?.target.url)
    }

    /// Tries after the first ones, of all tasks.
    pub fn retries(&self) -> u64 {
        self.retries
    }

    /// Hosts and origins.
    #[cfg(test)]
    pub(super) fn known(&self) -> (usize, usize) {
        (self.hosts.len(), self.origins.len())
    }

    /// How often a robots.txt was asked for.
    pub fn robots_requests(&self) -> u64 {
        self.robots_requests
    }

    /// When to ask for what is [`next`](Self::next) though nothing has happened.
    pub fn next_wake_up(&self) -> Option<Instant> {
        let pausing = self.pausing.peek().map(|Reverse((at, _))| *at);
        let rate = self.next_out.filter(|_| self.ready() > 0);
        pausing.into_iter().chain(self.hosts.next_wake_up()).chain(rate).min()
    }

    /// What to do next. `None` when everything is under way or has to wait.
    pub fn next(&mut self, now: Instant) -> Option<Step> {
        self.wake(now);
        if self.next_out.is_some_and(|at| at > now) {
            return None;
        }
        while let Some((host, order)) = self.hosts.next(now) {
            let step = match order {
                Order::Page(seq) => self.begin(seq, now),
                Order::Robots(id) => self.begin_robots(OriginId(id), host, now),
            };
            match step {
                Some(Step::Fetch(dispatch)) => {
                    self.hosts.change(host, now, |host, _| host.handed_out(order, now));
                    self.keep_the_rate(now);
                    return Some(Step::Fetch(dispatch));
                }
                Some(settled) => return Some(settled),
                None => {}
            }
        }
        None
    }

    /// One more is out. Whoever is a little late makes up for it, or the rate would never be reached.
    fn keep_the_rate(&mut self, now: Instant) {
        let interval = self.hosts.options().politeness.interval;
        if interval > Duration::ZERO {
            self.last_out = self.next_out;
            let due = self.next_out.unwrap_or(now) + interval;
            self.next_out = Some(due.max(now + interval.saturating_sub(LATENESS)));
        }
    }

    /// Lets out what has paused long enough.
    fn wake(&mut self, now: Instant) {
        self.hosts.wake(now);
        while self.pausing.peek().is_some_and(|Reverse((at, _))| *at <= now) {
            if let Some(Reverse((_, order))) = self.pausing.pop() {
                self.put_first(order, now);
            }
        }
    }

    /// Those that have begun go before those that have not: records behind them wait.
    pub(super) fn put_first(&mut self, order: Order, now: Instant) {
        let host = match order {
            Order::Page(seq) => self.tasks.get(&seq).map(|task| task.host),
            Order::Robots(id) => self.origins.fetch(OriginId(id)).map(|fetch| fetch.host),
        };
        if let Some(host) = host {
            self.hosts.put_first(host, order, now);
        }
    }

    fn begin(&mut self, seq: u64, now: Instant) -> Option<Step> {
        let task = self.tasks.get_mut(&seq)?;
        let host = self.hosts.get(task.host);
        let leave = match (task.verdict.take().map(|failure| *failure).or_else(|| host.refusal(now)), task.origin) {
            (Some(failure), _) => Leave::Denied(failure),
            (None, Some(origin)) => self.origins.leave(origin, seq, &task.target.url, now),
            (None, None) => Leave::Given,
        };
        match (leave, task.origin) {
            (Leave::Given, _) => {
                task.handed_out = Some(now);
                task.target.goes_with(0);
                Some(Step::Fetch(Dispatch {
                    order: Order::Page(seq),
                    url: task.target.url.to_string(),
                    reach: task.target.reach.clone(),
                    affinity: host.affinity,
                    alone: task.alone,
                    tell_when_sent: host.counts_time(),
                    connection: host.connection(task.again),
                }))
            }
            (Leave::Denied(failure), _) => {
                // A hop that was answered is no attempt, but the task was sent.
                task.charged = task.charged.max(u32::from(task.target.hops > 0));
                self.settle(seq, Outcome::Failure(failure), now).map(Step::Settled)
            }
            (Leave::Ask, Some(origin)) => {
                let host = self.hosts.hold(&task.target.url);
                self.origins.ask(origin, seq, &task.target.url, task.target.reach.clone(), host);
                self.hosts.put_first(host, Order::Robots(origin.0), now);
                None
            }
            (Leave::Later(until), _) => {
                self.pausing.push(Reverse((until, Order::Page(seq))));
                None
            }
            (Leave::Parked | Leave::Ask, _) => None,
        }
    }

    /// The page of a task that was handed out goes with cookies: a number that other cookies do not have, and not 0.
    pub fn goes_with(&mut self, seq: u64, cookies: u64) {
        if let Some(task) = self.tasks.get_mut(&seq) {
            task.target.goes_with(cookies);
        }
    }

    /// Something that was handed out with [`tell_when_sent`](Dispatch::tell_when_sent) has been sent now.
    pub fn sent(&mut self, order: Order, now: Instant) {
        if let Some((host, _)) = self.whereabouts(order) {
            self.hosts.change(host, now, |host, options| host.sent(order, options.politeness.delay_jitter, now));
        }
    }

    /// The host at which an order is, and when it was handed out.
    fn whereabouts(&mut self, order: Order) -> Option<(HostId, Option<Instant>)> {
        match order {
            Order::Page(seq) => self.tasks.get(&seq).map(|task| (task.host, task.handed_out)),
            Order::Robots(id) => self.origins.fetch(OriginId(id)).map(|fetch| (fetch.host, fetch.handed_out)),
        }
    }

    /// Tells the host of an order what came of it.
    pub(super) fn judge(&mut self, order: Order, took: Duration, failure: Option<&Failure>, now: Instant) {
        let Some((host, handed_out)) = self.whereabouts(order) else { return };
        let page = failure.and_then(|_| self.page_of(order));
        let earner = if failure.is_none() { self.payer(order) } else { None };
        let heard = Heard { failure, since: handed_out.unwrap_or(now), took };
        self.hosts.change(host, now, |known, options| {
            known.came_back(order);
            known.learn(&heard, page, options, now);
            if earner == Some(host) {
                known.earned_a_retry(options.max_host_retries);
            }
        });
        if let Some(earner) = earner.filter(|earner| *earner != host) {
            self.hosts.change(earner, now, |host, options| host.earned_a_retry(options.max_host_retries));
        }
    }

    /// The page of an order as a number, for what its failure says of the host. `None` where a redirect has led there: a
    /// host must not make another one look bad.
    fn page_of(&mut self, order: Order) -> Option<u64> {
        let (target, is_own) = match order {
            Order::Page(seq) => (&self.tasks.get(&seq)?.target, true),
            Order::Robots(id) => {
                let fetch = self.origins.fetch(OriginId(id))?;
                (&fetch.target, fetch.asked_by == Reach::Listed)
            }
        };
        (is_own && target.hops == 0).then(|| target.page())
    }

    /// The host whose retries an order uses: that of the task's line, or of the first task that waits for a robots.txt.
    pub(super) fn payer(&mut self, order: Order) -> Option<HostId> {
        let seq = match order {
            Order::Page(seq) => seq,
            Order::Robots(id) => *self.origins.fetch(OriginId(id))?.parked.first()?,
        };
        Some(self.tasks.get(&seq)?.listed)
    }

    /// Judges an answer: the task is settled, or goes on to another hop or another try. `cookies_for` gives the cookies that
    /// would go with a request for a URL, as [`goes_with`](Self::goes_with) has them; 0 for none.
    pub fn answered(
        &mut self,
        seq: u64,
        answer: Answer,
        cookies_for: impl FnOnce(&Url) -> u64,
        elapsed: Duration,
        now: Instant,
    ) -> Option<Settled> {
        let failure = match &answer {
            Answer::Outcome(Outcome::Failure(failure)) => Some(failure),
            _ => None,
        };
        let task = self.tasks.get_mut(&seq)?;
        task.elapsed = task.elapsed.saturating_add(elapsed);
        let is_lost = failure.is_some_and(|failure| failure.retry == Retry::Again);
        task.again = is_lost && !task.again;
        if task.again {
            self.rerun(Order::Page(seq), false, false, now);
            return None;
        }
        self.judge(Order::Page(seq), elapsed, failure, now);
        let leash = self.leash(seq)?;
        let task = self.tasks.get_mut(&seq)?;
        let outcome = match answer {
            Answer::Redirect { status, to, bytes } => match task.follow(status, &to, bytes, cookies_for, leash) {
                Ok(()) => {
                    self.move_on(seq, now);
                    return None;
                }
                Err(failure) => Outcome::Failure(failure),
            },
            Answer::Outcome(outcome) => outcome,
            // Whoever asks with validators puts what they speak of in this answer's place.
            Answer::NotModified { bytes } => {
                let message = "the server said that a page has not changed which nobody has";
                Outcome::Failure(Failure { bytes, ..Failure::new(FailureKind::Protocol, Stage::Fetch, message) })
            }
        };
        task.charged += 1;
        if let Outcome::Failure(failure) = &outcome
            && self.may_try_again(seq, failure.retry, now)
        {
            return None;
        }
        match outcome {
            Outcome::Failure(failure) => self.lose(seq, failure, now),
            page @ Outcome::Page(_) => self.settle(seq, page, now),
        }
    }

    /// Ends a task of which a request has failed. The failure counts for the host of its line, unless the request could
    /// not be sent from here.
    fn lose(&mut self, seq: u64, failure: Failure, now: Instant) -> Option<Settled> {
        let listed = self.tasks.get(&seq)?.listed;
        let was_not_sent = matches!(failure.kind, FailureKind::InvalidUrl | FailureKind::BlockedAddress);
        if !was_not_sent && failure.retry != Retry::Local {
            self.hosts.change(listed, now, |host, options| host.lost_a_task(&failure, options.max_host_failures));
        }
        self.settle(seq, Outcome::Failure(failure), now)
    }

    /// A hop leads to a host of its own.
    fn move_on(&mut self, seq: u64, now: Instant) {
        let Some(mut task) = self.tasks.remove(&seq) else { return };
        let host = self.hosts.hold(&task.target.url);
        let left = task.host;
        self.settle_down(&mut task, host);
        self.weigh(&mut task, false, now);
        self.tasks.insert(seq, task);
        self.release(left, now);
        self.put_first(Order::Page(seq), now);
    }

    fn may_try_again(&mut self, seq: u64, retry: Retry, now: Instant) -> bool {
        let Some(task) = self.tasks.get(&seq) else { return false };
        let options = self.hosts.options();
        if task.charged > options.max_retries {
            return false;
        }
        let Some(pause) = backoff::pause(task.charged, seq, retry, options.max_retry_after) else { return false };
        let listed = task.listed;
        // A host does not pay for what this machine lacks.
        if retry != Retry::Local && !self.hosts.change(listed, now, |host, _| host.may_retry()) {
            return false;
        }
        self.retries += 1;
        self.pausing.push(Reverse((now + pause, Order::Page(seq))));
        true
    }

    /// Sends again what was with a worker that was lost, before all others. `charged`: the death is held against it.
    pub fn rerun(&mut self, order: Order, alone: bool, charged: bool, now: Instant) {
        let Some((host, _)) = self.whereabouts(order) else { return };
        match order {
            Order::Page(seq) => {
                if let Some(task) = self.tasks.get_mut(&seq) {
                    task.alone |= alone;
                    if charged {
                        task.charge(now);
                    }
                }
            }
            Order::Robots(id) => {
                if let Some(fetch) = self.origins.fetch(OriginId(id)) {
                    fetch.alone |= alone;
                }
            }
        }
        self.hosts.change(host, now, |host, _| host.lost(order, now));
        self.hosts.put_first(host, order, now);
    }

    /// Ends what the executor could not bring to an answer.
    pub fn fail(&mut self, order: Order, failure: Failure, now: Instant) -> Option<Settled> {
        match order {
            Order::Page(seq) => {
                let task = self.tasks.get_mut(&seq)?;
                task.charge(now);
                let host = task.host;
                self.hosts.change(host, now, |host, _| host.lost(order, now));
                self.lose(seq, failure, now)
            }
            Order::Robots(id) => {
                self.robots_answered(id, robots::Answer::Failed(failure), Duration::ZERO, now);
                None
            }
        }
    }

    /// Ends a task that was handed out with what was there already: nothing was sent, and it is not charged.
    pub fn found(&mut self, seq: u64, page: Page, now: Instant) -> Option<Settled> {
        let host = self.tasks.get(&seq)?.host;
        self.hosts.change(host, now, |host, _| host.spared(Order::Page(seq)));
        self.next_out = self.last_out;
        self.settle(seq, Outcome::Page(page), now)
    }

    fn settle(&mut self, seq: u64, outcome: Outcome, now: Instant) -> Option<Settled> {
        let mut task = self.tasks.remove(&seq)?;
        self.weigh(&mut task, true, now);
        task.origin.into_iter().for_each(|origin| self.origins.release(origin));
        self.release(task.host, now);
        self.release(task.listed, now);
        Some(task.settle(seq, outcome))
    }

    pub(super) fn release(&mut self, host: HostId, now: Instant) {
        if let Some(forgotten) = self.hosts.release(host, now) {
            self.origins.forget(forgotten);
        }
    }
}
