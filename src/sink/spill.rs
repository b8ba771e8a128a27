//! The file for waiting records, when the memory is full or for a later run.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};

use super::window::Span;

/// Appended records are written to the file in pieces of this size.
const APPEND: usize = 256 * 1024;

/// Records are read in aligned blocks of this size, because their order in the file is about the order in which they
/// are needed.
const BLOCK: u64 = 128 * 1024;

/// The file is not replaced for less waste than this.
const SLACK: u64 = 16 << 20;

/// The most bytes of a label before a record.
const LABEL: u64 = 24;

/// An append-only file. It is truncated when all its records have been read back. It may be replaced by a smaller file
/// when most of them have been.
#[derive(Debug)]
pub(super) struct Spill {
    file: Place,
    restart: Restart,
    /// Whether the file is kept, however much of it is no longer needed.
    is_never_replaced: bool,
    /// The number of bytes in the file.
    flushed: u64,
    /// Appended bytes that are not in the file yet.
    tail: Vec<u8>,
    /// The number of records that have not been read back yet.
    live: u64,
    /// The bytes of these records.
    wanted: u64,
    /// A part of the file that begins at `block_at`.
    block: Vec<u8>,
    block_at: u64,
}

/// Creates a temporary file.
pub(super) type Make = fn() -> io::Result<File>;

/// The file, or how to create it.
#[derive(Debug)]
enum Place {
    Created(File),
    /// The file is created when it is first needed, which may be never.
    NotCreated(Make),
}

impl Place {
    fn file(&mut self) -> io::Result<&mut File> {
        if let Self::NotCreated(make) = self {
            *self = Self::Created(make()?);
        }
        match self {
            Self::Created(file) => Ok(file),
            Self::NotCreated(_) => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

/// When the file may be truncated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Restart {
    /// As soon as none of its records is needed, because no other run knows it.
    AtOnce,
    /// When the owner says so, because log entries refer to its records.
    WhenTold,
}

impl Spill {
    /// A file that no other run knows. It is created when it is first needed.
    pub(super) fn created_when_needed(make: Make) -> Self {
        Self::at(Place::NotCreated(make), Restart::AtOnce)
    }

    fn new(file: File, restart: Restart) -> Self {
        Self::at(Place::Created(file), restart)
    }

    fn at(file: Place, restart: Restart) -> Self {
        Self {
            file,
            restart,
            is_never_replaced: false,
            flushed: 0,
            tail: Vec::new(),
            live: 0,
            wanted: 0,
            block: Vec::new(),
            block_at: 0,
        }
    }

    /// A file of `length` bytes with `live` records of `wanted` bytes in all that are still needed.
    pub(super) fn reopen(file: File, length: u64, live: u64, wanted: u64) -> Self {
        Self { flushed: length, live, wanted, ..Self::new(file, Restart::WhenTold) }
    }

    /// Whether no record of the file is still needed.
    pub(super) fn is_unused(&self) -> bool {
        self.live == 0
    }

    /// Whether the file should be replaced: more than half of it is no longer needed, and the waste is not small. So in
    /// total, no more bytes are copied than were appended.
    pub(super) fn is_wasteful(&self) -> bool {
        !self.is_never_replaced && self.flushed > SLACK + 2 * (self.wanted + self.live * LABEL)
    }

    /// Stops replacing the file, because no other file can be created.
    pub(super) fn stop_replacing(&mut self) {
        self.is_never_replaced = true;
    }

    /// The same kind of file, without records.
    pub(super) fn successor(&self, file: File) -> Self {
        Self::new(file, self.restart)
    }

    /// The file, if it exists, and the number of bytes that were written to it.
    pub(super) fn file(&self) -> (Option<&File>, u64) {
        let file = match &self.file {
            Place::Created(file) => Some(file),
            Place::NotCreated(_) => None,
        };
        (file, self.flushed)
    }

    /// Appends a label and a record. Returns the position of the record.
    pub(super) fn append(&mut self, label: &[u8], payload: &[u8]) -> io::Result<Span> {
        let length = u32::try_from(payload.len())
            .map_err(|_| io::Error::new(io::ErrorKind::FileTooLarge, "the record has 4 GiB or more"))?;
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

    /// Appends the record at `span` to `into`. Must be called once for each record.
    pub(super) fn take(&mut self, span: Span, into: &mut Vec<u8>) -> io::Result<()> {
        self.copy(span, into)?;
        self.live -= 1;
        self.wanted -= u64::from(span.length);
        if self.live == 0 && self.restart == Restart::AtOnce { self.truncate() } else { Ok(()) }
    }

    /// Appends the record at `span` to `into`. The record is still needed afterwards.
    pub(super) fn copy(&mut self, span: Span, into: &mut Vec<u8>) -> io::Result<()> {
        if span.offset >= self.flushed {
            // Whole records are flushed, so a record is never partly in the file.
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

    /// Writes the appended bytes to the file.
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

    /// Truncates the file. No record of it may still be needed.
    pub(super) fn truncate(&mut self) -> io::Result<()> {
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
    fn records_are_read_back_unchanged_in_any_order() {
        const COUNT: usize = 3000;
        // Forwards, backwards and in steps. The records are in the buffer only, in the file, or larger than a block.
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
    fn records_larger_than_all_buffers_are_read_back_whole() {
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
    fn the_file_is_truncated_when_all_records_have_been_read_back() {
        let mut spill = spill();
        for round in 0..3 {
            let spans: Vec<Span> = (0..2000).map(|_| spill.append(b"", &[round; 1000]).expect("written")).collect();
            assert_eq!(spans[0].offset, 0, "the file is used again from its beginning");
            assert!(spill.file.file().expect("it exists").metadata().expect("a file").len() > 1_000_000);
            for span in spans {
                let mut got = Vec::new();
                spill.take(span, &mut got).expect("read");
                assert!(got == [round; 1000], "the record is not one of an earlier round");
            }
            assert_eq!(spill.file.file().expect("it exists").metadata().expect("a file").len(), 0);
        }
    }

    #[test]
    fn a_file_is_wasteful_if_most_of_it_is_unused_and_the_waste_is_large() {
        // (size of a record, number of records, number of records read back, whether the file is wasteful)
        let table = [
            (100_000, 400, 0, false),
            (100_000, 400, 100, false),
            (100_000, 400, 300, true),
            (100_000, 100, 99, false),
            // Labels count as well. For tiny records they are larger than the records.
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
    fn a_record_that_ends_near_the_end_of_a_block_is_read_whole() {
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
        // The block ends at the former end of the file, so it does not contain the bytes that were appended later.
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
