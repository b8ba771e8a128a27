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
