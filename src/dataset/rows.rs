//! Rows of a table as records.
//!
//! A table with all columns about the task has full records: the columns before them are what the list said, and those
//! after them are the fields. In any other table, each row is the data of a record. A column `a.b` is the key `b` in the
//! object `a`.

use std::collections::HashSet;
use std::time::UNIX_EPOCH;

use serde_json::value::RawValue;

use super::columns::Columns;
use super::whole::{carried, compact, elapsed, failed, fetched_at};
use crate::model::{Carried, Fit, Outcome, Page, Record, WorkerLabel, cell_text, cells, escape_controls};
use crate::sink::{CarriedColumns, Column};

/// How the cells of a table become a record.
#[derive(Debug)]
pub(super) struct Rows {
    delimiter: u8,
    names: Vec<String>,
    /// The places of the columns about the task, in the order of [`Column::ALL`]; `None` if some of them are missing.
    about: Option<[usize; Column::ALL.len()]>,
    /// The columns with what the list said.
    carried: std::ops::Range<usize>,
    fields: Vec<(String, Node)>,
    /// The field of which each row has an element.
    elements: Option<String>,
    /// Whether the cells of a column are written as JSON, for each column.
    is_json: Vec<bool>,
}

/// How a value is made of cells.
#[derive(Debug)]
enum Node {
    Cell(usize),
    Object(Vec<(String, Node)>),
}

/// The cells of a row.
pub(super) type Cells = Vec<String>;

impl Rows {
    /// The records of a table with these columns. `elements` is the field of which each row has an element.
    pub(super) fn new(Columns { names, delimiter }: Columns, elements: Option<&str>) -> Result<Self, String> {
        let place = |name: &str| names.iter().position(|known| known == name);
        let all: Option<Vec<usize>> = Column::ALL.iter().map(|(name, _)| place(name)).collect();
        let about: Option<[usize; Column::ALL.len()]> = all.and_then(|all| all.try_into().ok());
        let first = about.map_or(0, |about| about.into_iter().min().unwrap_or(0));
        let of_task: HashSet<usize> = about.into_iter().flatten().collect();
        let others = (first..names.len()).filter(|at| !of_task.contains(at));
        let fields = nested(others.map(|at| (names[at].as_str(), at)).collect());
        if let Some(name) = elements
            && !fields.iter().any(|(known, node)| known == name && matches!(node, Node::Object(_)))
        {
            return Err(format!("join the rows of the field `{name}`: there is no column `{name}.NAME`"));
        }
        let (is_json, elements) = (vec![false; names.len()], elements.map(str::to_owned));
        Ok(Self { delimiter, names, about, carried: 0..first, fields, elements, is_json })
    }

    /// Whether records are full, and not only data.
    pub(super) fn is_full(&self) -> bool {
        self.about.is_some()
    }

    /// The names of the columns.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// Says which columns have cells of JSON. All others are text.
    pub(super) fn set_json(&mut self, is_json: Vec<bool>) {
        self.is_json = is_json;
    }

    /// The texts of the cells of a row.
    pub(super) fn cells(&self, row: &[u8]) -> Result<Cells, String> {
        let cells: Cells = cells(row, self.delimiter).map(|cell| cell_text(&row[cell]).into_owned()).collect();
        let (count, names) = (cells.len(), self.names.len());
        if count == names { Ok(cells) } else { Err(wrong_count(count, names)) }
    }

    /// Whether a row belongs to the same record as the row before.
    pub(super) fn belongs(&self, before: &Cells, row: &Cells) -> bool {
        self.about.is_some_and(|[seq, ..]| before[seq] == row[seq])
    }

    /// The record of its rows. `count` is the number of records before it.
    pub(super) fn record(&self, rows: &[Cells], count: u64) -> Result<Record, String> {
        let Some(row) = rows.first() else { return Err("has no rows".to_owned()) };
        if rows.len() > 1 && self.elements.is_none() {
            return Err("has several rows; name the field of which each row has an element with --rows".to_owned());
        }
        let Some(about) = self.about else { return Ok(data_record(count, self.data(rows))) };
        let cell = |column: usize| row[about[column]].as_str();
        let [seq, url, final_url, status, kind, stage, message, attempts, time, bytes, worker, at, warnings] =
            std::array::from_fn(cell);
        let final_url = Some(final_url.to_owned()).filter(|url| !url.is_empty());
        let bytes = number("bytes", bytes)?.unwrap_or(0);
        let status = number("status", status)?;
        if !warnings.is_empty() && !is_json(warnings) {
            return Err("has warnings that are not JSON".to_owned());
        }
        let outcome = if kind.is_empty() {
            let fit = Fit { warnings: compact(warnings).into_owned().into(), counts: Vec::new() };
            let (final_url, status, data) =
                (final_url.unwrap_or_default(), status.unwrap_or(0), self.data(rows).into());
            Outcome::Page(Page { final_url, status, bytes, data, fit })
        } else {
            let mut failure = failed(kind, stage, message.to_owned())?;
            (failure.final_url, failure.status, failure.bytes) = (final_url, status, bytes);
            Outcome::Failure(failure)
        };
        Ok(Record {
            seq: number("seq", seq)?.ok_or("has no seq")?,
            url: url.to_owned(),
            input: self.input(row)?,
            outcome,
            attempts: number("attempts", attempts)?.unwrap_or(0),
            elapsed: elapsed(number("elapsed_ms", time)?.unwrap_or(0.0))?,
            worker: number("worker", worker)?.map(WorkerLabel::of_process),
            cached: None,
            fetched_at: Some(at).filter(|at| !at.is_empty()).map(fetched_at).transpose()?,
        })
    }

    fn input(&self, row: &Cells) -> Result<Carried, String> {
        let whole: Vec<&str> = CarriedColumns::Whole.names().collect();
        if self.names[self.carried.clone()] == whole {
            let json = &row[self.carried.start];
            return if json.is_empty() { Ok(Carried::default()) } else { carried(json) };
        }
        let cells = self.carried.clone().map(|at| (self.names[at].as_str(), row[at].as_str()));
        Ok(Carried::of_cells(cells))
    }

    fn data(&self, rows: &[Cells]) -> Vec<u8> {
        let mut json = Vec::new();
        let mut before = b'{';
        for (name, node) in &self.fields {
            json.push(before);
            before = b',';
            string(name, &mut json);
            json.push(b':');
            if self.elements.as_ref() == Some(name) {
                self.list(node, rows, &mut json);
            } else if let Some(row) = rows.first() {
                self.value(node, row, &mut json);
            }
        }
        if self.fields.is_empty() {
            json.push(b'{');
        }
        json.push(b'}');
        json
    }

    /// A list with an element of each row. A record without elements has one row, with empty cells.
    fn list(&self, node: &Node, rows: &[Cells], json: &mut Vec<u8>) {
        json.push(b'[');
        if rows.len() > 1 || rows.iter().any(|row| has_text(node, row)) {
            for (nth, row) in rows.iter().enumerate() {
                if nth > 0 {
                    json.push(b',');
                }
                self.value(node, row, json);
            }
        }
        json.push(b']');
    }

    fn value(&self, node: &Node, row: &Cells, json: &mut Vec<u8>) {
        match node {
            Node::Cell(at) => match row[*at].as_str() {
                "" => json.extend_from_slice(b"null"),
                text if self.is_json[*at] => {
                    let start = json.len();
                    json.extend_from_slice(compact(text).as_bytes());
                    escape_controls(json, start);
                }
                text => string(text, json),
            },
            Node::Object(fields) => {
                for (nth, (name, node)) in fields.iter().enumerate() {
                    json.push(if nth == 0 { b'{' } else { b',' });
                    string(name, json);
                    json.push(b':');
                    self.value(node, row, json);
                }
                json.push(b'}');
            }
        }
    }
}

/// A record that has only data.
pub(super) fn data_record(count: u64, data: Vec<u8>) -> Record {
    let page = Page { final_url: String::new(), status: 0, bytes: 0, data: data.into(), fit: Fit::default() };
    Record {
        seq: count,
        url: String::new(),
        input: Carried::default(),
        outcome: Outcome::Page(page),
        attempts: 0,
        elapsed: std::time::Duration::ZERO,
        worker: None,
        cached: None,
        fetched_at: Some(UNIX_EPOCH),
    }
}

/// Whether a cell can be written as JSON and mean the same: a number, true, false, a list or an object.
pub(super) fn is_json(cell: &str) -> bool {
    cell.starts_with(|first: char| matches!(first, '-' | '0'..='9' | 't' | 'f' | '[' | '{'))
        && !cell.ends_with([' ', '\t', '\n', '\r'])
        && serde_json::from_str::<&RawValue>(cell).is_ok()
}

fn has_text(node: &Node, row: &Cells) -> bool {
    match node {
        Node::Cell(at) => !row[*at].is_empty(),
        Node::Object(fields) => fields.iter().any(|(_, node)| has_text(node, row)),
    }
}

/// The name of a field, its columns if it is an object, and its column if it is one.
type Group<'a> = (String, Vec<(&'a str, usize)>, Option<usize>);

/// Columns as fields: `a.x` and `a.y` are the object `a`, unless there is a column `a`.
fn nested(columns: Vec<(&str, usize)>) -> Vec<(String, Node)> {
    let whole: HashSet<&str> = columns.iter().map(|(name, _)| *name).collect();
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (name, at) in columns {
        match name.split_once('.').filter(|(key, rest)| !key.is_empty() && !rest.is_empty() && !whole.contains(key)) {
            None => groups.push((name.to_owned(), Vec::new(), Some(at))),
            Some((key, rest)) => match groups.iter_mut().find(|(known, _, cell)| known == key && cell.is_none()) {
                Some((_, inner, _)) => inner.push((rest, at)),
                None => groups.push((key.to_owned(), vec![(rest, at)], None)),
            },
        }
    }
    let node = |inner, cell: Option<usize>| cell.map_or_else(|| Node::Object(nested(inner)), Node::Cell);
    groups.into_iter().map(|(name, inner, cell)| (name, node(inner, cell))).collect()
}

fn number<T: std::str::FromStr>(name: &str, cell: &str) -> Result<Option<T>, String> {
    if cell.is_empty() {
        return Ok(None);
    }
    cell.parse().map(Some).map_err(|_| format!("has `{cell}` as its {name}, which is not a number"))
}

fn string(text: &str, json: &mut Vec<u8>) {
    let start = json.len();
    serde_json::to_writer(&mut *json, text).expect("a string is always JSON, and memory takes it");
    escape_controls(json, start);
}

/// What is wrong with a row that does not have as many cells as the header.
pub(super) fn wrong_count(cells: usize, names: usize) -> String {
    let noun = if cells == 1 { "cell" } else { "cells" };
    format!("has {cells} {noun}, but the header has {names}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(header: &str, elements: Option<&str>) -> Rows {
        let columns = Columns { names: header.split(',').map(str::to_owned).collect(), delimiter: b',' };
        Rows::new(columns, elements).expect("columns")
    }

    fn data(header: &str, elements: Option<&str>, json: &[&str], lines: &[&str]) -> String {
        let mut rows = rows(header, elements);
        rows.set_json(rows.names().iter().map(|name| json.contains(&name.as_str())).collect());
        let cells: Vec<Cells> = lines.iter().map(|line| rows.cells(line.as_bytes()).expect("cells")).collect();
        match rows.record(&cells, 0).expect("a record").outcome {
            Outcome::Page(page) => String::from_utf8(page.data.to_vec()).expect("UTF-8"),
            Outcome::Failure(failure) => panic!("{failure:?}"),
        }
    }

    #[test]
    fn cells_become_values_and_dots_make_objects() {
        let table = [
            ("a,b", "1.50,x", r#"{"a":1.50,"b":"x"}"#),
            ("a,b", ",", r#"{"a":null,"b":null}"#),
            ("a.x,b,a.y", "1,2,3", r#"{"a":{"x":"1","y":"3"},"b":"2"}"#),
            ("a,a.x", "1,2", r#"{"a":1,"a.x":"2"}"#),
            (".x,y.", "1,2", r#"{".x":"1","y.":"2"}"#),
            ("a.b.c,a.b.d", "\"x\ny\",\"q\"\"\"", r#"{"a":{"b":{"c":"x\ny","d":"q\""}}}"#),
        ];
        for (header, row, expected) in table {
            assert_eq!(data(header, None, &["a"], &[row]), expected, "{header}");
        }
    }

    #[test]
    fn rows_of_one_record_are_the_elements_of_the_named_field() {
        let about = Column::ALL.map(|(name, _)| name).join(",");
        let header = format!("sku,{about},t,r.x,r.y");
        let begin = "s,7,u,http://h/,200,,,,1,0.5,3,9,2023-11-14T22:13:20.007Z,,T";
        let (one, two, none) = (format!("{begin},1,a"), format!("{begin},2,"), format!("{begin},,"));
        let json = |lines: &[&str]| data(&header, Some("r"), &["r.x"], lines);
        assert_eq!(json(&[&one, &two]), r#"{"t":"T","r":[{"x":1,"y":"a"},{"x":2,"y":null}]}"#);
        assert_eq!(json(&[&one]), r#"{"t":"T","r":[{"x":1,"y":"a"}]}"#);
        assert_eq!(json(&[&none]), r#"{"t":"T","r":[]}"#);
        let rows = rows(&header, None);
        let cells: Vec<Cells> = [&one, &two].iter().map(|row| rows.cells(row.as_bytes()).expect("cells")).collect();
        assert!(rows.belongs(&cells[0], &cells[1]));
        assert!(rows.record(&cells, 0).expect_err("two rows").contains("--rows"));
        let bad = rows.cells(one.replace("Z,,T", "Z,[,T").as_bytes()).expect("cells");
        assert!(rows.record(&[bad], 0).expect_err("no JSON").contains("warnings that are not JSON"));
        let record = rows.record(&cells[..1], 0).expect("a record");
        assert_eq!((record.seq, record.input.json(), record.attempts), (7, Some("{\"sku\":\"s\"}"), 1));
    }

    #[test]
    fn only_cells_that_mean_the_same_are_json() {
        for cell in ["0", "-1.50", "1e5", "true", "false", "[1, \"a\"]", "{\"a\":1}"] {
            assert!(is_json(cell), "{cell}");
        }
        for cell in ["", "01", "null", "\"a\"", "1,5", "tru", "[1", "NaN", "1 ", " 1", "+1", "1 2"] {
            assert!(!is_json(cell), "{cell}");
        }
    }
}
