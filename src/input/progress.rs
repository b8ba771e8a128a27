use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// Shows how far the list has been read. Any thread may ask at any time.
///
/// The reader is ahead of the work by a few batches. So this shows how much of the list has been read, not how much
/// work is done.
#[derive(Debug, Clone)]
pub struct Progress(Arc<State>);

#[derive(Debug)]
struct State {
    /// Total bytes of all sources, if each of them has a known length.
    total: Option<u64>,
    limit: Option<u64>,
    bytes: AtomicU64,
    tasks: AtomicU64,
    complete: AtomicBool,
}

impl Progress {
    pub(super) fn new(total: Option<u64>, limit: Option<u64>) -> Self {
        Self(Arc::new(State {
            total,
            limit,
            bytes: AtomicU64::new(0),
            tasks: AtomicU64::new(0),
            complete: AtomicBool::new(false),
        }))
    }

    /// A list of this many tasks that was read to its end.
    #[cfg(test)]
    pub(crate) fn of_read(tasks: u64) -> Self {
        let progress = Self::new(None, None);
        progress.0.tasks.store(tasks, Relaxed);
        progress.0.complete.store(true, Relaxed);
        progress
    }

    /// Number of tasks read so far.
    pub fn tasks(&self) -> u64 {
        self.0.tasks.load(Relaxed)
    }

    /// Whether the list was read to its end or its limit. `tasks()` is then the total number of tasks.
    pub fn is_complete(&self) -> bool {
        self.0.complete.load(Relaxed)
    }

    /// The fraction of the list that has been read, from 0 to 1; `None` if the length is unknown, as for a pipe.
    ///
    /// If it is above 0, `tasks() / fraction()` estimates the total number of tasks.
    #[expect(clippy::cast_precision_loss, reason = "the fraction is only shown to people")]
    pub fn fraction(&self) -> Option<f64> {
        if self.is_complete() {
            return Some(1.0);
        }
        let part = |done: u64, total: u64| (done as f64 / total.max(1) as f64).min(1.0);
        let of_bytes = self.0.total.map(|total| part(self.0.bytes.load(Relaxed), total));
        let of_limit = self.0.limit.map(|limit| part(self.tasks(), limit));
        match (of_bytes, of_limit) {
            (Some(bytes), Some(tasks)) => Some(bytes.max(tasks)),
            (Some(bytes), None) => Some(bytes),
            // A pipe may end long before its limit.
            (None, _) => None,
        }
    }

    /// The number of tasks in the list: an estimate until the list has been read to its end. `None` if its length is
    /// unknown.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an estimate"
    )]
    pub fn estimate(&self) -> Option<u64> {
        if self.is_complete() {
            return Some(self.tasks());
        }
        let fraction = self.fraction().filter(|fraction| *fraction > 0.0)?;
        Some((self.tasks() as f64 / fraction) as u64)
    }

    pub(super) fn add_bytes(&self, bytes: usize) {
        self.0.bytes.fetch_add(bytes as u64, Relaxed);
    }

    pub(super) fn set_tasks(&self, tasks: u64) {
        self.0.tasks.store(tasks, Relaxed);
    }

    pub(super) fn complete(&self) {
        self.0.complete.store(true, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fraction_follows_whichever_ends_first_and_is_unknown_for_a_pipe() {
        // total bytes, limit, bytes read, tasks read, fraction
        let table = [
            (Some(200), None, 50, 7, Some(0.25)),
            (Some(200), Some(8), 50, 6, Some(0.75)),
            (Some(200), Some(800), 50, 6, Some(0.25)),
            (Some(0), None, 0, 0, Some(0.0)),
            (Some(10), None, 40, 1, Some(1.0)),
            (None, None, 50, 7, None),
            (None, Some(10), 50, 7, None),
        ];
        for (total, limit, bytes, tasks, fraction) in table {
            let progress = Progress::new(total, limit);
            progress.add_bytes(bytes);
            progress.set_tasks(tasks);
            assert_eq!(progress.fraction(), fraction, "{total:?} {limit:?}");
            progress.complete();
            assert_eq!(progress.fraction(), Some(1.0), "a list read to its end");
        }
    }
}
