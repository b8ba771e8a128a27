//! Rows of a table: CSV (RFC 4180) and TSV. The first row has the names of the columns. Every other row is a task, and
//! its other cells are carried. Blank lines are not rows.

use std::borrow::Cow;
use std::io::Read;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use url::Url;

use super::columns::{self, Columns};
use super::{BUFFER, Entries, Entry, MAX_ENTRY, Place, Unreadable, not_utf8};
use crate::input::options::Options;
use crate::input::utf8::Utf8;
use crate::input::{invalid, task};
use crate::model::Carried;

pub(super) struct Table<'a, R> {
    list: Utf8<R>,
    splitter: Reader,
    options: &'a Options,
    base: Option<&'a Url>,
    columns: Option<Columns>,
    buffer: Box<[u8]>,
    /// Start and end of the bytes in `buffer` that have been read and not taken yet.
    start: usize,
    end: usize,
    /// The place of `start` in the list.
    place: Place,
    row: Row,
}

/// The row that is being read, or that was read last.
struct Row {
    /// Where it begins; `None` if no byte of it was read yet.
    begin: Option<Place>,
    /// The cells, one after another, and their ends. `length` and `count` are how much of these is used.
    text: Vec<u8>,
    length: usize,
    ends: Vec<usize>,
    count: usize,
}

impl Row {
    fn cells(&self) -> Option<Vec<&str>> {
        let mut start = 0;
        let cell = |end: &usize| {
            let cell = str::from_utf8(&self.text[start..*end]).ok();
            start = *end;
            cell
        };
        self.ends[..self.count].iter().map(cell).collect()
    }
}

impl<'a, R: Read> Table<'a, R> {
    pub(super) fn new(list: Utf8<R>, separator: u8, options: &'a Options, base: Option<&'a Url>) -> Self {
        let mut splitter = ReaderBuilder::new().delimiter(separator).build();
        // `Utf8` has removed the byte-order mark. The splitter would remove a second one, but only if the first read has
        // all its bytes. After a blank line, which is not a row, it looks for none.
        splitter.read_record(b"\n", &mut [0], &mut [0]);
        Self {
            list,
            splitter,
            options,
            base,
            columns: None,
            buffer: vec![0; BUFFER].into_boxed_slice(),
            start: 0,
            end: 0,
            place: Place::BEGINNING,
            row: Row { begin: None, text: vec![0; 1024], length: 0, ends: vec![0; 32], count: 0 },
        }
    }

    /// Returns whether the next row is complete, and where it begins.
    fn next_row(&mut self) -> Result<Option<Place>, Unreadable> {
        let begin = if let Some(begin) = self.row.begin {
            begin
        } else {
            (self.row.length, self.row.count) = (0, 0);
            let unread = &self.buffer[self.start..self.end];
            let blank = unread.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
            self.advance(blank);
            if self.start == self.end {
                return Ok(None);
            }
            *self.row.begin.insert(self.place)
        };
        while self.start < self.end {
            let (is_complete, length) = self.row.split(&mut self.splitter, &self.buffer[self.start..self.end]);
            self.advance(length);
            if self.place.byte - begin.byte > MAX_ENTRY as u64 {
                return Err(Unreadable::Broken(format!(
                    "the row that begins at line {} (byte {}) is longer than {} KiB: is a quote not closed there?",
                    begin.line,
                    begin.byte,
                    MAX_ENTRY / 1024
                )));
            }
            if is_complete {
                self.row.begin = None;
                return Ok(Some(begin));
            }
        }
        Ok(None)
    }

    fn advance(&mut self, length: usize) {
        self.place.advance(&self.buffer[self.start..self.start + length]);
        self.start += length;
    }

    /// The entry of the row that was read last; `None` for the header and for blank rows.
    fn entry(&mut self, begin: Place, seq: u64) -> Result<Option<Entry<'static>>, Unreadable> {
        let Some(cells) = self.row.cells() else {
            return Err(not_utf8(&format!("line {}", begin.line), &self.row.text[..self.row.length]));
        };
        if let [only] = cells[..]
            && only.trim().is_empty()
        {
            return Ok(None);
        }
        match &self.columns {
            None => {
                self.columns = Some(columns::choose(&cells, self.options).map_err(Unreadable::Broken)?);
                Ok(None)
            }
            Some(columns) => Ok(Some(of_cells(&cells, columns, begin, seq, self.base))),
        }
    }
}

impl Row {
    /// Adds bytes to the row. Returns whether the row is complete, and how many bytes belong to it.
    fn split(&mut self, splitter: &mut Reader, bytes: &[u8]) -> (bool, usize) {
        let mut taken = 0;
        loop {
            let (text, ends) = (&mut self.text[self.length..], &mut self.ends[self.count..]);
            let (result, read, written, ended) = splitter.read_record(&bytes[taken..], text, ends);
            taken += read;
            self.length += written;
            self.count += ended;
            match result {
                ReadRecordResult::OutputFull => self.text.resize(2 * self.text.len(), 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(2 * self.ends.len(), 0),
                ReadRecordResult::InputEmpty | ReadRecordResult::End => return (false, taken),
                ReadRecordResult::Record => return (true, taken),
            }
            // No bytes would mean the end of the list.
            if taken == bytes.len() {
                return (false, taken);
            }
        }
    }
}

fn of_cells(cells: &[&str], columns: &Columns, begin: Place, seq: u64, base: Option<&Url>) -> Entry<'static> {
    if cells.len() != columns.count {
        let task = task::invalid(&cells.join(" "), seq, invalid::ragged(cells.len(), columns.count, begin.line));
        return Entry { bytes: Cow::Owned(cells.join("\0").into_bytes()), task: Some(task), too_long: false };
    }
    let carried = Carried::of_cells(columns.carried.iter().map(|(at, name)| (name.as_str(), cells[*at])));
    let written = cells[columns.url];
    Entry::of(task::from_value(written, carried, seq, base), written)
}

impl<R: Read> Entries for Table<'_, R> {
    fn take(&mut self, seq: u64) -> Result<Option<Entry<'_>>, Unreadable> {
        while let Some(begin) = self.next_row()? {
            if let Some(entry) = self.entry(begin, seq)? {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    fn refill(&mut self) -> Result<usize, Unreadable> {
        self.start = 0;
        self.end = self.list.read(&mut self.buffer)?;
        Ok(self.end)
    }

    fn take_rest(&mut self, seq: u64) -> Result<Option<Entry<'_>>, Unreadable> {
        let Some(begin) = self.row.begin.take() else { return Ok(None) };
        // A line end ends the last row, unless a quote is open.
        if !self.row.split(&mut self.splitter, b"\n").0 {
            return Err(Unreadable::Broken(format!(
                "it ends inside quotes: a quote is not closed in the row that begins at line {} (byte {})",
                begin.line, begin.byte
            )));
        }
        self.entry(begin, seq)
    }

    fn carried_columns(&self) -> Option<Vec<String>> {
        let columns = self.columns.as_ref()?;
        Some(columns.carried.iter().map(|(_, name)| name.clone()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Read, read};
    use super::*;
    use crate::input::options::{Format, Keep};

    fn csv(text: &[u8]) -> Read {
        read(text, Format::Csv, &Options::default())
    }

    #[test]
    fn a_row_is_a_task_that_carries_its_other_cells() {
        let table: [(&str, &[&str]); 14] = [
            ("", &[]),
            ("url\n", &[]),
            ("url\nhttp://h/a\n", &["http://h/a = http://h/a"]),
            ("url\r\nhttp://h/a", &["http://h/a = http://h/a"]),
            ("url\rhttp://h/a\r\r\rhttp://h/b", &["http://h/a = http://h/a", "http://h/b = http://h/b"]),
            ("\u{feff}\"url\",sku\nhttp://h/a,1\n", &[r#"http://h/a = http://h/a {"sku":"1"}"#]),
            ("\n\n sku ,url\n\n1,http://h/a\n\n  \n", &[r#"http://h/a = http://h/a {"sku":"1"}"#]),
            ("sku,url\n\"a \"\"b\"\",\nc\", http://h/a \n", &[r#"http://h/a = http://h/a {"sku":"a \"b\",\nc"}"#]),
            ("sku,url\n007,http://u:p@h/a\n", &[r#"http://u:p@h/a = http://h/a {"sku":"007"}"#]),
            ("url,n\n,1\n", &[r#"no URL =  {"n":"1"}"#]),
            ("url,n\n#x,1\n", &["no scheme = #x {\"n\":\"1\"}"]),
            ("url,n\nhttp://h/a,1,2\n", &["line 2: the row has 3 cells, but the header has 2 = http://h/a 1 2"]),
            ("url,n\n\n\nhttp://h/a\n", &["line 4: the row has 1 cell, but the header has 2 = http://h/a"]),
            ("url\n\"http://h/a\nb\"\n", &["white space inside = http://h/a\nb"]),
        ];
        for (text, expected) in table {
            csv(text.as_bytes()).is(expected, text);
        }
        let tsv = read(b"url\tn\nhttp://h/a\t1,5\n", Format::Tsv, &Options::default());
        tsv.is(&[r#"http://h/a = http://h/a {"n":"1,5"}"#], "TSV");
        let utf16: Vec<u8> = "\u{feff}url,n\nhttp://h/a,é\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        csv(&utf16).is(&[r#"http://h/a = http://h/a {"n":"é"}"#], "UTF-16");
    }

    #[test]
    fn a_table_that_cannot_be_read_is_an_error_at_its_place_after_the_tasks_before_it() {
        let long = format!("url,n\nhttp://h/a,1\nhttp://h/b,\"{}\n", "x,y\n".repeat(300_000));
        let table: [(&[u8], usize, &str); 6] = [
            (b"url,n\nhttp://h/a,1\nhttp://h/b,\"x\nhttp://h/c,2\n", 1, "line 3 (byte 19)"),
            (b"url,\"n\n", 0, "a quote is not closed in the row that begins at line 1 (byte 0)"),
            (long.as_bytes(), 1, "the row that begins at line 3 (byte 19) is longer than 1024 KiB: is a quote"),
            (b"url,n\nhttp://h/a,caf\xe9\n", 0, "line 2 is not UTF-8 but probably windows-1252"),
            (b"url,n\nhttp://h/a,\xc3,\xa9\n", 0, "line 2 is not UTF-8"),
            (b"a,b\n1,2\n", 0, "none of its columns is called url, link or href"),
        ];
        for (text, tasks, part) in table {
            let read = csv(text);
            let error = read.error.as_deref().unwrap_or_default();
            assert_eq!(read.tasks.len(), tasks, "{error}");
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn a_change_of_any_carried_cell_name_or_boundary_changes_what_is_compared() {
        let of =
            |text: &str, keep: Keep| read(text.as_bytes(), Format::Csv, &Options { keep, ..Options::default() }).bytes;
        let lists = [
            "url,a,b\nhttp://h/,x,y\n",
            "url,a,b\nhttp://h/,x,z\n",
            "url,a,b\nhttp://h/,xy,\n",
            "url,a,c\nhttp://h/,x,y\n",
            "url,a,b\nhttp://h/1,x,y\n",
            "url,a,b\nhttp://u:p@h/,x,y\n",
        ];
        let different: std::collections::BTreeSet<_> = lists.iter().map(|text| of(text, Keep::All)).collect();
        assert_eq!(different.len(), lists.len());
        let quoted = of("\"url\",a,b\r\nhttp://h/,\"x\",y", Keep::All);
        assert_eq!(quoted, of(lists[0], Keep::All), "only the notation differs");
    }
}
