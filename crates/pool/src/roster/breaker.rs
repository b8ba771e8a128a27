//! Decides when to stop starting workers, if they fail to start. Pure: the time is an argument.

use std::time::{Duration, Instant};

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// A pool of one worker gives up after this many failures in a row.
const LEAST_FAILURES: u32 = 10;

/// Counts workers that ended before they got a job. The first finished job of any worker resets the count. So a pool whose
/// workers crash in their jobs goes on, because those deaths count against the tasks.
///
/// After a failure, workers are started one at a time. In a shortage, two workers that start together take what one of them
/// needs, and both fail. Each worker beyond the first adds one failure to the limit, because all of them may have been
/// started together before the first failure.
#[derive(Debug)]
pub(super) struct Breaker {
    most_failures: u32,
    failures: u32,
    not_before: Option<Instant>,
}

impl Breaker {
    pub(super) fn new(workers: usize) -> Self {
        let others = u32::try_from(workers.saturating_sub(1)).unwrap_or(u32::MAX);
        let most_failures = LEAST_FAILURES.saturating_add(others);
        Self { most_failures, failures: 0, not_before: None }
    }

    /// Records one more failure. Returns true if there are too many.
    pub(super) fn failed(&mut self, now: Instant) -> bool {
        self.failures += 1;
        let doublings = (self.failures - 1).min(16);
        let pause = (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE);
        self.not_before = Some(now + pause);
        self.failures >= self.most_failures
    }

    pub(super) fn succeeded(&mut self) {
        self.failures = 0;
        self.not_before = None;
    }

    /// Returns whether a worker may be started now, while `starting` others are not yet ready.
    pub(super) fn permits(&self, now: Instant, starting: usize) -> bool {
        (self.failures == 0 || starting == 0) && self.not_before.is_none_or(|at| now >= at)
    }

    pub(super) fn failures(&self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_failures_in_a_row_are_too_many_and_take_only_seconds() {
        let start = Instant::now();
        let mut now = start;
        let mut breaker = Breaker::new(1);
        let mut failures = 1;
        while !breaker.failed(now) {
            failures += 1;
            while !breaker.permits(now, 0) {
                now += Duration::from_millis(1);
            }
        }
        assert_eq!(failures, 10);
        assert!(now - start < Duration::from_secs(6), "{:?}", now - start);
    }

    #[test]
    fn one_success_resets_the_count() {
        let now = Instant::now();
        let mut breaker = Breaker::new(4);
        for _ in 0..12 {
            assert!(!breaker.failed(now));
        }
        breaker.succeeded();
        assert!(breaker.permits(now, 3));
        for _ in 0..12 {
            assert!(!breaker.failed(now));
        }
        assert!(breaker.failed(now), "ten failures, and one for each of three other workers");
    }
}
