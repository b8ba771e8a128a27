//! Finds the records of a file: values of JSON, or rows.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read};
use std::os::unix::fs::FileExt as _;

use super::Error;
use crate::model::{RowScan, ValueScan};
use crate::sink::Format;

/// The most bytes of one record. It keeps a file of another kind from being read into memory.
const LONGEST: usize = 256 << 20;

/// How much is read at once.
const BUFFER: usize = 256 * 1024;

/// The byte-order mark, which may stand at the beginning.
const MARK: &[u8] = "\u{FEFF}".as_bytes();

/// The records of a file, one after another. A record of a table is one row here.
#[derive(Debug)]
pub struct Scan {
    source: BufReader<FromStart>,
    name: String,
    form: Form,
    /// The offset of the next byte.
    at: u64,
    /// The number of records so far.
    count: u64,
    header: Vec<u8>,
}

/// Reads a file from its start, at a position of its own. Clones of a file share its other position, and several scans
/// may read one file.
#[derive(Debug)]
struct FromStart {
    file: File,
    at: u64,
}

impl Read for FromStart {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(into, self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

#[derive(Debug, Clone, Copy)]
enum Form {
    Lines,
    /// An array of JSON. `is_over` after its end.
    Array {
        is_over: bool,
    },
    Rows {
        delimiter: u8,
    },
}

impl Scan {
    pub(super) fn new(file: File, name: String, format: Format) -> Result<Self, Error> {
        let form = match (format, format.delimiter()) {
            (_, Some(delimiter)) => Form::Rows { delimiter },
            (Format::Jsonl, None) => Form::Lines,
            (_, None) => Form::Array { is_over: false },
        };
        let source = BufReader::with_capacity(BUFFER, FromStart { file, at: 0 });
        let mut scan = Self { source, name, form, at: 0, count: 0, header: Vec::new() };
        scan.begin().map(|()| scan)
    }

    /// The first line of a table, with its end. Empty for JSON.
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    /// The number of records so far.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Puts the bytes of the next record into `record`. Returns the offset of its first byte; `None` at the end.
    ///
    /// # Errors
    /// If the file cannot be read, ends in the middle of a record or of its array, or if a record is too long.
    pub fn next(&mut self, record: &mut Vec<u8>) -> Result<Option<u64>, Error> {
        record.clear();
        let offset = match self.form {
            Form::Lines => self.next_line(record)?,
            Form::Array { is_over } => self.next_element(is_over, record)?,
            Form::Rows { delimiter } => self.next_row(delimiter, record)?,
        };
        self.count += u64::from(offset.is_some());
        Ok(offset)
    }

    /// The error for the record that was read last.
    pub fn wrong(&self, why: impl std::fmt::Display) -> Error {
        Error::new(format!("read `{}`: its record {} {why}", self.name, self.count.saturating_sub(1)))
    }

    fn begin(&mut self) -> Result<(), Error> {
        let has_mark = self.peek_chunk()?.starts_with(MARK);
        if has_mark {
            self.consume(MARK.len());
        }
        match self.form {
            Form::Lines => Ok(()),
            Form::Array { .. } => {
                if self.peek()? != Some(b'[') {
                    return Err(Error::new(format!(
                        "read `{}`: it does not begin with `[`, so it is not an array of JSON; JSON Lines, with a value \
                         on each line, have the extension .jsonl",
                        self.name
                    )));
                }
                self.consume(1);
                Ok(())
            }
            Form::Rows { delimiter } => {
                let mut header = if has_mark { MARK.to_vec() } else { Vec::new() };
                let marked = header.len();
                self.take_row(delimiter, &mut header)?;
                if header.len() == marked {
                    return Err(Error::new(format!("read `{}`: it is empty and has no header", self.name)));
                }
                self.header = header;
                Ok(())
            }
        }
    }

    fn next_line(&mut self, record: &mut Vec<u8>) -> Result<Option<u64>, Error> {
        loop {
            let offset = self.at;
            self.take_until(record, |byte| byte == b'\n')?;
            if record.is_empty() {
                return Ok(None);
            }
            trim_end(record);
            if !record.is_empty() {
                return Ok(Some(offset));
            }
        }
    }

    fn next_row(&mut self, delimiter: u8, record: &mut Vec<u8>) -> Result<Option<u64>, Error> {
        loop {
            let offset = self.at;
            self.take_row(delimiter, record)?;
            if record.is_empty() {
                return Ok(None);
            }
            record.pop_if(|byte| *byte == b'\n');
            record.pop_if(|byte| *byte == b'\r');
            if !record.is_empty() {
                return Ok(Some(offset));
            }
        }
    }

    /// Takes a row with the end of its line.
    fn take_row(&mut self, delimiter: u8, row: &mut Vec<u8>) -> Result<(), Error> {
        let mut scan = RowScan::new(delimiter);
        self.take_until(row, |byte| scan.ends_with(byte))?;
        if scan.is_quoted() {
            return Err(self.torn("in the middle of a cell"));
        }
        Ok(())
    }

    fn next_element(&mut self, is_over: bool, record: &mut Vec<u8>) -> Result<Option<u64>, Error> {
        if is_over {
            return Ok(None);
        }
        let first = self.peek()?;
        if first == Some(b']') {
            self.consume(1);
            self.form = Form::Array { is_over: true };
            return match self.peek()? {
                None => Ok(None),
                Some(_) => Err(Error::new(format!("read `{}`: something follows the end of its array", self.name))),
            };
        }
        if self.count > 0 {
            if first != Some(b',') {
                return Err(self.torn("before the end of its array"));
            }
            self.consume(1);
            self.peek()?;
        }
        let offset = self.at;
        let (mut scan, mut is_whole) = (ValueScan::default(), false);
        self.take_while(record, |byte| {
            is_whole = scan.ends_before(byte);
            !is_whole
        })?;
        if !is_whole {
            return Err(self.torn("before the end of its array"));
        }
        trim_end(record);
        Ok(Some(offset))
    }

    fn torn(&self, place: &str) -> Error {
        let (name, count) = (&self.name, self.count);
        let noun = if count == 1 { "record" } else { "records" };
        Error::new(format!("read `{name}`: it ends {place}, after {count} {noun}, so it is not complete"))
    }

    /// Takes bytes up to the first one that `ends`, which is included.
    fn take_until(&mut self, into: &mut Vec<u8>, mut ends: impl FnMut(u8) -> bool) -> Result<(), Error> {
        let mut is_over = false;
        self.take_while(into, |byte| {
            let goes_on = !is_over;
            is_over = is_over || ends(byte);
            goes_on
        })
    }

    /// Takes bytes up to the first one that does not `belong`, which stays.
    fn take_while(&mut self, into: &mut Vec<u8>, mut belongs: impl FnMut(u8) -> bool) -> Result<(), Error> {
        loop {
            let chunk = self.peek_chunk()?;
            let (length, taken) = (chunk.len(), chunk.iter().take_while(|byte| belongs(**byte)).count());
            into.extend_from_slice(&chunk[..taken]);
            self.consume(taken);
            if taken < length || length == 0 {
                return Ok(());
            }
            if into.len() > LONGEST {
                return Err(Error::new(format!(
                    "read `{}`: its record {} has more than {} MiB; is it an output of gleaner in this format?",
                    self.name,
                    self.count,
                    LONGEST >> 20
                )));
            }
        }
    }

    /// The next byte that is not white space of JSON.
    fn peek(&mut self) -> Result<Option<u8>, Error> {
        loop {
            let chunk = self.peek_chunk()?;
            let blank = chunk.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
            let (next, is_at_end) = (chunk.get(blank).copied(), chunk.is_empty());
            self.consume(blank);
            if next.is_some() || is_at_end {
                return Ok(next);
            }
        }
    }

    fn peek_chunk(&mut self) -> Result<&[u8], Error> {
        loop {
            match self.source.fill_buf() {
                Ok(_) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::new(format!("read `{}`", self.name)).because(error)),
            }
        }
        Ok(self.source.buffer())
    }

    fn consume(&mut self, count: usize) {
        self.source.consume(count);
        self.at += count as u64;
    }
}

fn trim_end(record: &mut Vec<u8>) {
    record.truncate(record.trim_ascii_end().len());
}

#[cfg(test)]
mod tests {
    use std::io::{Seek as _, Write as _};

    use super::*;

    fn scanned(format: Format, text: &str) -> Result<Vec<String>, String> {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(text.as_bytes()).expect("written");
        file.rewind().expect("a file");
        let read = || -> Result<Vec<String>, Error> {
            let mut scan = Scan::new(file, "out".to_owned(), format)?;
            let (mut record, mut records) = (Vec::new(), Vec::new());
            while let Some(offset) = scan.next(&mut record)? {
                let shown = String::from_utf8(record.clone()).expect("UTF-8");
                let begin = usize::try_from(offset).expect("small");
                assert_eq!(&text[begin..begin + shown.len()], shown, "the offset");
                records.push(shown);
            }
            Ok(records)
        };
        read().map_err(|error| error.to_string())
    }

    #[test]
    fn each_format_gives_the_bytes_of_its_records() {
        let table: [(Format, &str, &[&str]); 14] = [
            (Format::Json, "[]\n", &[]),
            (Format::Json, " [ ] ", &[]),
            (Format::Json, "[\n{\"a\":1},\n{\"b\":[1,2]}\n]\n", &["{\"a\":1}", "{\"b\":[1,2]}"]),
            (Format::Json, "[1 , \"a,]\\\"[\\\\\",[[],{}],null]", &["1", "\"a,]\\\"[\\\\\"", "[[],{}]", "null"]),
            (Format::Json, "\u{FEFF}[\n  {\n\"a\" : 1\n}\n]", &["{\n\"a\" : 1\n}"]),
            (Format::Jsonl, "", &[]),
            (Format::Jsonl, "{\"a\":1}\n\n {\"b\":2}\r\n3", &["{\"a\":1}", " {\"b\":2}", "3"]),
            (Format::Csv, "a,b\n", &[]),
            (Format::Csv, "a,b", &[]),
            (Format::Csv, "a,b\n1,2\n3,\"4\n5\"\n", &["1,2", "3,\"4\n5\""]),
            (Format::Csv, "\u{FEFF}a,b\r\n1,2\r\n\r\n3,4", &["1,2", "3,4"]),
            (Format::Csv, "a\n\"\"\n\"x\"\"\ny\"\n", &["\"\"", "\"x\"\"\ny\""]),
            (Format::Tsv, "a\tb\n1\t\"2\t\n\"\n", &["1\t\"2\t\n\""]),
            (Format::Tsv, "a\tb\n1,\"\t2\n", &["1,\"\t2"]),
        ];
        for (format, text, expected) in table {
            assert_eq!(scanned(format, text).expect(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_damaged_file_is_refused_and_the_error_says_where() {
        let table = [
            (Format::Json, "", "does not begin with `[`"),
            (Format::Json, "{\"a\":1}\n", "does not begin with `[`"),
            (Format::Json, "[", "ends before the end of its array, after 0 records"),
            (Format::Json, "[\n{\"a\":1},\n{\"b\":", "ends before the end of its array, after 1 record,"),
            (Format::Json, "[\n{\"a\":1}\n", "ends before the end of its array, after 0 records"),
            (Format::Json, "[\n1,\n2,\n", "ends before the end of its array, after 2 records"),
            (Format::Json, "[1]\n[2]", "something follows the end of its array"),
            (Format::Csv, "", "has no header"),
            (Format::Csv, "a,\"b", "ends in the middle of a cell, after 0 records"),
            (Format::Csv, "a,b\n1,2\n3,\"4\n5,6\n", "ends in the middle of a cell, after 1 record,"),
        ];
        for (format, text, expected) in table {
            let error = scanned(format, text).expect_err(text);
            assert!(error.starts_with("read `out`: ") && error.contains(expected), "{text:?}: {error}");
        }
    }
}
