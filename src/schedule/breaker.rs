//! A host that keeps failing is backed off as a whole, and in the end left alone.
//!
//! A circuit breaker: so many failures in a row open it, for longer each time; then one request at a time tries
//! whether the host is back. Only failures that speak of the host are counted, not those that speak of a page.

use std::time::{Duration, Instant};

use crate::model::{Failure, FailureKind, Retry};

/// Failures in a row that open it.
const PATIENCE: u32 = 5;
/// The first pause; each further one is twice as long, up to the last.
const FIRST: Duration = Duration::from_secs(1);
/// Pauses until the host is left alone: two minutes in all.
const PAUSES: u32 = 7;
/// How long a host is left alone.
pub(super) const REST: Duration = Duration::from_secs(600);

/// What follows from a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing.
    Fine,
    /// Nobody asks the host for so long.
    Pause(Duration),
    /// Its tasks fail at once, for [`REST`].
    GiveUp,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Breaker {
    in_a_row: u32,
    pauses: u32,
    opened: Option<Instant>,
}

impl Breaker {
    /// Whether one request at a time has to do until the host answers.
    pub(super) fn is_trying(&self) -> bool {
        self.opened.is_some()
    }

    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// Notes a failure of a request that was handed out at `since`.
    pub(super) fn failed(&mut self, failure: &Failure, since: Instant, now: Instant) -> Verdict {
        // What was under way when the breaker opened has nothing new to say.
        if !speaks_of_the_host(failure) || self.opened.is_some_and(|opened| since < opened) {
            return Verdict::Fine;
        }
        self.in_a_row += 1;
        if self.in_a_row < PATIENCE && !self.is_trying() {
            return Verdict::Fine;
        }
        self.opened = Some(now);
        if self.pauses == PAUSES {
            return Verdict::GiveUp;
        }
        self.pauses += 1;
        Verdict::Pause(FIRST * 2_u32.pow(self.pauses - 1))
    }

    pub(super) fn in_a_row(&self) -> u32 {
        self.in_a_row
    }
}

/// Whether a failure says that the host cannot, or does not want to, answer anybody now. A page that breaks its server
/// (500) or that took too long to be asked for (408) says nothing of the next one, and a server that names a time
/// (`Retry-After`) is obeyed instead.
fn speaks_of_the_host(failure: &Failure) -> bool {
    match (failure.kind, failure.retry) {
        (FailureKind::HttpStatus, Retry::Yes) => !matches!(failure.status, Some(408 | 500)),
        (_, Retry::Yes) => true,
        (_, Retry::No | Retry::After(_) | Retry::Again) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Stage;

    fn refused() -> Failure {
        Failure::new(FailureKind::Connect, Stage::Fetch, "refused").retryable()
    }

    #[test]
    fn pauses_double_until_the_host_is_left_alone_and_one_answer_closes_it() {
        let (mut breaker, mut now) = (Breaker::default(), Instant::now());
        for _ in 0..4 {
            assert_eq!(breaker.failed(&refused(), now, now), Verdict::Fine);
        }
        let mut pauses = Vec::new();
        let end = loop {
            match breaker.failed(&refused(), now, now) {
                Verdict::Pause(pause) => {
                    pauses.push(pause.as_secs());
                    now += pause;
                }
                other => break other,
            }
        };
        assert_eq!((pauses, end), (vec![1, 2, 4, 8, 16, 32, 64], Verdict::GiveUp));
        assert!(breaker.is_trying());
        assert_eq!(breaker.failed(&refused(), now, now), Verdict::GiveUp, "still");
        breaker.succeeded();
        assert_eq!((breaker.is_trying(), breaker.in_a_row()), (false, 0));
        assert_eq!(breaker.failed(&refused(), now, now), Verdict::Fine);
    }

    #[test]
    fn what_was_under_way_when_it_opened_is_not_counted() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        let opened = (0..5).map(|_| breaker.failed(&refused(), now, now + Duration::from_secs(9))).last();
        assert_eq!(opened, Some(Verdict::Pause(FIRST)));
        assert_eq!(breaker.failed(&refused(), now, now + Duration::from_secs(30)), Verdict::Fine);
        let trial = now + Duration::from_secs(10);
        assert_eq!(breaker.failed(&refused(), trial, trial), Verdict::Pause(2 * FIRST));
    }

    #[test]
    fn only_what_speaks_of_the_host_counts() {
        let status = |status, retry| Failure {
            status: Some(status),
            retry,
            ..Failure::new(FailureKind::HttpStatus, Stage::Fetch, "no")
        };
        let table = [
            (refused(), true),
            (Failure { retry: Retry::No, ..refused() }, false),
            (Failure::new(FailureKind::Timeout, Stage::Fetch, "late").retryable(), true),
            (status(404, Retry::No), false),
            (status(408, Retry::Yes), false),
            (status(429, Retry::Yes), true),
            (status(429, Retry::After(Duration::from_secs(1))), false),
            (status(500, Retry::Yes), false),
            (status(503, Retry::Yes), true),
        ];
        for (failure, counts) in table {
            let (mut breaker, now) = (Breaker::default(), Instant::now());
            breaker.failed(&failure, now, now);
            assert_eq!(breaker.in_a_row() > 0, counts, "{failure:?}");
        }
    }
}
