//! What a record says about its task.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::columns::Columns;
use super::scan::Scan;
use super::{Dataset, Error, rows, whole};
use crate::model::{FailureKind, cell_text, cells};
use crate::sink::BEFORE_SEQ;

/// The columns without which the records of a table cannot be recognized.
const NEEDED: [&str; 3] = ["seq", "url", "failure_kind"];

/// A record, and where it is.
#[derive(Debug)]
pub(super) struct Found {
    /// The number of its task.
    pub(super) seq: u64,
    /// The line of its task.
    pub(super) url: String,
    /// The kind of its failure; `None` if it has data.
    pub(super) failed: Option<FailureKind>,
    /// Its place in the file.
    pub(super) offset: u64,
    pub(super) length: u64,
}

/// The records of an output, one after another.
#[derive(Debug)]
pub(super) struct Records {
    scan: Scan,
    form: Form,
    /// The bytes of the row that was read last.
    row: Vec<u8>,
    /// The row after the record that was returned last.
    next: Option<Found>,
    crc: crc32fast::Hasher,
}

#[derive(Debug)]
enum Form {
    Json,
    Rows { columns: Columns, needed: [usize; 3] },
}

impl Records {
    /// The records of an output, which must have what they are recognized by.
    pub(super) fn new(dataset: &Dataset) -> Result<Self, Error> {
        let form = match dataset.header()? {
            None => Form::Json,
            Some((_, columns)) => {
                let place = |name| columns.place(name).ok_or_else(|| lacks(dataset, name));
                let [seq, url, kind] = NEEDED.map(place);
                let needed = [seq?, url?, kind?];
                Form::Rows { columns, needed }
            }
        };
        let (row, crc) = (Vec::new(), crc32fast::Hasher::new());
        Ok(Self { scan: dataset.scan()?, form, row, next: None, crc })
    }

    /// The next record. The rows of one record are together.
    pub(super) fn next(&mut self) -> Result<Option<Found>, Error> {
        let first = match self.next.take() {
            Some(row) => Some(row),
            None => self.next_row()?,
        };
        let Some(mut record) = first else { return Ok(None) };
        while let Form::Rows { .. } = &self.form
            && let Some(row) = self.next_row()?
        {
            if row.seq != record.seq {
                self.next = Some(row);
                break;
            }
            record.length = row.offset + row.length - record.offset;
        }
        Ok(Some(record))
    }

    /// A checksum of all records so far.
    pub(super) fn crc(&self) -> u32 {
        self.crc.clone().finalize()
    }

    /// The place of the number in each row; `None` if records are JSON.
    pub(super) fn seq_column(&self) -> Option<usize> {
        match &self.form {
            Form::Json => None,
            Form::Rows { needed: [seq, ..], .. } => Some(*seq),
        }
    }

    fn next_row(&mut self) -> Result<Option<Found>, Error> {
        let Self { scan, form, row, crc, .. } = self;
        let Some(offset) = scan.next(row)? else { return Ok(None) };
        crc.update(row);
        let (seq, url, failed) = match form {
            Form::Json => of_json(row),
            Form::Rows { columns, needed } => of_row(row, columns, *needed),
        }
        .map_err(|why| scan.wrong(why))?;
        Ok(Some(Found { seq, url, failed, offset, length: row.len() as u64 }))
    }
}

/// The error for a table without a column that is needed.
fn lacks(dataset: &Dataset, column: &str) -> Error {
    let (shown, needed) = (dataset.shown(), NEEDED.join(", "));
    Error::new(format!(
        "read `{shown}`: it has no column `{column}`; only an output with the columns {needed} can be compared with a list \
         (output.columns, output.record = \"full\")"
    ))
}

type Head = (u64, String, Option<FailureKind>);

/// The keys of a record as Gleaner writes it.
#[derive(Deserialize)]
struct Keys<'a> {
    seq: u64,
    #[serde(borrow)]
    url: Cow<'a, str>,
    #[serde(borrow)]
    data: &'a RawValue,
    #[serde(borrow)]
    failure: &'a RawValue,
}

#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
}

fn of_json(record: &[u8]) -> Result<Head, String> {
    let keys: Keys<'_> = serde_json::from_slice(record).map_err(|error| {
        if error.is_eof() {
            return format!("is not a full record: {}", whole::of_json(&error));
        }
        format!("is not a full record ({error}); an output with output.record = \"data\", or of another program, cannot be compared with a list")
    })?;
    let number = record.strip_prefix(BEFORE_SEQ).and_then(<[u8]>::first);
    if !number.is_some_and(u8::is_ascii_digit) || record.contains(&b'\n') {
        return Err("was written again by another program, so its bytes cannot be taken over".to_owned());
    }
    let failed = match (keys.data.get(), keys.failure.get()) {
        ("null", "null") => return Err("has neither data nor a failure".to_owned()),
        (_, "null") => None,
        ("null", failure) => {
            let kind: Kind<'_> =
                serde_json::from_str(failure).map_err(|error| format!("has a failure without a kind ({error})"))?;
            Some(kind_of(&kind.kind)?)
        }
        _ => return Err("has both data and a failure".to_owned()),
    };
    Ok((keys.seq, keys.url.into_owned(), failed))
}

fn of_row(row: &[u8], columns: &Columns, [seq, url, kind]: [usize; 3]) -> Result<Head, String> {
    let places: Vec<_> = cells(row, columns.delimiter).collect();
    if places.len() != columns.names.len() {
        let (cells, names) = (places.len(), columns.names.len());
        return Err(rows::wrong_count(cells, names));
    }
    let text = |place: usize| cell_text(&row[places[place].clone()]);
    let number = text(seq).parse().map_err(|_| format!("has `{}` as its seq, which is not a number", text(seq)))?;
    let kind = text(kind);
    let failed = if kind.is_empty() { None } else { Some(kind_of(&kind)?) };
    Ok((number, without_apostrophe(&text(url)).to_owned(), failed))
}

fn kind_of(name: &str) -> Result<FailureKind, String> {
    FailureKind::of_name(name)
        .ok_or_else(|| format!("has a failure of the kind `{name}`, which this version does not know"))
}

/// A cell without the apostrophe that `output.escape_formulas` puts before formulas.
fn without_apostrophe(cell: &str) -> &str {
    let formula = cell.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@', '\t', '\r']));
    formula.unwrap_or(cell)
}

/// The line of a task as its record shows it.
pub(super) fn as_recorded(line: &str, is_table: bool) -> Cow<'_, str> {
    if is_table && line.contains('\0') { Cow::Owned(line.replace('\0', "\u{FFFD}")) } else { Cow::Borrowed(line) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_json_says_its_task_and_whether_it_has_data() {
        let record =
            |middle: &str| format!("{{\"seq\":7,\"url\":\"h\\u00e9\",\"status\":200,{middle},\"attempts\":1}}");
        let ok = [
            (record("\"data\":{\"a\":null},\"failure\":null"), None),
            (record("\"data\":null,\"failure\":{\"kind\":\"dns\",\"stage\":\"fetch\"}"), Some(FailureKind::Dns)),
        ];
        for (text, failed) in ok {
            assert_eq!(of_json(text.as_bytes()), Ok((7, "hé".to_owned(), failed)), "{text}");
        }
        let wrong = [
            ("null".to_owned(), "is not a full record"),
            ("{\"title\":1}".to_owned(), "missing field `seq`"),
            (record("\"failure\":null"), "missing field `data`"),
            (record("\"data\":1"), "missing field `failure`"),
            (record("\"data\":null,\"failure\":null"), "neither data nor a failure"),
            (record("\"data\":1,\"failure\":{\"kind\":\"dns\"}"), "both data and a failure"),
            (record("\"data\":null,\"failure\":{}"), "without a kind"),
            (record("\"data\":null,\"failure\":{\"kind\":\"later\"}"), "the kind `later`"),
            (record("\"data\":1,\"failure\":null").replace(':', ": "), "written again by another program"),
            ("{\"seq\":1".to_owned(), "is not a full record: it ends in the middle, so the file is not complete"),
        ];
        for (text, expected) in wrong {
            let error = of_json(text.as_bytes()).expect_err(&text);
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn a_row_says_the_same() {
        let columns = Columns::of_header(b"sku,seq,url,failure_kind,a\n", b',');
        let read = |row: &str| of_row(row.as_bytes(), &columns, [1, 2, 3]);
        assert_eq!(read("x,7,\"a,b\",,1"), Ok((7, "a,b".to_owned(), None)));
        assert_eq!(read("x,7,'=1,timeout,"), Ok((7, "=1".to_owned(), Some(FailureKind::Timeout))));
        for (row, expected) in [
            ("x,7,u,", "has 4 cells, but the header has 5"),
            ("x,,u,,", "which is not a number"),
            ("x,1,u,later,", "the kind `later`"),
        ] {
            assert!(read(row).expect_err(row).contains(expected), "{row}");
        }
    }
}
