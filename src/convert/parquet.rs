//! Writes Parquet. A record becomes a row of JSON that fits the schema exactly, because the decoder of `arrow-json` fails
//! a whole batch for one value that does not fit.

use std::io::{self, Write};
use std::sync::Arc;

use arrow_json::reader::Decoder;
use arrow_json::{ReaderBuilder, StructMode};
use arrow_schema::{DataType, Field, Fields, TimeUnit};
use jiff::civil::Date;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use serde_json::value::RawValue;

use super::fit::{Fitted, fit};
use super::row::Places;
use super::{BATCH, Converted, Error, Schema, Target};
use crate::model::{Entries, ValueKind};

/// The most rows of a row group.
const ROWS_OF_GROUP: usize = 128 * 1024;

/// A row group ends when the writer needs this much memory for it.
const MEMORY_OF_GROUP: usize = 128 << 20;

/// The most cells of a batch. Even an empty cell takes some bytes.
const CELLS: usize = 1 << 20;

/// The most rows of a batch.
const ROWS: usize = 8 * 1024;

/// The time zone of points in time. The crate knows only zones with an offset.
const UTC: &str = "+00:00";

/// Writes records, each one line of JSON, as a Parquet file.
///
/// A value that does not fit the type of its column is null, and is counted.
///
/// # Errors
/// If a record is not an object of JSON, or the file cannot be written.
pub fn to_parquet<W: Write + Send>(
    records: impl IntoIterator<Item = io::Result<Vec<u8>>>,
    schema: &Schema,
    file: W,
) -> Result<Converted, Error> {
    let fields: Fields = schema.columns.iter().map(|column| field(&column.name, &column.kind)).collect();
    let arrow = Arc::new(arrow_schema::Schema::new(fields));
    let rows = (CELLS / schema.columns.len().max(1)).clamp(1, ROWS);
    let decoder = ReaderBuilder::new(Arc::clone(&arrow)).with_struct_mode(StructMode::ListOnly).with_batch_size(rows);
    let mut decoder = decoder.build_decoder().map_err(failed)?;
    let about = schema.about.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone())).collect();
    let properties = WriterProperties::builder()
        .set_created_by(format!("gleaner {}", env!("CARGO_PKG_VERSION")))
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROWS_OF_GROUP))
        .set_key_value_metadata(Some(about))
        .build();
    // Readers get all types from Parquet's own schema.
    let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(file, arrow, options).map_err(failed)?;

    let places = Places::new(schema);
    let mut converted = Converted::default();
    let (mut row, mut collected) = (Vec::new(), 0);
    for line in records {
        let line = line.map_err(Error::Read)?;
        row.clear();
        let mut separator = b'[';
        for (column, json) in places.find(converted.records, &line)? {
            row.push(separator);
            separator = b',';
            converted.note(&column.name, write(&column.kind, json.unwrap_or("null"), &mut row));
        }
        row.extend_from_slice(b"]\n");
        decode(&mut decoder, &row)?;
        converted.records += 1;
        collected += row.len();
        if decoder.len() >= rows || collected >= BATCH {
            collected = 0;
            write_batch(&mut decoder, &mut writer)?;
        }
    }
    write_batch(&mut decoder, &mut writer)?;
    writer.close().map_err(failed)?;
    Ok(converted)
}

/// Gives a row to the decoder.
fn decode(decoder: &mut Decoder, row: &[u8]) -> Result<(), Error> {
    let taken = decoder.decode(row).map_err(failed)?;
    // The white space after the last row of a batch may stay.
    if row[taken..].trim_ascii().is_empty() {
        Ok(())
    } else {
        Err(failed("a row does not fit a batch, which is a bug"))
    }
}

/// Writes the rows that the decoder has, and ends the row group if it is large.
fn write_batch<W: Write + Send>(decoder: &mut Decoder, writer: &mut ArrowWriter<W>) -> Result<(), Error> {
    let Some(batch) = decoder.flush().map_err(failed)? else { return Ok(()) };
    writer.write(&batch).map_err(failed)?;
    if writer.memory_size() >= MEMORY_OF_GROUP { writer.flush().map_err(failed) } else { Ok(()) }
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` passes a value")]
fn failed(reason: impl ToString) -> Error {
    Error::Write { format: Target::Parquet.name(), reason: reason.to_string() }
}

fn field(name: &str, kind: &ValueKind) -> Field {
    let kind = match kind {
        ValueKind::Text => DataType::Utf8,
        ValueKind::Number => DataType::Float64,
        ValueKind::Integer => DataType::Int64,
        ValueKind::Boolean => DataType::Boolean,
        ValueKind::Date => DataType::Date32,
        ValueKind::DateTime => DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
        // The name that the format's document gives the elements of lists.
        ValueKind::List(element) => DataType::List(Arc::new(field("element", element))),
        // Parquet has no groups without fields.
        ValueKind::Object(fields) if fields.is_empty() => DataType::Utf8,
        ValueKind::Object(fields) => DataType::Struct(fields.iter().map(|(name, kind)| field(name, kind)).collect()),
    };
    Field::new(name, kind, true)
}

/// Appends a value of JSON in the form in which the decoder reads the type. Returns how many values do not fit. The depth
/// of the recursion is that of the schema.
fn write(kind: &ValueKind, json: &str, row: &mut Vec<u8>) -> u64 {
    match (kind, json.as_bytes()) {
        (_, [b'n', ..]) => {
            row.extend_from_slice(b"null");
            0
        }
        (ValueKind::List(element), [b'[', ..]) => match serde_json::from_str::<Vec<&RawValue>>(json) {
            Ok(values) => list(values.into_iter().map(|value| (&**element, value.get())), row),
            Err(_) => misfit(row),
        },
        (ValueKind::Object(fields), [b'{', ..]) if !fields.is_empty() => match Entries::read(json) {
            Ok(object) => {
                let value = |nth: usize, name: &str| object.get(nth, name).map_or("null", RawValue::get);
                list(fields.iter().enumerate().map(|(nth, (name, kind))| (kind, value(nth, name))), row)
            }
            Err(_) => misfit(row),
        },
        (ValueKind::Object(fields), _) if fields.is_empty() => scalar(&ValueKind::Text, json, row),
        _ => scalar(kind, json, row),
    }
}

/// Appends a list, or the values of an object in the order of its fields.
fn list<'v>(values: impl Iterator<Item = (&'v ValueKind, &'v str)>, row: &mut Vec<u8>) -> u64 {
    row.push(b'[');
    let mut misfits = 0;
    for (nth, (kind, json)) in values.enumerate() {
        if nth > 0 {
            row.push(b',');
        }
        misfits += write(kind, json, row);
    }
    row.push(b']');
    misfits
}

fn scalar(kind: &ValueKind, json: &str, row: &mut Vec<u8>) -> u64 {
    let Some(value) = fit(kind, json) else { return misfit(row) };
    let written = match value {
        Fitted::Text(text) => serde_json::to_writer(&mut *row, &text),
        Fitted::Number(digits) => {
            row.extend_from_slice(digits.as_bytes());
            Ok(())
        }
        Fitted::Integer(number) => serde_json::to_writer(&mut *row, &number),
        Fitted::Boolean(truth) => serde_json::to_writer(&mut *row, &truth),
        Fitted::Date(date) => serde_json::to_writer(&mut *row, &days(date)),
        Fitted::Time(time) => serde_json::to_writer(&mut *row, &time.as_microsecond()),
    };
    written.expect("strings and numbers are always JSON, and memory takes them");
    0
}

fn misfit(row: &mut Vec<u8>) -> u64 {
    row.extend_from_slice(b"null");
    1
}

/// The days since 1970-01-01.
fn days(date: Date) -> i32 {
    (date - Date::constant(1970, 1, 1)).get_days()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    use parquet::record::Field as Value;

    use super::*;
    use crate::convert::Column;

    fn schema(kinds: &[(&str, ValueKind)]) -> Schema {
        let column = |(name, kind): &(&str, ValueKind)| Column {
            name: (*name).to_owned(),
            key: (*name).to_owned(),
            inner: None,
            kind: kind.clone(),
        };
        Schema { columns: kinds.iter().map(column).collect(), about: vec![("of".to_owned(), "x".to_owned())] }
    }

    fn converted(schema: &Schema, lines: &[&str]) -> (Converted, SerializedFileReader<Bytes>) {
        let mut file = Vec::new();
        let lines = lines.iter().map(|line| Ok(line.as_bytes().to_vec()));
        let converted = to_parquet(lines, schema, &mut file).expect("converted");
        (converted, SerializedFileReader::new(Bytes::from(file)).expect("Parquet"))
    }

    fn object(fields: &[(&str, ValueKind)]) -> ValueKind {
        ValueKind::Object(fields.iter().map(|(name, kind)| ((*name).to_owned(), kind.clone())).collect())
    }

    #[test]
    fn each_value_is_read_back_and_what_does_not_fit_is_null_and_counted() {
        use ValueKind::{Boolean, Date, DateTime, Integer, Number, Text};
        let pairs = || object(&[("n", Integer), ("t", Text)]).listed();
        // (type, value, what a reader gets, values that do not fit)
        let table = [
            (Text, r#""caf\u00e9 \"x\"\n""#, "\"café \"x\"\n\"", 0),
            (Text, r#"{"a":[1,null]}"#, "\"{\"a\":[1,null]}\"", 0),
            (Text, r#""\ud800""#, "null", 1),
            (Text, "null", "null", 0),
            (Number, "1.50", "1.5", 0),
            (Number, "9007199254740993", "9007199254740992.0", 0),
            (Number, "-1e999", "-inf", 0),
            (Number, r#""1""#, "null", 1),
            (Integer, "9007199254740993", "9007199254740993", 0),
            (Integer, "-9223372036854775808", "-9223372036854775808", 0),
            (Integer, "1.0", "1", 0),
            (Integer, "1e3", "1000", 0),
            (Integer, "1.5", "null", 1),
            (Integer, "9223372036854775808", "null", 1),
            (Boolean, "true", "true", 0),
            (Boolean, "1", "null", 1),
            (Date, r#""2024-02-29""#, "2024-02-29", 0),
            (Date, r#""1969-12-31""#, "1969-12-31", 0),
            (Date, r#""soon""#, "null", 1),
            (DateTime, r#""2024-03-01T12:00:00+02:00""#, "2024-03-01 10:00:00 +00:00", 0),
            (DateTime, r#""2024-03-01T12:00:00""#, "2024-03-01 12:00:00 +00:00", 0),
            (DateTime, r#""2024-03-01""#, "null", 1),
            (Text.listed(), "[]", "[]", 0),
            (Text.listed(), "null", "null", 0),
            (Text.listed(), r#"["a",null,2]"#, "[\"a\", null, \"2\"]", 0),
            (Integer.listed(), r#"[1,"x",null,2.5]"#, "[1, null, null, null]", 2),
            (Integer.listed(), "7", "null", 1),
            (object(&[("a", Text), ("b", Integer)]), r#"{"b":1,"a":"x"}"#, "{a: \"x\", b: 1}", 0),
            (object(&[("a", Text), ("b", Integer)]), r#"{"c":1}"#, "{a: null, b: null}", 0),
            (object(&[("a", Text)]), "[]", "null", 1),
            (object(&[]), r#"{"c":1}"#, "\"{\"c\":1}\"", 0),
            (pairs(), r#"[{"n":1,"t":"x"},null,{"n":"y"}]"#, "[{n: 1, t: \"x\"}, null, {n: null, t: null}]", 1),
            (object(&[("l", pairs())]), r#"{"l":[{"n":1.0}]}"#, "{l: [{n: 1, t: null}]}", 0),
        ];
        for (kind, value, expected, misfits) in table {
            let line = format!("{{\"a\":{value}}}");
            let (converted, file) = converted(&schema(&[("a", kind.clone())]), &["{}", &line, "null"]);
            assert_eq!((converted.records, converted.misfits), (3, misfits), "{kind:?} {value}");
            assert_eq!(converted.first_misfit, (misfits > 0).then(|| (1, "a".to_owned())), "{kind:?} {value}");
            let rows: Vec<Vec<Value>> = file
                .get_row_iter(None)
                .expect("rows")
                .map(|row| row.expect("a row").get_column_iter().map(|(_, value)| value.clone()).collect())
                .collect();
            let shown: Vec<String> = rows.iter().map(|row| row[0].to_string()).collect();
            assert_eq!(shown, ["null", expected, "null"], "{kind:?} {value}");
        }
    }

    #[test]
    fn the_schema_is_that_of_the_format_and_all_columns_may_be_null() {
        let table = [
            (ValueKind::Text, "OPTIONAL BYTE_ARRAY a (STRING)"),
            (ValueKind::Number, "OPTIONAL DOUBLE a"),
            (ValueKind::Integer, "OPTIONAL INT64 a"),
            (ValueKind::Boolean, "OPTIONAL BOOLEAN a"),
            (ValueKind::Date, "OPTIONAL INT32 a (DATE)"),
            (ValueKind::DateTime, "OPTIONAL INT64 a (TIMESTAMP(MICROS,true))"),
            (ValueKind::Text.listed(), "REPEATED group list { OPTIONAL BYTE_ARRAY element (STRING); }"),
            (object(&[("b", ValueKind::Text)]), "OPTIONAL group a { OPTIONAL BYTE_ARRAY b (STRING); }"),
        ];
        for (kind, expected) in table {
            let (_, file) = converted(&schema(&[("a", kind)]), &[]);
            let metadata = file.metadata().file_metadata();
            let mut text = Vec::new();
            parquet::schema::printer::print_schema(&mut text, metadata.schema());
            let text = String::from_utf8(text).expect("UTF-8").split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(text.contains(expected), "{text}");
            let about = metadata.key_value_metadata().expect("there is one");
            assert!(about.iter().any(|it| it.key == "of" && it.value.as_deref() == Some("x")), "{about:?}");
        }
    }

    #[test]
    fn a_line_that_is_not_a_record_is_an_error_with_its_number() {
        let lines = ["{}", "{\"a\":"].map(|line| Ok(line.as_bytes().to_vec()));
        let error = to_parquet(lines, &schema(&[("a", ValueKind::Text)]), Vec::new()).expect_err("torn").to_string();
        assert!(error.starts_with("read record 1: it is not an object of JSON on one line"), "{error}");
    }

    #[test]
    fn many_columns_and_large_rows_end_batches_and_row_groups() {
        let names: Vec<String> = (0..1900).map(|nth| format!("c{nth}")).collect();
        let kinds: Vec<(&str, ValueKind)> = names.iter().map(|name| (name.as_str(), ValueKind::Integer)).collect();
        let line = format!("{{{}}}", names.iter().map(|name| format!("\"{name}\":7")).collect::<Vec<_>>().join(","));
        let (converted_wide, file) = converted(&schema(&kinds), &vec![line.as_str(); 1200]);
        assert_eq!((converted_wide.records, file.metadata().file_metadata().num_rows()), (1200, 1200));
        let large = format!("{{\"a\":\"{}\"}}", "x".repeat(3 << 20));
        let (_, file) = converted(&schema(&[("a", ValueKind::Text)]), &[large.as_str(); 10]);
        assert_eq!(file.metadata().file_metadata().num_rows(), 10);
        let row = file.get_row_iter(None).expect("rows").last().expect("a row").expect("a row");
        assert!(matches!(row.get_column_iter().next(), Some((_, Value::Str(text))) if text.len() == 3 << 20));
    }
}
