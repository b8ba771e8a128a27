//! Recovery from arbitrary bytes: the confirmed records exist, and the numbers are consistent.

use std::num::Wrapping;

use super::entry::Checkpoint;
use super::recovery::{Confirmed, recover};
use crate::frame;
use crate::sink::Order;

/// `part` and `recipe` describe the files of an earlier run. `recipe` is cut into pieces: a byte for the kind of the
/// piece (an entry of the log, a frame of the pending file, raw bytes of either, an entry that matches the `.part`), a
/// byte for its length, and its content. Random bytes seldom have a valid checksum, so most pieces get one.
pub(crate) fn check(order: Order, part: &[u8], recipe: &[u8]) {
    let (mut log, mut pending, mut rest, mut end) = (Vec::new(), Vec::new(), recipe, 0);
    while let [kind, length, after @ ..] = rest {
        let (piece, after) = after.split_at(after.len().min(usize::from(*length)));
        rest = after;
        match kind % 6 {
            0 => log.extend_from_slice(piece),
            1 => pending.extend_from_slice(piece),
            2 => framed(&mut pending, piece),
            3 => framed(&mut log, piece),
            _ => framed(&mut log, &matching_entry(part, &mut end, piece)),
        }
    }
    let confirmed = read(order, part, &log, &pending);
    assert_sound(order, &confirmed);
    let cut = |bytes: &[u8], length: u64| bytes[..usize::try_from(length).expect("it fits memory")].to_vec();
    let (part, log) = (cut(part, confirmed.part), cut(&log, confirmed.log));
    let pending = cut(&pending, confirmed.pending);
    for record in &confirmed.waiting {
        let end = record.span.offset + u64::from(record.span.length);
        assert!(end <= confirmed.pending, "the record of task {} exists", record.seq);
    }
    assert_eq!(read(order, &part, &log, &pending), confirmed, "recovery of the cut files gives the same result");
}

fn assert_sound(order: Order, confirmed: &Confirmed) {
    let count = confirmed.done.seqs.count();
    assert_eq!(count, confirmed.records + confirmed.waiting.len() as u64, "each task has one record");
    let failed: Wrapping<u64> = confirmed.failures.values().copied().map(Wrapping).sum();
    assert!(failed.0 <= count && confirmed.failures.values().all(|failed| *failed <= count), "{confirmed:?}");
    let last = confirmed.done.seqs.ranges().last().map_or(0, |range| range.end);
    assert!(last <= confirmed.list().tasks, "the list contains every finished task");
    if order == Order::Input && confirmed.records > 0 {
        let first = confirmed.done.seqs.ranges().next().expect("there are records");
        assert!(first.start == 0 && first.end >= confirmed.records, "the `.part` is a prefix");
    }
}

fn read(order: Order, mut part: &[u8], mut log: &[u8], mut pending: &[u8]) -> Confirmed {
    recover(order, &mut part, &mut log, &mut pending, None).expect("memory can be read")
}

fn framed(file: &mut Vec<u8>, content: &[u8]) {
    file.extend_from_slice(&frame::header(&[content]).expect("it is short"));
    file.extend_from_slice(content);
}

/// An entry with the checksum of its stretch; `content` itself if it is not a valid entry. `end` is the end of the
/// previous entry.
fn matching_entry(part: &[u8], end: &mut usize, content: &[u8]) -> Vec<u8> {
    let Some(mut entry) = Checkpoint::from_content(content) else { return content.to_vec() };
    let until = usize::try_from(entry.end).unwrap_or(usize::MAX).min(part.len());
    if let Some(stretch) = part.get(*end..until) {
        (entry.end, entry.crc, *end) = (until as u64, crc32fast::hash(stretch), until);
    }
    entry.to_bytes().map_or_else(|_| content.to_vec(), |framed| framed[frame::HEADER..].to_vec())
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use proptest::prelude::*;

    use super::check;
    use crate::model::{FailureKind, ListPoint};
    use crate::sink::Order;
    use crate::sink::journal::entry::{Checkpoint, Label};

    fn number() -> impl Strategy<Value = u64> {
        prop_oneof![6 => 0..12_u64, 1 => (0..3_u64).prop_map(|less| u64::MAX - less)]
    }

    fn checkpoint() -> impl Strategy<Value = Vec<u8>> {
        let seqs = proptest::collection::vec((number(), number()).prop_map(|(start, end)| Range { start, end }), 0..3);
        let failures = proptest::collection::vec(number().prop_map(|count| (FailureKind::Dns, count)), 0..3);
        let list = (number(), 0..2_u32).prop_map(|(tasks, crc)| ListPoint { tasks, crc });
        (0..20_u64, seqs, failures, number(), list).prop_map(|(end, seqs, failures, pending, list)| {
            let entry =
                Checkpoint { end, crc: 0, seqs, failures, pending: pending.saturating_mul(8), list, archive: None };
            entry.to_bytes().expect("it is short")[8..].to_vec()
        })
    }

    fn label() -> impl Strategy<Value = Vec<u8>> {
        (number(), any::<bool>()).prop_map(|(seq, failed)| {
            let label = Label { seq, failed: failed.then_some(FailureKind::Tls) };
            label.before(b"").expect("it is short")[8..].to_vec()
        })
    }

    /// A piece of the recipe.
    fn piece() -> impl Strategy<Value = Vec<u8>> {
        let any_bytes = || proptest::collection::vec(any::<u8>(), 0..12);
        let content = prop_oneof![
            6 => checkpoint().prop_map(|content| (4, content)),
            3 => label().prop_map(|content| (2, content)),
            1 => (0..6_u8, any_bytes()),
        ];
        content.prop_map(|(kind, content)| {
            let length = u8::try_from(content.len()).expect("it is short");
            [&[kind, length][..], &content].concat()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn confirmed_records_of_any_files_exist_and_numbers_are_consistent(
            completion in any::<bool>(),
            part in proptest::collection::vec(any::<u8>(), 0..24),
            recipe in proptest::collection::vec(piece(), 0..6),
        ) {
            let order = if completion { Order::Completion } else { Order::Input };
            check(order, &part, &recipe.concat());
        }
    }

    #[test]
    fn entries_with_inconsistent_numbers_are_not_trusted() {
        let list = ListPoint { tasks: u64::MAX, crc: 0 };
        let entry = |seqs: &[(u64, u64)], failures: &[u64]| {
            let seqs = seqs.iter().map(|&(start, end)| start..end).collect();
            let failures = failures.iter().map(|count| (FailureKind::Dns, *count)).collect();
            let entry = Checkpoint { end: 0, crc: 0, seqs, failures, pending: 0, list, archive: None };
            entry.to_bytes().expect("it is short")[8..].to_vec()
        };
        let table = [
            ("a task twice", entry(&[(0, 5), (3, 8)], &[])),
            ("more tasks than there are numbers", entry(&[(0, u64::MAX), (0, u64::MAX)], &[])),
            ("more failures than tasks", entry(&[(0, 2), (4, 5)], &[2, 2])),
            ("more failures than there are numbers", entry(&[(0, 2)], &[u64::MAX, u64::MAX])),
        ];
        for (name, content) in table {
            let length = u8::try_from(content.len()).expect(name);
            check(Order::Completion, b"", &[&[4, length][..], &content].concat());
        }
    }
}
