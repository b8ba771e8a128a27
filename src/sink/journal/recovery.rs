//! Which parts of an earlier run's files can be trusted. Pure: takes bytes and returns a verdict. The caller cuts off
//! the rest.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Read};

use super::entry::{ArchiveStretch, Checkpoint, Label};
use crate::frame;
use crate::model::{Done, FailureKind, ListPoint};
use crate::sink::Order;
use crate::sink::window::Span;

/// The work that both file and log confirm. The lengths are those to which the files must be cut.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::sink) struct Confirmed {
    /// The confirmed bytes of the `.part`.
    pub(in crate::sink) part: u64,
    /// The confirmed bytes of the log.
    pub(in crate::sink) log: u64,
    /// The confirmed bytes of `.part.pending`.
    pub(in crate::sink) pending: u64,
    /// The confirmed bytes of the archive; 0 without one.
    pub(in crate::sink) archive: u64,
    /// The number of records in the `.part`.
    pub(in crate::sink) records: u64,
    /// The records in `.part.pending` that are not in the `.part`.
    pub(in crate::sink) waiting: Vec<Waiting>,
    /// All tasks with a record, and the list points of the log.
    pub(in crate::sink) done: Done,
    /// The number of failures among them, by kind.
    pub(in crate::sink) failures: BTreeMap<FailureKind, u64>,
}

/// A record that waits for an earlier one.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::sink) struct Waiting {
    pub(in crate::sink) seq: u64,
    pub(in crate::sink) span: Span,
    pub(in crate::sink) failed: Option<FailureKind>,
}

impl Confirmed {
    /// The last known point of the list.
    pub(super) fn list(&self) -> ListPoint {
        self.done.points.last().copied().unwrap_or_default()
    }
}

/// Reads the log from its beginning, and stops before the first entry that is incomplete, damaged, or does not match
/// the `.part` and the archive. The last valid entry says which part of `.part.pending` counts, up to the first frame
/// that is not valid.
pub(in crate::sink) fn recover(
    order: Order,
    part: &mut impl Read,
    log: &mut impl Read,
    pending: &mut impl Read,
    mut archive: Option<&mut dyn Read>,
) -> io::Result<Confirmed> {
    let mut confirmed = Confirmed::default();
    let (mut content, mut pending_length) = (Vec::new(), 0);
    while frame::read(log, &mut content)? {
        let Some(checkpoint) = Checkpoint::from_content(&content) else { break };
        if !follows(&checkpoint, &confirmed, order) || !is_in_part(&checkpoint, &confirmed, part)? {
            break;
        }
        if !is_in_archive(&checkpoint, &confirmed, &mut archive)? {
            break;
        }
        for range in &checkpoint.seqs {
            confirmed.records += range.end - range.start;
            confirmed.done.seqs.insert(range.clone());
        }
        for (kind, count) in checkpoint.failures {
            *confirmed.failures.entry(kind).or_default() += count;
        }
        confirmed.part = checkpoint.end;
        confirmed.archive = checkpoint.archive.map_or(0, |stretch| stretch.end);
        confirmed.log += (frame::HEADER + content.len()) as u64;
        pending_length = checkpoint.pending;
        if checkpoint.list != confirmed.list() {
            confirmed.done.points.push(checkpoint.list);
        }
    }
    read_pending(&mut BufReader::new(pending.take(pending_length)), &mut confirmed)?;
    Ok(confirmed)
}

/// Whether an entry may follow the confirmed part.
fn follows(checkpoint: &Checkpoint, confirmed: &Confirmed, order: Order) -> bool {
    let before = confirmed.list();
    let list = checkpoint.list;
    let grows = checkpoint.end >= confirmed.part;
    let same_list = list.tasks > before.tasks || list == before;
    let mut next = if order == Order::Completion { 0 } else { confirmed.records };
    grows
        && same_list
        && checkpoint.seqs.iter().all(|range| {
            let fits = range.start < range.end
                && range.end <= list.tasks
                && (range.start == next || (order == Order::Completion && range.start > next))
                && confirmed.done.seqs.is_free(range);
            next = range.end;
            fits
        })
        && adds_up(checkpoint)
}

/// Whether there are not more failures than tasks. The ranges are known not to overlap.
fn adds_up(checkpoint: &Checkpoint) -> bool {
    let tasks: u64 = checkpoint.seqs.iter().map(|range| range.end - range.start).sum();
    let failed = checkpoint.failures.iter().try_fold(0_u64, |sum, (_, count)| sum.checked_add(*count));
    failed.is_some_and(|failed| failed <= tasks)
}

/// Whether the `.part` contains the stretch that an entry confirms.
fn is_in_part(checkpoint: &Checkpoint, confirmed: &Confirmed, part: &mut impl Read) -> io::Result<bool> {
    has(part, checkpoint.end - confirmed.part, checkpoint.crc)
}

/// Whether the archive contains the stretch that an entry confirms. Without an archive, no entry may have one.
fn is_in_archive(
    checkpoint: &Checkpoint,
    confirmed: &Confirmed,
    archive: &mut Option<&mut dyn Read>,
) -> io::Result<bool> {
    match (checkpoint.archive, archive) {
        (None, None) => Ok(true),
        (Some(ArchiveStretch { end, crc }), Some(archive)) => match end.checked_sub(confirmed.archive) {
            Some(length) => has(archive, length, crc),
            None => Ok(false),
        },
        _ => Ok(false),
    }
}

/// Whether the next `length` bytes of a file exist and have this CRC-32.
fn has(file: &mut impl Read, length: u64, crc: u32) -> io::Result<bool> {
    let mut stretch = Crc::default();
    let there = io::copy(&mut file.take(length), &mut stretch)?;
    Ok(there == length && stretch.0.finalize() == crc)
}

fn read_pending(pending: &mut impl Read, confirmed: &mut Confirmed) -> io::Result<()> {
    let limit = confirmed.list().tasks;
    let mut content = Vec::new();
    while frame::read(pending, &mut content)? {
        let Some((Label { seq, failed }, span)) = Label::of_content(&content, confirmed.pending) else { break };
        confirmed.pending += (frame::HEADER + content.len()) as u64;
        // Most of these records have been written to the `.part` in the meantime. A task that the log does not know
        // cannot be compared with the list.
        if seq < limit && confirmed.done.seqs.insert(seq..seq + 1) {
            confirmed.waiting.push(Waiting { seq, span, failed });
            if let Some(kind) = failed {
                *confirmed.failures.entry(kind).or_default() += 1;
            }
        }
    }
    Ok(())
}

/// Computes the checksum of the bytes that are written to it.
#[derive(Default)]
struct Crc(crc32fast::Hasher);

impl io::Write for Crc {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
