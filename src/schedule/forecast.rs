//! What those who watch a run ask the schedule: what it waits for, how long the rest takes, and which host a task has.

use std::cmp::Reverse;
use std::time::{Duration, Instant};

use url::Url;

use super::Schedule;
use super::origins::OriginId;
use super::pace::Pace;
use crate::model::WaitReason;

/// A host that may not be asked now although requests wait for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// The host, as politeness names it.
    pub host: String,
    /// Why it may not be asked.
    pub why: WaitReason,
    /// Until when.
    pub until: Instant,
    /// How many requests wait for it.
    pub waiting: usize,
}

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Course {
    /// The tasks of the list, as far as that is known.
    pub total: u64,
    /// Those of them that were read.
    pub read: u64,
    /// Those of them that are settled.
    pub done: u64,
    /// Those of them that this run has settled, and not an earlier one that it resumes.
    pub settled: u64,
    /// How long this run has taken, without the time for which somebody has paused it.
    pub elapsed: Duration,
    /// How many requests can be in flight.
    pub places: usize,
}

impl Schedule {
    /// The hosts that may not be asked now although requests wait for them: how many there are, and `most` of them, those
    /// that wait longest first. Looks at each host, so it must not be called for each task.
    pub fn waits(&self, most: usize, now: Instant) -> (usize, Vec<Wait>) {
        let mut waits: Vec<Wait> = self.hosts.iter().filter_map(|host| host.wait(now)).collect();
        let count = waits.len();
        waits.sort_by(|one, other| other.until.cmp(&one.until).then_with(|| one.host.cmp(&other.host)));
        waits.truncate(most);
        (count, waits)
    }

    /// How many requests are made again later, and when the first of them is. `None` if there is none.
    pub fn retrying(&self) -> Option<(usize, Instant)> {
        self.pausing.peek().map(|Reverse((at, _))| (self.pausing.len(), *at))
    }

    /// How long the rest takes. That is the longest of three times: what the limits of the slowest host need, what the
    /// places for requests need if they are all busy, and what follows from the mean speed of the run until now. The part of
    /// the list that is not read yet is expected to have the same hosts as the part before. `None` if nothing is settled
    /// yet. Looks at each host.
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    pub fn time_left(&self, course: Course, now: Instant) -> Option<Duration> {
        let Course { total, read, done, settled, elapsed, places } = course;
        let rest = total.saturating_sub(done);
        if rest == 0 {
            return Some(Duration::ZERO);
        }
        let unread = total.saturating_sub(read) as f64 / read.max(1) as f64;
        if settled == 0 {
            return None;
        }
        let usual = Pace::mean_of_all(self.hosts.iter().map(|host| &host.pace)).unwrap_or(0.0);
        let (mut of_host, mut work) = (0.0_f64, 0.0);
        for host in self.hosts.iter() {
            let (limited, busy) = host.time_left(unread, places, usual, now);
            of_host = of_host.max(limited);
            work += busy;
        }
        let of_places = work / places.max(1) as f64;
        let of_speed = elapsed.as_secs_f64() * rest as f64 / settled as f64;
        Duration::try_from_secs_f64(of_host.max(of_places).max(of_speed)).ok()
    }

    /// The host that a task's line names, as politeness names it.
    pub fn host_of(&self, seq: u64) -> Option<&str> {
        Some(&self.hosts.get(self.tasks.get(&seq)?.listed).key)
    }

    /// The URL of a request for a robots.txt.
    pub fn robots_url(&self, id: u64) -> Option<&Url> {
        Some(&self.origins.asking(OriginId(id))?.target.url)
    }

    /// Whether settled tasks say which host their lines name.
    pub fn name_hosts(&mut self) {
        self.names_hosts = true;
    }

    /// When a task was read, if none of its requests has been handed out before.
    pub fn waits_since(&self, seq: u64) -> Option<Instant> {
        let task = self.tasks.get(&seq)?;
        (!task.was_handed_out).then_some(task.since)
    }
}
