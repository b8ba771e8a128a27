//! The files beside the `.part`, which make a run that dies cost almost nothing.
//!
//! The ordered output is its own journal. `<name>.part` begins with an exact prefix of the final result.
//! `<name>.part.log` lists the stretches of the `.part`, the tasks of each, and their checksums. `<name>.part.pending`
//! has the records that wait for an earlier one. When most of its records have been written, it is replaced by a
//! smaller file, which is `.part.pending.new` until it is complete. A file that is made of the `.part` is
//! `.part.converted` until it is complete. `<name>.part.manifest` has the settings of the run,
//! and is locked while a run is alive. `<name>.part.sitemaps` has the sitemaps that the reader of the list has read;
//! only the reader writes it. A later run trusts the records that both file and log confirm, cuts off the
//! rest, and continues.
//!
//! In reading order: `claim` decides what to do with an unfinished output, `manifest` is the lock, `recovery` decides
//! what can be trusted (pure), `policy` decides when a checkpoint is due (pure), `entry` is the layout of
//! log and pending file. [`Journal`] makes the checkpoints.
//!
//! **Guarantees.** Ten times a second, the new records are written, and then the log entry that confirms them. They
//! survive the end of the process from then on. Every two seconds, and when the run is stopped, all files are synced.
//! The records survive a power cut from then on. A sync costs two or three fsyncs on the sink's own thread. So a killed
//! process loses at most 0.2 seconds of work (plus the time of an fsync, if it was killed during one), and a power cut
//! about two seconds. If the output is packed, a member ends at each log entry, so there is only one every two seconds:
//! a killed process loses as much as a power cut.
//!
//! The log does not record which of its entries are synced, because recovery does not need to know. After a power cut,
//! any part of the bytes that were not synced may be missing in any file: the end of a file, a hole full of zeros, or a
//! log entry whose successors exist. Recovery trusts an entry if its frame is valid, if it follows from the entry
//! before, and if the bytes in the `.part` have the checksum of the entry. It stops at the first entry that fails. A
//! synced entry always passes, because the `.part` was synced before it and grows only at its end. Each frame of the
//! pending file has its own checksum. One rule remains: no data is removed before the entry that makes it unnecessary
//! is synced. So the pending file is truncated or replaced only right after a sync.
//!
//! The tests:
//!
//! - `any_bytes_tests`: journals with arbitrary bytes
//! - `checkpoint_tests`: sequences of checkpoints, and what a later run recovers
//! - `recovery_tests`: files cut and damaged at every position

#[cfg(any(test, fuzzing))]
pub(crate) mod any_bytes_tests;
#[cfg(test)]
mod checkpoint_tests;
mod claim;
mod entry;
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
use entry::{ArchiveStretch, Checkpoint, Label};
pub use manifest::Identity;
use manifest::Manifest;
pub(super) use policy::Outlast;
use policy::Policy;
pub(super) use recovery::Confirmed;

use super::destination::{Part, folder_of, sync_folder};
use super::packing::Packing;
use crate::model::{FailureKind, ListPoint, Seqs};
use crate::own_files;

/// How many bytes at the end of a `.part` that cannot grow are given up to make room for a last checkpoint.
const ROOM: u64 = 8 * 1024;

/// The log, the manifest, and the contents of the next checkpoint.
#[derive(Debug)]
pub(super) struct Journal {
    names: Names,
    /// `None` after it was removed.
    manifest: Option<Manifest>,
    log: File,
    policy: Policy,
    /// Records that were added to the output since the last checkpoint.
    records: Vec<AddedRecord>,
    /// The ends of the `.part`, of the log and of the archive at the last checkpoint.
    confirmed: (u64, u64, u64),
    list: ListPoint,
    /// The length of the pending file at the last checkpoint.
    pending: u64,
    unsynced: Unsynced,
    /// Whether the names of the files are synced.
    names_synced: bool,
}

/// Which files have bytes that are not synced.
#[derive(Debug)]
struct Unsynced {
    part: bool,
    pending: bool,
    log: bool,
}

impl Journal {
    /// The journal of a new output, or of a resumed one.
    fn new(names: Names, manifest: Manifest, log: File, confirmed: &Confirmed, packing: Packing) -> Self {
        let is_resumed = confirmed.log > 0;
        let policy = Policy::new(packing);
        Self {
            names,
            manifest: Some(manifest),
            log,
            policy: if is_resumed { policy.resumed(Instant::now()) } else { policy },
            records: Vec::new(),
            confirmed: (confirmed.part, confirmed.log, confirmed.archive),
            list: confirmed.done.points.last().copied().unwrap_or_default(),
            pending: confirmed.pending,
            unsynced: Unsynced { part: is_resumed, pending: is_resumed, log: is_resumed },
            names_synced: false,
        }
    }

    /// Notes how far the list has been read. Must be called before the records of its tasks are written.
    pub(super) fn consumed(&mut self, list: ListPoint) {
        self.list = list;
    }

    /// How far the list has been read.
    pub(super) fn list(&self) -> ListPoint {
        self.list
    }

    /// Notes that a record was added to the output, which now ends at `end`. It is `None` while the record is in a member
    /// that is not written yet: it then ends where the next record with an end does.
    pub(super) fn written(&mut self, seq: u64, failed: Option<FailureKind>, end: Option<u64>) {
        if let Some(end) = end {
            let of_member = self.records.iter_mut().rev().take_while(|put| put.end == NOT_WRITTEN);
            of_member.for_each(|put| put.end = end);
        }
        self.records.push(AddedRecord { seq, failed, end: end.unwrap_or(NOT_WRITTEN) });
    }

    /// Notes that there is something new since the last checkpoint.
    pub(super) fn change(&mut self, now: Instant) {
        self.policy.change(now);
    }

    /// The checkpoint that is due now, if any.
    pub(super) fn due(&self, now: Instant) -> Option<Outlast> {
        self.policy.due(now)
    }

    /// The time until the next checkpoint is due; `None` if none is due before the next change.
    pub(super) fn due_in(&self, now: Instant) -> Option<Duration> {
        self.policy.due_in(now)
    }

    /// Makes a checkpoint that confirms all records of the `.part`, the archive, and this many bytes of the pending file.
    /// All files must have been flushed. If the checkpoint must survive a power cut, they are synced here. `since` is
    /// when the oldest of the records arrived that are still in memory.
    pub(super) fn checkpoint(
        &mut self,
        outlast: Outlast,
        part: &mut Part,
        archive: Option<&mut Part>,
        pending: Option<(&File, u64)>,
        since: Option<Instant>,
    ) -> io::Result<()> {
        self.policy.made(outlast, since);
        let length = pending.map_or(0, |(_, length)| length);
        self.unsynced.pending |= length > self.pending;
        self.unsynced.part |= !self.records.is_empty();
        if outlast == Outlast::PowerCut {
            self.sync_data(part, archive.as_deref(), pending.map(|(file, _)| file))?;
        }
        self.append_entry(part, archive, length)?;
        if outlast == Outlast::PowerCut { self.sync_log() } else { Ok(()) }
    }

    /// Makes a last checkpoint after a failed write: cuts off the `.part` after a record, and confirms the rest. A few
    /// records are given up to make room for the checkpoint, because the disk may be full. With an archive, all records
    /// since the last checkpoint are given up, because the archive may lack their pages. So are they if not all failures
    /// are listed: a later run would not list them.
    pub(super) fn rescue(
        &mut self,
        part: &mut Part,
        mut archive: Option<&mut Part>,
        pending: Option<&File>,
        is_listed: bool,
    ) -> io::Result<()> {
        let (start, log, archived) = self.confirmed;
        let most = if archive.is_some() || !is_listed { start } else { part.length().saturating_sub(ROOM) };
        let whole = self.records.partition_point(|put| put.end <= most);
        self.records.truncate(whole);
        part.cut(start, self.records.last().map_or(start, |put| put.end))?;
        if let Some(archive) = &mut archive {
            archive.cut(archived, archived)?;
        }
        self.log.set_len(log)?;
        self.log.seek(SeekFrom::Start(log))?;
        self.unsynced = Unsynced { part: true, log: true, ..self.unsynced };
        self.sync_data(part, archive.as_deref(), pending)?;
        self.append_entry(part, archive, self.pending)?;
        self.sync_log()
    }

    /// Syncs the files that log entries confirm, or will confirm soon.
    fn sync_data(&mut self, part: &Part, archive: Option<&Part>, pending: Option<&File>) -> io::Result<()> {
        if let Some(archive) = archive {
            archive.sync_data()?;
        }
        if let Some(pending) = pending.filter(|_| self.unsynced.pending) {
            pending.sync_data()?;
        }
        if self.unsynced.part {
            part.sync_data()?;
        }
        self.unsynced = Unsynced { part: false, pending: false, ..self.unsynced };
        if !self.names_synced {
            self.manifest.as_ref().map_or(Ok(()), Manifest::sync)?;
            sync_folder(folder_of(&self.names.part))?;
            archive.map_or(Ok(()), |archive| sync_folder(folder_of(archive.path())))?;
            self.names_synced = true;
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

    /// Writes a log entry, if there is something new to confirm.
    fn append_entry(&mut self, part: &mut Part, archive: Option<&mut Part>, pending: u64) -> io::Result<()> {
        if self.records.is_empty() && pending == self.pending {
            return Ok(());
        }
        let (end, crc) = part.take_stretch();
        let archive = archive.map(Part::take_stretch).map(|(end, crc)| ArchiveStretch { end, crc });
        let mut failures: BTreeMap<FailureKind, u64> = BTreeMap::new();
        for kind in self.records.iter().filter_map(|put| put.failed) {
            *failures.entry(kind).or_default() += 1;
        }
        let failures = failures.into_iter().collect();
        let seqs = ranges(self.records.iter().map(|put| put.seq).collect());
        let checkpoint = Checkpoint { end, crc, seqs, failures, pending, list: self.list, archive }.to_bytes()?;
        self.log.write_all(&checkpoint)?;
        self.unsynced.log = true;
        self.records.clear();
        let archived = archive.map_or(0, |stretch| stretch.end);
        self.confirmed = (end, self.confirmed.1 + checkpoint.len() as u64, archived);
        self.pending = pending;
        Ok(())
    }

    /// Creates an empty file that may replace the pending file.
    pub(super) fn successor(&self) -> io::Result<File> {
        let path = &self.names.successor;
        claim::remove(path)?;
        own_files::create(path)
    }

    /// Removes a successor that will not be used.
    pub(super) fn remove_successor(&self) -> io::Result<()> {
        claim::remove(&self.names.successor)
    }

    /// Replaces the pending file with its successor of `length` bytes. Must be called right after a checkpoint that
    /// survives a power cut. Then, whatever a crash undoes of this, one of the two files has the name, and both have
    /// all records that the log confirms and that the `.part` lacks. The log may give a length that is larger than the
    /// successor, because each frame has its own checksum.
    pub(super) fn install_successor(&mut self, successor: &File, length: u64) -> io::Result<()> {
        successor.sync_data()?;
        fs::rename(&self.names.successor, &self.names.pending)?;
        // Later log entries refer to this file only.
        sync_folder(folder_of(&self.names.pending))?;
        self.pending = length;
        Ok(())
    }

    /// The path of the log, for error messages.
    pub(super) fn path(&self) -> PathBuf {
        self.names.log.clone()
    }

    /// Removes all files except the `.part`. The lock is removed last.
    pub(super) fn remove(mut self) -> io::Result<()> {
        claim::remove(&self.names.log)?;
        claim::remove(&self.names.pending)?;
        claim::remove(&self.names.successor)?;
        claim::remove(&self.names.sitemaps)?;
        claim::remove(&self.names.converted)?;
        self.manifest.take().map_or(Ok(()), Manifest::remove)
    }
}

/// A record in the output.
#[derive(Debug)]
struct AddedRecord {
    seq: u64,
    failed: Option<FailureKind>,
    /// The end of the record, or of the member that has it, in bytes from the beginning.
    end: u64,
}

/// The end of a record in a member that is not written yet: after all bytes.
const NOT_WRITTEN: u64 = u64::MAX;

/// The label before a record in the pending file.
pub(super) fn label(seq: u64, failed: Option<FailureKind>, payload: &[u8]) -> io::Result<Vec<u8>> {
    Label { seq, failed }.before(payload)
}

/// The numbers as ascending ranges.
fn ranges(mut seqs: Vec<u64>) -> Vec<std::ops::Range<u64>> {
    seqs.sort_unstable();
    let set: Seqs = seqs.into_iter().collect();
    set.ranges().collect()
}
