//! When to stop starting workers that do not start. Pure: the clock is an argument.

use std::time::{Duration, Instant};

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// However few workers there are, this many failures in a row are borne.
const LEAST_PATIENCE: u32 = 10;

/// Counts workers that ended before they had done anything. The first finished job of any worker resets it, so that
/// a pool whose workers crash at their work, however often, goes on: those deaths are their tasks' affair.
#[derive(Debug)]
pub(super) struct Breaker {
    patience: u32,
    failures: u32,
    not_before: Option<Instant>,
}

impl Breaker {
    pub(super) fn new(workers: usize) -> Self {
        let patience = u32::try_from(workers.saturating_mul(3)).unwrap_or(u32::MAX).max(LEAST_PATIENCE);
        Self { patience, failures: 0, not_before: None }
    }

    /// Notes one more failure. True when it was one too many.
    pub(super) fn failed(&mut self, now: Instant) -> bool {
        self.failures += 1;
        let doublings = (self.failures - 1).min(16);
        let pause = (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE);
        self.not_before = Some(now + pause);
        self.failures >= self.patience
    }

    pub(super) fn succeeded(&mut self) {
        self.failures = 0;
        self.not_before = None;
    }

    /// Whether a worker may be started now.
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
    fn ten_failures_in_a_row_end_it_within_seconds() {
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
    fn one_success_wipes_the_slate() {
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
