//! Decides when to stop starting workers, if they fail to start. Pure: the time is an argument.

use std::time::{Duration, Instant};

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// The pool gives up after at least this many failures in a row, however few workers it has.
const LEAST_FAILURES: u32 = 10;

/// Counts workers that ended before they got a job. The first finished job of any worker resets the count. So a pool whose
/// workers crash in their jobs goes on, because those deaths count against the tasks.
#[derive(Debug)]
pub(super) struct Breaker {
    most_failures: u32,
    failures: u32,
    not_before: Option<Instant>,
}

impl Breaker {
    pub(super) fn new(workers: usize) -> Self {
        let most_failures = u32::try_from(workers.saturating_mul(3)).unwrap_or(u32::MAX).max(LEAST_FAILURES);
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

    /// Returns whether a worker may be started now.
    pub(super) fn permits(&self, now: Instant) -> bool {
        self.not_before.is_none_or(|at| now >= at)
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
            while !breaker.permits(now) {
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
        for _ in 0..11 {
            assert!(!breaker.failed(now));
        }
        breaker.succeeded();
        assert!(breaker.permits(now));
        for _ in 0..11 {
            assert!(!breaker.failed(now));
        }
        assert!(breaker.failed(now), "three failures for each of four workers");
    }
}
