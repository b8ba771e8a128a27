//! Counts the bytes that the tasks under way hold. The bytes of the lines, and of what the list carries with
//! them, are bounded because reading of the list
//! stops. The bytes of URLs that redirects lead to are bounded because redirects are not followed while there is no
//! room.

use std::time::Instant;

use super::origins::MAX_HOPS;
use super::queue::Schedule;
use super::target::Leash;
use super::task::UnderWay;

/// The most bytes of long URLs from redirects, for all tasks and for the tasks of one host. If there is no room, the
/// task requests the redirect again later, as after a failure.
const MOST_DETOURS: usize = 64 << 20;
const MOST_DETOURS_OF_A_HOST: usize = MOST_DETOURS / 4;

impl Schedule {
    /// About how many bytes the tasks take. Long URLs from redirects are not included, because they have a limit of
    /// their own.
    pub fn weight(&self) -> usize {
        self.weight
    }

    /// The bytes of long URLs from redirects.
    #[cfg(test)]
    pub(super) fn detours(&self) -> usize {
        self.detours
    }

    /// The limits for the next redirect of a task.
    pub(super) fn leash(&self, seq: u64) -> Option<Leash> {
        let task = self.tasks.get(&seq)?;
        let of_host = MOST_DETOURS_OF_A_HOST.saturating_sub(self.hosts.get(task.listed).detours);
        // The task frees the URL that it is at now.
        let room = of_host.min(MOST_DETOURS.saturating_sub(self.detours)) + task.detour;
        Some(Leash { hops: self.hosts.options().max_redirects, room })
    }

    /// The limits for the next redirect of a robots.txt.
    pub(super) fn robots_leash(&self) -> Leash {
        Leash { hops: MAX_HOPS, room: MOST_DETOURS.saturating_sub(self.detours) }
    }

    /// Replaces the bytes of one long URL with those of another.
    pub(super) fn swap_detours(&mut self, before: usize, after: usize) {
        self.detours = self.detours + after - before;
    }

    /// Counts the bytes of a task again; 0 if the task is gone.
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
