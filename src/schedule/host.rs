//! The gate of one host: who may be asked now, and when the next one may.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::backoff::fraction;
use super::breaker::{Breaker, REST, Sign, Verdict};
use super::options::{Adaptive, HostRules, Politeness};
use super::target::Target;
use super::{Options, RequestId};
use crate::model::{Connection, Failure, KEEP_ALIVE, Stage, Visit, how_long};

/// Whether a host may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// So many times at once.
    Open(usize),
    /// Not before then.
    Closed(Instant),
    /// There is nothing to ask, or something must come back first.
    Idle,
}

/// Where a host stands in line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listed {
    No,
    /// Among those that may be asked now.
    Open,
    /// Among those that may be asked later.
    Closed(Instant),
}

/// What came of a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heard<'a> {
    /// `None` is an answer without one.
    pub(super) failure: Option<&'a Failure>,
    /// When the request was handed out.
    pub(super) since: Instant,
    /// How long the answer took.
    pub(super) took: Duration,
}

#[derive(Debug)]
pub(super) struct Host {
    pub(super) key: Box<str>,
    /// Same for all that goes there, so that connections are used again.
    pub(super) affinity: u64,
    /// Whether robots.txt is obeyed.
    pub(super) robots: bool,
    concurrency: u32,
    delay: Duration,
    pub(super) queue: VecDeque<RequestId>,
    /// Tasks and robots.txt that are its own, wherever they are: while there are any, it is not forgotten.
    pub(super) held: usize,
    in_flight: u32,
    /// Handed out, and not known to be sent, since when. Only of hosts that want a delay.
    unsent: Option<(RequestId, Instant)>,
    /// Nothing is handed out before.
    closed_until: Option<Instant>,
    /// Its tasks fail with this instead of being sent, until then or for good.
    refusal: Option<Box<(Option<Instant>, Failure)>>,
    breaker: Breaker,
    /// Different pages in a row were answered with a `Retry-After` that is too long: the last one, and how long.
    farewell: Option<Box<(Failure, Duration)>>,
    retries_left: u32,
    failures: u64,
    /// Bytes of long URLs to which redirects have led tasks of its lines.
    pub(super) detours: usize,
    /// The adaptive part of the delay.
    throttle: Duration,
    /// Random numbers drawn so far.
    draws: u64,
    pub(super) listed: Listed,
    /// What it adds to what could be sent now.
    pub(super) counted: usize,
    /// Which time it became idle, of all times that any host did.
    pub(super) idle_since: u64,
    /// Whether it stands among the idle.
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
            refusal: None,
            breaker: Breaker::default(),
            farewell: None,
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
        let must_know_more = self.breaker.is_trying() || self.farewell.is_some();
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

    /// From one request to the next.
    fn delay(&self) -> Duration {
        self.delay.max(self.throttle)
    }

    /// Whether it matters when a request to it is sent.
    fn counts_time(&self) -> bool {
        self.delay() > Duration::ZERO
    }

    /// The request for a target at this host. A connection that was kept beyond its time would be of no use to the next
    /// request.
    pub(super) fn visit(&self, target: &Target, again: bool) -> Visit {
        let connection = match (again, self.delay() > KEEP_ALIVE) {
            (true, _) => Connection::Again,
            (false, true) => Connection::Own,
            (false, false) => Connection::Kept,
        };
        let visit = Visit::new(target.url.clone(), target.reach.clone());
        Visit { tell_when_sent: self.counts_time(), connection, ..visit }
    }

    /// Its robots.txt, which is here now, asks for a delay.
    pub(super) fn slow_down(&mut self, delay: Duration, now: Instant) {
        self.delay = self.delay.max(delay);
        self.close(now + delay);
    }

    fn close(&mut self, until: Instant) {
        self.closed_until = self.closed_until.max(Some(until));
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
            self.close(now + self.delay() + jitter);
        }
    }

    /// What was handed out is lost, and nobody knows whether it was sent before.
    pub(super) fn lost(&mut self, request: RequestId, now: Instant) {
        if self.unsent.is_some_and(|(unsent, _)| unsent == request) {
            self.close(now + self.delay());
        }
        self.came_back(request);
    }

    /// What was handed out is not under way any more.
    pub(super) fn came_back(&mut self, request: RequestId) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if let Some((_, since)) = self.unsent.filter(|(unsent, _)| *unsent == request) {
            // It failed before it was sent, or nobody could say that it was.
            self.unsent = None;
            self.close(since + self.delay());
        }
    }

    /// Learns from what came of a request. `page`: which page it was for, unless a redirect from elsewhere led there.
    pub(super) fn learn(&mut self, heard: &Heard, page: Option<u64>, options: &Options, now: Instant) {
        let Heard { failure, since, took } = *heard;
        let sign = Sign::of(failure);
        let was_trying = self.breaker.is_trying();
        let verdict = match (sign, failure) {
            (Sign::Later(pause), Some(failure)) if pause > options.max_retry_after => {
                // What was said to last longer does.
                let is_longest = self.farewell.as_ref().is_none_or(|before| pause > before.1);
                if self.breaker.is_unwelcome(page) && is_longest {
                    self.farewell = Some(Box::new((failure.brief(), pause)));
                }
                self.part(now);
                return;
            }
            (Sign::Later(pause), _) => {
                self.close(now + pause);
                self.breaker.note(sign, page, since, now)
            }
            _ => self.breaker.note(sign, page, since, now),
        };
        if matches!(sign, Sign::Served | Sign::Unserved | Sign::Later(_)) {
            self.farewell = None;
        }
        self.part(now);
        if was_trying && !self.breaker.is_trying() {
            tracing::warn!("host {} answers again", self.key);
        }
        if matches!(sign, Sign::Served | Sign::Unserved) {
            self.adapt(took, failure.is_none(), options);
        }
        match (verdict, failure) {
            (Verdict::Pause(pause), _) => {
                let (key, why, time) = (&self.key, self.breaker.why(), how_long(pause));
                tracing::warn!("host {key} {why}: nobody asks it for {time}");
                self.close(now + pause);
            }
            (Verdict::GiveUp, Some(failure)) => self.refuse(failure, &self.breaker.why(), Some(now + REST)),
            _ => {}
        }
    }

    /// Takes a host at its word that wants to be left alone, unless something in flight may still say otherwise.
    fn part(&mut self, now: Instant) {
        if self.in_flight == 0
            && let Some(farewell) = self.farewell.take()
        {
            let (failure, pause) = *farewell;
            let why = format!("wants to be left alone for {}, longer than fetch.max_retry_after", how_long(pause));
            // A time that no clock reaches is for good.
            self.refuse(&failure, &why, now.checked_add(pause));
        }
    }

    /// Moves the adaptive delay towards how long an answer took. `good`: a page, and not an error that is quickly said.
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

    /// A task of it has failed for good.
    pub(super) fn lost_a_task(&mut self, failure: &Failure, most: u64) {
        self.failures += 1;
        if self.failures == most {
            self.refuse(failure, &format!("has {most} failures (limits.max_host_failures)"), None);
        }
    }

    fn refuse(&mut self, failure: &Failure, why: &str, until: Option<Instant>) {
        // What was said to last longer does.
        if let Some(before) = self.refusal.as_ref().map(|refusal| refusal.0)
            && before.is_none_or(|before| until.is_some_and(|until| until <= before))
        {
            return;
        }
        if self.refusal.is_none() {
            tracing::warn!("host {} {why}: its tasks fail from now on", self.key);
        }
        let Failure { kind, message, causes, status, .. } = failure.brief();
        let message = format!("ask host {}: it {why}; the last time: {message}", self.key);
        let failure = Failure { causes, status, ..Failure::new(kind, Stage::Fetch, message) };
        self.refusal = Some(Box::new((until, failure)));
    }

    fn refuses(&self, now: Instant) -> bool {
        self.refusal.as_ref().is_some_and(|refusal| refusal.0.is_none_or(|until| until > now))
    }

    /// With what its tasks fail now, if they do.
    pub(super) fn refusal(&self, now: Instant) -> Option<Failure> {
        let refusal = self.refusal.as_ref().filter(|_| self.refuses(now))?;
        Some(refusal.1.clone())
    }

    /// The next request in its line. While it is found out whether the host is back, that is the last one: another page may
    /// be well where those that have failed are not.
    pub(super) fn take(&mut self) -> Option<RequestId> {
        if self.breaker.is_trying() { self.queue.pop_back() } else { self.queue.pop_front() }
    }

    /// A task of it has its page, which earns the host a retry.
    pub(super) fn earned_a_retry(&mut self, most: u32) {
        self.retries_left = (self.retries_left + 1).min(most);
    }

    /// Takes one retry from what the host has left.
    pub(super) fn may_retry(&mut self) -> bool {
        let may = self.retries_left > 0;
        self.retries_left = self.retries_left.saturating_sub(1);
        may
    }

    /// Whether there is something about it that must not be forgotten yet.
    pub(super) fn is_remembered(&self, now: Instant) -> bool {
        self.held > 0 || self.closed_until.is_some_and(|until| until > now) || self.refuses(now)
    }
}
