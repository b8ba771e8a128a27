//! Limits the memory that large outputs take in the parent.
//!
//! A reader takes credit for a large frame before it reads the frame. The credit is returned when the last part of the
//! frame is dropped. Readers get credit in the order in which they ask for it. So smaller frames cannot overtake a
//! large one again and again.
//!
//! Small frames need no credit, because each worker has at most one small frame for each job that it holds.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Frames up to this size need no credit.
const SMALL: usize = 64 << 10;

/// Credit is counted in units of this many bytes.
const UNIT: usize = 1 << 10;

#[derive(Debug, Clone)]
pub(super) struct Credit {
    units: Arc<Semaphore>,
    all: u32,
}

/// Memory that is lent to one frame.
#[derive(Debug)]
pub(super) struct Loan {
    _units: OwnedSemaphorePermit,
}

impl Credit {
    /// Makes credit of this many bytes in total. A frame that is larger takes all of it.
    pub(super) fn new(bytes: usize) -> Self {
        let all = u32::try_from(bytes.div_ceil(UNIT).clamp(1, Semaphore::MAX_PERMITS)).unwrap_or(u32::MAX);
        Self { units: Arc::new(Semaphore::new(all as usize)), all }
    }

    /// Returns whether a frame of this many bytes needs credit.
    pub(super) fn is_needed(bytes: usize) -> bool {
        bytes > SMALL
    }

    /// Lends this many bytes at once, if they are free and no other reader waits for credit.
    pub(super) fn try_lend(&self, bytes: usize) -> Option<Loan> {
        Arc::clone(&self.units).try_acquire_many_owned(self.count(bytes)).ok().map(|units| Loan { _units: units })
    }

    /// Waits until this many bytes are free, and lends them.
    pub(super) async fn lend(&self, bytes: usize) -> Option<Loan> {
        Arc::clone(&self.units).acquire_many_owned(self.count(bytes)).await.ok().map(|units| Loan { _units: units })
    }

    fn count(&self, bytes: usize) -> u32 {
        u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX).min(self.all)
    }
}

impl Loan {
    /// Returns the frame with the loan attached. The loan ends when the last part of the frame is dropped.
    pub(super) fn tied_to(self, frame: Bytes) -> Bytes {
        Bytes::from_owner(Tied { frame, _loan: self })
    }
}

struct Tied {
    frame: Bytes,
    _loan: Loan,
}

impl AsRef<[u8]> for Tied {
    fn as_ref(&self) -> &[u8] {
        &self.frame
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::Credit;

    #[test]
    fn credit_is_returned_when_the_last_part_of_a_frame_is_dropped() {
        let credit = Credit::new(100 << 10);
        let frame = credit.try_lend(70_000).expect("all credit is free").tied_to(Bytes::from(vec![0; 70_000]));
        let part = frame.slice(10..20);
        drop(frame);
        assert!(credit.try_lend(70_000).is_none(), "a part of the frame still exists");
        drop(part);
        assert!(credit.try_lend(70_000).is_some());
    }

    #[tokio::test]
    async fn a_frame_larger_than_the_credit_takes_all_of_it_and_is_not_overtaken() {
        let credit = Credit::new(100 << 10);
        let first = credit.try_lend(1000).expect("all credit is free");
        let mut large = std::pin::pin!(credit.lend(usize::MAX));
        assert!(futures_util::FutureExt::now_or_never(large.as_mut()).is_none());
        assert!(credit.try_lend(1000).is_none(), "the large frame waits first");
        drop(first);
        assert!(large.await.is_some());
    }
}
