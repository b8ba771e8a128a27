//! How many bytes the tasks under way hold. The bytes of their lines are bounded because the list is read no further.
//! The bytes of URLs that redirects lead to are bounded because redirects are not followed while there is no room.

use std::time::Instant;

use super::origins::MAX_HOPS;
use super::queue::Schedule;
use super::target::Leash;
use super::task::UnderWay;

/// Bytes of long URLs, to which redirects led, that may be held, and the share of the tasks of one host. If there is no
/// room, the redirect is asked for again later, like a request that failed.
const MOST_DETOURS: usize = 64 << 20;
const MOST_DETOURS_OF_A_HOST: usize = MOST_DETOURS / 4;

impl Schedule {
    /// Bytes that they take, about, but for long URLs that redirects led to: these have a bound of their own.
    pub fn weight(&self) -> usize {
        self.weight
    }

    /// Bytes of those long URLs.
    #[cfg(test)]
    pub(super) fn detours(&self) -> usize {
        self.detours
    }

    /// How far a redirect may lead a task.
    pub(super) fn leash(&self, seq: u64) -> Option<Leash> {
        let task = self.tasks.get(&seq)?;
        let of_host = MOST_DETOURS_OF_A_HOST.saturating_sub(self.hosts.get(task.listed).detours);
        // It lets go of the URL at which it is.
        let room = of_host.min(MOST_DETOURS.saturating_sub(self.detours)) + task.detour;
        Some(Leash { hops: self.hosts.options().max_redirects, room })
    }

    /// How far a redirect may lead to a robots.txt.
    pub(super) fn robots_leash(&self) -> Leash {
        Leash { hops: MAX_HOPS, room: MOST_DETOURS.saturating_sub(self.detours) }
    }

    /// A long URL is held in the place of another one.
    pub(super) fn swap_detours(&mut self, before: usize, after: usize) {
        self.detours = self.detours + after - before;
    }

    /// Counts what a task takes in the place of what it took, or nothing if it is gone.
    pub(super) fn weigh(&mut self, task: &mut UnderWay, is_gone: bool, now: Instant) {
        let (weight, detour) = (task.weight, task.detour);
        task.weigh();
        if is_gone {
            (task.weight, task.detour) = (0, 0);
        }
        self.weight = self.weight + task.weight - weight;
        self.swap_detours(detour, task.detour);
        if detour != task.detour {
            self.hosts.change(task.listed, now, |host, _| host.detours = host.detours + task.detour - detour);
        }
    }
}
