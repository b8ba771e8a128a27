//! When the journal writes, and when it syncs. Pure: the time is an argument.

use std::time::{Duration, Instant};

use crate::sink::Packing;

/// The time between two log entries, which is how much work a killed process loses. An entry is a few small writes.
pub(super) const INTERVAL: Duration = Duration::from_millis(100);

/// The time between two syncs, which is how much work a power cut loses. A sync takes two or three fsyncs.
pub(super) const SYNC_INTERVAL: Duration = Duration::from_secs(2);

/// What a log entry must survive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sink) enum Outlast {
    /// The end of the process, for any reason: the system has all written bytes.
    Process,
    /// Also a power cut: all written bytes are synced.
    PowerCut,
}

/// Counts from the first change that is not in a log entry, and from the first change that is not synced.
#[derive(Debug)]
pub(super) struct Policy {
    /// The time between two log entries.
    interval: Duration,
    /// When a log entry is due.
    entry: Option<Instant>,
    /// When a sync is due.
    sync: Option<Instant>,
}

impl Policy {
    /// The policy of a new run. A member ends at each log entry, and small members take more space. So the log of a
    /// packed output has no entries but those that are synced.
    pub(super) fn new(packing: Packing) -> Self {
        let interval = if packing == Packing::None { INTERVAL } else { SYNC_INTERVAL };
        Self { interval, entry: None, sync: None }
    }

    /// The policy of a resumed run. It is unknown whether the earlier run synced its work, so a sync is due at once.
    /// Otherwise, runs that are killed again and again would risk more and more work in a power cut.
    pub(super) fn resumed(self, now: Instant) -> Self {
        Self { sync: Some(now), ..self }
    }

    /// Notes that there is something for a log entry.
    pub(super) fn change(&mut self, now: Instant) {
        self.entry.get_or_insert(now + self.interval);
        self.sync.get_or_insert(now + SYNC_INTERVAL);
    }

    /// Notes that a log entry was made. It contains everything, or everything except what came `since`.
    pub(super) fn made(&mut self, outlast: Outlast, since: Option<Instant>) {
        self.entry = since.map(|since| since + self.interval);
        if outlast == Outlast::PowerCut {
            self.sync = since.map(|since| since + SYNC_INTERVAL);
        }
    }

    /// What is due now.
    pub(super) fn due(&self, now: Instant) -> Option<Outlast> {
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if is_due(self.sync) { Some(Outlast::PowerCut) } else { is_due(self.entry).then_some(Outlast::Process) }
    }

    /// The time until something is due; `None` if nothing is due before the next change.
    pub(super) fn due_in(&self, now: Instant) -> Option<Duration> {
        self.entry.into_iter().chain(self.sync).min().map(|at| at.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_due_soon_after_the_first_new_change_and_a_sync_later() {
        let start = Instant::now();
        let mut policy = Policy::new(Packing::None);
        assert_eq!((policy.due_in(start), policy.due(start)), (None, None));
        policy.change(start);
        policy.change(start + INTERVAL / 2);
        assert_eq!(policy.due_in(start + INTERVAL / 2), Some(INTERVAL / 2));
        assert_eq!(policy.due(start + INTERVAL), Some(Outlast::Process));
        policy.made(Outlast::Process, None);
        assert_eq!(policy.due_in(start), Some(SYNC_INTERVAL), "the written entry is not synced");
        policy.change(start + SYNC_INTERVAL / 2);
        assert_eq!(policy.due(start + SYNC_INTERVAL), Some(Outlast::PowerCut), "a sync includes an entry");
        policy.made(Outlast::PowerCut, None);
        assert_eq!(policy.due_in(start + SYNC_INTERVAL), None);
    }

    #[test]
    fn records_that_an_entry_leaves_in_memory_are_due_for_the_next_one() {
        let start = Instant::now();
        for (outlast, sync) in [(Outlast::Process, start), (Outlast::PowerCut, start + INTERVAL)] {
            let mut policy = Policy::new(Packing::None);
            policy.change(start);
            policy.made(outlast, Some(start + INTERVAL));
            assert_eq!(policy.due(start + 2 * INTERVAL), Some(Outlast::Process));
            policy.made(Outlast::Process, None);
            assert_eq!(policy.due_in(sync), Some(SYNC_INTERVAL));
        }
    }

    #[test]
    fn a_packed_output_has_an_entry_only_with_a_sync() {
        let start = Instant::now();
        for packing in [Packing::Gzip, Packing::Zstd] {
            let mut policy = Policy::new(packing);
            policy.change(start);
            assert_eq!((policy.due(start + INTERVAL), policy.due_in(start)), (None, Some(SYNC_INTERVAL)));
            assert_eq!(policy.due(start + SYNC_INTERVAL), Some(Outlast::PowerCut));
            policy.made(Outlast::PowerCut, Some(start + INTERVAL));
            assert_eq!(policy.due_in(start + INTERVAL), Some(SYNC_INTERVAL), "what was left in memory");
        }
    }

    #[test]
    fn the_work_of_an_earlier_run_is_synced_at_once() {
        let start = Instant::now();
        let mut policy = Policy::new(Packing::None).resumed(start);
        assert_eq!(policy.due(start), Some(Outlast::PowerCut));
        policy.made(Outlast::PowerCut, None);
        assert_eq!(policy.due_in(start), None);
    }
}
