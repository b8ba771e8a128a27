//! Records of an older output that a new output takes over, byte for byte.
//!
//! An index without a name has 16 bytes for each task of the list: where its record is in the older output. So the memory
//! for ten million tasks is one bit each, and the older output is read in the order of the new one.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::FileExt as _;

use super::Error;
use super::waiting::temporary_file;
use crate::model::{FailureKind, KeptTasks, ListPoint, cells};

/// The bytes of one entry of the index: the offset (8), the length (4), the kind of the failure plus 1 (1), and zeros.
const ENTRY: usize = 16;

/// How much is read from a file at once.
const BUFFER: usize = 256 * 1024;

/// What a JSON record begins with, before its number.
pub const BEFORE_SEQ: &[u8] = b"{\"seq\":";

/// The records of an older output that a new output takes over.
#[derive(Debug)]
pub struct Kept {
    tasks: KeptTasks,
    /// The number of failures among the kept records, by kind.
    failures: BTreeMap<FailureKind, u64>,
    index: Ahead,
    older: Ahead,
    numbers: Numbers,
    /// The number of kept records that were not copied yet.
    left: u64,
    /// The bytes of the record that is being copied, if its number changes.
    scratch: Vec<u8>,
}

/// What becomes of the number (`seq`) in a kept record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    /// It is right.
    Stay,
    /// The record is JSON, and gets the number of its new task.
    InJson,
    /// The record is rows. The cell in this column gets the number of its new task.
    InColumn {
        /// The place of the column, from 0.
        column: usize,
        /// The byte between two cells.
        delimiter: u8,
    },
}

/// Collects which records are kept, one task after another.
#[derive(Debug)]
pub struct KeptBuilder {
    index: BufWriter<File>,
    words: Vec<u64>,
    tasks: u64,
    failures: BTreeMap<FailureKind, u64>,
}

impl KeptBuilder {
    /// An empty index, in the folder for temporary files.
    ///
    /// # Errors
    /// If no temporary file can be created.
    pub fn new() -> io::Result<Self> {
        let index = BufWriter::with_capacity(BUFFER, temporary_file()?);
        Ok(Self { index, words: Vec::new(), tasks: 0, failures: BTreeMap::new() })
    }

    /// The next task keeps the record at this place of the older output.
    ///
    /// # Errors
    /// If the index cannot be written.
    pub fn keep(&mut self, offset: u64, length: u32, failed: Option<FailureKind>) -> io::Result<()> {
        let mut entry = [0; ENTRY];
        entry[..8].copy_from_slice(&offset.to_le_bytes());
        entry[8..12].copy_from_slice(&length.to_le_bytes());
        entry[12] = failed.map_or(0, number_of_kind);
        self.index.write_all(&entry)?;
        if let Some(kind) = failed {
            *self.failures.entry(kind).or_default() += 1;
        }
        self.next(1);
        Ok(())
    }

    /// The next task is fetched.
    ///
    /// # Errors
    /// If the index cannot be written.
    pub fn fetch(&mut self) -> io::Result<()> {
        self.index.write_all(&[0; ENTRY])?;
        self.next(0);
        Ok(())
    }

    fn next(&mut self, bit: u64) {
        if self.tasks.is_multiple_of(64) {
            self.words.push(0);
        }
        if let Some(word) = self.words.last_mut() {
            *word |= bit << (self.tasks % 64);
        }
        self.tasks += 1;
    }

    /// All records that are kept. `older` is the older output, unpacked, and `list` the end of the list.
    ///
    /// # Errors
    /// If the index cannot be written.
    pub fn finish(self, older: File, list: ListPoint, numbers: Numbers) -> io::Result<Kept> {
        let index = self.index.into_inner().map_err(io::IntoInnerError::into_error)?;
        let tasks = KeptTasks::new(self.words, list);
        let left = tasks.count_in(0..self.tasks);
        Ok(Kept {
            tasks,
            failures: self.failures,
            index: Ahead::new(index),
            older: Ahead::new(older),
            numbers,
            left,
            scratch: Vec::new(),
        })
    }
}

impl Kept {
    /// Whether the task keeps its record.
    pub fn keeps(&self, seq: u64) -> bool {
        self.tasks.contains(seq)
    }

    /// The tasks whose records are kept.
    pub(super) fn tasks(&self) -> &KeptTasks {
        &self.tasks
    }

    /// The number of kept records that were not copied yet.
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// Leaves out the records before the task `seq`, which an earlier run has copied. Returns the number of failures
    /// among the other ones, by kind.
    pub(super) fn begin_at(&mut self, seq: u64) -> io::Result<BTreeMap<FailureKind, u64>> {
        let mut failures = self.failures.clone();
        for before in 0..seq.min(self.tasks.list().tasks) {
            if self.tasks.contains(before) {
                self.left -= 1;
                if let Some(kind) = self.place(before)?.2 {
                    *failures.entry(kind).or_default() -= 1;
                }
            }
        }
        failures.retain(|_, count| *count > 0);
        Ok(failures)
    }

    /// Appends the record of the task `seq`, which must be kept. Returns the kind of its failure.
    ///
    /// # Errors
    /// If one of the files cannot be read.
    pub fn copy(&mut self, seq: u64, into: &mut Vec<u8>) -> Result<Option<FailureKind>, Error> {
        let unreadable = |error| Error::io("copy a record of the older output").because(error);
        let (offset, length, failed) = self.place(seq).map_err(unreadable)?;
        if self.numbers == Numbers::Stay {
            self.older.read(offset, length as usize, into).map_err(unreadable)?;
        } else {
            let mut scratch = std::mem::take(&mut self.scratch);
            scratch.clear();
            self.older.read(offset, length as usize, &mut scratch).map_err(unreadable)?;
            self.numbers.renumber(&scratch, seq, into);
            self.scratch = scratch;
        }
        self.left -= 1;
        Ok(failed)
    }

    fn place(&mut self, seq: u64) -> io::Result<(u64, u32, Option<FailureKind>)> {
        let mut entry = Vec::with_capacity(ENTRY);
        self.index.read(seq * ENTRY as u64, ENTRY, &mut entry)?;
        let (offset, rest) = entry.split_first_chunk().ok_or(io::ErrorKind::UnexpectedEof)?;
        let (length, rest) = rest.split_first_chunk().ok_or(io::ErrorKind::UnexpectedEof)?;
        let kind = rest.first().and_then(|kind| kind.checked_sub(1));
        let failed = kind.and_then(|kind| FailureKind::ALL.get(usize::from(kind)).copied());
        Ok((u64::from_le_bytes(*offset), u32::from_le_bytes(*length), failed))
    }
}

fn number_of_kind(kind: FailureKind) -> u8 {
    let place = FailureKind::ALL.iter().position(|known| *known == kind);
    place.and_then(|place| u8::try_from(place + 1).ok()).expect("all kinds are listed")
}

impl Numbers {
    /// Appends the record with another number.
    fn renumber(self, record: &[u8], seq: u64, into: &mut Vec<u8>) {
        match self {
            Self::Stay => into.extend_from_slice(record),
            Self::InJson => {
                let rest = record.strip_prefix(BEFORE_SEQ).unwrap_or(record);
                let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
                into.extend_from_slice(BEFORE_SEQ);
                into.extend_from_slice(seq.to_string().as_bytes());
                into.extend_from_slice(&rest[digits..]);
            }
            Self::InColumn { column, delimiter } => {
                let mut rest = record;
                while !rest.is_empty() {
                    let (row, after) = rest.split_at(end_of_row(rest, delimiter));
                    let Some(cell) = cells(row, delimiter).nth(column) else { break };
                    into.extend_from_slice(&row[..cell.start]);
                    into.extend_from_slice(seq.to_string().as_bytes());
                    // The cell of a number has no quotes, so a CR after it belongs to the end of the line.
                    let digits = row[cell.clone()].iter().take_while(|byte| byte.is_ascii_digit()).count();
                    into.extend_from_slice(&row[cell.start + digits..]);
                    rest = after;
                }
                into.extend_from_slice(rest);
            }
        }
    }
}

/// The length of the first row, with the end of its line.
fn end_of_row(text: &[u8], delimiter: u8) -> usize {
    let mut scan = crate::model::RowScan::new(delimiter);
    text.iter().position(|byte| scan.ends_with(*byte)).map_or(text.len(), |at| at + 1)
}

/// Reads places of a file that mostly follow one another.
#[derive(Debug)]
struct Ahead {
    file: File,
    /// The bytes of the file from `start`.
    buffer: Vec<u8>,
    start: u64,
}

impl Ahead {
    fn new(file: File) -> Self {
        Self { file, buffer: Vec::new(), start: 0 }
    }

    /// Appends `length` bytes from `offset`.
    fn read(&mut self, offset: u64, length: usize, into: &mut Vec<u8>) -> io::Result<()> {
        let within = offset.checked_sub(self.start).and_then(|skipped| usize::try_from(skipped).ok());
        if let Some(bytes) = within.and_then(|skipped| self.buffer.get(skipped..)?.get(..length)) {
            into.extend_from_slice(bytes);
            return Ok(());
        }
        self.buffer.resize(length.max(BUFFER), 0);
        let mut filled = 0;
        while filled < length {
            match self.file.read_at(&mut self.buffer[filled..], offset + filled as u64) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.buffer.truncate(filled);
        self.start = offset;
        into.extend_from_slice(&self.buffer[..length]);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renumbered(numbers: Numbers, record: &str, seq: u64) -> String {
        let mut into = Vec::new();
        numbers.renumber(record.as_bytes(), seq, &mut into);
        String::from_utf8(into).expect("UTF-8")
    }

    #[test]
    fn only_the_number_of_a_record_changes() {
        let column = |column| Numbers::InColumn { column, delimiter: b',' };
        let table = [
            (Numbers::Stay, "{\"seq\":7,\"url\":\"7\"}", "{\"seq\":7,\"url\":\"7\"}"),
            (Numbers::InJson, "{\"seq\":7,\"url\":\"7\"}", "{\"seq\":123,\"url\":\"7\"}"),
            (Numbers::InJson, "{\"seq\":1000000}", "{\"seq\":123}"),
            (column(0), "7,u,x", "123,u,x"),
            (column(2), "\"a,\"\"7\n\",u,7,7", "\"a,\"\"7\n\",u,123,7"),
            (column(1), "u,7", "u,123"),
            (column(0), "7,a\n7,\"b\n7\"\n7,c", "123,a\n123,\"b\n7\"\n123,c"),
            (column(1), "a,7\r\nb,7", "a,123\r\nb,123"),
        ];
        for (numbers, record, expected) in table {
            assert_eq!(renumbered(numbers, record, 123), expected, "{numbers:?} {record:?}");
        }
    }

    #[test]
    fn records_are_found_again_in_any_order_and_earlier_ones_are_left_out() {
        let mut older = tempfile::tempfile().expect("a file");
        older.write_all(b"xxABCDExx").expect("written");
        let mut builder = KeptBuilder::new().expect("a file");
        builder.keep(5, 2, Some(FailureKind::WorkerMemory)).expect("written");
        builder.fetch().expect("written");
        builder.keep(2, 3, None).expect("written");
        builder.keep(4, 1, Some(FailureKind::InvalidUrl)).expect("written");
        let mut kept =
            builder.finish(older, ListPoint { tasks: 4, crc: 1 }, Numbers::Stay).expect("the index is written");
        assert_eq!((0..5).filter(|seq| kept.tasks().contains(*seq)).collect::<Vec<_>>(), [0, 2, 3]);
        assert_eq!(kept.left(), 3);
        assert_eq!(kept.begin_at(1).expect("readable"), [(FailureKind::InvalidUrl, 1)].into());
        assert_eq!(kept.left(), 2);
        let mut bytes = Vec::new();
        assert_eq!(kept.copy(3, &mut bytes).expect("readable"), Some(FailureKind::InvalidUrl));
        assert_eq!(kept.copy(2, &mut bytes).expect("readable"), None);
        assert_eq!((bytes.as_slice(), kept.left()), (&b"CABC"[..], 0));
    }
}
