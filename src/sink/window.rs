//! The order window: which record is written next, and where the other records wait.
//!
//! Pure: it keeps the records that it is given and says where the next one belongs. It never touches the temporary
//! file.

use std::collections::VecDeque;
use std::io;
use std::mem;
use std::time::Instant;

use crate::model::FailureKind;

/// The memory that a record uses in addition to its bytes: its entry in `payloads`, the overhead of the allocator, and
/// its slot.
const OVERHEAD: u64 = 96;

/// An empty window keeps memory for this many slots.
const KEPT_SLOTS: usize = 64 * 1024;

/// Finished records that wait for an earlier one: a ring of slots that begins at the next record to write.
#[derive(Debug)]
pub(super) struct Window {
    /// The number of the next record to write; `slots[0]` is its slot.
    base: u64,
    slots: VecDeque<Slot>,
    /// The records that `Slot::InMemory` refers to; `None` for a free entry.
    payloads: Vec<Option<Payload>>,
    /// The indices of the free entries of `payloads`.
    free: Vec<u32>,
    /// The bytes of `payloads`, plus `OVERHEAD` for each record.
    memory: u64,
    /// The limit for `memory`.
    bound: u64,
    /// The number of slots that are not vacant.
    waiting: u64,
}

/// The slot of one task. There may be a million slots, so a slot is small (16 bytes).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    Vacant,
    InMemory(u32),
    Spilled { offset: u64, length: u32, failed: Option<FailureKind> },
}

/// A record in memory.
#[derive(Debug)]
struct Payload {
    bytes: Box<[u8]>,
    seq: u64,
    failed: Option<FailureKind>,
    /// Since when it has waited.
    since: Instant,
}

/// A range of bytes of the temporary file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) offset: u64,
    pub(super) length: u32,
}

/// Where a record that has just arrived belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It is the next record: write it, then call `advance`.
    Next,
    /// It waits in memory: call `keep`.
    Memory,
    /// The memory is full: write it to the temporary file, then call `spilled`.
    Disk,
    /// There was already a record with this number. The first one counts.
    Taken,
}

/// The next record to write.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ready {
    pub(super) seq: u64,
    pub(super) failed: Option<FailureKind>,
    pub(super) bytes: Bytes,
}

/// The bytes of a record, or where they are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Bytes {
    InMemory(Box<[u8]>),
    Spilled(Span),
}

impl Window {
    /// A window that begins at the record `base` and has room for `bound` bytes.
    pub(super) fn new(base: u64, bound: u64) -> Self {
        Self { base, slots: VecDeque::new(), payloads: Vec::new(), free: Vec::new(), memory: 0, bound, waiting: 0 }
    }

    /// The number of the next record to write.
    pub(super) fn next(&self) -> u64 {
        self.base
    }

    /// The number of records that wait for an earlier one.
    pub(super) fn waiting(&self) -> u64 {
        self.waiting
    }

    /// The bytes of memory that waiting records use.
    pub(super) fn memory(&self) -> u64 {
        self.memory
    }

    /// Where the record `seq` of `length` bytes belongs.
    ///
    /// If the memory is full, the new record goes to disk: it usually has the largest number, so it waits longest.
    pub(super) fn place(&self, seq: u64, length: usize) -> Place {
        if seq < self.base || self.slot(seq) != Slot::Vacant {
            Place::Taken
        } else if seq == self.base {
            Place::Next
        } else if self.memory + cost(length) <= self.bound {
            Place::Memory
        } else {
            Place::Disk
        }
    }

    /// Stores a record in memory, after `Place::Memory`.
    pub(super) fn keep(&mut self, seq: u64, failed: Option<FailureKind>, bytes: Box<[u8]>, since: Instant) {
        self.memory += cost(bytes.len());
        let at = self.free.pop().unwrap_or_else(|| {
            self.payloads.push(None);
            u32::try_from(self.payloads.len() - 1).expect("four thousand million records would not fit in memory")
        });
        self.payloads[at as usize] = Some(Payload { bytes, seq, failed, since });
        self.fill(seq, Slot::InMemory(at));
    }

    /// Notes that a record is in the file, after `Place::Disk`.
    pub(super) fn spilled(&mut self, seq: u64, failed: Option<FailureKind>, Span { offset, length }: Span) {
        self.fill(seq, Slot::Spilled { offset, length, failed });
    }

    /// Passes the records that have waited in memory since `until` or longer to `spill`, in the order of the list.
    /// `spill` writes a record to the file and returns where. Returns since when the oldest of the other records has
    /// waited.
    pub(super) fn spill_old(
        &mut self,
        until: Instant,
        mut spill: impl FnMut(u64, Option<FailureKind>, &[u8]) -> io::Result<Span>,
    ) -> io::Result<Option<Instant>> {
        let is_old = |payload: &&Payload| payload.since <= until;
        let mut old: Vec<u64> = self.payloads.iter().flatten().filter(is_old).map(|payload| payload.seq).collect();
        old.sort_unstable();
        for seq in old {
            let index = self.index(seq);
            let Slot::InMemory(at) = self.slots[index] else { continue };
            let Some(Payload { bytes, failed, .. }) = &self.payloads[at as usize] else { continue };
            let Span { offset, length } = spill(seq, *failed, bytes)?;
            self.slots[index] = Slot::Spilled { offset, length, failed: *failed };
            self.memory -= cost(bytes.len());
            self.payloads[at as usize] = None;
            self.free.push(at);
        }
        Ok(self.payloads.iter().flatten().map(|payload| payload.since).min())
    }

    /// Passes every record that is on disk to `copy`, in the order of the list. Returns the new positions that `copy`
    /// returns.
    pub(super) fn copy_spilled(
        &self,
        mut copy: impl FnMut(u64, Option<FailureKind>, Span) -> io::Result<Span>,
    ) -> io::Result<Vec<u64>> {
        let mut offsets = Vec::new();
        for (seq, slot) in (self.base..).zip(&self.slots) {
            if let Slot::Spilled { offset, length, failed } = *slot {
                offsets.push(copy(seq, failed, Span { offset, length })?.offset);
            }
        }
        Ok(offsets)
    }

    /// Sets the new positions of the records on disk, after `copy_spilled`.
    pub(super) fn moved(&mut self, offsets: Vec<u64>) {
        let mut moved = offsets.into_iter();
        for slot in &mut self.slots {
            if let Slot::Spilled { offset, .. } = slot
                && let Some(to) = moved.next()
            {
                *offset = to;
            }
        }
    }

    /// Notes that the next record has been written, after `Place::Next`.
    pub(super) fn advance(&mut self) {
        let slot = self.slots.pop_front();
        debug_assert!(matches!(slot, None | Some(Slot::Vacant)), "a waiting record was skipped");
        self.base += 1;
    }

    /// Takes out the next record if it is here.
    pub(super) fn pop(&mut self) -> Option<Ready> {
        let (failed, bytes) = match *self.slots.front()? {
            Slot::Vacant => return None,
            Slot::InMemory(at) => {
                let payload = mem::take(&mut self.payloads[at as usize]).expect("a slot points to its payload");
                self.memory -= cost(payload.bytes.len());
                self.free.push(at);
                (payload.failed, Bytes::InMemory(payload.bytes))
            }
            Slot::Spilled { offset, length, failed } => (failed, Bytes::Spilled(Span { offset, length })),
        };
        let ready = Ready { seq: self.base, failed, bytes };
        self.slots.pop_front();
        self.base += 1;
        self.waiting -= 1;
        if self.waiting == 0 {
            self.release_memory();
        }
        Some(ready)
    }

    fn slot(&self, seq: u64) -> Slot {
        let index = usize::try_from(seq - self.base).unwrap_or(usize::MAX);
        self.slots.get(index).copied().unwrap_or(Slot::Vacant)
    }

    fn index(&self, seq: u64) -> usize {
        usize::try_from(seq - self.base).expect("a window as wide as memory")
    }

    fn fill(&mut self, seq: u64, slot: Slot) {
        let index = self.index(seq);
        if index >= self.slots.len() {
            self.slots.resize(index + 1, Slot::Vacant);
        }
        self.slots[index] = slot;
        self.waiting += 1;
    }

    /// Releases the memory of an empty window.
    fn release_memory(&mut self) {
        self.slots.clear();
        self.slots.shrink_to(KEPT_SLOTS);
        self.payloads.clear();
        self.payloads.shrink_to(KEPT_SLOTS);
        self.free.clear();
        self.free.shrink_to(KEPT_SLOTS);
    }
}

fn cost(length: usize) -> u64 {
    length as u64 + OVERHEAD
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_slot_is_small() {
        assert_eq!(size_of::<Slot>(), 16);
    }

    /// Returns the records in the order in which they are emitted if they arrive in the order of `arrivals`: (number,
    /// whether it was on disk).
    ///
    /// Compares each step with a simple model: a sorted map.
    fn run(arrivals: &[u64], length: usize, bound: u64) -> Vec<(u64, bool)> {
        let mut window = Window::new(0, bound);
        let now = Instant::now();
        let mut model: BTreeMap<u64, bool> = BTreeMap::new();
        let mut emitted = Vec::new();
        for &seq in arrivals {
            let payload: Box<[u8]> = vec![u8::try_from(seq % 251).expect("below 251"); length].into();
            let in_memory = model.values().filter(|&&on_disk| !on_disk).count() as u64;
            match window.place(seq, length) {
                Place::Next => {
                    assert_eq!(seq, emitted.len() as u64);
                    emitted.push((seq, false));
                    window.advance();
                }
                Place::Memory => {
                    assert!((in_memory + 1) * cost(length) <= bound, "the limit on memory is kept");
                    window.keep(seq, None, payload, now);
                    model.insert(seq, false);
                }
                Place::Disk => {
                    assert!((in_memory + 1) * cost(length) > bound, "there was room");
                    window.spilled(seq, Some(FailureKind::Dns), Span { offset: seq * 1000, length: 7 });
                    model.insert(seq, true);
                }
                Place::Taken => unreachable!("each number arrives only once"),
            }
            assert_eq!(window.place(seq, length), Place::Taken, "{seq} again");
            while let Some(ready) = window.pop() {
                let seq = emitted.len() as u64;
                assert_eq!(ready.seq, seq);
                let on_disk = model.remove(&seq).expect("only records that have arrived are emitted");
                assert_eq!(ready.failed, on_disk.then_some(FailureKind::Dns), "the record has its own label");
                match ready.bytes {
                    Bytes::InMemory(payload) => {
                        assert!(!on_disk);
                        assert!(
                            payload.iter().all(|&byte| u64::from(byte) == seq % 251),
                            "the record has its own payload"
                        );
                    }
                    Bytes::Spilled(span) => {
                        assert!(on_disk);
                        assert_eq!(span, Span { offset: seq * 1000, length: 7 }, "the record has its own span");
                    }
                }
                emitted.push((seq, on_disk));
            }
            assert!(!model.contains_key(&(emitted.len() as u64)), "the next record is emitted");
            assert_eq!(window.next(), emitted.len() as u64);
            assert_eq!(window.waiting(), model.len() as u64);
        }
        emitted
    }

    /// Calls `each` with all permutations of the numbers below `count` (Heap's algorithm).
    fn permutations(count: usize, each: &mut impl FnMut(&[u64])) {
        fn go(left: usize, order: &mut Vec<u64>, each: &mut impl FnMut(&[u64])) {
            if left <= 1 {
                return each(order);
            }
            for at in 0..left {
                go(left - 1, order, each);
                let with = if left.is_multiple_of(2) { at } else { 0 };
                order.swap(with, left - 1);
            }
        }
        go(count, &mut (0..count as u64).collect(), each);
    }

    #[test]
    fn records_leave_in_the_order_of_the_list_for_every_order_of_arrival() {
        let mut orders = 0;
        permutations(7, &mut |order| {
            orders += 1;
            for room in [0, 1, 3, 7] {
                let emitted = run(order, 10, room * cost(10));
                assert!(emitted.iter().map(|&(seq, _)| seq).eq(0..7), "{order:?} with room for {room}");
            }
        });
        assert_eq!(orders, 5040);
    }

    #[test]
    fn a_long_list_in_shuffled_blocks_leaves_in_order() {
        // A fixed sequence of pseudo-random numbers (Knuth's MMIX constants), so that a failure can be repeated.
        let mut state = 7_u64;
        let mut below = |bound: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).expect("31 bits") % bound
        };
        let mut order: Vec<u64> = (0..20_000).collect();
        for block in order.chunks_mut(700) {
            for at in (1..block.len()).rev() {
                block.swap(at, below(at + 1));
            }
        }
        let emitted = run(&order, 100, 200 * cost(100));
        assert!(emitted.iter().map(|&(seq, _)| seq).eq(0..20_000));
        assert!(emitted.iter().any(|&(_, on_disk)| on_disk) && emitted.iter().any(|&(_, on_disk)| !on_disk));
    }

    #[test]
    fn an_empty_window_releases_its_memory() {
        let mut window = Window::new(0, u64::MAX);
        for seq in 1..=200_000 {
            window.keep(seq, None, Box::new([]), Instant::now());
        }
        window.advance();
        while window.pop().is_some() {}
        assert_eq!((window.next(), window.memory), (200_001, 0));
        assert!(window.slots.capacity() <= 2 * KEPT_SLOTS && window.payloads.capacity() <= 2 * KEPT_SLOTS);
    }

    #[test]
    fn records_that_have_waited_long_move_to_disk_and_still_leave_in_order() {
        use std::time::Duration;
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut window = Window::new(10, u64::MAX);
        for (seq, length, since) in [(14, 4, 1), (12, 2, 3), (11, 1, 2), (13, 3, 5)] {
            window.keep(seq, (seq == 12).then_some(FailureKind::Tls), vec![0; length].into(), at(since));
        }
        let mut moved = Vec::new();
        let mut spill = |seq, failed, bytes: &[u8]| {
            moved.push((seq, failed, bytes.len()));
            Ok(Span { offset: seq, length: 1 })
        };
        assert_eq!(window.spill_old(at(3), &mut spill).expect("no disk"), Some(at(5)));
        assert_eq!(window.spill_old(at(3), &mut spill).expect("no disk"), Some(at(5)));
        assert_eq!(moved, [(11, None, 1), (12, Some(FailureKind::Tls), 2), (14, None, 4)]);
        assert_eq!(window.memory, cost(3));
        window.advance();
        for (seq, spilled) in [(11, true), (12, true), (13, false), (14, true)] {
            let ready = window.pop().expect("its turn");
            assert_eq!((ready.seq, ready.failed.is_some()), (seq, seq == 12));
            assert_eq!(ready.bytes == Bytes::Spilled(Span { offset: seq, length: 1 }), spilled);
        }
        assert_eq!((window.pop(), window.waiting(), window.memory), (None, 0, 0));
    }
}
