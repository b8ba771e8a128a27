//! When the journal writes, and when it syncs. Pure: the time is an argument.

use std::time::{Duration, Instant};

/// The time between two entries of the log, which is what a killed process costs. An entry is a few small writes.
pub(super) const INTERVAL: Duration = Duration::from_millis(100);

/// The time between two syncs, which is what a power cut costs. Each takes two or three fsyncs.
pub(super) const SYNC_INTERVAL: Duration = Duration::from_secs(2);

/// What an entry of the log is to outlast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sink) enum Outlast {
    /// The end of the process, however it comes: the system has all that was written.
    Process,
    /// A power cut, too: all that was written is synced.
    PowerCut,
}

/// Counts from the first change that is in no entry, and from the first one that is not synced.
#[derive(Debug, Default)]
pub(super) struct Policy {
    /// When an entry is due.
    entry: Option<Instant>,
    /// When a sync is due.
    sync: Option<Instant>,
}

impl Policy {
    /// The policy of a run that goes on with the work of an earlier one. Nobody knows whether that was synced, so it is
    /// synced at once: else runs that are killed again and again would leave more and more to a power cut.
    pub(super) fn resumed(now: Instant) -> Self {
        Self { entry: None, sync: Some(now) }
    }

    /// Something has come that an entry would keep.
    pub(super) fn change(&mut self, now: Instant) {
        self.entry.get_or_insert(now + INTERVAL);
        self.sync.get_or_insert(now + SYNC_INTERVAL);
    }

    /// An entry was made, which kept everything, or all but what came `since`.
    pub(super) fn made(&mut self, outlast: Outlast, since: Option<Instant>) {
        self.entry = since.map(|since| since + INTERVAL);
        if outlast == Outlast::PowerCut {
            self.sync = since.map(|since| since + SYNC_INTERVAL);
        }
    }

    /// What is due now.
    pub(super) fn due(&self, now: Instant) -> Option<Outlast> {
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if is_due(self.sync) { Some(Outlast::PowerCut) } else { is_due(self.entry).then_some(Outlast::Process) }
    }

    /// How long until something is due; `None` is not before the next change.
    pub(super) fn due_in(&self, now: Instant) -> Option<Duration> {
        self.entry.into_iter().chain(self.sync).min().map(|at| at.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_due_soon_after_the_first_change_that_is_in_none_and_a_sync_later() {
        let start = Instant::now();
        let mut policy = Policy::default();
        assert_eq!((policy.due_in(start), policy.due(start)), (None, None));
        policy.change(start);
        policy.change(start + INTERVAL / 2);
        assert_eq!(policy.due_in(start + INTERVAL / 2), Some(INTERVAL / 2));
        assert_eq!(policy.due(start + INTERVAL), Some(Outlast::Process));
        policy.made(Outlast::Process, None);
        assert_eq!(policy.due_in(start), Some(SYNC_INTERVAL), "what is written is not synced");
        policy.change(start + SYNC_INTERVAL / 2);
        assert_eq!(policy.due(start + SYNC_INTERVAL), Some(Outlast::PowerCut), "a sync is an entry, too");
        policy.made(Outlast::PowerCut, None);
        assert_eq!(policy.due_in(start + SYNC_INTERVAL), None);
    }

    #[test]
    fn what_an_entry_leaves_in_memory_is_due_for_the_next_one() {
        let start = Instant::now();
        for (outlast, sync) in [(Outlast::Process, start), (Outlast::PowerCut, start + INTERVAL)] {
            let mut policy = Policy::default();
            policy.change(start);
            policy.made(outlast, Some(start + INTERVAL));
            assert_eq!(policy.due(start + 2 * INTERVAL), Some(Outlast::Process));
            policy.made(Outlast::Process, None);
            assert_eq!(policy.due_in(sync), Some(SYNC_INTERVAL));
        }
    }

    #[test]
    fn what_an_earlier_run_left_is_synced_at_once() {
        let start = Instant::now();
        let mut policy = Policy::resumed(start);
        assert_eq!(policy.due(start), Some(Outlast::PowerCut));
        policy.made(Outlast::PowerCut, None);
        assert_eq!(policy.due_in(start), None);
    }
}
