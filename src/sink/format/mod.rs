//! The bytes of a record, and the separators between records.
//!
//! - `object`: writes one record as JSON
//! - `json`: the format of one JSON array
//! - `jsonl`: the format of one JSON value per line
//! - `table`: the formats of one row per line, with commas or tabs

mod json;
mod jsonl;
mod object;
mod table;

pub use table::{CarriedColumns, Column, Table};

use super::Options;
use crate::model::Record;

/// The layout of the output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// One JSON array with one record per line: `[`, records separated by `,`, `]`. It is `[]` if there are no records.
    #[default]
    Json,
    /// One JSON value per line, and nothing else.
    Jsonl,
    /// A header, and one or several rows per record, with commas.
    Csv,
    /// The same with tabs.
    Tsv,
    /// Apache Parquet, which is made of JSON Lines when they are complete.
    Parquet,
    /// A database of `SQLite`, made in the same way.
    Sqlite,
}

/// The form of one record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shape {
    /// All information about the task.
    #[default]
    Full,
    /// Only the data. A failure is `null`, or a row of empty cells.
    Data,
}

/// The bytes of records, and what stands around them.
pub(super) struct Layout {
    /// How a record is written.
    form: Form,
    /// Before the first record.
    pub(super) opening: Vec<u8>,
    /// Before every other record.
    pub(super) between: &'static [u8],
    /// After every record.
    pub(super) after: &'static [u8],
    /// At the end, if there are records.
    pub(super) closing: &'static [u8],
    /// The whole output, if there are no records.
    pub(super) empty: Vec<u8>,
}

enum Form {
    /// JSON. The data of the pages is JSON, too.
    Object(Shape),
    /// Rows. The data of the pages is rows, too.
    Rows(Table),
}

impl Format {
    const ALL: [Self; 6] = [Self::Json, Self::Jsonl, Self::Csv, Self::Tsv, Self::Parquet, Self::Sqlite];

    /// Returns the format of files with this extension, which is in lower case, or `None` if there is no such format.
    pub fn of_extension(extension: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.own_extensions().contains(&extension))
    }

    /// All extensions of which [`Format::of_extension`] knows a format.
    pub fn extensions() -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().flat_map(Self::own_extensions).copied()
    }

    /// The byte between two cells, if records are rows.
    pub fn delimiter(self) -> Option<u8> {
        match self {
            Self::Json | Self::Jsonl | Self::Parquet | Self::Sqlite => None,
            Self::Csv => Some(b','),
            Self::Tsv => Some(b'\t'),
        }
    }

    /// Whether the file is made of the records when they are complete, and cannot grow with them.
    pub fn is_converted(self) -> bool {
        matches!(self, Self::Parquet | Self::Sqlite)
    }

    fn own_extensions(self) -> &'static [&'static str] {
        match self {
            Self::Json => json::EXTENSIONS,
            Self::Jsonl => jsonl::EXTENSIONS,
            Self::Csv => &["csv"],
            Self::Tsv => &["tsv"],
            Self::Parquet => &["parquet"],
            Self::Sqlite => &["db", "sqlite", "sqlite3"],
        }
    }
}

/// What a table with these options begins with: its header. `None` if the format has none.
pub fn header(options: &Options) -> Option<Vec<u8>> {
    options.format.delimiter().map(|_| Layout::new(options).opening)
}

impl Layout {
    pub(super) fn new(options: &Options) -> Self {
        match options.format {
            Format::Json => json::layout(options.shape),
            Format::Jsonl | Format::Parquet | Format::Sqlite => jsonl::layout(options.shape),
            Format::Csv | Format::Tsv => table::layout(options.table.clone()),
        }
    }

    /// Appends the bytes of the record, without what stands around it.
    pub(super) fn write(&self, record: &Record, into: &mut Vec<u8>) {
        match &self.form {
            Form::Object(shape) => object::write_as(*shape, record, into),
            Form::Rows(table) => table.write(record, into),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Format;

    #[test]
    fn a_file_has_the_format_of_its_extension_and_no_extension_has_two() {
        let table = [
            ("json", Some(Format::Json)),
            ("jsonl", Some(Format::Jsonl)),
            ("ndjson", Some(Format::Jsonl)),
            ("jl", Some(Format::Jsonl)),
            ("csv", Some(Format::Csv)),
            ("tsv", Some(Format::Tsv)),
            ("parquet", Some(Format::Parquet)),
            ("db", Some(Format::Sqlite)),
            ("sqlite", Some(Format::Sqlite)),
            ("sqlite3", Some(Format::Sqlite)),
            ("txt", None),
            ("", None),
        ];
        for (extension, expected) in table {
            assert_eq!(Format::of_extension(extension), expected, "{extension}");
        }
        for format in Format::ALL {
            for extension in format.own_extensions() {
                assert_eq!(Format::of_extension(extension), Some(format), "{extension}");
            }
        }
    }
}
