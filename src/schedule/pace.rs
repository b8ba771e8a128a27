//! How fast the tasks of one host can be settled.

use std::time::Duration;

/// Measures the tasks of one host.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Tasks whose lines name the host: those that were read, and those of them that are settled.
    read: u64,
    settled: u64,
    /// The time that workers spent on the settled ones.
    took: Duration,
}

impl Pace {
    /// A task of the host was read.
    pub(super) fn task_read(&mut self) {
        self.read += 1;
    }

    /// A task of the host was settled, on which workers spent this time.
    pub(super) fn task_settled(&mut self, took: Duration) {
        self.settled += 1;
        self.took = self.took.saturating_add(took);
    }

    /// How many tasks that were read are not settled.
    pub(super) fn unsettled(&self) -> usize {
        usize::try_from(self.read.saturating_sub(self.settled)).unwrap_or(usize::MAX)
    }

    /// How many tasks are left, if for each task that was read `unread` others are still to come.
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    pub(super) fn left(&self, unread: f64) -> f64 {
        self.read.saturating_sub(self.settled) as f64 + self.read as f64 * unread
    }

    /// The mean time in seconds that workers spend on a task. `None` if no task is settled yet.
    pub(super) fn mean(&self) -> Option<f64> {
        Self::mean_of_all([self])
    }

    /// The mean time in seconds that workers spend on a task of any of these hosts. `None` if no task is settled yet.
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    pub(super) fn mean_of_all<'p>(all: impl IntoIterator<Item = &'p Self>) -> Option<f64> {
        let (settled, took) = all
            .into_iter()
            .fold((0, 0.0), |(settled, took), pace| (settled + pace.settled, took + pace.took.as_secs_f64()));
        (settled > 0).then(|| took / settled as f64)
    }
}
