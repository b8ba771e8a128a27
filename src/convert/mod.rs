//! Turns finished records, one of JSON a line, into formats whose file cannot grow record by record: Parquet and
//! `SQLite`.
//!
//! A run writes its records as JSON Lines, with journal and resume. When all are there, one pass over them makes the
//! final file. The records hold what strangers wrote, so the pass runs in a worker process ([`ConvertJob`]), and
//! nothing that a record says can make it fail: a value that does not fit its column becomes null, and is counted.
//!
//! - `schema`: the columns, and where their values are in a record
//! - `row`: finds the values of the columns in a record
//! - `fit`: reads a value as the type of its column
//! - `parquet`: writes Parquet, with the feature `parquet`
//! - `sqlite`: writes `SQLite`, with the feature `sqlite`
//! - `job`: the pass in a worker process
//! - `error`: why records cannot be converted
//!
//! Memory is bounded by the largest record and by what is collected before it is written ([`BATCH`]), not by the number
//! of records.

mod error;
#[cfg(any(test, feature = "parquet", feature = "sqlite"))]
mod fit;
mod job;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(any(test, feature = "parquet", feature = "sqlite"))]
mod row;
mod schema;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use error::Error;
pub use job::{Conversion, ConvertJob};
#[cfg(feature = "parquet")]
pub use parquet::to_parquet;
pub use schema::{Column, Schema};
#[cfg(feature = "sqlite")]
pub use sqlite::to_sqlite;

use serde::{Deserialize, Serialize};

/// Bytes of records that are collected before they are written.
pub const BATCH: usize = 8 << 20;

/// A format that is made of finished records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// Apache Parquet.
    Parquet,
    /// A database of `SQLite` with one table.
    Sqlite,
}

impl Target {
    /// The name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Parquet => "Parquet",
            Self::Sqlite => "SQLite",
        }
    }

    /// The feature of the package that this format needs.
    pub fn feature(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Sqlite => "sqlite",
        }
    }

    /// Whether this program was built with that feature.
    pub fn is_built_in(self) -> bool {
        match self {
            Self::Parquet => cfg!(feature = "parquet"),
            Self::Sqlite => cfg!(feature = "sqlite"),
        }
    }

    /// The most columns that a file can have; `None` if there is no limit.
    pub fn most_columns(self) -> Option<usize> {
        match self {
            Self::Parquet => None,
            // SQLITE_MAX_COLUMN
            Self::Sqlite => Some(2000),
        }
    }

    /// Whether names that differ only in the case of ASCII letters are the same column.
    pub fn folds_case(self) -> bool {
        self == Self::Sqlite
    }
}

/// What a conversion wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Converted {
    /// The number of records.
    pub records: u64,
    /// The number of values that did not fit their columns, and are null.
    pub misfits: u64,
    /// The record (from 0) and the column of the first of them.
    pub first_misfit: Option<(u64, String)>,
}

impl Converted {
    /// Counts values of the current record that do not fit a column.
    #[cfg(any(feature = "parquet", feature = "sqlite"))]
    fn note(&mut self, column: &str, misfits: u64) {
        if misfits > 0 {
            self.misfits += misfits;
            self.first_misfit.get_or_insert_with(|| (self.records, column.to_owned()));
        }
    }
}
