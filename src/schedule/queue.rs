use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::{Duration, Instant};

use url::Url;

use super::backoff;
use super::host::Heard;
use super::hosts::{HostId, Hosts};
use super::options::Options;
use super::origins::{Leave, OriginId, Origins};
use super::stored::StoredTasks;
use super::task::{Settled, UnderWay};
use crate::model::{
    Answer, Failure, FailureKind, Outcome, Page, Reach, Retry, Stage, TaskFacts, Visit, how_long, shown_url,
};
use crate::robots;

/// A request that is late by at most this does not delay the next one.
const LATENESS: Duration = Duration::from_millis(20);

/// Identifies a request for a page or a robots.txt. There is at most one of each under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RequestId {
    /// The page of a task, by the task's number.
    Page(u64),
    /// The robots.txt of an origin, by a number that the schedule assigns.
    Robots(u64),
}

/// A request that may be made now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispatch {
    /// What for.
    pub id: RequestId,
    /// The request. Where it asks for that, the schedule is to be told when it is [sent](Schedule::sent). Whoever makes
    /// it adds the headers.
    pub visit: Visit,
    /// The same for all requests to one host, so that its connections can be used again.
    pub affinity: u64,
    /// No other job may share its worker, because this one may have killed a worker.
    pub alone: bool,
}

/// The next thing to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Send a request.
    Fetch(Dispatch),
    /// Record a task that ended without another request.
    Settled(Settled),
}

/// The tasks under way: read from the list, and not settled yet.
#[derive(Debug)]
pub struct Schedule {
    pub(super) hosts: Hosts,
    pub(super) origins: Origins,
    /// Every task under way, by seq. Boxed, because a map whose entries change all the time may have four times as many
    /// places as entries.
    pub(super) tasks: HashMap<u64, Box<UnderWay>>,
    /// Those whose answers the list has. They are not among `tasks`.
    pub(super) stored: StoredTasks,
    /// To be sent again later.
    pub(super) pausing: BinaryHeap<Reverse<(Instant, RequestId)>>,
    /// When the rate of the whole run lets the next one out.
    next_out: Option<Instant>,
    /// Bytes that the tasks take, about, without their detours.
    pub(super) weight: usize,
    /// Bytes of long URLs that redirects led tasks and robots.txt requests to.
    pub(super) detours: usize,
    pub(super) retries: u64,
    pub(super) robots_requests: u64,
    /// Whether settled tasks say which host their lines name.
    pub(super) names_hosts: bool,
}

impl Schedule {
    /// A schedule without tasks.
    pub fn new(options: Options) -> Self {
        let stored = StoredTasks::new(options.max_stored_out);
        Self {
            hosts: Hosts::new(options),
            origins: Origins::default(),
            tasks: HashMap::new(),
            stored,
            pausing: BinaryHeap::new(),
            next_out: None,
            weight: 0,
            detours: 0,
            retries: 0,
            robots_requests: 0,
            names_hosts: false,
        }
    }

    /// The number of orders that could be handed out now.
    pub fn ready(&self) -> usize {
        self.hosts.available() + self.stored.available()
    }

    /// The number of tasks that were admitted and are not settled.
    pub fn under_way(&self) -> usize {
        self.tasks.len() + self.stored.len()
    }

    /// Whether no task is under way.
    pub fn is_empty(&self) -> bool {
        self.under_way() == 0
    }

    /// The URL that a task requests next, or whose answer it waits for.
    pub fn url(&self, seq: u64) -> Option<&Url> {
        self.tasks.get(&seq).map(|task| &task.target.url).or_else(|| self.stored.url(seq))
    }

    /// What the list says about a task.
    pub fn facts(&self, seq: u64) -> Option<TaskFacts> {
        let Some(task) = self.tasks.get(&seq) else { return self.stored.facts(seq) };
        Some(TaskFacts { seq, url: task.line.clone(), input: task.input.texts() })
    }

    /// The number of retries of all tasks.
    pub fn retries(&self) -> u64 {
        self.retries
    }

    /// The number of known hosts and origins.
    #[cfg(test)]
    pub(super) fn known(&self) -> (usize, usize) {
        (self.hosts.len(), self.origins.len())
    }

    /// The number of robots.txt requests.
    pub fn robots_requests(&self) -> u64 {
        self.robots_requests
    }

    /// When to call [`next`](Self::next) again if nothing happens before.
    pub fn next_wake_up(&self) -> Option<Instant> {
        let pausing = self.pausing.peek().map(|Reverse((at, _))| *at);
        let rate = self.next_out.filter(|_| self.hosts.available() > 0);
        pausing.into_iter().chain(self.hosts.next_wake_up()).chain(rate).min()
    }

    /// The next thing to do. `None` if everything is under way or has to wait.
    pub fn next(&mut self, now: Instant) -> Option<Step> {
        self.wake(now);
        if let Some(dispatch) = self.stored.next() {
            return Some(Step::Fetch(dispatch));
        }
        if self.next_out.is_some_and(|at| at > now) {
            return None;
        }
        while let Some((host, request)) = self.hosts.next(now) {
            let step = match request {
                RequestId::Page(seq) => self.begin(seq, now),
                RequestId::Robots(id) => self.begin_robots(OriginId(id), host, now),
            };
            if step.is_some() {
                return step;
            }
        }
        None
    }

    /// The request that was [`next`](Self::next) is made now.
    pub fn hand_out(&mut self, request: RequestId, now: Instant) {
        let host = match request {
            RequestId::Page(seq) if self.stored.hand_out(seq, now) => return,
            RequestId::Page(seq) => self.tasks.get_mut(&seq).map(|task| {
                (task.since, task.was_handed_out) = (now, true);
                task.host
            }),
            RequestId::Robots(id) => self.origins.fetch(OriginId(id)).map(|fetch| {
                fetch.handed_out = Some(now);
                fetch.host
            }),
        };
        let Some(host) = host else { return };
        self.robots_requests += u64::from(matches!(request, RequestId::Robots(_)));
        self.hosts.change(host, now, |host, _| host.handed_out(request, now));
        self.keep_the_rate(now);
    }

    /// One more is out. Whoever is a little late makes up for it, or the rate would never be reached.
    fn keep_the_rate(&mut self, now: Instant) {
        let interval = self.hosts.options().politeness.interval;
        if interval > Duration::ZERO {
            let due = self.next_out.unwrap_or(now) + interval;
            self.next_out = Some(due.max(now + interval.saturating_sub(LATENESS)));
        }
    }

    /// Wakes the orders whose pause is over.
    fn wake(&mut self, now: Instant) {
        self.hosts.wake(now);
        while self.pausing.peek().is_some_and(|Reverse((at, _))| *at <= now) {
            if let Some(Reverse((_, request))) = self.pausing.pop() {
                self.put_first(request, now);
            }
        }
    }

    /// Tasks that have begun go before those that have not, because records of later tasks wait for them.
    pub(super) fn put_first(&mut self, request: RequestId, now: Instant) {
        let host = match request {
            RequestId::Page(seq) => self.tasks.get(&seq).map(|task| task.host),
            RequestId::Robots(id) => self.origins.fetch(OriginId(id)).map(|fetch| fetch.host),
        };
        if let Some(host) = host {
            self.hosts.put_first(host, request, now);
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
                task.target.goes_with(0);
                let visit = host.visit(&task.target, task.again);
                Some(Step::Fetch(Dispatch {
                    id: RequestId::Page(seq),
                    visit,
                    affinity: host.affinity,
                    alone: task.alone,
                }))
            }
            (Leave::Denied(failure), _) => {
                // A redirect does not count as an attempt, but the task was sent.
                task.charged = task.charged.max(u32::from(task.target.hops > 0));
                self.settle(seq, Outcome::Failure(failure), now).map(Step::Settled)
            }
            (Leave::Ask, Some(origin)) => {
                let host = self.hosts.hold(&task.target.url);
                self.origins.ask(origin, seq, &task.target.url, task.target.reach.clone(), host);
                self.hosts.put_first(host, RequestId::Robots(origin.0), now);
                None
            }
            (Leave::Later(until), _) => {
                self.pausing.push(Reverse((until, RequestId::Page(seq))));
                None
            }
            (Leave::Parked | Leave::Ask, _) => None,
        }
    }

    /// Notes the cookies of a page request that was handed out. `cookies` is not 0, and differs for different cookies.
    pub fn goes_with(&mut self, seq: u64, cookies: u64) {
        if let Some(task) = self.tasks.get_mut(&seq) {
            task.target.goes_with(cookies);
        }
    }

    /// Notes that a request that [reports its sending](crate::model::Visit::tell_when_sent) has been sent now.
    pub fn sent(&mut self, request: RequestId, now: Instant) {
        if let Some((host, _)) = self.whereabouts(request) {
            self.hosts.change(host, now, |host, options| host.sent(request, options.politeness.delay_jitter, now));
        }
    }

    /// The host that an order waits at, and when the order was handed out.
    fn whereabouts(&mut self, request: RequestId) -> Option<(HostId, Option<Instant>)> {
        match request {
            RequestId::Page(seq) => self.tasks.get(&seq).map(|task| (task.host, task.handed_out())),
            RequestId::Robots(id) => self.origins.fetch(OriginId(id)).map(|fetch| (fetch.host, fetch.handed_out)),
        }
    }

    /// Tells the host of an order the result.
    pub(super) fn judge(&mut self, request: RequestId, took: Duration, failure: Option<&Failure>, now: Instant) {
        let Some((host, handed_out)) = self.whereabouts(request) else { return };
        let page = failure.and_then(|_| self.page_of(request));
        let earner = if failure.is_none() { self.payer(request) } else { None };
        let heard = Heard { failure, since: handed_out.unwrap_or(now), took };
        self.hosts.change(host, now, |known, options| {
            known.came_back(request);
            known.learn(&heard, page, options, now);
            if earner == Some(host) {
                known.give_back_retry(options.max_host_retries);
            }
        });
        if let Some(earner) = earner.filter(|earner| *earner != host) {
            self.hosts.change(earner, now, |host, options| host.give_back_retry(options.max_host_retries));
        }
    }

    /// The page of an order as a number, so that its failure can count against the host. `None` if a redirect led
    /// there: one host must not make another one look bad.
    fn page_of(&mut self, request: RequestId) -> Option<u64> {
        let (target, is_own) = match request {
            RequestId::Page(seq) => (&self.tasks.get(&seq)?.target, true),
            RequestId::Robots(id) => {
                let fetch = self.origins.fetch(OriginId(id))?;
                (&fetch.target, fetch.asked_by == Reach::Listed)
            }
        };
        (is_own && target.hops == 0).then(|| target.page())
    }

    /// The host whose retry budget an order uses: that of the task's line, or of the first task that waits for a
    /// robots.txt.
    pub(super) fn payer(&mut self, request: RequestId) -> Option<HostId> {
        let seq = match request {
            RequestId::Page(seq) => seq,
            RequestId::Robots(id) => *self.origins.fetch(OriginId(id))?.parked.first()?,
        };
        Some(self.tasks.get(&seq)?.listed)
    }

    /// Handles an answer: the task is settled, or continues with another hop or another try. `cookies_for` returns the
    /// cookies of a request for a URL, as [`goes_with`](Self::goes_with) takes them; 0 for none.
    pub fn answered(
        &mut self,
        seq: u64,
        answer: Answer,
        cookies_for: impl FnOnce(&Url) -> u64,
        elapsed: Duration,
        now: Instant,
    ) -> Option<Settled> {
        let failure = match &answer {
            Answer::Failure(failure) => Some(failure),
            _ => None,
        };
        let Some(task) = self.tasks.get_mut(&seq) else { return self.stored_answered(seq, answer, elapsed) };
        task.elapsed = task.elapsed.saturating_add(elapsed);
        let is_lost = failure.is_some_and(|failure| failure.retry == Retry::Again);
        task.again = is_lost && !task.again;
        if task.again {
            self.rerun(RequestId::Page(seq), false, false, now);
            return None;
        }
        self.judge(RequestId::Page(seq), elapsed, failure, now);
        let leash = self.leash(seq)?;
        let task = self.tasks.get_mut(&seq)?;
        let outcome = match answer {
            Answer::Redirect { status, to, bytes } => match task.follow(status, to, bytes, cookies_for, leash) {
                Ok(()) => {
                    self.move_to_next_host(seq, now);
                    return None;
                }
                Err(failure) => Outcome::Failure(failure),
            },
            Answer::Page(page) => Outcome::Page(page),
            Answer::Failure(failure) => Outcome::Failure(failure),
            // A 304 to a conditional request never gets here: the stored page takes its place.
            Answer::NotModified { bytes } => {
                let message = "the server answered 304 (not modified), but no copy of the page is stored";
                Outcome::Failure(Failure { bytes, ..Failure::new(FailureKind::Protocol, Stage::Fetch, message) })
            }
        };
        task.charged += 1;
        if let Outcome::Failure(failure) = &outcome
            && self.may_try_again(seq, failure, now)
        {
            return None;
        }
        match outcome {
            Outcome::Failure(failure) => self.fail_task(seq, failure, now),
            page @ Outcome::Page(_) => self.settle(seq, page, now),
        }
    }

    /// Ends a task whose request has failed. The failure counts for the host of its line, unless the request could not be
    /// sent from here.
    fn fail_task(&mut self, seq: u64, failure: Failure, now: Instant) -> Option<Settled> {
        let listed = self.tasks.get(&seq)?.listed;
        let was_not_sent = matches!(failure.kind, FailureKind::InvalidUrl | FailureKind::BlockedAddress);
        if !was_not_sent && failure.retry != Retry::Local {
            self.hosts.change(listed, now, |host, options| host.count_failure(&failure, options.max_host_failures));
        }
        self.settle(seq, Outcome::Failure(failure), now)
    }

    /// Moves a task to the host of its next hop.
    fn move_to_next_host(&mut self, seq: u64, now: Instant) {
        let Some(mut task) = self.tasks.remove(&seq) else { return };
        let host = self.hosts.hold(&task.target.url);
        let left = task.host;
        self.attach_to_host(&mut task, host);
        self.weigh(&mut task, false, now);
        self.tasks.insert(seq, task);
        self.release(left, now);
        self.put_first(RequestId::Page(seq), now);
    }

    fn may_try_again(&mut self, seq: u64, failure: &Failure, now: Instant) -> bool {
        let retry = failure.retry;
        let Some(task) = self.tasks.get(&seq) else { return false };
        let options = self.hosts.options();
        if task.charged > options.max_retries {
            return false;
        }
        let Some(pause) = backoff::pause(task.charged, seq, retry, options.max_retry_after) else { return false };
        let listed = task.listed;
        // A shortage on this machine costs the host none of its retries.
        if retry != Retry::Local && !self.hosts.change(listed, now, |host, _| host.take_retry()) {
            return false;
        }
        self.try_again(RequestId::Page(seq), failure, pause, now);
        true
    }

    /// Makes a request again after a pause.
    pub(super) fn try_again(&mut self, request: RequestId, failure: &Failure, pause: Duration, now: Instant) {
        let url = match request {
            RequestId::Page(seq) => self.url(seq),
            RequestId::Robots(id) => self.robots_url(id),
        };
        if let Some(url) = url.map(shown_url) {
            tracing::info!(target: "gleaner::task", "to be tried again in {}: {url} ({})", how_long(pause), failure.reason());
        }
        self.retries += 1;
        self.pausing.push(Reverse((now + pause, request)));
    }

    /// Sends an order of a lost worker again, before all others. `charged`: the loss counts as an attempt.
    pub fn rerun(&mut self, request: RequestId, alone: bool, charged: bool, now: Instant) {
        let Some((host, _)) = self.whereabouts(request) else {
            return self.rerun_stored(request, alone, charged, now);
        };
        match request {
            RequestId::Page(seq) => {
                if let Some(task) = self.tasks.get_mut(&seq) {
                    task.alone |= alone;
                    if charged {
                        task.charge(now);
                    }
                }
            }
            RequestId::Robots(id) => {
                if let Some(fetch) = self.origins.fetch(OriginId(id)) {
                    fetch.alone |= alone;
                }
            }
        }
        self.hosts.change(host, now, |host, _| host.lost(request, now));
        self.hosts.put_first(host, request, now);
    }

    /// Ends an order that the executor could not get an answer for.
    pub fn fail(&mut self, request: RequestId, failure: Failure, now: Instant) -> Option<Settled> {
        match request {
            RequestId::Page(seq) => {
                let Some(task) = self.tasks.get_mut(&seq) else { return self.fail_stored(seq, failure, now) };
                task.charge(now);
                let host = task.host;
                self.hosts.change(host, now, |host, _| host.lost(request, now));
                self.fail_task(seq, failure, now)
            }
            RequestId::Robots(id) => {
                self.robots_answered(id, robots::Answer::Failed(failure), Duration::ZERO, now);
                None
            }
        }
    }

    /// Ends a task with a stored page. Nothing was sent, so the task is not charged.
    pub fn known_page(&mut self, request: RequestId, page: Page, now: Instant) -> Option<Settled> {
        let RequestId::Page(seq) = request else { return None };
        self.settle(seq, Outcome::Page(page), now)
    }

    fn settle(&mut self, seq: u64, outcome: Outcome, now: Instant) -> Option<Settled> {
        let mut task = self.tasks.remove(&seq)?;
        self.weigh(&mut task, true, now);
        task.origin.into_iter().for_each(|origin| self.origins.release(origin));
        self.hosts.change(task.listed, now, |host, _| host.pace.task_settled(task.elapsed));
        let host = self.names_hosts.then(|| self.hosts.get(task.listed).key.clone());
        self.release(task.host, now);
        self.release(task.listed, now);
        Some(task.settle(seq, outcome, host))
    }

    pub(super) fn release(&mut self, host: HostId, now: Instant) {
        if let Some(forgotten) = self.hosts.release(host, now) {
            self.origins.forget(forgotten);
        }
    }
}
