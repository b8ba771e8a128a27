//! What of an earlier run's files can be trusted. Pure: bytes in, a verdict out; whoever asked cuts off the rest.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Read};

use super::entry::{Checkpoint, Label};
use super::frame;
use crate::model::{Done, FailureKind, ListPoint};
use crate::sink::Order;
use crate::sink::window::Span;

/// What file and log both confirm. The lengths are those to which the files are to be cut.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::sink) struct Confirmed {
    /// Bytes of the `.part`.
    pub(in crate::sink) part: u64,
    /// Bytes of the log.
    pub(in crate::sink) log: u64,
    /// Bytes of `.part.pending`.
    pub(in crate::sink) pending: u64,
    /// Records in the `.part`.
    pub(in crate::sink) records: u64,
    /// Records in `.part.pending` that are not in the `.part`.
    pub(in crate::sink) waiting: Vec<Waiting>,
    /// All tasks that have a record, and how the list began.
    pub(in crate::sink) done: Done,
    /// How many of them failed, by kind.
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
    /// How the list began, as far as is known.
    pub(super) fn list(&self) -> ListPoint {
        self.done.points.last().copied().unwrap_or_default()
    }
}

/// Goes through the log from its beginning, and stops before the first entry that is torn, garbled, or says something
/// of the `.part` that is not so. What the last good entry says of `.part.pending` holds as far as its frames are whole.
pub(in crate::sink) fn recover(
    order: Order,
    part: &mut impl Read,
    log: &mut impl Read,
    pending: &mut impl Read,
) -> io::Result<Confirmed> {
    let mut confirmed = Confirmed::default();
    let (mut content, mut pending_length) = (Vec::new(), 0);
    while frame::read(log, &mut content)? {
        let Some(checkpoint) = Checkpoint::from_content(&content) else { break };
        if !follows(&checkpoint, &confirmed, order) || !is_there(&checkpoint, &confirmed, part)? {
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
        confirmed.log += (frame::HEADER + content.len()) as u64;
        pending_length = checkpoint.pending;
        if checkpoint.list != confirmed.list() {
            confirmed.done.points.push(checkpoint.list);
        }
    }
    read_pending(&mut BufReader::new(pending.take(pending_length)), &mut confirmed)?;
    Ok(confirmed)
}

/// Whether an entry can come after what is confirmed.
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

/// Whether no more tasks failed than there are. The ranges are known not to overlap.
fn adds_up(checkpoint: &Checkpoint) -> bool {
    let tasks: u64 = checkpoint.seqs.iter().map(|range| range.end - range.start).sum();
    let failed = checkpoint.failures.iter().try_fold(0_u64, |sum, (_, count)| sum.checked_add(*count));
    failed.is_some_and(|failed| failed <= tasks)
}

/// Whether the `.part` has the stretch that an entry vouches for.
fn is_there(checkpoint: &Checkpoint, confirmed: &Confirmed, part: &mut impl Read) -> io::Result<bool> {
    let length = checkpoint.end - confirmed.part;
    let mut stretch = Crc::default();
    let there = io::copy(&mut part.take(length), &mut stretch)?;
    Ok(there == length && stretch.0.finalize() == checkpoint.crc)
}

fn read_pending(pending: &mut impl Read, confirmed: &mut Confirmed) -> io::Result<()> {
    let limit = confirmed.list().tasks;
    let mut content = Vec::new();
    while frame::read(pending, &mut content)? {
        let Some((Label { seq, failed }, span)) = Label::of_content(&content, confirmed.pending) else { break };
        confirmed.pending += (frame::HEADER + content.len()) as u64;
        // Most have been written into the `.part` meanwhile. A task that the log does not know of cannot be compared
        // with the list.
        if seq < limit && confirmed.done.seqs.insert(seq..seq + 1) {
            confirmed.waiting.push(Waiting { seq, span, failed });
            if let Some(kind) = failed {
                *confirmed.failures.entry(kind).or_default() += 1;
            }
        }
    }
    Ok(())
}

/// Adds up what is written into it.
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
