//! Writes `SQLite`: one table, whose rows have the order of the records.

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

const NULL: ToSqlOutput<'static> = ToSqlOutput::Owned(Value::Null);

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
            let (value, misfits) = json.map_or((NULL, 0), |json| cell(&column.kind, json));
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
        None => return (NULL, 1),
        // Programs in C see the end of the text there.
        Some(Fitted::Text(text)) if text.contains('\0') => Value::Text(text.replace('\0', "\u{FFFD}")),
        Some(Fitted::Text(Cow::Borrowed(text))) => return (ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())), 0),
        Some(Fitted::Text(Cow::Owned(text))) => Value::Text(text),
        Some(Fitted::Number(digits)) => digits.parse().map_or(Value::Null, Value::Real),
        Some(Fitted::Integer(number)) => Value::Integer(number),
        Some(Fitted::Boolean(truth)) => Value::Integer(truth.into()),
        Some(Fitted::Date(date)) => Value::Text(date.to_string()),
        Some(Fitted::Time(time)) => Value::Text(time.to_string()),
    };
    (ToSqlOutput::Owned(value), 0)
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` passes a value")]
fn failed(reason: rusqlite::Error) -> Error {
    Error::Write { format: Target::Sqlite.name(), reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::Column;

    fn schema(columns: &[(&str, ValueKind)]) -> Schema {
        let column = |(name, kind): &(&str, ValueKind)| Column {
            name: (*name).to_owned(),
            key: (*name).to_owned(),
            inner: None,
            kind: kind.clone(),
        };
        Schema { columns: columns.iter().map(column).collect(), about: Vec::new() }
    }

    fn converted(schema: &Schema, lines: &[&str]) -> (Converted, Connection) {
        let database = Connection::open_in_memory().expect("memory");
        let lines = lines.iter().map(|line| Ok(line.as_bytes().to_vec()));
        let converted = to_sqlite(lines, schema, &database).expect("converted");
        (converted, database)
    }

    fn all(database: &Connection, query: &str) -> Vec<String> {
        let mut statement = database.prepare(query).expect("a query");
        let count = statement.column_count();
        let row = |row: &rusqlite::Row<'_>| {
            let cells = (0..count).map(|nth| row.get_ref(nth).map(|cell| format!("{cell:?}")));
            cells.collect::<Result<Vec<_>, _>>().map(|cells| cells.join(" "))
        };
        statement.query_map([], row).expect("rows").collect::<Result<_, _>>().expect("rows")
    }

    #[test]
    fn each_value_has_its_type_and_what_does_not_fit_is_null_and_counted() {
        use ValueKind::{Boolean, Date, DateTime, Integer, Number, Text};
        // (type, value, type and value in SQL, values that do not fit)
        let table = [
            (Text, r#""a\"b\n\u00e9""#, "text|a\"b\né", 0),
            (Text, r#""a\u0000b""#, "text|a\u{FFFD}b", 0),
            (Text, "1.50", "text|1.50", 0),
            (Text, r#"{"a":null}"#, "text|{\"a\":null}", 0),
            (Text, r#""""#, "text|", 0),
            (Text, "null", "null|", 0),
            (Text, r#""\ud800""#, "null|", 1),
            (Number, "1.50", "real|1.5", 0),
            (Number, "2", "real|2.0", 0),
            (Number, "1e999", "real|Inf", 0),
            (Number, r#""2""#, "null|", 1),
            (Integer, "9223372036854775807", "integer|9223372036854775807", 0),
            (Integer, "1.0", "integer|1", 0),
            (Integer, "9223372036854775808", "null|", 1),
            (Boolean, "true", "integer|1", 0),
            (Boolean, "false", "integer|0", 0),
            (Date, r#""2024-02-29""#, "text|2024-02-29", 0),
            (DateTime, r#""2024-02-29T10:00:00+02:00""#, "text|2024-02-29T10:00:00+02:00", 0),
            (Text.listed(), r#"["a",1,null]"#, "text|[\"a\",1,null]", 0),
            (ValueKind::Object(vec![("a".to_owned(), Text)]), r#"{"a":"x"}"#, "text|{\"a\":\"x\"}", 0),
        ];
        for (kind, value, expected, misfits) in table {
            let line = format!("{{\"a\":{value}}}");
            let (converted, database) = converted(&schema(&[("a", kind.clone())]), &[&line, "null"]);
            assert_eq!((converted.records, converted.misfits), (2, misfits), "{kind:?} {value}");
            let query = "SELECT typeof(a) || '|' || coalesce(a, '') FROM records ORDER BY rowid";
            let rows = all(&database, query);
            assert_eq!(
                rows,
                [expected, "null|"].map(|text| format!("{:?}", ValueRef::Text(text.as_bytes()))),
                "{value}"
            );
        }
    }

    #[test]
    fn rows_are_numbered_by_the_list_whatever_the_columns_are_called() {
        let numbered = [("seq", ValueKind::Integer), ("rowid", ValueKind::Text), ("OID", ValueKind::Text)];
        let (_, database) = converted(&schema(&numbered), &["{\"seq\":2}", "{\"seq\":0}", "{\"seq\":0}", "{}"]);
        let rows = all(&database, "SELECT _rowid_, seq FROM records ORDER BY _rowid_");
        assert_eq!(
            rows,
            ["Integer(1) Integer(0)", "Integer(3) Integer(2)", "Integer(4) Integer(0)", "Integer(5) Null"]
        );
        let all_taken = ["rowid", "_rowid_", "oid"].map(|name| (name, ValueKind::Integer));
        let (converted, database) = converted(&schema(&all_taken), &["{\"rowid\":7}", "{}"]);
        assert_eq!(converted.records, 2);
        assert_eq!(all(&database, "SELECT count(*), max(rowid) FROM records"), ["Integer(2) Integer(7)"]);
    }

    #[test]
    fn names_may_be_keywords_and_have_quotes_and_there_may_be_as_many_as_the_format_allows() {
        let names = ["select", "a \"b\"", "a.b", "é", "group; DROP TABLE records", "[x]", "'"];
        let (_, database) =
            converted(&schema(&names.map(|name| (name, ValueKind::Text))), &["{\"a \\\"b\\\"\":\"x\"}"]);
        let known = database.prepare("SELECT * FROM records").expect("a query");
        assert!(known.column_names().eq(names));
        assert_eq!(all(&database, "SELECT \"a \"\"b\"\"\" FROM records"), [format!("{:?}", ValueRef::Text(b"x"))]);
        let many: Vec<String> = (0..2000).map(|nth| format!("c{nth}")).collect();
        let many: Vec<(&str, ValueKind)> = many.iter().map(|name| (name.as_str(), ValueKind::Integer)).collect();
        let (converted, database) = converted(&schema(&many), &["{\"c1999\":9}", "{}"]);
        assert_eq!(converted.records, 2);
        assert_eq!(all(&database, "SELECT c1999 FROM records"), ["Integer(9)", "Null"]);
    }
}
