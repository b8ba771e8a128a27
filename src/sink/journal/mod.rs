//! What makes a run that dies cost next to nothing: the files beside the `.part`.
//!
//! The ordered output is its own journal. `<name>.part` begins with an exact prefix of the final result;
//! `<name>.part.log` says of stretches of it which tasks they hold and what they add up to; `<name>.part.pending` has
//! records whose turn has not come. It is exchanged for a smaller one when the turn of most of them has come; the new
//! file is `.part.pending.new` until it is whole. `<name>.part.manifest` says what settings they were made with, and is
//! locked while a run is alive. A later run trusts what file and log both confirm, cuts off the rest, and goes on.
//!
//! In reading order: `claim` decides what becomes of a left-over, `manifest` is the lock, `recovery` says what can be
//! trusted (pure), `policy` when a checkpoint is due (pure), `entry` and `frame` are the layout of log and pending;
//! [`Journal`] makes the checkpoints.
//!
//! **What is safe when.** Ten times a second, first the data that has come is written, and then the entry that vouches
//! for it. That outlasts the process. Every two seconds, and when the run is stopped, all of it is synced. That
//! outlasts a power cut, and costs two or three fsyncs on the sink's own thread. So a killed process loses at most 0.2
//! seconds of work (plus the time of an fsync, if it was killed in one), and a power cut some two seconds.
//!
//! The log does not say which of its entries are synced, because recovery need not know it. After a power cut any part
//! of what was not synced may be missing, in any of the files: the end of one, a hole full of zeros, or an entry of the
//! log whose successors are there. Recovery believes an entry if its frame is whole, if it follows from the one before
//! it, and if the `.part` has the bytes whose checksum the entry has. It stops at the first entry that fails. An entry
//! that was synced always passes, because the `.part` was synced before it and grows only at its end. What waits in the
//! pending file proves frame by frame that it is whole. One rule remains: nothing is removed while an entry that makes
//! it superfluous is not synced yet. So the pending file is emptied or exchanged only right after a sync.

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
pub(super) use policy::Outlast;
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
    unsynced: Unsynced,
    /// Whether the files' names have been made to last.
    named: bool,
}

/// Which files have something that a power cut may take.
#[derive(Debug)]
struct Unsynced {
    part: bool,
    pending: bool,
    log: bool,
}

impl Journal {
    /// The journal of a new output, or of one that an earlier run has begun.
    fn new(names: Names, manifest: Manifest, log: File, confirmed: &Confirmed) -> Self {
        let is_resumed = confirmed.log > 0;
        Self {
            names,
            manifest: Some(manifest),
            log,
            policy: if is_resumed { Policy::resumed(Instant::now()) } else { Policy::default() },
            records: Vec::new(),
            confirmed: (confirmed.part, confirmed.log),
            list: confirmed.done.points.last().copied().unwrap_or_default(),
            pending: confirmed.pending,
            unsynced: Unsynced { part: is_resumed, pending: is_resumed, log: is_resumed },
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

    /// The checkpoint that is due now, if one is.
    pub(super) fn due(&self, now: Instant) -> Option<Outlast> {
        self.policy.due(now)
    }

    /// How long until a checkpoint is due; `None` is not before something else comes.
    pub(super) fn due_in(&self, now: Instant) -> Option<Duration> {
        self.policy.due_in(now)
    }

    /// Vouches for all that is in the `.part`, and for so many bytes of the pending file. Both files must have been
    /// written out; where the checkpoint is to outlast a power cut, they are synced here. `since` is when the first of those
    /// records came that are left in memory.
    pub(super) fn checkpoint(
        &mut self,
        outlast: Outlast,
        part: &mut Part,
        pending: Option<(&File, u64)>,
        since: Option<Instant>,
    ) -> io::Result<()> {
        self.policy.made(outlast, since);
        let length = pending.map_or(0, |(_, length)| length);
        self.unsynced.pending |= length > self.pending;
        self.unsynced.part |= !self.records.is_empty();
        if outlast == Outlast::PowerCut {
            self.sync_data(part, pending.map(|(file, _)| file))?;
        }
        self.enter(part, length)?;
        if outlast == Outlast::PowerCut { self.sync_log() } else { Ok(()) }
    }

    /// After a write that failed: cuts the `.part` off behind a record, and vouches for what is left. A little is given up
    /// for the checkpoint itself, for the disk may be full.
    pub(super) fn rescue(&mut self, part: &mut Part, pending: Option<&File>) -> io::Result<()> {
        let (start, log) = self.confirmed;
        let most = part.length().saturating_sub(ROOM);
        let whole = self.records.partition_point(|put| put.end <= most);
        self.records.truncate(whole);
        part.cut(start, self.records.last().map_or(start, |put| put.end))?;
        self.log.set_len(log)?;
        self.log.seek(SeekFrom::Start(log))?;
        self.unsynced = Unsynced { part: true, log: true, ..self.unsynced };
        self.sync_data(part, pending)?;
        self.enter(part, self.pending)?;
        self.sync_log()
    }

    /// Makes outlast a power cut what entries vouch for, or soon will.
    fn sync_data(&mut self, part: &Part, pending: Option<&File>) -> io::Result<()> {
        if let Some(pending) = pending.filter(|_| self.unsynced.pending) {
            pending.sync_data()?;
        }
        if self.unsynced.part {
            part.sync_data()?;
        }
        self.unsynced = Unsynced { part: false, pending: false, ..self.unsynced };
        if !self.named {
            self.manifest.as_ref().map_or(Ok(()), Manifest::sync)?;
            sync_folder(folder_of(&self.names.part))?;
            self.named = true;
        }
        Ok(())
    }

    fn sync_log(&mut self) -> io::Result<()> {
        if self.unsynced.log {
            self.log.sync_data()?;
            self.unsynced.log = false;
        }
        Ok(())
    }

    /// Writes an entry, if there is something new to vouch for.
    fn enter(&mut self, part: &mut Part, pending: u64) -> io::Result<()> {
        if self.records.is_empty() && pending == self.pending {
            return Ok(());
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
        self.unsynced.log = true;
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

    /// Removes a successor that does not come to its place.
    pub(super) fn forget_successor(&self) -> io::Result<()> {
        claim::remove(&self.names.successor)
    }

    /// Puts the successor, which has so many bytes, in the place of the pending file. Must be called right after a
    /// checkpoint that outlasts a power cut: whatever a crash takes of this, one of the two files has the name, and
    /// both have all that the log vouches for and the `.part` lacks. The log may name more bytes than the successor
    /// has, because frames prove by themselves that they are whole.
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
