//! The thread that writes the file. Changes are made many at a time: each time waits for the disk.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::change::Change;
use super::store::Store;

/// Changes are made when there are so many, or of so many bytes, or the first has waited for so long.
const MOST: usize = 1_000;
const LARGEST: u64 = 8 << 20;
const LONGEST: Duration = Duration::from_secs(1);

/// Bytes of changes that may wait. Where the disk is slower than the network, what is above is forgotten and asked for
/// again in the next run.
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
    /// Nothing more can be written.
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
                    tracing::warn!("write the cache {path}: {error}; the run goes on, and keeps nothing more in it");
                }
                drop(batch);
                on_thread.backlog.fetch_sub(bytes, Relaxed);
            }
            // Closing the file is work for this thread, too: nobody else has it by now.
            drop(store);
            let _ = ended.send(());
        })?;
        Ok(Self { changes, end, shared })
    }

    /// Has the change made soon. Never waits.
    pub(super) fn write(&self, change: Change) {
        if self.shared.is_broken.load(Relaxed) {
            return;
        }
        let bytes = change.bytes();
        if self.shared.backlog.load(Relaxed) + bytes > BACKLOG {
            if !self.shared.has_forgotten.swap(true, Relaxed) {
                tracing::warn!("the cache's disk is slower than the pages come; not all of them are kept");
            }
            return;
        }
        self.shared.backlog.fetch_add(bytes, Relaxed);
        // The thread ends only after this sender.
        let _ = self.changes.send(change);
    }

    /// Waits until all is written, and the file is closed if nobody else has it.
    pub(super) async fn close(self) {
        drop(self.changes);
        // The thread has said itself what went wrong.
        let _ = self.end.await;
    }
}

/// The changes to be made together; `None` at the end.
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
