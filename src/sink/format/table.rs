//! A table of text with one row for each record, or several: CSV (RFC 4180) and the same with tabs.
//!
//! The cells of the data come from a worker and go in as they are.

use std::borrow::Cow;

use super::object::milliseconds;
use super::{Form, Layout};
use crate::model::{Dialect, Outcome, Record, rfc_3339, rows_of};

/// The columns with what the list says about a task besides its URL.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum CarriedColumns {
    /// There are none.
    #[default]
    None,
    /// One for each column of the list, with these names.
    Named(Vec<String>),
    /// One for all of it, as JSON, because the names are not known before the list is read.
    Whole,
}

impl CarriedColumns {
    /// The name of the one column for everything.
    const WHOLE: &str = "input";

    /// The names, without a prefix.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let (named, whole): (&[String], _) = match self {
            Self::None => (&[], None),
            Self::Named(names) => (names, None),
            Self::Whole => (&[], Some(Self::WHOLE)),
        };
        named.iter().map(String::as_str).chain(whole)
    }

    /// Appends the cells of a record, each with a delimiter after it.
    fn write(&self, record: &Record, dialect: Dialect, into: &mut Vec<u8>) {
        match self {
            Self::None => {}
            Self::Named(names) => {
                let texts = record.input.texts();
                // Each name is looked for from the place after the one before. Mostly it is there, so the time does not
                // grow with the square of the number of columns.
                let mut next = 0;
                for name in names {
                    let (before, after) = texts.split_at(next);
                    let found = after.iter().chain(before).position(|(known, _)| known == name);
                    if let Some(step) = found {
                        let place = (next + step) % texts.len();
                        dialect.text(&texts[place].1, into);
                        next = place + 1;
                    }
                    into.push(dialect.delimiter);
                }
            }
            Self::Whole => {
                dialect.text(record.input.json().unwrap_or_default(), into);
                into.push(dialect.delimiter);
            }
        }
    }
}

/// The columns of a table, and how its cells are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// The columns with what the list says. They are the first.
    pub carried: CarriedColumns,
    /// What their names begin with in the header.
    pub input_prefix: String,
    /// The columns about the task, which come next.
    pub columns: Vec<Column>,
    /// The names of the columns with the data.
    pub fields: Vec<String>,
    /// How cells are written.
    pub dialect: Dialect,
}

/// A column about a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// The task's number.
    Seq,
    /// The task's line.
    Url,
    /// Where the answer came from.
    FinalUrl,
    /// The HTTP status.
    Status,
    /// The kind of the failure.
    FailureKind,
    /// The stage of the failure.
    FailureStage,
    /// The message of the failure.
    FailureMessage,
    /// The fetches charged to the task.
    Attempts,
    /// The time that workers spent on it, in milliseconds.
    ElapsedMs,
    /// The length of the last body.
    Bytes,
    /// The worker that settled it.
    Worker,
    /// When the answer came.
    FetchedAt,
    /// The warnings, as JSON.
    Warnings,
}

impl Column {
    /// All columns and their names, in their usual order.
    pub const ALL: [(&'static str, Self); 13] = [
        ("seq", Self::Seq),
        ("url", Self::Url),
        ("final_url", Self::FinalUrl),
        ("status", Self::Status),
        ("failure_kind", Self::FailureKind),
        ("failure_stage", Self::FailureStage),
        ("failure_message", Self::FailureMessage),
        ("attempts", Self::Attempts),
        ("elapsed_ms", Self::ElapsedMs),
        ("bytes", Self::Bytes),
        ("worker", Self::Worker),
        ("fetched_at", Self::FetchedAt),
        ("warnings", Self::Warnings),
    ];

    /// The name in the header.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, column)| *column == self).map_or("", |(name, _)| name)
    }

    fn text(self, record: &Record) -> String {
        let (page, failure) = match &record.outcome {
            Outcome::Page(page) => (Some(page), None),
            Outcome::Failure(failure) => (None, Some(failure)),
        };
        let of_failure = |text: fn(&crate::model::Failure) -> &str| failure.map_or("", text).to_owned();
        match self {
            Self::Seq => record.seq.to_string(),
            Self::Url => record.url.clone(),
            Self::FinalUrl => match (page, failure) {
                (Some(page), _) => page.final_url.clone(),
                (None, failure) => failure.and_then(|failure| failure.final_url.clone()).unwrap_or_default(),
            },
            Self::Status => {
                let status = page.map(|page| page.status).or(failure.and_then(|failure| failure.status));
                status.map_or_else(String::new, |status| status.to_string())
            }
            Self::FailureKind => of_failure(|failure| failure.kind.as_str()),
            Self::FailureStage => of_failure(|failure| failure.stage.as_str()),
            Self::FailureMessage => of_failure(|failure| &failure.message),
            Self::Attempts => record.attempts.to_string(),
            Self::ElapsedMs => milliseconds(record.elapsed),
            Self::Bytes => {
                page.map_or_else(|| failure.map_or(0, |failure| failure.bytes), |page| page.bytes).to_string()
            }
            Self::Worker => record.worker.map_or_else(String::new, |worker| worker.to_string()),
            Self::FetchedAt => record.fetched_at.map_or_else(String::new, rfc_3339),
            Self::Warnings => {
                let warnings = page.map(|page| String::from_utf8_lossy(&page.fit.warnings).into_owned());
                warnings.unwrap_or_default()
            }
        }
    }
}

/// A table has its header even if it has no rows.
pub(super) fn layout(table: Table) -> Layout {
    let opening = table.opening();
    Layout {
        between: b"",
        after: table.dialect.line_end(),
        closing: b"",
        empty: opening.clone(),
        opening,
        form: Form::Rows(table),
    }
}

impl Table {
    /// The names of all columns, in order.
    pub fn header(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let own = self.columns.iter().map(|column| column.name());
        let others = own.chain(self.fields.iter().map(String::as_str)).map(Cow::Borrowed);
        self.carried_header().map(Cow::Owned).chain(others)
    }

    /// The names of the columns with what the list says, with their prefix.
    pub fn carried_header(&self) -> impl Iterator<Item = String> {
        self.carried.names().map(|name| format!("{}{name}", self.input_prefix))
    }

    /// The bytes before the first record.
    fn opening(&self) -> Vec<u8> {
        let mut opening = if self.dialect.excel { "\u{FEFF}".as_bytes().to_vec() } else { Vec::new() };
        for (nth, name) in self.header().enumerate() {
            if nth > 0 {
                opening.push(self.dialect.delimiter);
            }
            self.dialect.text(&name, &mut opening);
        }
        opening.extend_from_slice(self.dialect.line_end());
        opening
    }

    /// Appends the rows of a record, without the end of the last line.
    pub(super) fn write(&self, record: &Record, into: &mut Vec<u8>) {
        let mut own = Vec::new();
        self.carried.write(record, self.dialect, &mut own);
        for column in &self.columns {
            self.dialect.text(&column.text(record), &mut own);
            own.push(self.dialect.delimiter);
        }
        match &record.outcome {
            Outcome::Page(page) => {
                for (nth, row) in rows_of(&page.data).enumerate() {
                    if nth > 0 {
                        into.extend_from_slice(self.dialect.line_end());
                    }
                    write_row(&own, row, into);
                }
            }
            Outcome::Failure(_) => {
                let delimiters = self.fields.len().saturating_sub(1);
                write_row(&own, &vec![self.dialect.delimiter; delimiters], into);
            }
        }
    }
}

/// Appends a row. Readers skip a blank line, so a row with one empty cell is written with quotes.
fn write_row(own: &[u8], data: &[u8], into: &mut Vec<u8>) {
    if own.is_empty() && data.is_empty() {
        into.extend_from_slice(b"\"\"");
    }
    into.extend_from_slice(own);
    into.extend_from_slice(data);
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;
    use crate::model::{Carried, Failure, FailureKind, Fit, Page, RowsHead, Stage, WorkerLabel};

    fn all_columns() -> Vec<Column> {
        Column::ALL.map(|(_, column)| column).to_vec()
    }

    fn table(columns: Vec<Column>, fields: &[&str], dialect: Dialect) -> Table {
        Table {
            carried: CarriedColumns::None,
            input_prefix: String::new(),
            columns,
            fields: fields.iter().map(|name| (*name).to_owned()).collect(),
            dialect,
        }
    }

    fn page(rows: &str, columns: usize) -> Record {
        let data = [&RowsHead::new(b',', columns).to_bytes()[..], rows.as_bytes()].concat();
        let fit = Fit { warnings: "[{\"field\":\"a\"}]".into(), counts: Vec::new() };
        let page = Page { final_url: "http://h/b".to_owned(), status: 200, bytes: 17, data: data.into(), fit };
        Record {
            seq: 3,
            url: "http://h/a,b".to_owned(),
            input: Carried::default(),
            outcome: Outcome::Page(page),
            attempts: 2,
            elapsed: Duration::from_micros(12_345),
            worker: Some(WorkerLabel::of_process(7)),
            cached: None,
            fetched_at: Some(UNIX_EPOCH + Duration::from_millis(1_700_000_000_007)),
        }
    }

    fn failure() -> Record {
        let mut failure = Failure::new(FailureKind::HttpStatus, Stage::Fetch, "=\"no\"\nanswer");
        (failure.final_url, failure.status, failure.bytes) = (Some("http://h/c".to_owned()), Some(503), 9);
        Record { outcome: Outcome::Failure(failure), worker: None, fetched_at: None, ..page("", 1) }
    }

    fn written(table: &Table, record: &Record) -> String {
        let mut bytes = Vec::new();
        table.write(record, &mut bytes);
        String::from_utf8(bytes).expect("UTF-8")
    }

    #[test]
    fn the_header_names_all_columns_and_only_excel_gets_a_mark() {
        let plain = table(vec![Column::Seq, Column::FailureKind], &["a,b", "c"], Dialect::default());
        assert_eq!(plain.opening(), b"seq,failure_kind,\"a,b\",c\n");
        let tabs = Dialect { delimiter: b'\t', excel: true, escape_formulas: false };
        assert_eq!(Table { dialect: tabs, ..plain }.opening(), "\u{FEFF}seq\tfailure_kind\ta,b\tc\r\n".as_bytes());
        let all = table(all_columns(), &["title"], Dialect::default());
        let expected = "seq,url,final_url,status,failure_kind,failure_stage,failure_message,attempts,elapsed_ms,bytes,\
                        worker,fetched_at,warnings,title\n";
        assert_eq!(String::from_utf8(all.opening()).expect("UTF-8"), expected);
    }

    #[test]
    fn a_page_and_a_failure_have_all_columns() {
        let all = table(all_columns(), &["a", "b"], Dialect::default());
        let warnings = "\"[{\"\"field\"\":\"\"a\"\"}]\"";
        let begin = "3,\"http://h/a,b\"";
        assert_eq!(
            written(&all, &page("x,y", 2)),
            format!("{begin},http://h/b,200,,,,2,12.3,17,7,2023-11-14T22:13:20.007Z,{warnings},x,y")
        );
        assert_eq!(
            written(&all, &failure()),
            format!("{begin},http://h/c,503,http_status,fetch,\"=\"\"no\"\"\nanswer\",2,12.3,9,,,,,")
        );
        let excel = Dialect { escape_formulas: true, ..Dialect::default() };
        let message = table(vec![Column::FailureMessage], &["a"], excel);
        assert_eq!(written(&message, &failure()), "\"'=\"\"no\"\"\nanswer\",");
    }

    #[test]
    fn a_record_with_several_rows_repeats_its_own_columns() {
        let own = table(vec![Column::Seq, Column::Status], &["a", "b"], Dialect::default());
        assert_eq!(written(&own, &page("p,q\0r,", 2)), "3,200,p,q\n3,200,r,");
        let excel = Dialect { excel: true, ..Dialect::default() };
        assert_eq!(written(&Table { dialect: excel, ..own }, &page("p,q\0r,", 2)), "3,200,p,q\r\n3,200,r,");
    }

    #[test]
    fn without_own_columns_there_are_only_fields_and_no_blank_line() {
        let one = table(Vec::new(), &["a"], Dialect::default());
        assert_eq!(written(&one, &page("x", 1)), "x");
        assert_eq!(written(&one, &page("", 1)), "\"\"");
        assert_eq!(written(&one, &page("\0x", 1)), "\"\"\nx");
        assert_eq!(written(&one, &failure()), "\"\"");
        let two = table(Vec::new(), &["a", "b"], Dialect::default());
        assert_eq!(written(&two, &failure()), ",");
    }

    #[test]
    fn what_the_list_carries_comes_first() {
        let input = Carried::of_cells([("sku", "1.50"), ("note", "a,\"b\"")]);
        let named = |names: &[&str]| CarriedColumns::Named(names.iter().map(ToString::to_string).collect());
        let cases = [
            (named(&["note", "sku", "gone"]), "note,sku,gone,seq,a\n", "\"a,\"\"b\"\"\",1.50,,3,x"),
            (named(&["gone", "note", "gone", "sku"]), "gone,note,gone,sku,seq,a\n", ",\"a,\"\"b\"\"\",,1.50,3,x"),
            (named(&["sku", "note"]), "sku,note,seq,a\n", "1.50,\"a,\"\"b\"\"\",3,x"),
            (CarriedColumns::Whole, "input,seq,a\n", r#""{""sku"":""1.50"",""note"":""a,\""b\""""}",3,x"#),
            (CarriedColumns::None, "seq,a\n", "3,x"),
        ];
        for (carried, header, row) in cases {
            let table = Table { carried, ..table(vec![Column::Seq], &["a"], Dialect::default()) };
            assert_eq!(String::from_utf8_lossy(&table.opening()), header);
            assert_eq!(written(&table, &Record { input: input.clone(), ..page("x", 1) }), row, "{header}");
        }
    }
}
