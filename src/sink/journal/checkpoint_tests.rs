//! A sequence of checkpoints, and what a later run recovers from them.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use super::policy::INTERVAL;
use super::*;
use crate::sink::{Destination, Format, LeftOver, Options, Shape, Sink};

/// The length of each line in bytes. It makes the `.part` large enough for a `rescue` to cut it.
const LINE: usize = 1000;

/// An output that was started or resumed.
struct Run {
    claim: Claim,
    pending_length: u64,
}

impl Run {
    fn on(folder: &Path) -> Self {
        let claim = claim(folder.join("out"), own_files::permissions_of_new_files(), &options(folder))
            .unwrap_or_else(|error| panic!("{error}"));
        let pending_length = claim.confirmed.pending;
        Self { claim, pending_length }
    }

    /// Writes the records of these tasks to the output. Every third one is a failure.
    fn put(&mut self, seqs: std::ops::Range<u64>) {
        let Claim { part, journal, .. } = &mut self.claim;
        for seq in seqs {
            part.write(&line(seq)).expect("written");
            journal.written(seq, failed(seq), Some(part.length()));
        }
    }

    /// Writes the records of these tasks to the pending file.
    fn wait(&mut self, seqs: std::ops::Range<u64>) {
        let mut pending = self.claim.pending.as_ref().expect("the output has an order");
        for seq in seqs {
            let record = &line(seq)[..LINE - 1];
            let frame = [&label(seq, failed(seq), record).expect("short"), record].concat();
            pending.write_all(&frame).expect("written");
            self.pending_length += frame.len() as u64;
        }
    }

    fn checkpoint(&mut self, since: Option<Instant>) {
        self.checkpoint_that_survives(Outlast::Process, since);
    }

    fn checkpoint_that_survives(&mut self, outlast: Outlast, since: Option<Instant>) {
        let Claim { part, journal, pending, .. } = &mut self.claim;
        let pending = pending.as_ref().map(|file| (file, self.pending_length));
        journal.checkpoint(outlast, part, None, pending, since).expect("made");
    }
}

fn options(folder: &Path) -> Options {
    Options {
        destination: Destination::File(folder.join("out")),
        format: Format::Jsonl,
        shape: Shape::Data,
        left_over: LeftOver::Resume,
        ..Options::default()
    }
}

fn line(seq: u64) -> Vec<u8> {
    format!("{seq:>width$}\n", width = LINE - 1).into_bytes()
}

fn failed(seq: u64) -> Option<FailureKind> {
    seq.is_multiple_of(3).then_some(FailureKind::Dns)
}

fn failures(seqs: impl Iterator<Item = u64>) -> BTreeMap<FailureKind, u64> {
    [(FailureKind::Dns, seqs.filter(|seq| seq.is_multiple_of(3)).count() as u64)].into()
}

fn point(tasks: u64) -> ListPoint {
    ListPoint { tasks, crc: u32::try_from(tasks * 7).expect("few") }
}

#[test]
fn every_checkpoint_confirms_exactly_the_records_since_the_one_before() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut now = Run::on(folder.path());
    for run in 0..3 {
        for step in 0..3 {
            let begin = 30 * run + 10 * step;
            now.claim.journal.consumed(point(begin + 20));
            now.put(begin..begin + 10);
            now.wait(begin + 11..begin + 12);
            now.checkpoint(None);
            // Nothing is new, so the log gets no entry.
            let log = fs::metadata(now.claim.journal.path()).expect("there").len();
            now.checkpoint(None);
            assert_eq!(fs::metadata(now.claim.journal.path()).expect("there").len(), log);
        }
        // No checkpoint includes these records, or the bytes that a crash left after them.
        now.put(30 * run + 30..30 * run + 35);
        drop(now);
        for name in ["out.part", "out.part.log", "out.part.pending"] {
            let mut file = OpenOptions::new().append(true).open(folder.path().join(name)).expect("there");
            file.write_all(&[9; 300]).expect("written");
        }

        // The next run continues where these were cut off.
        now = Run::on(folder.path());
        let done = 30 * run + 30;
        let confirmed = std::mem::take(&mut now.claim.confirmed);
        for (name, length) in [("", confirmed.part), (".log", confirmed.log), (".pending", confirmed.pending)] {
            let path = folder.path().join(format!("out.part{name}"));
            assert_eq!(fs::metadata(path).expect("there").len(), length, "{name} is cut to its confirmed length");
        }
        assert_eq!((confirmed.part, confirmed.records), (done * LINE as u64, done));
        let waiting: Vec<u64> = confirmed.waiting.iter().map(|waiting| waiting.seq).collect();
        assert_eq!(waiting, [done + 1]);
        assert_eq!(confirmed.done.points, (2..done / 10 + 2).map(|step| point(10 * step)).collect::<Vec<_>>());
        assert_eq!(confirmed.failures, failures((0..done).chain(waiting)));
    }
}

#[test]
fn a_rescue_confirms_all_records_except_for_the_room_that_it_needs() {
    // The bytes in the log and in the `.part` when a write failed.
    for (torn_log, torn_part) in [(&b""[..], &b""[..]), (&[7; 500], b""), (b"", b"half a record")] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut done = 0;
        for run in 0..2 {
            let mut now = Run::on(folder.path());
            now.claim.journal.consumed(point(400));
            for _ in 0..2 {
                now.put(done..done + 5);
                done += 5;
                now.wait(150 + done..150 + done + 2);
                now.checkpoint(None);
            }
            now.put(done..done + 30);
            let Claim { part, journal, .. } = &mut now.claim;
            part.write(torn_part).expect("written");
            journal.log.write_all(torn_log).expect("written");
            let length = part.length();
            journal.rescue(part, None, None, true).expect("there is room");
            drop(now);

            let confirmed = Run::on(folder.path()).claim.confirmed;
            let kept = (length - ROOM) / LINE as u64;
            assert!(kept > done, "some records are rescued");
            assert_eq!((confirmed.part, confirmed.records), (kept * LINE as u64, kept), "{torn_log:?} {torn_part:?}");
            assert_eq!(confirmed.waiting.len(), 4 * (run + 1), "{torn_log:?} {torn_part:?}");
            let log = fs::metadata(folder.path().join("out.part.log")).expect("there").len();
            assert_eq!(log, confirmed.log, "no incomplete entry stays in the log");

            // A resumed run that fails before its first checkpoint.
            let mut now = Run::on(folder.path());
            now.claim.journal.consumed(point(400));
            now.put(kept..kept + 20);
            let Claim { part, journal, .. } = &mut now.claim;
            let length = part.length();
            journal.rescue(part, None, None, true).expect("there is room");
            drop(now);
            let confirmed = Run::on(folder.path()).claim.confirmed;
            done = (length - ROOM) / LINE as u64;
            assert_eq!((confirmed.records, confirmed.waiting.len()), (done, 4 * (run + 1)));
        }
    }
}

#[tokio::test]
async fn waiting_records_that_a_rescue_cuts_off_are_written_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut now = Run::on(folder.path());
    now.claim.journal.consumed(point(100));
    now.wait(1..50);
    now.checkpoint(None);
    // The first record has arrived, and with it all waiting records were written. Some of them are cut off again.
    now.put(0..50);
    let Claim { part, journal, .. } = &mut now.claim;
    journal.rescue(part, None, None, true).expect("there is room");
    drop(now);

    let sink = Sink::open(&options(folder.path())).expect("a sink");
    assert_eq!(sink.before().done.seqs, (0..50).collect());
    assert_eq!(sink.finish().await.expect("nothing is missing").records, 50);
    let whole: Vec<u8> = (0..50).flat_map(line).collect();
    assert!(fs::read(folder.path().join("out")).expect("there") == whole);
}

#[test]
fn waiting_records_survive_a_crash_at_any_point_of_replacing_the_pending_file() {
    #[derive(Debug)]
    enum Died {
        BeforeTheRename,
        AfterIt,
        /// After more records were written to the new file.
        Later,
    }
    for died in [Died::BeforeTheRename, Died::AfterIt, Died::Later] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut now = Run::on(folder.path());
        now.claim.journal.consumed(point(100));
        now.wait(1..40);
        now.wait(41..50);
        now.put(0..40);
        now.checkpoint_that_survives(Outlast::PowerCut, None);
        let Claim { journal, pending, .. } = &mut now.claim;
        let successor = journal.successor().expect("made");
        *pending = Some(successor);
        now.pending_length = 0;
        now.wait(41..50);
        let Claim { journal, pending, .. } = &mut now.claim;
        let successor = pending.as_ref().expect("the output has an order");
        if !matches!(died, Died::BeforeTheRename) {
            journal.install_successor(successor, now.pending_length).expect("renamed");
        }
        if matches!(died, Died::Later) {
            now.wait(60..65);
        }
        drop(now);

        let mut now = Run::on(folder.path());
        let waiting: Vec<u64> = now.claim.confirmed.waiting.iter().map(|waiting| waiting.seq).collect();
        let later = if matches!(died, Died::Later) { 60..65 } else { 0..0 };
        assert!(waiting.into_iter().eq((41..50).chain(later)), "{died:?}");
        assert!(!folder.path().join("out.part.pending.new").exists(), "{died:?}");
        // The log continues from there.
        now.claim.journal.consumed(point(100));
        now.wait(70..72);
        now.checkpoint(None);
        let count = now.claim.confirmed.waiting.len() + 2;
        drop(now);
        assert_eq!(Run::on(folder.path()).claim.confirmed.waiting.len(), count, "{died:?}");
    }
}

#[test]
fn a_rescue_keeps_whole_members_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut run = Run::on(folder.path());
    run.claim.journal.consumed(point(1000));
    let Claim { part, journal, .. } = &mut run.claim;
    // Members of ten records, and the beginning of one whose write failed.
    for seq in 0..35 {
        part.write(&line(seq)).expect("written");
        journal.written(seq, failed(seq), (seq % 10 == 9).then_some(part.length()));
    }
    journal.rescue(part, None, None, true).expect("made");
    drop(run);
    let confirmed = std::mem::take(&mut Run::on(folder.path()).claim.confirmed);
    assert_eq!((confirmed.records, confirmed.part), (20, 20 * LINE as u64), "the last whole member makes room");
}

#[test]
fn records_that_a_checkpoint_leaves_in_memory_make_the_next_one_due() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut run = Run::on(folder.path());
    let now = Instant::now();
    for since in [Some(now), None, Some(now + INTERVAL)] {
        run.claim.journal.change(now);
        run.checkpoint(since);
        assert_eq!(
            run.claim.journal.due_in(now).filter(|left| *left <= 2 * INTERVAL),
            since.map(|since| since + INTERVAL - now)
        );
    }
}

/// A pseudo-random generator (xorshift), so that every run has the same power cuts.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound.max(1) as u64).expect("small")
    }

    /// Simulates a power cut for a file with this many synced bytes. They stay. Each block after them keeps its bytes,
    /// becomes zeros, or is lost with the rest of the file.
    fn cut(&mut self, file: &mut Vec<u8>, synced: u64) {
        const BLOCK: usize = 512;
        let synced = usize::try_from(synced).expect("small");
        let mut block = synced;
        while block < file.len() {
            let end = (block / BLOCK + 1) * BLOCK;
            let end = end.min(file.len());
            match self.below(12) {
                0 => file[block..end].fill(0),
                1 => file.truncate(block),
                _ => {}
            }
            block = end;
        }
    }
}

#[test]
fn a_power_cut_loses_only_bytes_that_were_not_synced() {
    let mut dice = Dice(0x5eed);
    let (mut more, mut less) = (0, 0);
    for cut in 0..300 {
        let folder = tempfile::tempdir().expect("a folder");
        let mut now = Run::on(folder.path());
        now.claim.journal.consumed(point(1000));
        let (mut done, mut synced) = (0, None);
        // The waiting records are so far ahead that they still wait at the end.
        let mut waits = 500;
        let sync_at = dice.below(4);
        for entry in 0..8 {
            let (count, waiting) = (dice.below(4) as u64, dice.below(3) as u64);
            now.put(done..done + count);
            done += count;
            now.wait(waits..waits + waiting);
            waits += waiting;
            if entry == sync_at {
                now.checkpoint_that_survives(Outlast::PowerCut, None);
                let log = fs::metadata(now.claim.journal.path()).expect("there").len();
                synced = Some((now.claim.part.length(), log, now.pending_length, done, waits));
            } else {
                now.checkpoint(None);
            }
        }
        drop(now);
        let (part, log, pending, least, least_waits) = synced.expect("there was a sync");
        for (name, synced) in [("out.part", part), ("out.part.log", log), ("out.part.pending", pending)] {
            let path = folder.path().join(name);
            let mut file = fs::read(&path).expect("there");
            dice.cut(&mut file, synced);
            fs::write(&path, file).expect("written");
        }

        let confirmed = std::mem::take(&mut Run::on(folder.path()).claim.confirmed);
        assert!((least..=done).contains(&confirmed.records), "cut {cut}: {least} were synced: {confirmed:?}");
        let whole: Vec<u8> = (0..confirmed.records).flat_map(line).collect();
        assert!(
            fs::read(folder.path().join("out.part")).expect("there") == whole,
            "cut {cut}: no wrong record is trusted"
        );
        let waiting: Vec<u64> = confirmed.waiting.iter().map(|waiting| waiting.seq).collect();
        assert!(waiting.iter().copied().eq(500..500 + waiting.len() as u64), "cut {cut}: {waiting:?}");
        assert!(
            (500 + waiting.len() as u64) >= least_waits,
            "cut {cut}: {waiting:?}, but those up to {least_waits} were synced"
        );
        let pending = fs::read(folder.path().join("out.part.pending")).expect("there");
        for record in &confirmed.waiting {
            let begin = usize::try_from(record.span.offset).expect("small");
            let bytes = &pending[begin..begin + record.span.length as usize];
            assert!(bytes == &line(record.seq)[..LINE - 1], "cut {cut}: the record of task {}", record.seq);
        }
        *if confirmed.records > least { &mut more } else { &mut less } += 1;
    }
    assert!(more > 30 && less > 30, "both kinds of cuts occur: {more} left more than was synced, {less} did not");
}

#[test]
fn a_resumed_run_syncs_the_work_of_the_earlier_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut run = Run::on(folder.path());
    run.claim.journal.consumed(point(10));
    run.put(0..5);
    run.wait(7..8);
    let now = Instant::now();
    assert_eq!(run.claim.journal.due(now), None, "nothing is new yet");
    run.checkpoint(None);
    drop(run);
    let mut run = Run::on(folder.path());
    assert_eq!(run.claim.journal.due(Instant::now()), Some(Outlast::PowerCut));
    let Unsynced { part, pending, log } = run.claim.journal.unsynced;
    assert_eq!((part, pending, log), (true, true, true));
    run.checkpoint_that_survives(Outlast::PowerCut, None);
    let Unsynced { part, pending, log } = run.claim.journal.unsynced;
    assert_eq!((part, pending, log), (false, false, false));
    assert_eq!(run.claim.journal.due(Instant::now()), None);
}
