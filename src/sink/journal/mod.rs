//! What makes a run that dies cost a few seconds and no more: the files beside the `.part`.
//!
//! The ordered output is its own journal. `<name>.part` begins with an exact prefix of the final result;
//! `<name>.part.log` says of stretches of it which tasks they hold and what they add up to; `<name>.part.pending` has
//! records whose turn has not come, and is exchanged for a smaller one (`.part.pending.new` until that is whole) when most of
//! them have had it; `<name>.part.manifest` says what settings they were made with, and is locked while a
//! run is alive. A later run trusts what file and log both confirm, cuts off the rest, and goes on.
//!
//! In reading order: `claim` decides what becomes of a left-over, `manifest` is the lock, `recovery` says what can be
//! trusted (pure), `policy` when a checkpoint is due (pure), `entry` and `frame` are the layout of log and pending;
//! [`Journal`] makes the checkpoints.
//!
//! **What is safe when.** A checkpoint syncs the data (`.part`, pending) and only then writes and syncs the entry that
//! vouches for it, so that no entry ever promises what a power cut took. It is made two seconds after the first change
//! that has none, and when the run is stopped; that costs two or three fsyncs each time, on the sink's own thread. A killed
//! process or a power cut loses what came after the last one: two seconds of work and what the fsyncs took.

#[cfg(any(test, fuzzing))]
pub(crate) mod any_bytes_tests;
#[cfg(test)]
mod checkpoint_tests;
mod claim;
mod entry;
mod frame;
mod manifest;
mod policy;
mod recovery;
#[cfg(test)]
mod recovery_tests;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use claim::Names;
pub use claim::files_beside;
pub(super) use claim::{Claim, claim};
use entry::{Checkpoint, Label};
pub use manifest::Identity;
use manifest::Manifest;
use policy::Policy;
pub(super) use recovery::Confirmed;

use super::destination::{Part, folder_of, sync_folder};
use crate::model::{FailureKind, ListPoint, Seqs};
use crate::own_files;

/// How much of a `.part` that cannot grow is given up for a last checkpoint.
const ROOM: u64 = 8 * 1024;

/// The log, the manifest, and what the next checkpoint will say.
#[derive(Debug)]
pub(super) struct Journal {
    names: Names,
    /// `None` when it is gone.
    manifest: Option<Manifest>,
    log: File,
    policy: Policy,
    /// Records that were put into the output since the last checkpoint.
    records: Vec<Put>,
    /// Where the `.part` ends that the last checkpoint vouches for, and where that checkpoint ends in the log.
    confirmed: (u64, u64),
    list: ListPoint,
    /// What the last checkpoint said of the pending file.
    pending: u64,
    /// Whether the files' names have been made to last.
    named: bool,
}

impl Journal {
    fn new(names: Names, manifest: Manifest, log: File, confirmed: &Confirmed) -> Self {
        Self {
            names,
            manifest: Some(manifest),
            log,
            policy: Policy::default(),
            records: Vec::new(),
            confirmed: (confirmed.part, confirmed.log),
            list: confirmed.done.points.last().copied().unwrap_or_default(),
            pending: confirmed.pending,
            named: false,
        }
    }

    /// The list has been read up to here; to be told before any of its tasks' records.
    pub(super) fn consumed(&mut self, list: ListPoint) {
        self.list = list;
    }

    /// A record was put into the output, which ends here now.
    pub(super) fn written(&mut self, seq: u64, failed: Option<FailureKind>, end: u64) {
        self.records.push(Put { seq, failed, end });
    }

    /// Something has come since the last checkpoint.
    pub(super) fn change(&mut self, now: Instant) {
        self.policy.change(now);
    }

    /// How long until a checkpoint is due; `None` is not before something else comes.
    pub(super) fn due_in(&self, now: Instant) -> Option<Duration> {
        self.policy.due_in(now)
    }

    /// Vouches for all that is in the `.part`, and for so many bytes of the pending file. Both files must have been
    /// written out; they are synced here. `since` is when the first of those records came that are left in memory.
    pub(super) fn checkpoint(
        &mut self,
        part: &mut Part,
        pending: Option<(&File, u64)>,
        since: Option<Instant>,
    ) -> io::Result<()> {
        let pending_length = pending.map_or(0, |(_, length)| length);
        self.policy.made(since);
        if let Some((file, _)) = pending.filter(|_| pending_length > self.pending) {
            file.sync_data()?;
        }
        self.enter(part, pending_length)
    }

    /// After a write that failed: cuts the `.part` off behind a record, and vouches for what is left. A little is given up
    /// for the checkpoint itself, for the disk may be full.
    pub(super) fn rescue(&mut self, part: &mut Part) -> io::Result<()> {
        let (start, log) = self.confirmed;
        let most = part.length().saturating_sub(ROOM);
        let whole = self.records.partition_point(|put| put.end <= most);
        self.records.truncate(whole);
        part.cut(start, self.records.last().map_or(start, |put| put.end))?;
        self.log.set_len(log)?;
        self.log.seek(SeekFrom::Start(log))?;
        self.enter(part, self.pending)
    }

    fn enter(&mut self, part: &mut Part, pending: u64) -> io::Result<()> {
        if self.records.is_empty() && pending == self.pending {
            return Ok(());
        }
        if !self.records.is_empty() {
            part.sync_data()?;
        }
        if !self.named {
            self.manifest.as_ref().map_or(Ok(()), Manifest::sync)?;
            sync_folder(folder_of(&self.names.part))?;
            self.named = true;
        }
        let (end, crc) = part.take_stretch();
        let mut failures: BTreeMap<FailureKind, u64> = BTreeMap::new();
        for kind in self.records.iter().filter_map(|put| put.failed) {
            *failures.entry(kind).or_default() += 1;
        }
        let failures = failures.into_iter().collect();
        let seqs = ranges(self.records.iter().map(|put| put.seq).collect());
        let checkpoint = Checkpoint { end, crc, seqs, failures, pending, list: self.list }.to_bytes()?;
        self.log.write_all(&checkpoint)?;
        self.log.sync_data()?;
        self.records.clear();
        self.confirmed = (end, self.confirmed.1 + checkpoint.len() as u64);
        self.pending = pending;
        Ok(())
    }

    /// An empty file that may take the place of the pending file `current`.
    pub(super) fn successor(&self) -> io::Result<File> {
        let path = &self.names.successor;
        claim::remove(path)?;
        own_files::create(path)
    }

    /// Puts the successor, which has so many bytes, in the place of the pending file. To be called right after a checkpoint:
    /// whatever is lost of this by a crash, one of the two files is there under the name, and both have all that the log
    /// vouches for and the `.part` does not have. That the log says more bytes than the successor has does no harm, since
    /// frames prove to be whole by themselves.
    pub(super) fn succeed(&mut self, successor: &File, length: u64) -> io::Result<()> {
        successor.sync_data()?;
        fs::rename(&self.names.successor, &self.names.pending)?;
        // Later entries of the log speak of this file and of no other.
        sync_folder(folder_of(&self.names.pending))?;
        self.pending = length;
        Ok(())
    }

    /// The file that holds the log, for error messages.
    pub(super) fn path(&self) -> PathBuf {
        self.names.log.clone()
    }

    /// Removes everything but the `.part`. The lock goes last.
    pub(super) fn remove(mut self) -> io::Result<()> {
        claim::remove(&self.names.log)?;
        claim::remove(&self.names.pending)?;
        claim::remove(&self.names.successor)?;
        self.manifest.take().map_or(Ok(()), Manifest::remove)
    }
}

/// A record in the output.
#[derive(Debug)]
struct Put {
    seq: u64,
    failed: Option<FailureKind>,
    /// Where it ends, in bytes from the beginning.
    end: u64,
}

/// What goes before a record in the pending file.
pub(super) fn label(seq: u64, failed: Option<FailureKind>, payload: &[u8]) -> io::Result<Vec<u8>> {
    Label { seq, failed }.before(payload)
}

/// Numbers as ascending ranges.
fn ranges(mut seqs: Vec<u64>) -> Vec<std::ops::Range<u64>> {
    seqs.sort_unstable();
    let set: Seqs = seqs.into_iter().collect();
    set.ranges().collect()
}
