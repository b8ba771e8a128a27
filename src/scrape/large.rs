//! How many large pages a worker handles at once. Pages that are each within the limits must not together exceed the
//! memory of the worker.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::settings::FetchSettings;

/// Pages of this many bytes or more are large: each waits for a permit and is parsed on another thread.
///
/// Parsing and extracting take 14 to 17 ns a byte (pages of 521 and 59 KB, release build). A page of this size
/// therefore blocks the worker's thread, with the timers and sockets of the other jobs, for about 17 ms. That is short
/// against their limits. An ordinary page, fifty times smaller, avoids the cost of moving to another thread and back.
pub(super) const LARGE_PAGE: usize = 1024 * 1024;

/// The memory of a page and its tree, as a multiple of the page's length. Ordinary pages take 5 to 10 times their
/// length. For a page that takes far more, the worker's memory limit applies.
const TREE: u64 = 8;

/// The memory of a body that is kept for an archive, and of its records, as a multiple of the page's length.
const ARCHIVED: u64 = 3;

/// Permits for large pages.
#[derive(Debug, Clone)]
pub(super) struct LargePages(Arc<Semaphore>);

/// A permit for one large page. Dropping it releases the permit.
pub(super) type Turn = OwnedSemaphorePermit;

impl LargePages {
    pub(super) fn new(settings: &FetchSettings) -> Self {
        Self(Arc::new(Semaphore::new(Self::at_once(settings))))
    }

    /// The number of pages of the largest allowed size that fit into half of the worker's memory, but at least one. The
    /// other half is for everything small.
    pub(super) fn at_once(settings: &FetchSettings) -> usize {
        let each = if settings.archives { TREE + ARCHIVED } else { TREE };
        let each = settings.max_body.saturating_mul(each).max(1);
        let turns = usize::try_from(settings.memory / 2 / each).unwrap_or(usize::MAX);
        turns.clamp(1, Semaphore::MAX_PERMITS)
    }

    /// Waits for a permit. It is never `None`, because the semaphore is never closed.
    pub(super) async fn turn(&self) -> Option<Turn> {
        Arc::clone(&self.0).acquire_owned().await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scrape::settings::sample;

    #[test]
    fn large_pages_get_half_of_the_memory_and_at_least_one_permit() {
        const MIB: u64 = 1 << 20;
        let table = [
            (512, 16, false, 2),
            (4096, 16, false, 16),
            (64, 16, false, 1),
            (512, 512, false, 1),
            (512, 1, false, 32),
            (512, 16, true, 1),
            (4096, 16, true, 11),
        ];
        for (memory, max_body, archives, turns) in table {
            let settings = FetchSettings { max_body: max_body * MIB, memory: memory * MIB, archives, ..sample() };
            let LargePages(semaphore) = LargePages::new(&settings);
            assert_eq!(semaphore.available_permits(), turns, "{memory} MiB for pages of {max_body} MiB");
        }
    }
}
