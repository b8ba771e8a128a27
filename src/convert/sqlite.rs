//! Writes SQLite: one table, whose rows have the order of the records.

use std::borrow::Cow;
use std::io;

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, ErrorCode, Statement};

use super::fit::{Fitted, fit};
use super::row::Places;
use super::{Converted, Error, Schema, Target};
use crate::model::ValueKind;

/// The name of the table.
const TABLE: &str = "records";

/// The names of a row's number, of which at least one is usually not the name of a column.
const ROW_NUMBERS: [&str; 3] = ["rowid", "_rowid_", "oid"];

/// Nobody else uses the file, and it is made again if the process dies. So there are no journal, no locks and no syncs.
/// Pages beyond 16 MiB are written.
const SETTINGS: &str = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; \
                        PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384;";

/// Writes records, each one line of JSON, into the table `records` of an empty database.
///
/// Lists and objects are JSON. The number of a row is `seq` + 1, so that rows have the order of the list. A value that
/// does not fit the type of its column is null, and is counted.
///
/// # Errors
/// If a record is not an object of JSON, or the database cannot be written.
pub fn to_sqlite(
    records: impl IntoIterator<Item = io::Result<Vec<u8>>>,
    schema: &Schema,
    database: &Connection,
) -> Result<Converted, Error> {
    database.execute_batch(SETTINGS).map_err(failed)?;
    // All rows together: outside of a transaction, each row would be one.
    database.execute_batch("BEGIN").map_err(failed)?;
    database.execute_batch(&create_table(schema)).map_err(failed)?;
    let row_number = row_number(schema);
    let mut insert = database.prepare(&insert_into(schema, row_number)).map_err(failed)?;
    let seq = schema.columns.iter().position(|column| column.key == "seq" && column.inner.is_none());
    let places = Places::new(schema);
    let mut converted = Converted::default();
    for line in records {
        let line = line.map_err(Error::Read)?;
        let values = places.find(converted.records, &line)?;
        if row_number.is_some() {
            let seq = seq.and_then(|at| values[at].1?.parse::<i64>().ok());
            let number = seq.and_then(|seq| seq.checked_add(1));
            insert.raw_bind_parameter(1, number).map_err(failed)?;
        }
        let first = 1 + usize::from(row_number.is_some());
        for (nth, (column, json)) in values.into_iter().enumerate() {
            let (value, misfits) = json.map_or((ToSqlOutput::from(Value::Null), 0), |json| cell(&column.kind, json));
            converted.note(&column.name, misfits);
            insert.raw_bind_parameter(first + nth, value).map_err(failed)?;
        }
        execute(&mut insert, row_number.is_some())?;
        converted.records += 1;
    }
    drop(insert);
    database.execute_batch("COMMIT").map_err(failed)?;
    Ok(converted)
}

/// Adds the row. If another row has its number already, it gets the next free one.
fn execute(insert: &mut Statement<'_>, has_number: bool) -> Result<(), Error> {
    match insert.raw_execute() {
        Err(error) if has_number && error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            insert.raw_bind_parameter(1, None::<i64>).and_then(|()| insert.raw_execute())
        }
        executed => executed,
    }
    .map(drop)
    .map_err(failed)
}

fn create_table(schema: &Schema) -> String {
    let column = |kind: &ValueKind| match kind {
        ValueKind::Number => "REAL",
        ValueKind::Integer | ValueKind::Boolean => "INTEGER",
        ValueKind::Text | ValueKind::Date | ValueKind::DateTime | ValueKind::List(_) | ValueKind::Object(_) => "TEXT",
    };
    let columns = schema.columns.iter().map(|it| format!("{} {}", quoted(&it.name), column(&it.kind)));
    format!("CREATE TABLE {} ({})", quoted(TABLE), columns.collect::<Vec<_>>().join(", "))
}

fn insert_into(schema: &Schema, row_number: Option<&str>) -> String {
    let names = row_number.into_iter().chain(schema.columns.iter().map(|it| it.name.as_str()));
    let names: Vec<String> = names.map(quoted).collect();
    format!("INSERT INTO {} ({}) VALUES ({})", quoted(TABLE), names.join(", "), vec!["?"; names.len()].join(", "))
}

/// A name for the number of a row that is not the name of a column.
fn row_number(schema: &Schema) -> Option<&'static str> {
    let is_free = |name: &&str| !schema.columns.iter().any(|column| column.name.eq_ignore_ascii_case(name));
    ROW_NUMBERS.into_iter().find(is_free)
}

/// Quotes a name, which may be a keyword.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A value of JSON as a cell, and how many values do not fit.
fn cell<'a>(kind: &ValueKind, json: &'a str) -> (ToSqlOutput<'a>, u64) {
    let kind = match kind {
        ValueKind::Number | ValueKind::Integer | ValueKind::Boolean => kind,
        // SQLite has no dates; programs write them as text.
        ValueKind::Text | ValueKind::Date | ValueKind::DateTime | ValueKind::List(_) | ValueKind::Object(_) => {
            &ValueKind::Text
        }
    };
    let value = match fit(kind, json) {
        None => return (Value::Null.into(), 1),
        // Programs in C see the end of the text there.
        Some(Fitted::Text(text)) if text.contains('\0') => Value::Text(text.replace('\0', "\u{FFFD}")).into(),
        Some(Fitted::Text(Cow::Borrowed(text))) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        Some(Fitted::Text(Cow::Owned(text))) => Value::Text(text).into(),
        Some(Fitted::Number(digits)) => digits.parse().map_or(Value::Null, Value::Real).into(),
        Some(Fitted::Integer(number)) => Value::Integer(number).into(),
        Some(Fitted::Boolean(truth)) => Value::Integer(truth.into()).into(),
        Some(Fitted::Date(date)) => Value::Text(date.to_string()).into(),
        Some(Fitted::Time(time)) => Value::Text(time.to_string()).into(),
    };
    (value, 0)
}

fn failed(reason: rusqlite::Error) -> Error {
    Error::Write { format: Target::Sqlite.name(), reason: reason.to_string() }
}
