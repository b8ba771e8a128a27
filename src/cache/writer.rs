//! The thread that writes the file. It makes many changes in one transaction, because each transaction waits for the
//! disk.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::change::Change;
use super::store::Store;

/// Changes are written when there are this many, or this many bytes of them, or when the first one has waited this
/// long.
const MOST: usize = 1_000;
const LARGEST: u64 = 8 << 20;
const LONGEST: Duration = Duration::from_secs(1);

/// The most bytes of changes that may wait. If the disk is slower than the network, changes above this limit are
/// dropped, and their pages are fetched again in the next run.
const BACKLOG: u64 = 64 << 20;

#[derive(Debug)]
pub(super) struct Writer {
    changes: Sender<Change>,
    end: oneshot::Receiver<()>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    backlog: AtomicU64,
    /// Whether a write has failed. Nothing more is written then.
    is_broken: AtomicBool,
    has_forgotten: AtomicBool,
}

impl Writer {
    pub(super) fn start(store: Arc<Store>) -> io::Result<Self> {
        let (changes, receiver) = mpsc::channel();
        let shared = Arc::new(Shared::default());
        let on_thread = Arc::clone(&shared);
        let (ended, end) = oneshot::channel();
        thread::Builder::new().name("cache".to_owned()).spawn(move || {
            while let Some(batch) = next_batch(&receiver) {
                let bytes = batch.iter().map(Change::bytes).sum();
                if !on_thread.is_broken.load(Relaxed)
                    && let Err(error) = store.apply(&batch)
                {
                    on_thread.is_broken.store(true, Relaxed);
                    let path = store.path().display();
                    tracing::warn!("write the cache {path}: {error}; the run continues and stores no more pages in it");
                }
                drop(batch);
                on_thread.backlog.fetch_sub(bytes, Relaxed);
            }
            // Closing the file also happens on this thread, because no other thread has it any more.
            drop(store);
            let _ = ended.send(());
        })?;
        Ok(Self { changes, end, shared })
    }

    /// Queues a change. Never waits.
    pub(super) fn write(&self, change: Change) {
        if self.shared.is_broken.load(Relaxed) {
            return;
        }
        let bytes = change.bytes();
        if self.shared.backlog.load(Relaxed) + bytes > BACKLOG {
            if !self.shared.has_forgotten.swap(true, Relaxed) {
                tracing::warn!("the disk of the cache is slower than the pages arrive; not all pages are stored");
            }
            return;
        }
        self.shared.backlog.fetch_add(bytes, Relaxed);
        // The thread lives as long as this sender.
        let _ = self.changes.send(change);
    }

    /// Waits until all changes are written, and the file is closed unless another owner has it.
    pub(super) async fn close(self) {
        drop(self.changes);
        // The thread itself has logged any error.
        let _ = self.end.await;
    }
}

/// The changes of the next transaction; `None` at the end.
fn next_batch(changes: &Receiver<Change>) -> Option<Vec<Change>> {
    let mut batch = vec![changes.recv().ok()?];
    let mut bytes = batch[0].bytes();
    let due = Instant::now() + LONGEST;
    while batch.len() < MOST && bytes < LARGEST {
        match changes.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Ok(change) => {
                bytes += change.bytes();
                batch.push(change);
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
    Some(batch)
}
