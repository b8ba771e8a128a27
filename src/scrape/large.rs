//! How many large pages a worker has in hand at once: pages that are each within the limits must not add up to more
//! memory than the worker may take.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::settings::FetchSettings;

/// From this many bytes on, a page is large: it waits for its turn, and is parsed on another thread.
///
/// Parsing and extracting take 14 to 17 ns a byte (pages of 521 and 59 KB, release build), so a page of this size keeps the
/// worker's thread for some 17 ms, and with it the timers and sockets of its neighbours. That is little against their
/// limits, and an ordinary page, fifty times smaller, is spared the way to another thread and back.
pub(super) const LARGE_PAGE: usize = 1024 * 1024;

/// What a page and its tree take, against its length: ordinary pages 5 to 10 times as much. One that takes far more
/// is its own affair; then the worker's memory limit finds it.
const TREE: u64 = 8;

/// The turns that large pages take.
#[derive(Debug, Clone)]
pub(super) struct LargePages(Arc<Semaphore>);

/// A large page's turn, which ends with this.
pub(super) type Turn = OwnedSemaphorePermit;

impl LargePages {
    pub(super) fn new(settings: &FetchSettings) -> Self {
        Self(Arc::new(Semaphore::new(Self::at_once(settings))))
    }

    /// As many as half of the worker's memory holds of the largest that there may be, and one in any case. The other half
    /// is for all that is small.
    pub(super) fn at_once(settings: &FetchSettings) -> usize {
        let each = settings.max_body.saturating_mul(TREE).max(1);
        let turns = usize::try_from(settings.memory / 2 / each).unwrap_or(usize::MAX);
        turns.clamp(1, Semaphore::MAX_PERMITS)
    }

    /// Waits for a turn. `None` never comes: nobody closes what they come from.
    pub(super) async fn turn(&self) -> Option<Turn> {
        Arc::clone(&self.0).acquire_owned().await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scrape::settings::sample;

    #[test]
    fn half_of_the_memory_is_for_large_pages_and_one_always_gets_its_turn() {
        const MIB: u64 = 1 << 20;
        for (memory, max_body, turns) in [(512, 16, 2), (4096, 16, 16), (64, 16, 1), (512, 512, 1), (512, 1, 32)] {
            let settings = FetchSettings { max_body: max_body * MIB, memory: memory * MIB, ..sample() };
            let LargePages(semaphore) = LargePages::new(&settings);
            assert_eq!(semaphore.available_permits(), turns, "{memory} MiB for pages of {max_body} MiB");
        }
    }
}
