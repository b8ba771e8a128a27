//! The gate of one host: whether it may receive a request now, and when the next one.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::backoff::fraction;
use super::breaker::{Breaker, REST, Sign, Verdict};
use super::forecast::Wait;
use super::options::{Adaptive, HostRules, Politeness};
use super::pace::Pace;
use super::target::Target;
use super::{Options, RequestId};
use crate::model::{Connection, Failure, KEEP_ALIVE, Stage, Visit, WaitReason, how_long};

/// Whether a host may receive requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Yes, this many at once.
    Open(usize),
    /// Not before this time.
    Closed(Instant),
    /// Nothing waits, or an answer must come first.
    Idle,
}

/// The queue of hosts that a host is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listed {
    No,
    /// The hosts that may receive requests now.
    Open,
    /// The hosts that may receive requests later.
    Closed(Instant),
}

/// The result of a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heard<'a> {
    /// `None` for an answer that is not a failure.
    pub(super) failure: Option<&'a Failure>,
    /// When the request was handed out.
    pub(super) since: Instant,
    /// How long the answer took.
    pub(super) took: Duration,
}

#[derive(Debug)]
pub(super) struct Host {
    pub(super) key: Box<str>,
    /// The same for all requests to this host, so that they share connections.
    pub(super) affinity: u64,
    /// Whether to obey robots.txt.
    pub(super) robots: bool,
    concurrency: u32,
    delay: Duration,
    pub(super) queue: VecDeque<RequestId>,
    /// The number of its tasks and robots.txt fetches, wherever they are. The host is kept while there are any.
    pub(super) held: usize,
    in_flight: u32,
    /// The order that was handed out and is not known to be sent, and since when. Only for hosts with a delay.
    unsent: Option<(RequestId, Instant)>,
    /// No order is handed out before this time, for this reason.
    closed_until: Option<Instant>,
    closed_because: WaitReason,
    /// When it last asked for a pause (`Retry-After`), until it answers a request that was made after that.
    asked_since: Option<Instant>,
    pub(super) pace: Pace,
    /// Its tasks fail with this instead of being sent, until then (`None`: for the rest of the run).
    refusal: Option<Box<(Option<Instant>, Failure)>>,
    breaker: Breaker,
    /// Different pages in a row were answered with a `Retry-After` that is too long: the failure and the longest pause.
    long_pause: Option<Box<(Failure, Duration)>>,
    retries_left: u32,
    failures: u64,
    /// Bytes of long URLs that redirects led its tasks to.
    pub(super) detours: usize,
    /// The adaptive part of the delay.
    throttle: Duration,
    /// Random numbers drawn so far.
    draws: u64,
    pub(super) listed: Listed,
    /// How many orders it adds to `Hosts::available`.
    pub(super) counted: usize,
    /// When it last became idle: a number that grows each time any host does.
    pub(super) idle_since: u64,
    /// Whether it is in the queue of idle hosts.
    pub(super) in_idle: bool,
}

impl Host {
    pub(super) fn new(key: Box<str>, affinity: u64, options: &Options) -> Self {
        let Politeness { robots, concurrency, delay, .. } = options.politeness;
        let own = options.hosts.get(&*key);
        let own = own.unwrap_or(&HostRules { robots: None, concurrency: None, delay: None });
        Self {
            key,
            affinity,
            robots: own.robots.unwrap_or(robots),
            concurrency: own.concurrency.unwrap_or(concurrency),
            delay: own.delay.unwrap_or(delay),
            queue: VecDeque::new(),
            held: 0,
            in_flight: 0,
            unsent: None,
            closed_until: None,
            closed_because: WaitReason::Delay,
            asked_since: None,
            pace: Pace::default(),
            refusal: None,
            breaker: Breaker::default(),
            long_pause: None,
            retries_left: options.max_host_retries,
            failures: 0,
            detours: 0,
            throttle: Duration::ZERO,
            draws: 0,
            listed: Listed::No,
            counted: 0,
            idle_since: 0,
            in_idle: false,
        }
    }

    pub(super) fn standing(&self, now: Instant) -> Standing {
        if self.queue.is_empty() {
            return Standing::Idle;
        }
        if self.refuses(now) {
            return Standing::Open(self.queue.len());
        }
        let must_know_more = self.breaker.is_trying() || self.long_pause.is_some();
        let room = match (must_know_more, self.concurrency) {
            (true, _) => 1_u32.saturating_sub(self.in_flight),
            (false, 0) => u32::MAX,
            (false, most) => most.saturating_sub(self.in_flight),
        };
        if room == 0 || self.unsent.is_some() {
            return Standing::Idle;
        }
        match self.closed_until {
            Some(until) if until > now => Standing::Closed(until),
            _ if self.delay() > Duration::ZERO => Standing::Open(1),
            _ => Standing::Open(self.queue.len().min(room as usize)),
        }
    }

    /// The time from one request to the next.
    fn delay(&self) -> Duration {
        self.delay.max(self.throttle)
    }

    /// Whether the time at which a request is sent matters.
    fn counts_time(&self) -> bool {
        self.delay() > Duration::ZERO
    }

    /// The connection for the next request. If the delay is longer than connections are kept, keeping one is useless.
    pub(super) fn visit(&self, target: &Target, again: bool) -> Visit {
        let connection = match (again, self.delay() > KEEP_ALIVE) {
            (true, _) => Connection::Again,
            (false, true) => Connection::Own,
            (false, false) => Connection::Kept,
        };
        let visit = Visit::new(target.url.clone(), target.reach.clone());
        Visit { tell_when_sent: self.counts_time(), connection, ..visit }
    }

    /// Applies the delay of its robots.txt, which has just arrived.
    pub(super) fn slow_down(&mut self, delay: Duration, now: Instant) {
        self.delay = self.delay.max(delay);
        self.close(now + delay, WaitReason::Delay);
    }

    fn close(&mut self, until: Instant, why: WaitReason) {
        if self.closed_until < Some(until) {
            (self.closed_until, self.closed_because) = (Some(until), why);
        }
    }

    /// Waits because the host asks for that. Several answers to requests of before the pause ask for one pause.
    fn asked_to_wait(&mut self, pause: Duration, since: Instant, now: Instant) {
        let is_news = self.asked_since.is_none_or(|asked| asked < since);
        if pause > Duration::ZERO && is_news {
            self.asked_since = Some(now);
            tracing::info!("host {} asks for a pause: no requests to it for {}", self.key, how_long(pause));
        }
        self.close(now + pause, WaitReason::RetryAfter);
    }

    /// Until when the host may not be asked although requests wait for it. During a pause, some may be waiting to be tried
    /// again.
    pub(super) fn wait(&self, now: Instant) -> Option<Wait> {
        let of_pause = self.queue.len().max(self.pace.unsettled().saturating_sub(self.in_flight as usize));
        let pause = self.closed_until.filter(|until| {
            self.closed_because != WaitReason::Delay && *until > now && of_pause > 0 && !self.refuses(now)
        });
        let (until, waiting) = match (pause, self.standing(now)) {
            (Some(until), _) => (until, of_pause),
            (None, Standing::Closed(until)) => (until, self.queue.len()),
            (None, _) => return None,
        };
        Some(Wait { host: self.key.to_string(), why: self.closed_because, until, waiting })
    }

    /// How long its limits need for the rest of its tasks, and how long one place would be busy with them, in seconds.
    /// For each task that was read, `unread` others are still to come. At most `places` requests are in flight. A host of
    /// which no task is settled takes the `usual` time for a task.
    pub(super) fn time_left(&self, unread: f64, places: usize, usual: f64, now: Instant) -> (f64, f64) {
        let left = self.pace.left(unread);
        if left <= 0.0 {
            return (0.0, 0.0);
        }
        let mean = self.pace.mean().unwrap_or(usual);
        let places = u32::try_from(places).unwrap_or(u32::MAX);
        let at_once = if self.concurrency == 0 { places } else { self.concurrency.min(places) };
        let pause = self.closed_until.filter(|_| self.closed_because != WaitReason::Delay);
        let pause = pause.map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
        let each = (mean / f64::from(at_once.max(1))).max(self.delay().as_secs_f64());
        (left * each + pause.as_secs_f64(), left * mean)
    }

    pub(super) fn handed_out(&mut self, request: RequestId, now: Instant) {
        self.in_flight += 1;
        if self.counts_time() {
            self.unsent = Some((request, now));
        }
    }

    pub(super) fn sent(&mut self, request: RequestId, jitter: Duration, now: Instant) {
        if self.unsent.is_some_and(|(unsent, _)| unsent == request) {
            self.unsent = None;
            self.draws += 1;
            let jitter = jitter.mul_f64(fraction(self.affinity ^ self.draws));
            self.close(now + self.delay() + jitter, WaitReason::Delay);
        }
    }

    /// What was handed out is lost, and nobody knows whether it was sent before.
    pub(super) fn lost(&mut self, request: RequestId, now: Instant) {
        if self.unsent.is_some_and(|(unsent, _)| unsent == request) {
            self.close(now + self.delay(), WaitReason::Delay);
        }
        self.came_back(request);
    }

    /// What was handed out is not under way any more.
    pub(super) fn came_back(&mut self, request: RequestId) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if let Some((_, since)) = self.unsent.filter(|(unsent, _)| *unsent == request) {
            // It failed before it was sent, or nobody could say that it was.
            self.unsent = None;
            self.close(since + self.delay(), WaitReason::Delay);
        }
    }

    /// Learns from the result of a request. `page` is the requested page; `None` if a redirect from elsewhere led
    /// there.
    pub(super) fn learn(&mut self, heard: &Heard, page: Option<u64>, options: &Options, now: Instant) {
        let Heard { failure, since, took } = *heard;
        let sign = Sign::of(failure);
        let was_trying = self.breaker.is_trying();
        let verdict = match (sign, failure) {
            (Sign::Later(pause), Some(failure)) if pause > options.max_retry_after => {
                // A shorter pause does not replace a longer one.
                let is_longest = self.long_pause.as_ref().is_none_or(|before| pause > before.1);
                if self.breaker.is_unwelcome(page) && is_longest {
                    self.long_pause = Some(Box::new((failure.brief(), pause)));
                }
                self.give_up_if_asked(now);
                return;
            }
            (Sign::Later(pause), _) => {
                self.asked_to_wait(pause, since, now);
                self.breaker.note(sign, page, since, now)
            }
            _ => self.breaker.note(sign, page, since, now),
        };
        if matches!(sign, Sign::Served | Sign::Unserved | Sign::Later(_)) {
            self.long_pause = None;
        }
        self.give_up_if_asked(now);
        if was_trying && !self.breaker.is_trying() {
            self.asked_since = None;
            tracing::warn!("host {} answers again", self.key);
        }
        if sign == Sign::Served && self.asked_since.is_some_and(|asked| asked < since) {
            self.asked_since = None;
            tracing::info!("host {} answers again", self.key);
        }
        if matches!(sign, Sign::Served | Sign::Unserved) {
            self.adapt(took, failure.is_none(), options);
        }
        match (verdict, failure) {
            (Verdict::Pause(pause), _) => {
                let (key, why, time) = (&self.key, self.breaker.why(), how_long(pause));
                tracing::warn!("host {key} {why}: no requests to it for {time}");
                self.close(now + pause, WaitReason::Failures);
            }
            (Verdict::GiveUp, Some(failure)) => self.refuse(failure, &self.breaker.why(), Some(now + REST)),
            _ => {}
        }
    }

    /// Gives up a host that asked for a long pause, unless an answer that is still under way may change that.
    fn give_up_if_asked(&mut self, now: Instant) {
        if self.in_flight == 0
            && let Some(long_pause) = self.long_pause.take()
        {
            let (failure, pause) = *long_pause;
            let why = format!("asks for a pause of {}, which is longer than fetch.max_retry_after", how_long(pause));
            // If the clock cannot represent the time, the host is given up for the rest of the run.
            self.refuse(&failure, &why, now.checked_add(pause));
        }
    }

    /// Moves the adaptive delay towards the time that an answer took. `good` is false for errors, which may be served
    /// quickly.
    fn adapt(&mut self, took: Duration, good: bool, options: &Options) {
        if let Some(Adaptive { target, max_delay }) = options.politeness.adaptive {
            let wanted =
                Duration::try_from_secs_f64(took.as_secs_f64() / target).map_or(max_delay, |it| it.min(max_delay));
            let next = wanted.max((self.throttle + wanted) / 2);
            if good || next > self.throttle {
                self.throttle = next;
            }
        }
    }

    /// Counts a task of this host that failed for good.
    pub(super) fn count_failure(&mut self, failure: &Failure, most: u64) {
        self.failures += 1;
        if self.failures == most {
            self.refuse(failure, &format!("has {most} failures (limits.max_host_failures)"), None);
        }
    }

    fn refuse(&mut self, failure: &Failure, why: &str, until: Option<Instant>) {
        // A shorter refusal does not replace a longer one.
        if let Some(before) = self.refusal.as_ref().map(|refusal| refusal.0)
            && before.is_none_or(|before| until.is_some_and(|until| until <= before))
        {
            return;
        }
        if self.refusal.is_none() {
            tracing::warn!("host {} {why}: from now on its tasks fail", self.key);
        }
        let Failure { kind, message, causes, status, .. } = failure.brief();
        let message = format!("send a request to host {}: it {why}; the last failure: {message}", self.key);
        let failure = Failure { causes, status, ..Failure::new(kind, Stage::Fetch, message) };
        self.refusal = Some(Box::new((until, failure)));
    }

    fn refuses(&self, now: Instant) -> bool {
        self.refusal.as_ref().is_some_and(|refusal| refusal.0.is_none_or(|until| until > now))
    }

    /// The failure of its tasks, if they fail at present.
    pub(super) fn refusal(&self, now: Instant) -> Option<Failure> {
        let refusal = self.refusal.as_ref().filter(|_| self.refuses(now))?;
        Some(refusal.1.clone())
    }

    /// Takes the next order from its queue. While the breaker tries whether the host works again, it takes the last
    /// order, because that page may work where the earlier ones failed.
    pub(super) fn take(&mut self) -> Option<RequestId> {
        if self.breaker.is_trying() { self.queue.pop_back() } else { self.queue.pop_front() }
    }

    /// Gives a retry back to the host, because a task of it succeeded.
    pub(super) fn give_back_retry(&mut self, most: u32) {
        self.retries_left = (self.retries_left + 1).min(most);
    }

    /// Takes one retry from the budget of the host; false if there is none left.
    pub(super) fn take_retry(&mut self) -> bool {
        let may = self.retries_left > 0;
        self.retries_left = self.retries_left.saturating_sub(1);
        may
    }

    /// Whether the host must still be remembered.
    pub(super) fn is_remembered(&self, now: Instant) -> bool {
        self.held > 0 || self.closed_until.is_some_and(|until| until > now) || self.refuses(now)
    }
}
