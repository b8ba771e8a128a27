//! Reads whole records, to write them again.

use std::collections::HashSet;

use super::rows::{Cells, Rows, data_record, is_json};
use super::scan::Scan;
use super::whole::{compact, full, is_full, of_json};
use super::{Dataset, Error};
use crate::model::{Failure, FailureKind, Outcome, Record, Stage};

/// The records of an output, one after another.
#[derive(Debug)]
pub struct Reader {
    scan: Scan,
    form: Form,
    /// The bytes that were read last.
    bytes: Vec<u8>,
    /// The row after the record that was returned last.
    next: Option<Cells>,
    count: u64,
}

#[derive(Debug)]
enum Form {
    /// Records of JSON with all information.
    Full,
    /// Values of JSON.
    Data,
    Rows(Box<Rows>),
}

impl Reader {
    /// The records of an output. `elements` is the field of which each row of a table has an element. `texts` are the
    /// columns that rules say have text; of all others, the cells decide, for which a table is read once.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn new(dataset: &Dataset, elements: Option<&str>, texts: &HashSet<String>) -> Result<Self, Error> {
        let form = match dataset.header()? {
            None => of_first(dataset)?,
            Some((_, columns)) => {
                let wrong = |why| Error::new(format!("read `{}`: {why}", dataset.shown()));
                let mut rows = Rows::new(columns, elements).map_err(wrong)?;
                let is_json = columns_of_json(dataset, &rows, texts)?;
                rows.set_json(is_json);
                Form::Rows(Box::new(rows))
            }
        };
        Ok(Self { scan: dataset.scan()?, form, bytes: Vec::new(), next: None, count: 0 })
    }

    /// Whether records have all information about their tasks, and not only data.
    pub fn is_full(&self) -> bool {
        match &self.form {
            Form::Full => true,
            Form::Data => false,
            Form::Rows(rows) => rows.is_full(),
        }
    }

    /// The next record. A record that is only data has its place as its number; `null` is a failure.
    ///
    /// # Errors
    /// If the file cannot be read, or if the record is not like the first one.
    pub fn next_record(&mut self) -> Result<Option<Record>, Error> {
        let record = match &self.form {
            Form::Rows(_) => self.next_of_rows()?,
            Form::Full | Form::Data => self.next_of_json()?,
        };
        self.count += u64::from(record.is_some());
        Ok(record)
    }

    /// The error for the record that was read last.
    pub fn wrong(&self, why: impl std::fmt::Display) -> Error {
        self.scan.wrong(why)
    }

    fn next_of_json(&mut self) -> Result<Option<Record>, Error> {
        if self.scan.next(&mut self.bytes)?.is_none() {
            return Ok(None);
        }
        let json = text(&self.bytes).map_err(|why| self.scan.wrong(why))?;
        if matches!(self.form, Form::Full) {
            return full(json).map(Some).map_err(|why| self.scan.wrong(why));
        }
        if is_full(json) {
            return Err(self.scan.wrong("is a full record, but the first one is not"));
        }
        serde_json::from_str::<serde::de::IgnoredAny>(json)
            .map_err(|error| self.scan.wrong(format!("is not JSON: {}", of_json(&error))))?;
        let mut record = data_record(self.count, compact(json).trim_start().as_bytes().to_vec());
        if matches!(&record.outcome, Outcome::Page(page) if page.data == "null") {
            record.outcome = Outcome::Failure(Failure::new(FailureKind::InvalidUrl, Stage::List, ""));
        }
        Ok(Some(record))
    }

    fn next_of_rows(&mut self) -> Result<Option<Record>, Error> {
        let Self { scan, form: Form::Rows(rows), bytes, next, count } = self else { return Ok(None) };
        let first = match next.take() {
            Some(row) => Some(row),
            None => next_row(scan, rows, bytes)?,
        };
        let Some(first) = first else { return Ok(None) };
        let mut of_record = vec![first];
        while let Some(row) = next_row(scan, rows, bytes)? {
            if !rows.belongs(&of_record[0], &row) {
                *next = Some(row);
                break;
            }
            of_record.push(row);
        }
        rows.record(&of_record, *count).map(Some).map_err(|why| scan.wrong(why))
    }
}

fn next_row(scan: &mut Scan, rows: &Rows, bytes: &mut Vec<u8>) -> Result<Option<Cells>, Error> {
    if scan.next(bytes)?.is_none() {
        return Ok(None);
    }
    rows.cells(bytes).map(Some).map_err(|why| scan.wrong(why))
}

/// The first record decides.
fn of_first(dataset: &Dataset) -> Result<Form, Error> {
    let (mut scan, mut first) = (dataset.scan()?, Vec::new());
    let is_full = scan.next(&mut first)?.is_none() || text(&first).is_ok_and(is_full);
    Ok(if is_full { Form::Full } else { Form::Data })
}

/// Whether all cells of a column are JSON, for each column.
fn columns_of_json(dataset: &Dataset, rows: &Rows, texts: &HashSet<String>) -> Result<Vec<bool>, Error> {
    let mut all: Vec<bool> = rows.names().iter().map(|name| !texts.contains(name)).collect();
    let (mut scan, mut bytes) = (dataset.scan()?, Vec::new());
    while let Some(cells) = next_row(&mut scan, rows, &mut bytes)? {
        for (cell, all) in cells.iter().zip(&mut all) {
            *all = *all && (cell.is_empty() || is_json(cell));
        }
    }
    Ok(all)
}

fn text(bytes: &[u8]) -> Result<&str, String> {
    str::from_utf8(bytes).map_err(|error| format!("is not UTF-8: {error}"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::*;
    use crate::sink::Format;

    fn data(format: Format, text: &str, texts: &[&str]) -> Result<Vec<String>, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("out");
        fs::write(&path, text).expect("written");
        let read = || -> Result<Vec<String>, Error> {
            let texts = texts.iter().map(|name| (*name).to_owned()).collect();
            let mut reader = Reader::new(&Dataset::open(&path, format)?, None, &texts)?;
            let mut all = Vec::new();
            while let Some(record) = reader.next_record()? {
                assert_eq!(record.seq, all.len() as u64);
                all.push(match record.outcome {
                    Outcome::Page(page) => String::from_utf8_lossy(&page.data).into_owned(),
                    Outcome::Failure(_) => "-".to_owned(),
                });
            }
            Ok(all)
        };
        read().map_err(|error| error.to_string())
    }

    #[test]
    fn values_and_rows_are_data() {
        let table: [(Format, &str, &[&str], &[&str]); 5] = [
            (Format::Json, "[ {\n\"a\" : 1}, null, 2]", &[], &["{\"a\":1}", "-", "2"]),
            (Format::Jsonl, "{\"a\":1}\n null\n", &[], &["{\"a\":1}", "-"]),
            (Format::Csv, "a,zip\n1,10115\n,20095\n", &[], &["{\"a\":1,\"zip\":10115}", "{\"a\":null,\"zip\":20095}"]),
            (Format::Csv, "a,zip\n1,10115\n", &["zip"], &["{\"a\":1,\"zip\":\"10115\"}"]),
            (
                Format::Csv,
                "a,zip\n1,01067\n2,10115\n",
                &[],
                &["{\"a\":1,\"zip\":\"01067\"}", "{\"a\":2,\"zip\":\"10115\"}"],
            ),
        ];
        for (format, text, texts, expected) in table {
            assert_eq!(data(format, text, texts).expect(text), expected, "{text}");
        }
    }

    #[test]
    fn a_record_that_is_not_like_the_others_is_named() {
        let full = r#"{"seq":1,"url":"u","data":1,"failure":null}"#;
        let table = [
            (Format::Jsonl, format!("1\n{full}\n"), "its record 1 is a full record, but the first one is not"),
            (Format::Jsonl, format!("{full}\n1\n"), "its record 0 is not a full record: missing field"),
            (Format::Jsonl, "1\n{\"a\":\n".to_owned(), "its record 1 is not JSON"),
            (Format::Csv, "a,b\n1,2\n3\n".to_owned(), "its record 1 has 1 cell, but the header has 2"),
        ];
        for (format, text, expected) in table {
            let error = data(format, &text, &[]).expect_err(&text);
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_records_or_an_error(
            pieces in prop::collection::vec(
                prop::sample::select(vec![
                    "[", "]", "{", "}", ",", ":", "\"", "\\", "\n", "\r", "\t", " ", "null", "1", "a", ".", "\u{feff}", "é",
                    "\"seq\":1", "\"url\":\"u\"", "\"data\":{}", "\"failure\":null",
                    "seq,url,final_url,status,failure_kind,failure_stage,failure_message,attempts,elapsed_ms,bytes,worker,fetched_at,warnings",
                    "1,u,,,,,,1,0.0,1,1,,",
                ]),
                0..24,
            ),
            cut in any::<u8>(),
        ) {
            let text = pieces.concat();
            let mut bytes = text.into_bytes();
            bytes.truncate(bytes.len().saturating_sub(usize::from(cut % 3)));
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("out");
            fs::write(&path, &bytes).expect("written");
            for format in [Format::Json, Format::Jsonl, Format::Csv, Format::Tsv] {
                let read = || -> Result<(), Error> {
                    let mut reader = Reader::new(&Dataset::open(&path, format)?, None, &HashSet::new())?;
                    while let Some(record) = reader.next_record()? {
                        if let Outcome::Page(page) = record.outcome {
                            serde_json::from_slice::<serde_json::Value>(&page.data).expect("data is JSON");
                        }
                    }
                    Ok(())
                };
                if let Err(error) = read() {
                    let error = error.to_string();
                    prop_assert!(error.starts_with("read ") && !error.contains('\n'), "{error}");
                }
            }
        }
    }
}
