//! The pass in a worker process.

use std::error::Error as StdError;
use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use gleaner_pool::{Confinement, Job, RemoteError};
use serde::{Deserialize, Serialize};

use super::{Converted, Error, Schema, Target};

/// Bytes of records that are read at once.
const BUFFER: usize = 256 * 1024;

/// A worker that converts the records of one file. It opens its two files before it is confined, so it can open no other
/// one when it reads the first record.
#[derive(Debug)]
pub struct ConvertJob {
    conversion: Conversion,
    records: File,
    into: Into,
}

/// What to convert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversion {
    /// The format.
    pub target: Target,
    /// The columns.
    pub schema: Schema,
    /// The file with the records, one of JSON a line, as bytes. A path need not be text.
    records: Vec<u8>,
    /// The file to write, which exists and may have anything in it.
    into: Vec<u8>,
}

impl Conversion {
    /// A conversion of the records in one file. `into` must exist; its content is replaced.
    pub fn new(target: Target, schema: Schema, records: &Path, into: &Path) -> Self {
        let bytes = |path: &Path| path.as_os_str().as_encoded_bytes().to_vec();
        Self { target, schema, records: bytes(records), into: bytes(into) }
    }
}

/// The open file.
#[derive(Debug)]
enum Into {
    #[cfg(feature = "parquet")]
    Parquet(File),
    /// The database opens the file itself. The first handle only empties it.
    #[cfg(feature = "sqlite")]
    Sqlite(File, std::sync::Mutex<rusqlite::Connection>),
}

impl Into {
    fn open(target: Target, path: &Path) -> Result<Self, Box<dyn StdError + Send + Sync>> {
        match target {
            #[cfg(feature = "parquet")]
            Target::Parquet => Ok(Self::Parquet(File::options().write(true).open(path)?)),
            #[cfg(feature = "sqlite")]
            Target::Sqlite => {
                let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX;
                // Without locks, which not all file systems have. Nobody else uses the file.
                let database = rusqlite::Connection::open_with_flags_and_vfs(path, flags, c"unix-none")?;
                Ok(Self::Sqlite(File::options().write(true).open(path)?, database.into()))
            }
            #[allow(unreachable_patterns, reason = "with all features, no format is missing")]
            missing => {
                let _ = path;
                Err(Error::NotBuiltIn(missing.name(), missing.feature()).into())
            }
        }
    }
}

impl ConvertJob {
    fn convert(&self) -> Result<Converted, Error> {
        let lines = BufReader::with_capacity(BUFFER, &self.records).split(b'\n');
        let schema = &self.conversion.schema;
        // An earlier worker may have died and left the beginning of its file.
        let empty = |file: &File| {
            let emptied = file.set_len(0);
            emptied.map_err(|error| Error::Write { format: self.conversion.target.name(), reason: error.to_string() })
        };
        match &self.into {
            #[cfg(feature = "parquet")]
            Into::Parquet(file) => {
                empty(file)?;
                super::to_parquet(lines, schema, file)
            }
            #[cfg(feature = "sqlite")]
            Into::Sqlite(file, database) => {
                empty(file)?;
                let database = database.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                super::to_sqlite(lines, schema, &database)
            }
            #[cfg(not(any(feature = "parquet", feature = "sqlite")))]
            never => {
                let _ = (lines, schema, empty);
                match *never {}
            }
        }
    }
}

fn path(bytes: &[u8]) -> PathBuf {
    OsString::from_vec(bytes.to_vec()).into()
}

impl Job for ConvertJob {
    const NAME: &'static str = "convert";
    type Init = Conversion;
    type Task = ();
    type Output = Result<Converted, RemoteError>;

    fn start(conversion: Conversion) -> Result<Self, Box<dyn StdError + Send + Sync>> {
        let records = File::open(path(&conversion.records))?;
        let into = Into::open(conversion.target, &path(&conversion.into))?;
        Ok(Self { conversion, records, into })
    }

    fn confinement(&self) -> Option<Confinement> {
        Some(Confinement::default())
    }

    async fn run(&self, (): ()) -> Result<Converted, RemoteError> {
        self.convert().map_err(RemoteError::new)
    }
}
