//! The file for records that wait while memory is full, or for a run that goes on.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};

use super::window::Span;

/// What is appended goes to the file in writes of this size.
const APPEND: usize = 256 * 1024;

/// What is read back comes in aligned blocks of this size: records were appended in about the order in which they are
/// wanted, but not exactly.
const BLOCK: u64 = 128 * 1024;

/// How much waste is no reason to copy what is wanted into another file.
const SLACK: u64 = 16 << 20;

/// What goes before a record takes no more.
const LABEL: u64 = 24;

/// An append-only file. It starts again from the beginning when all that it held has been read back, and may be exchanged
/// for another when most of it has.
#[derive(Debug)]
pub(super) struct Spill {
    file: Place,
    restart: Restart,
    /// Whether what is wanted no more is a reason to look for another file.
    keeps_waste: bool,
    /// Bytes in the file.
    flushed: u64,
    /// What comes after them and has not been written yet.
    tail: Vec<u8>,
    /// Records that were appended and not yet read back.
    live: u64,
    /// Their bytes.
    wanted: u64,
    /// Part of the file, from `block_at` on.
    block: Vec<u8>,
    block_at: u64,
}

/// How a temporary file is made.
pub(super) type Make = fn() -> io::Result<File>;

/// Where the records go.
#[derive(Debug)]
enum Place {
    There(File),
    /// Into a file that is made when it is first needed, which may be never.
    ToBeMade(Make),
}

impl Place {
    fn file(&mut self) -> io::Result<&mut File> {
        if let Self::ToBeMade(make) = self {
            *self = Self::There(make()?);
        }
        match self {
            Self::There(file) => Ok(file),
            Self::ToBeMade(_) => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

/// When the file may start again from the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Restart {
    /// As soon as nothing in it is wanted: nobody else knows of it.
    AtOnce,
    /// When told: a journal vouches for what is in it.
    WhenTold,
}

impl Spill {
    /// A file that nobody else knows of, made when it is first needed.
    pub(super) fn to_be_made(make: Make) -> Self {
        Self::at(Place::ToBeMade(make), Restart::AtOnce)
    }

    fn new(file: File, restart: Restart) -> Self {
        Self::at(Place::There(file), restart)
    }

    fn at(file: Place, restart: Restart) -> Self {
        Self {
            file,
            restart,
            keeps_waste: false,
            flushed: 0,
            tail: Vec::new(),
            live: 0,
            wanted: 0,
            block: Vec::new(),
            block_at: 0,
        }
    }

    /// A file that has `length` bytes, and in them so many records of so many bytes that are still wanted.
    pub(super) fn reopen(file: File, length: u64, live: u64, wanted: u64) -> Self {
        Self { flushed: length, live, wanted, ..Self::new(file, Restart::WhenTold) }
    }

    /// Whether no record in it is still wanted.
    pub(super) fn is_spent(&self) -> bool {
        self.live == 0
    }

    /// Whether the file is to be exchanged for another: more than half of it is wanted no more, and not just a little. So
    /// no more is copied, all in all, than was appended.
    pub(super) fn is_wasteful(&self) -> bool {
        !self.keeps_waste && self.flushed > SLACK + 2 * (self.wanted + self.live * LABEL)
    }

    /// Has it never be wasteful again: there is no other file to be had.
    pub(super) fn keep_waste(&mut self) {
        self.keeps_waste = true;
    }

    /// The same kind of file with nothing in it yet.
    pub(super) fn successor(&self, file: File) -> Self {
        Self::new(file, self.restart)
    }

    /// The file, if there is one yet, and how many bytes of it have been written.
    pub(super) fn file(&self) -> (Option<&File>, u64) {
        let file = match &self.file {
            Place::There(file) => Some(file),
            Place::ToBeMade(_) => None,
        };
        (file, self.flushed)
    }

    /// Appends a record, and what goes before it; gives where the record stands.
    pub(super) fn append(&mut self, label: &[u8], payload: &[u8]) -> io::Result<Span> {
        let length = u32::try_from(payload.len())
            .map_err(|_| io::Error::new(io::ErrorKind::FileTooLarge, "a record of 4 GiB or more"))?;
        self.tail.extend_from_slice(label);
        let offset = self.flushed + self.tail.len() as u64;
        self.tail.extend_from_slice(payload);
        self.live += 1;
        self.wanted += u64::from(length);
        if self.tail.len() >= APPEND {
            self.flush()?;
        }
        Ok(Span { offset, length })
    }

    /// Appends the record at `span` to `into`. To be called once for each record.
    pub(super) fn take(&mut self, span: Span, into: &mut Vec<u8>) -> io::Result<()> {
        self.copy(span, into)?;
        self.live -= 1;
        self.wanted -= u64::from(span.length);
        if self.live == 0 && self.restart == Restart::AtOnce { self.start_again() } else { Ok(()) }
    }

    /// Appends the record at `span` to `into`; it is wanted as before.
    pub(super) fn copy(&mut self, span: Span, into: &mut Vec<u8>) -> io::Result<()> {
        if span.offset >= self.flushed {
            // Records are flushed whole, so one is never partly in the file.
            into.extend_from_slice(within(&self.tail, self.flushed, span));
        } else {
            let in_block = span.offset >= self.block_at && end(span) <= self.block_at + self.block.len() as u64;
            if !in_block {
                self.read_block(span)?;
            }
            into.extend_from_slice(within(&self.block, self.block_at, span));
        }
        Ok(())
    }

    /// Writes out what has been appended.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        if self.tail.is_empty() {
            return Ok(());
        }
        let file = self.file.file()?;
        file.seek(SeekFrom::Start(self.flushed))?;
        file.write_all(&self.tail)?;
        self.flushed += self.tail.len() as u64;
        self.tail.clear();
        self.tail.shrink_to(2 * APPEND);
        Ok(())
    }

    fn read_block(&mut self, span: Span) -> io::Result<()> {
        let start = span.offset / BLOCK * BLOCK;
        let stop = end(span).next_multiple_of(BLOCK).min(self.flushed);
        let length = usize::try_from(stop - start).map_err(io::Error::other)?;
        self.block_at = start;
        self.block.clear();
        self.block.shrink_to(2 * length);
        self.block.resize(length, 0);
        let file = self.file.file()?;
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(&mut self.block)
    }

    /// Forgets everything. Nothing in it may be wanted.
    pub(super) fn start_again(&mut self) -> io::Result<()> {
        self.tail.clear();
        self.block.clear();
        self.block_at = 0;
        if self.flushed > 0 {
            self.flushed = 0;
            self.file.file()?.set_len(0)?;
        }
        Ok(())
    }
}

fn end(span: Span) -> u64 {
    span.offset + u64::from(span.length)
}

fn within(bytes: &[u8], at: u64, span: Span) -> &[u8] {
    let start = usize::try_from(span.offset - at).expect("an offset into a buffer");
    &bytes[start..start + span.length as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spill() -> Spill {
        Spill::new(tempfile::tempfile().expect("a temporary file"), Restart::AtOnce)
    }

    fn payload(number: usize, size: usize) -> Vec<u8> {
        (0..size + number % 7).map(|at| u8::try_from((at + number) % 251).expect("below 251")).collect()
    }

    #[test]
    fn records_come_back_as_they_were_in_whatever_order_they_are_wanted() {
        const COUNT: usize = 3000;
        // Forwards, backwards, and in strides: of records in a buffer alone, in the file, and larger than a block.
        let orders: [fn(usize) -> usize; 3] = [|at| at, |at| COUNT - 1 - at, |at| at * 7 % COUNT];
        for size in [0, 3, 500] {
            for order in orders {
                let mut spill = spill();
                let spans: Vec<Span> =
                    (0..COUNT).map(|number| spill.append(b"", &payload(number, size)).expect("written")).collect();
                for number in (0..COUNT).map(order) {
                    let mut got = b"before".to_vec();
                    spill.take(spans[number], &mut got).expect("read");
                    assert_eq!(got, [b"before", payload(number, size).as_slice()].concat(), "{number} of {size}");
                }
            }
        }
    }

    #[test]
    fn records_larger_than_every_buffer_come_back_whole() {
        let mut spill = spill();
        let sizes = [1_000_000, 5, 300_000, 5, 2_000_000];
        let spans = sizes.map(|size| spill.append(b"", &payload(size, size)).expect("written"));
        for at in [1, 4, 0, 3, 2] {
            let mut got = Vec::new();
            spill.take(spans[at], &mut got).expect("read");
            assert!(got == payload(sizes[at], sizes[at]), "{at}");
        }
    }

    #[test]
    fn the_file_is_empty_again_when_everything_has_been_read_back() {
        let mut spill = spill();
        for round in 0..3 {
            let spans: Vec<Span> = (0..2000).map(|_| spill.append(b"", &[round; 1000]).expect("written")).collect();
            assert_eq!(spans[0].offset, 0, "its beginning is used again");
            assert!(spill.file.file().expect("it is there").metadata().expect("a file").len() > 1_000_000);
            for span in spans {
                let mut got = Vec::new();
                spill.take(span, &mut got).expect("read");
                assert!(got == [round; 1000], "nothing of an earlier round comes back");
            }
            assert_eq!(spill.file.file().expect("it is there").metadata().expect("a file").len(), 0);
        }
    }

    #[test]
    fn a_file_is_wasteful_when_most_of_it_is_wanted_no_more_and_that_is_much() {
        // Records of so many bytes, how many of them, how many are read back, and whether it is wasteful then.
        let table = [
            (100_000, 400, 0, false),
            (100_000, 400, 100, false),
            (100_000, 400, 300, true),
            (100_000, 100, 99, false),
            // Labels count, too: of tiny records there is more of them than of the records.
            (0, 1_000_000, 0, false),
            (0, 1_000_000, 990_000, true),
        ];
        for (size, count, taken, wasteful) in table {
            let file = tempfile::tempfile().expect("a temporary file");
            let mut spill = Spill::new(file, Restart::WhenTold);
            let spans: Vec<Span> =
                (0..count).map(|_| spill.append(&[0; 20], &vec![b'x'; size]).expect("written")).collect();
            for span in &spans[..taken] {
                spill.take(*span, &mut Vec::new()).expect("read");
            }
            assert_eq!(spill.is_wasteful(), wasteful, "{taken} of {count} records of {size} bytes");
        }
    }

    #[test]
    fn a_record_that_ends_about_where_a_block_does_is_read_whole() {
        let block = usize::try_from(BLOCK).expect("small");
        for end in block - 1..=block + 2 {
            let mut spill = spill();
            let sizes = [block - 100, end - (block - 100), APPEND];
            let spans = sizes.map(|size| spill.append(b"", &vec![b'x'; size]).expect("written"));
            for (span, size) in spans.into_iter().zip(sizes) {
                let mut got = Vec::new();
                spill.take(span, &mut got).expect("read");
                assert!(got == vec![b'x'; size], "{size} bytes that end at {end}");
            }
        }
    }

    #[test]
    fn a_record_appended_after_a_block_was_read_is_found() {
        // The block ends where the file ended then; what came later into the same stretch is not in it.
        let mut spill = spill();
        let first = spill.append(b"", &payload(1, APPEND)).expect("written");
        let second = spill.append(b"", &payload(2, 10)).expect("written");
        spill.take(first, &mut Vec::new()).expect("read");
        let third = spill.append(b"", &payload(3, APPEND)).expect("written");
        for (span, expected) in [(second, payload(2, 10)), (third, payload(3, APPEND))] {
            let mut got = Vec::new();
            spill.take(span, &mut got).expect("read");
            assert!(got == expected);
        }
    }
}
