//! What happened when: a run in at most 600 equal stretches of time.
//!
//! A run may take a second or a week. The stretches begin short. When there are too many of them, each two become one
//! that is twice as long. So the memory is bounded, and every run has 300 to 600 stretches once it has taken a minute.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The most stretches.
pub(super) const MOST: usize = 600;

/// The length of the first stretches.
const SHORTEST: Duration = Duration::from_millis(100);

/// One stretch of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Stretch {
    /// Tasks that were settled.
    pub tasks: u64,
    /// Those of them that failed.
    pub failed: u64,
    /// The most jobs that were in flight at once.
    pub in_flight: u64,
    /// The most memory that the worker processes had together, in bytes. 0 if it is not known.
    pub memory: u64,
    /// The most hosts that waited at once: for their delay, or for a pause that they asked for.
    pub waiting_hosts: u64,
}

impl Stretch {
    /// Adds the stretch that follows this one.
    pub fn add(&mut self, other: Self) {
        self.tasks = self.tasks.saturating_add(other.tasks);
        self.failed = self.failed.saturating_add(other.failed);
        self.in_flight = self.in_flight.max(other.in_flight);
        self.memory = self.memory.max(other.memory);
        self.waiting_hosts = self.waiting_hosts.max(other.waiting_hosts);
    }
}

/// The stretches of a run, from its start on.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    length: Duration,
    stretches: Vec<Stretch>,
    /// The levels that were noted last. They hold until others are noted.
    levels: Stretch,
}

impl Default for History {
    fn default() -> Self {
        Self { length: SHORTEST, stretches: Vec::new(), levels: Stretch::default() }
    }
}

impl History {
    /// Adds something that happened `at` this time after the start.
    pub fn add(&mut self, at: Duration, what: Stretch) {
        while self.index(at) >= MOST {
            self.halve();
        }
        let index = self.index(at);
        if self.stretches.len() <= index {
            self.stretches.resize(index + 1, self.levels);
        }
        self.stretches[index].add(what);
    }

    /// Notes the levels at this time. They are looked at less often than a stretch may be long, so they hold from then on.
    pub fn note(&mut self, at: Duration, in_flight: u64, memory: u64, waiting_hosts: u64) {
        let levels = Stretch { in_flight, memory, waiting_hosts, ..Stretch::default() };
        self.add(at, levels);
        self.levels = levels;
    }

    /// Notes how many requests are in flight at this time.
    pub fn note_in_flight(&mut self, at: Duration, in_flight: u64) {
        self.add(at, Stretch { in_flight, ..Stretch::default() });
        self.levels.in_flight = in_flight;
    }

    /// The length of a stretch in seconds.
    pub fn length_s(&self) -> f64 {
        self.length.as_secs_f64()
    }

    /// The stretches in order.
    pub fn stretches(&self) -> &[Stretch] {
        &self.stretches
    }

    fn index(&self, at: Duration) -> usize {
        usize::try_from(at.as_nanos() / self.length.as_nanos()).unwrap_or(usize::MAX)
    }

    fn halve(&mut self) {
        self.length *= 2;
        let pairs = self.stretches.chunks(2);
        self.stretches = pairs
            .map(|pair| {
                let mut sum = Stretch::default();
                pair.iter().for_each(|stretch| sum.add(*stretch));
                sum
            })
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tasks(tasks: u64) -> Stretch {
        Stretch { tasks, in_flight: tasks, ..Stretch::default() }
    }

    #[test]
    fn any_run_has_at_most_600_stretches_and_no_task_is_lost() {
        for seconds in [0, 1, 59, 60, 61, 3_600, 86_400 * 30] {
            let mut history = History::default();
            for step in 0..=1_000_u32 {
                history.add(Duration::from_secs(seconds) * step / 1_000, tasks(1));
            }
            let stretches = history.stretches();
            assert!(stretches.len() <= MOST, "{seconds} s: {}", stretches.len());
            assert!(seconds < 60 || stretches.len() > MOST / 2, "{seconds} s: {}", stretches.len());
            assert_eq!(stretches.iter().map(|stretch| stretch.tasks).sum::<u64>(), 1_001, "{seconds} s");
        }
    }

    #[test]
    fn counts_are_added_and_levels_are_not() {
        let mut history = History::default();
        for (at, count) in [(0, 3), (50, 5), (150, 7)] {
            history.add(Duration::from_millis(at), tasks(count));
        }
        assert_eq!(history.stretches(), [Stretch { tasks: 8, in_flight: 5, ..Stretch::default() }, tasks(7)]);
        history.halve();
        assert_eq!(history.stretches(), [Stretch { tasks: 15, in_flight: 7, ..Stretch::default() }]);
    }

    #[test]
    fn levels_hold_until_others_are_noted() {
        let mut history = History::default();
        history.note(Duration::ZERO, 4, 100, 0);
        history.note_in_flight(Duration::from_millis(150), 9);
        history.add(Duration::from_millis(250), Stretch { tasks: 9, ..Stretch::default() });
        history.note(Duration::from_millis(310), 2, 50, 1);
        history.add(Duration::from_millis(450), Stretch::default());
        let levels: Vec<_> = history.stretches().iter().map(|it| (it.in_flight, it.memory, it.waiting_hosts)).collect();
        assert_eq!(levels, [(4, 100, 0), (9, 100, 0), (9, 100, 0), (9, 100, 1), (2, 50, 1)]);
        assert_eq!(history.stretches().iter().map(|it| it.tasks).sum::<u64>(), 9);
    }
}
