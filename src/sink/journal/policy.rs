//! When a checkpoint is made. Pure: the time is an argument.

use std::time::{Duration, Instant};

/// The time between two checkpoints, which is what a crash costs. Each takes two or three fsyncs.
pub(super) const INTERVAL: Duration = Duration::from_secs(2);

/// Counts from the first change that no checkpoint has.
#[derive(Debug, Default)]
pub(super) struct Policy {
    changed: Option<Instant>,
}

impl Policy {
    /// Something has come that a checkpoint would keep.
    pub(super) fn change(&mut self, now: Instant) {
        self.changed.get_or_insert(now);
    }

    /// A checkpoint was made, which kept everything, or all but what came `since`.
    pub(super) fn made(&mut self, since: Option<Instant>) {
        self.changed = since;
    }

    /// How long until one is due: zero is now, `None` is not before the next change.
    pub(super) fn due_in(&self, now: Instant) -> Option<Duration> {
        self.changed.map(|changed| INTERVAL.saturating_sub(now.saturating_duration_since(changed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_due_an_interval_after_the_first_change_that_none_has() {
        let start = Instant::now();
        let mut policy = Policy::default();
        assert_eq!(policy.due_in(start), None);
        policy.change(start);
        policy.change(start + INTERVAL / 2);
        assert_eq!(policy.due_in(start + INTERVAL / 2), Some(INTERVAL / 2));
        assert_eq!(policy.due_in(start + 2 * INTERVAL), Some(Duration::ZERO));
        policy.made(None);
        assert_eq!(policy.due_in(start + 3 * INTERVAL), None);
        policy.made(Some(start + 3 * INTERVAL));
        assert_eq!(policy.due_in(start + 3 * INTERVAL), Some(INTERVAL));
    }
}
