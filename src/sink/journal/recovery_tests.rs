//! Recovery from files that are cut or damaged at every position.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::entry::{ArchiveStretch, Checkpoint, Label};
use super::recovery::{Confirmed, recover};
use crate::model::{FailureKind, ListPoint};
use crate::sink::Order;

/// The files of a killed run, and its state at each of its checkpoints.
#[derive(Debug, Clone, Default)]
struct Files {
    part: Vec<u8>,
    log: Vec<u8>,
    pending: Vec<u8>,
    /// The end of each log entry, and the state that the entry confirms.
    checkpoints: Vec<(usize, Truth)>,
    /// The end of each frame of the pending file, and the task of the frame.
    frames: Vec<(usize, u64)>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Truth {
    part: u64,
    records: u64,
    pending: u64,
    tasks: u64,
}

fn line(seq: u64) -> Vec<u8> {
    format!("{{\"seq\":{seq}}}\n").into_bytes()
}

/// Simulates a run in the order of the list: each step writes this many records to the `.part` and this many to the
/// pending file.
fn run(steps: &[(u64, u64)]) -> Files {
    let mut files = Files::default();
    let mut now = Truth::default();
    for &(written, waiting) in steps {
        let from = files.part.len();
        for seq in now.records..now.records + written {
            files.part.extend(line(seq));
        }
        let seqs = now.records..now.records + written;
        now.records += written;
        for at in 0..waiting {
            // Never the next record. Some records are written again after they were in the `.part`.
            let seq = now.records + 1 + at;
            let failed = seq.is_multiple_of(3).then_some(FailureKind::Timeout);
            files.pending.extend(Label { seq, failed }.before(&line(seq)).expect("short"));
            files.pending.extend(line(seq));
            files.frames.push((files.pending.len(), seq));
        }
        now.part = files.part.len() as u64;
        now.pending = files.pending.len() as u64;
        now.tasks = now.tasks.max(now.records + waiting + 1);
        let checkpoint = Checkpoint {
            end: now.part,
            crc: crc32fast::hash(&files.part[from..]),
            failures: if seqs.is_empty() { vec![] } else { vec![(FailureKind::Dns, 1)] },
            seqs: if seqs.is_empty() { vec![] } else { vec![seqs] },
            pending: now.pending,
            list: ListPoint { tasks: now.tasks, crc: u32::try_from(now.tasks).expect("few") },
            archive: None,
        };
        files.log.extend(checkpoint.to_bytes().expect("short"));
        files.checkpoints.push((files.log.len(), now.clone()));
    }
    files
}

fn recovered(part: &[u8], log: &[u8], pending: &[u8]) -> Confirmed {
    recover(Order::Input, &mut &part[..], &mut &log[..], &mut &pending[..], None).expect("memory can be read")
}

/// Checks what must hold for any damage: the confirmed part is the true state at one of the checkpoints, and no missing
/// record counts as done.
fn assert_sound(files: &Files, confirmed: &Confirmed) {
    let start = (0, Truth::default());
    let states = || [&start].into_iter().chain(&files.checkpoints);
    let (log, state) = states()
        .find(|(log, state)| (*log as u64, state.part) == (confirmed.log, confirmed.part))
        .unwrap_or_else(|| panic!("no checkpoint has {confirmed:?}"));
    assert!(*log <= files.log.len());
    assert_eq!(confirmed.records, state.records);
    assert!(confirmed.pending <= state.pending);
    let mut expected: BTreeSet<u64> = (0..state.records).collect();
    for waiting in &confirmed.waiting {
        assert!(expected.insert(waiting.seq), "{} counts twice", waiting.seq);
        let at = usize::try_from(waiting.span.offset).expect("short");
        assert_eq!(
            files.pending[at..at + waiting.span.length as usize],
            line(waiting.seq),
            "the record has its own bytes"
        );
        assert_eq!(waiting.failed.is_some(), waiting.seq % 3 == 0);
    }
    assert_eq!(confirmed.done.seqs, expected.into_iter().collect());
}

#[test]
fn empty_files_confirm_nothing() {
    assert_eq!(recovered(b"", b"", b""), Confirmed::default());
    assert_eq!(recovered(b"{\"seq\":0}\n", b"", b"junk"), Confirmed::default(), "no log confirms it");
}

#[test]
fn the_files_of_a_clean_stop_are_confirmed_completely() {
    let files = run(&[(3, 2), (0, 4), (5, 0), (1, 3)]);
    let confirmed = recovered(&files.part, &files.log, &files.pending);
    let lengths = (confirmed.part, confirmed.log, confirmed.pending);
    assert_eq!(lengths, (files.part.len() as u64, files.log.len() as u64, files.pending.len() as u64));
    assert_eq!(confirmed.records, 9);
    assert_eq!(confirmed.done.seqs, (0..9).chain(10..13).collect());
    assert_eq!(confirmed.failures, [(FailureKind::Dns, 3), (FailureKind::Timeout, 1)].into());
    let points = files.checkpoints.iter().map(|(_, state)| (state.tasks, state.tasks));
    let confirmed_points = confirmed.done.points.iter().map(|point| (point.tasks, u64::from(point.crc)));
    assert!(
        confirmed_points.eq(points.collect::<std::collections::BTreeSet<_>>()),
        "each point once, in ascending order"
    );
    assert_sound(&files, &confirmed);
}

#[test]
fn a_cut_at_any_byte_of_any_file_loses_only_the_records_after_it() {
    let files = run(&[(3, 2), (0, 4), (5, 0), (1, 3)]);
    for cut in 0..=files.log.len() {
        let confirmed = recovered(&files.part, &files.log[..cut], &files.pending);
        assert_sound(&files, &confirmed);
        let whole = files.checkpoints.iter().map(|(end, _)| *end).filter(|end| *end <= cut).max().unwrap_or(0);
        assert_eq!(confirmed.log, whole as u64, "log cut at {cut}");
    }
    for cut in 0..=files.part.len() {
        let confirmed = recovered(&files.part[..cut], &files.log, &files.pending);
        assert_sound(&files, &confirmed);
        let whole = files.checkpoints.iter().map(|(_, state)| state.part).filter(|end| *end <= cut as u64).max();
        assert_eq!(confirmed.part, whole.unwrap_or(0), "part cut at {cut}");
    }
    for cut in 0..=files.pending.len() {
        let confirmed = recovered(&files.part, &files.log, &files.pending[..cut]);
        assert_sound(&files, &confirmed);
        assert_eq!(confirmed.part, files.part.len() as u64, "pending cut at {cut}");
        let whole = files.frames.iter().map(|(end, _)| *end).filter(|end| *end <= cut).max().unwrap_or(0);
        assert_eq!(confirmed.pending, whole as u64, "pending cut at {cut}");
    }
}

#[test]
fn a_flipped_bit_anywhere_loses_only_the_records_after_it() {
    let files = run(&[(3, 2), (0, 4), (5, 0), (1, 3)]);
    let flipped = |bytes: &[u8], bit: usize| {
        let mut bytes = bytes.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    };
    for bit in 0..files.log.len() * 8 {
        let confirmed = recovered(&files.part, &flipped(&files.log, bit), &files.pending);
        assert_sound(&files, &confirmed);
        assert!(confirmed.log <= bit as u64 / 8, "the flip of bit {bit} of the log was not detected");
    }
    for bit in 0..files.part.len() * 8 {
        let confirmed = recovered(&flipped(&files.part, bit), &files.log, &files.pending);
        assert_sound(&files, &confirmed);
        assert!(confirmed.part <= bit as u64 / 8, "the flip of bit {bit} of the part was not detected");
    }
    for bit in 0..files.pending.len() * 8 {
        let confirmed = recovered(&files.part, &files.log, &flipped(&files.pending, bit));
        assert_sound(&files, &confirmed);
        assert!(confirmed.pending <= bit as u64 / 8, "the flip of bit {bit} of the pending file was not detected");
    }
}

#[test]
fn a_log_of_another_order_or_with_gaps_is_not_trusted() {
    let entry = |seqs: &[(u64, u64)], tasks| {
        let seqs = seqs.iter().map(|&(start, end)| start..end).collect();
        let list = ListPoint { tasks, crc: 0 };
        let checkpoint = Checkpoint { end: 0, crc: 0, seqs, failures: vec![], pending: 0, list, archive: None };
        checkpoint.to_bytes().expect("short")
    };
    // (the entries, the number of confirmed tasks for the order of the list, and for the order of completion)
    let table: [(Vec<Vec<u8>>, u64, u64); 5] = [
        (vec![entry(&[(0, 2)], 9), entry(&[(2, 5)], 9)], 5, 5),
        (vec![entry(&[(0, 2)], 9), entry(&[(3, 5)], 9)], 2, 4),
        (vec![entry(&[(1, 2), (4, 9)], 9), entry(&[(0, 1), (2, 4)], 9)], 0, 9),
        (vec![entry(&[(0, 4)], 9), entry(&[(2, 5)], 9)], 4, 4),
        (vec![entry(&[(0, 4)], 9), entry(&[(4, 10)], 9)], 4, 4),
    ];
    for (entries, input, completion) in table {
        for (order, expected) in [(Order::Input, input), (Order::Completion, completion)] {
            let log = entries.concat();
            let confirmed = recover(order, &mut &b""[..], &mut &log[..], &mut &b""[..], None).expect("memory");
            assert_eq!(confirmed.done.seqs.count(), expected, "{order:?} {entries:?}");
            assert_eq!(confirmed.records, expected, "{order:?} {entries:?}");
        }
    }
}

#[test]
fn an_entry_that_contradicts_the_previous_one_or_the_part_is_not_trusted() {
    let part = b"one\ntwo\n";
    let first = Checkpoint {
        end: 4,
        crc: crc32fast::hash(b"one\n"),
        seqs: vec![],
        failures: vec![],
        pending: 0,
        list: ListPoint { tasks: 5, crc: 1 },
        archive: None,
    };
    let second = Checkpoint { end: 8, crc: crc32fast::hash(b"two\n"), ..first.clone() };
    let list = |tasks, crc| Checkpoint { list: ListPoint { tasks, crc }, ..second.clone() };
    let table = [
        ("the same list", second.clone(), true),
        ("more of the list", list(6, 2), true),
        ("less of the list", list(4, 1), false),
        ("the same length of another list", list(5, 2), false),
        (
            "more bytes than exist, with the checksum of the existing bytes",
            Checkpoint { end: 9, ..second.clone() },
            false,
        ),
        ("an end before the start", Checkpoint { end: 3, crc: 0, ..second.clone() }, false),
        ("the checksum of another stretch", Checkpoint { crc: first.crc, ..second.clone() }, false),
    ];
    for (what, entry, believed) in table {
        let log = [&first, &entry].map(|entry| entry.to_bytes().expect("short")).concat();
        let confirmed = recovered(part, &log, b"");
        assert_eq!(confirmed.part, if believed { 8 } else { 4 }, "{what}");
    }
}

#[test]
fn an_entry_is_trusted_only_with_its_stretch_of_the_archive() {
    let entry = |end: u64, text: &[u8], archive: Option<(u64, &[u8])>| Checkpoint {
        end,
        crc: crc32fast::hash(text),
        seqs: vec![],
        failures: vec![],
        pending: 0,
        list: ListPoint { tasks: 5, crc: 1 },
        archive: archive.map(|(end, bytes)| ArchiveStretch { end, crc: crc32fast::hash(bytes) }),
    };
    let of_run = [entry(4, b"one\n", Some((3, b"abc"))), entry(8, b"two\n", Some((8, b"defgh")))];
    let backwards = [of_run[0].clone(), entry(8, b"two\n", Some((2, b"")))];
    let without = [of_run[0].clone(), entry(8, b"two\n", None)];
    let table = [
        ("the whole archive", &of_run, Some("abcdefgh"), (8, 8)),
        ("an archive with more", &of_run, Some("abcdefghijk"), (8, 8)),
        ("the end is missing", &of_run, Some("abcdefg"), (4, 3)),
        ("a hole in the second stretch", &of_run, Some("abcd\0fgh"), (4, 3)),
        ("a hole in the first stretch", &of_run, Some("a\0cdefgh"), (0, 0)),
        ("an empty archive", &of_run, Some(""), (0, 0)),
        ("no archive", &of_run, None, (0, 0)),
        ("a stretch that ends before it begins", &backwards, Some("abcdefgh"), (4, 3)),
        ("an entry without a stretch", &without, Some("abcdefgh"), (4, 3)),
    ];
    for (what, entries, archive, expected) in table {
        let log = entries.iter().flat_map(|entry| entry.to_bytes().expect("short")).collect::<Vec<_>>();
        let mut archive = archive.map(str::as_bytes);
        let archive = archive.as_mut().map(|archive| archive as &mut dyn std::io::Read);
        let (part, log, pending) = (&mut &b"one\ntwo\n"[..], &mut &log[..], &mut &b""[..]);
        let confirmed = recover(Order::Input, part, log, pending, archive).expect("memory can be read");
        assert_eq!((confirmed.part, confirmed.archive), expected, "{what}");
    }
}

#[test]
fn the_last_entry_decides_how_much_of_the_pending_file_counts() {
    let pending = [Label { seq: 3, failed: None }.before(&line(3)).expect("short"), line(3)].concat();
    let entry = |pending: usize| {
        let list = ListPoint { tasks: 5, crc: 1 };
        Checkpoint { end: 0, crc: 0, seqs: vec![], failures: vec![], pending: pending as u64, list, archive: None }
    };
    for (first, second, expected) in [(pending.len(), 0, 0), (0, pending.len(), 1), (0, pending.len() + 99, 1)] {
        let log = [first, second].map(|length| entry(length).to_bytes().expect("short")).concat();
        let confirmed = recovered(b"", &log, &pending);
        assert_eq!(confirmed.waiting.len(), expected, "{first}, then {second}");
        assert_eq!(confirmed.pending, (expected * pending.len()) as u64, "{first}, then {second}");
    }
}

proptest! {
    #[test]
    fn only_true_records_are_confirmed_for_any_damage(
        steps in prop::collection::vec((0_u64..6, 0_u64..5), 1..8),
        cuts in (0.0..=1.0_f64, 0.0..=1.0_f64, 0.0..=1.0_f64),
        flips in prop::collection::vec((0_usize..3, 0.0..1.0_f64), 0..3),
        tails in prop::array::uniform3(prop::collection::vec(any::<u8>(), 0..20)),
    ) {
        let files = run(&steps);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place")]
        let place = |length: usize, fraction: f64| (length as f64 * fraction) as usize;
        let mut hurt = [files.part.clone(), files.log.clone(), files.pending.clone()];
        for (bytes, cut) in hurt.iter_mut().zip([cuts.0, cuts.1, cuts.2]) {
            bytes.truncate(place(bytes.len(), cut));
        }
        for (file, at) in flips {
            let at = place(hurt[file].len(), at);
            if let Some(byte) = hurt[file].get_mut(at) {
                *byte ^= 1 << (at % 8);
            }
        }
        for (bytes, tail) in hurt.iter_mut().zip(tails) {
            bytes.extend(tail);
        }
        assert_sound(&files, &recovered(&hurt[0], &hurt[1], &hurt[2]));
    }

    #[test]
    fn random_bytes_are_not_trusted_and_cause_no_panic(
        part in prop::collection::vec(any::<u8>(), 0..200),
        log in prop::collection::vec(any::<u8>(), 0..200),
        pending in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        prop_assert_eq!(recovered(&part, &log, &pending).records, 0);
    }
}
