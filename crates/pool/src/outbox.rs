//! Collects a worker's results and sends several of them as one frame.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use tokio::net::unix::pipe::Sender;
use tokio::sync::Notify;

use super::job::{Job, JobError, Merge};
use super::wire::{self, FromWorker, WireError, WireResult};
use super::{panics, unix};

/// How long results may wait. If the worker dies, the results that wait are lost with it.
const LONGEST_WAIT: Duration = Duration::from_millis(1);
/// Results of this many bytes are sent at once.
const FULL_FRAME: usize = 64 << 10;
/// How often the worker reads its memory use. Each reading costs up to three system calls.
const MEMORY_INTERVAL: Duration = Duration::from_millis(50);

/// Receives the results of finished jobs. All jobs of a worker share it.
pub(super) struct Outbox<J: Job> {
    inner: Mutex<Inner<J::Output>>,
    pipe: Sender,
    /// Signals that there is something to send.
    filled: Notify,
    /// Signals that the last unfinished job was finished.
    settled: Notify,
    max_output: usize,
}

struct Inner<O> {
    pending: Vec<Pending>,
    /// The merged outputs so far, one for each group of jobs, with the ids of the jobs.
    merged: BTreeMap<u64, (Vec<u64>, O)>,
    bytes: usize,
    waiting_since: Option<Instant>,
    /// Bytes that the pipe has not taken yet.
    unsent: BytesMut,
    /// Jobs that have begun and have no result yet. Only these may send notes.
    unfinished: HashSet<u64>,
    resident: u64,
    resident_read: Option<Instant>,
}

enum Pending {
    Output(u64, Vec<u8>),
    /// The ids, as the protocol encodes them, and the output.
    Merged(Vec<u8>, Vec<u8>),
    Failed(u64, JobError),
}

impl<J: Job> Outbox<J> {
    pub(super) fn new(pipe: Sender, max_output: usize) -> Self {
        let inner = Inner {
            pending: Vec::new(),
            merged: BTreeMap::new(),
            bytes: 0,
            waiting_since: None,
            unsent: BytesMut::new(),
            unfinished: HashSet::new(),
            resident: 0,
            resident_read: None,
        };
        Self { inner: Mutex::new(inner), pipe, filled: Notify::new(), settled: Notify::new(), max_output }
    }

    fn lock(&self) -> MutexGuard<'_, Inner<J::Output>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a message, after the results that wait. May be called from any thread, because the worker's first thread may
    /// be computing.
    pub(super) fn say(&self, message: &FromWorker<'_>) {
        self.add(&mut self.lock(), message);
    }

    fn add(&self, inner: &mut Inner<J::Output>, message: &FromWorker<'_>) {
        inner.pack(self.max_output);
        if wire::encode(message, &mut inner.unsent).is_ok() {
            // An error of the pipe is reported by `flush`, which runs next.
            let _ = self.push(inner);
            self.filled.notify_one();
        }
    }

    /// Sends a note of a job, unless the job is done: the parent no longer knows a job that is done.
    pub(super) fn note(&self, id: u64, note: &[u8]) {
        let mut inner = self.lock();
        if inner.unfinished.contains(&id) {
            self.add(&mut inner, &FromWorker::Note { id, note });
        }
    }

    /// Tells the parent that the worker is alive, if a job is under way. The watch thread calls this and must never wait. So
    /// this does nothing if the lock is taken: a job may be merging or serializing its outputs under the lock for a long
    /// time.
    pub(super) fn beat(&self, computing: Option<u64>) {
        let mut inner = match self.inner.try_lock() {
            Ok(inner) => inner,
            Err(TryLockError::Poisoned(inner)) => inner.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        if !inner.unfinished.is_empty() {
            // The job may have been finished since the watch thread looked.
            let computing = computing.filter(|id| inner.unfinished.contains(id));
            self.add(&mut inner, &FromWorker::Beat { computing });
        }
    }

    /// Records that a job has begun.
    pub(super) fn begun(&self, id: u64) {
        self.lock().unfinished.insert(id);
    }

    /// Takes the result of a job. `merge` is the group of jobs whose outputs may be merged with it.
    pub(super) fn finished(&self, id: u64, merge: Option<u64>, result: Result<J::Output, JobError>) {
        let mut inner = self.lock();
        inner.unfinished.remove(&id);
        match (result, J::MERGE, merge) {
            (Ok(output), Some(join), Some(group)) => inner.merge(join, group, id, output),
            (result, ..) => {
                let pending = match result.and_then(|output| serialize(output, self.max_output)) {
                    Ok(bytes) => Pending::Output(id, bytes),
                    Err(error) => Pending::Failed(id, error),
                };
                inner.add(pending);
            }
        }
        let waited = inner.waiting_since.get_or_insert_with(Instant::now).elapsed();
        if inner.bytes >= FULL_FRAME || waited >= LONGEST_WAIT {
            inner.pack(self.max_output);
            // An error of the pipe is reported by `flush`, which runs next.
            let _ = self.push(&mut inner);
        }
        self.filled.notify_one();
        if inner.unfinished.is_empty() {
            self.settled.notify_one();
        }
    }

    /// Sends results as they are collected, for as long as it is polled.
    pub(super) async fn send_all(&self) -> io::Result<()> {
        loop {
            self.filled.notified().await;
            // Lets the runtime poll the sockets first. Jobs whose data has arrived are often done soon, and their results
            // go into the same frame.
            tokio::task::yield_now().await;
            self.flush().await?;
        }
    }

    /// Returns when all jobs that have begun are finished and their results are in the pipe.
    pub(super) async fn drained(&self) -> io::Result<()> {
        while !self.lock().unfinished.is_empty() {
            self.settled.notified().await;
        }
        self.flush().await
    }

    pub(super) async fn flush(&self) -> io::Result<()> {
        loop {
            {
                let mut inner = self.lock();
                inner.pack(self.max_output);
                self.push(&mut inner)?;
                if inner.unsent.is_empty() {
                    return Ok(());
                }
            }
            self.pipe.writable().await?;
        }
    }

    /// Writes as much as the pipe takes without waiting. Returns an error if nobody reads the pipe any more.
    fn push(&self, inner: &mut Inner<J::Output>) -> io::Result<()> {
        while !inner.unsent.is_empty() {
            match self.pipe.try_write(&inner.unsent) {
                Ok(written) => inner.unsent.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl<O: serde::Serialize> Inner<O> {
    fn add(&mut self, pending: Pending) {
        if let Pending::Output(_, bytes) | Pending::Merged(_, bytes) = &pending {
            self.bytes += bytes.len();
        }
        self.pending.push(pending);
    }

    fn fail(&mut self, ids: Vec<u64>, error: &JobError) {
        self.pending.extend(ids.into_iter().map(|id| Pending::Failed(id, error.clone())));
    }

    fn merge(&mut self, join: Merge<O>, group: u64, id: u64, output: O) {
        let Some((mut ids, sum)) = self.merged.remove(&group) else {
            self.merged.insert(group, (vec![id], output));
            return;
        };
        ids.push(id);
        match panics::caught(|| join(sum, output)) {
            Ok(sum) => drop(self.merged.insert(group, (ids, sum))),
            // The outputs that were merged before are lost with this one.
            Err(error) => self.fail(ids, &error),
        }
    }

    /// Makes a frame of all results that wait.
    fn pack(&mut self, max_output: usize) {
        for (ids, sum) in std::mem::take(&mut self.merged).into_values() {
            match serialize(sum, max_output) {
                Ok(bytes) => {
                    let ids = ids.iter().flat_map(|id| id.to_le_bytes()).collect();
                    self.add(Pending::Merged(ids, bytes));
                }
                Err(error) => self.fail(ids, &error),
            }
        }
        self.bytes = 0;
        self.waiting_since = None;
        if self.pending.is_empty() {
            return;
        }
        let results = self.pending.drain(..).collect::<Vec<_>>();
        let results: Vec<_> = results.iter().map(Pending::on_the_wire).collect();
        let message = FromWorker::Results { resident: self.resident_memory(), count: results.len() };
        // This cannot fail: it writes parts that are already serialized into memory.
        let _ = wire::encode_list(&message, &results, &mut self.unsent);
    }

    fn resident_memory(&mut self) -> u64 {
        if self.resident_read.is_none_or(|read| read.elapsed() > MEMORY_INTERVAL) {
            self.resident_read = Some(Instant::now());
            self.resident = unix::resident_memory(std::process::id()).unwrap_or(0);
        }
        self.resident
    }
}

impl Pending {
    fn on_the_wire(&self) -> WireResult<'_> {
        match self {
            Self::Output(id, output) => WireResult::Output { id: *id, output },
            Self::Merged(ids, output) => WireResult::Merged { ids, output },
            Self::Failed(id, error) => WireResult::Failed { id: *id, error: WireError::from(error) },
        }
    }
}

fn serialize<O: serde::Serialize>(output: O, limit: usize) -> Result<Vec<u8>, JobError> {
    let written = panics::caught(move || postcard::to_stdvec(&output))?;
    let bytes = written.map_err(|error| panics::unserializable(&error))?;
    if bytes.len() > limit {
        return Err(JobError::TooLarge { size: bytes.len() as u64, limit: limit as u64 });
    }
    Ok(bytes)
}
