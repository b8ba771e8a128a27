//! The file: a database in which each change is complete or absent, even if the process or the power fails.
//!
//! Two tables have the same keys, so that confirming an answer rewrites only its head and not its data. A head row
//! begins with a CRC-32 of key and content, and its content has the CRC-32 of the data. The database detects torn
//! writes, but not later damage by the disk.
//!
//! Reads happen on the calling thread. For a file of 1 GiB, reading a head and its data takes about 15 microseconds if
//! the pages of the file are in memory. Otherwise each of them needs one or two disk reads (170 microseconds in the
//! median on a virtual disk). Opening a file of that size takes a few milliseconds, even after the last process was
//! killed.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use redb::{Builder, Database, ReadOnlyTable, ReadableDatabase, TableDefinition, TableHandle, WriteTransaction};

use super::change::Change;
use super::error::{Error, ErrorKind};
use super::head::Head;
use super::request::Key;
use crate::own_files::{self, Others};

/// The names contain the version of the layout.
const HEADS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("gleaner-cache-heads-2");
const DATA: TableDefinition<&[u8], &[u8]> = TableDefinition::new("gleaner-cache-data-2");
const OURS: &str = "gleaner-cache-";

/// The memory that the database uses for pages of the file, in bytes.
const MEMORY: usize = 32 << 20;

/// How often to try again. The lock of a killed process may outlive it for this long, because a worker that is just
/// starting has inherited its descriptors.
const PATIENCE: u32 = 25;
const PAUSE: Duration = Duration::from_millis(10);

/// The number of bytes before the content of a head.
const CHECKSUM: usize = 4;

/// The open file.
#[derive(Debug)]
pub(super) struct Store {
    database: Database,
    path: PathBuf,
}

impl Store {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let failed = |kind| Error::new(path, kind);
        if path.is_dir() {
            return Err(failed(ErrorKind::Folder));
        }
        let database = lock(path).map_err(failed)?;
        let store = Self { database, path: path.to_owned() };
        let prepared = catch_panic(|| store.prepare());
        // Closing a file that cannot be used may panic as well.
        catch_panic(|| prepared.map(|()| store)).map_err(kind_of).map_err(failed)
    }

    /// The path of the file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Creates the tables of a new file, and detects databases of other programs.
    fn prepare(&self) -> Result<(), redb::Error> {
        let tables: Vec<_> = self.database.begin_read()?.list_tables()?.collect();
        let has = |name: &str| tables.iter().any(|table| table.name() == name);
        if tables.iter().any(|table| !table.name().starts_with(OURS)) {
            return Err(redb::Error::Corrupted("it is a database of another program".to_owned()));
        }
        if has(HEADS.name()) && has(DATA.name()) {
            return Ok(());
        }
        if !tables.is_empty() {
            tracing::warn!(
                "the cache {} has answers of another version of gleaner, which are not used; delete it to save their space",
                self.path.display()
            );
        }
        let transaction = self.begin_write()?;
        transaction.open_table(HEADS)?;
        transaction.open_table(DATA)?;
        transaction.commit()?;
        Ok(())
    }

    fn begin_write(&self) -> Result<WriteTransaction, redb::Error> {
        let mut transaction = self.database.begin_write()?;
        // Otherwise, after the process is killed, the whole file would be read before it can be used again.
        transaction.set_quick_repair(true);
        Ok(transaction)
    }

    /// The head of a key. A damaged row counts as absent.
    pub(super) fn head(&self, key: &Key) -> Result<Option<Head>, redb::Error> {
        self.row(HEADS, key, |row| {
            let (checksum, content) = row.split_at_checked(CHECKSUM)?;
            if checksum == self::checksum(key, content) { postcard::from_bytes(content).ok() } else { None }
        })
    }

    /// The data that belongs to a head; `None` if it was damaged, or replaced since the head was read.
    pub(super) fn data(&self, key: &Key, head: &Head) -> Result<Option<Bytes>, redb::Error> {
        self.row(DATA, key, |row| (crc32fast::hash(row) == head.data).then(|| Bytes::copy_from_slice(row)))
    }

    fn row<T>(
        &self,
        table: TableDefinition<&'static [u8], &'static [u8]>,
        key: &Key,
        read: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<Option<T>, redb::Error> {
        catch_panic(|| {
            let table: ReadOnlyTable<&[u8], &[u8]> = self.database.begin_read()?.open_table(table)?;
            let row = table.get(key.bytes())?;
            Ok(row.and_then(|row| read(row.value())))
        })
    }

    /// Makes all changes or none. They are on the disk when this returns.
    pub(super) fn apply(&self, changes: &[Change]) -> Result<(), redb::Error> {
        catch_panic(|| {
            let transaction = self.begin_write()?;
            {
                let mut heads = transaction.open_table(HEADS)?;
                let mut data = transaction.open_table(DATA)?;
                for change in changes {
                    let key = change.key();
                    if let Change::Page { head, .. } | Change::Head { head, .. } = change {
                        let content = postcard::to_stdvec(head).map_err(io::Error::other)?;
                        let row = [&checksum(key, &content)[..], &content].concat();
                        heads.insert(key.bytes(), &row[..])?;
                    }
                    match change {
                        Change::Page { data: content, .. } => {
                            data.insert(key.bytes(), &content[..])?;
                        }
                        Change::Head { .. } => {}
                        Change::Nothing { .. } => {
                            heads.remove(key.bytes())?;
                            data.remove(key.bytes())?;
                        }
                    }
                }
            }
            transaction.commit()?;
            Ok(())
        })
    }
}

fn lock(path: &Path) -> Result<Database, ErrorKind> {
    let mut attempts = 0;
    loop {
        // The file contains pages that may have been fetched with the credentials of the owner.
        let file = own_files::open_or_create(path, Others::MayNothing).map_err(|error| match error.kind() {
            io::ErrorKind::Other => ErrorKind::Unsafe(error.to_string()),
            _ => ErrorKind::Io(error),
        })?;
        match catch_panic(|| Ok(Builder::new().set_cache_size(MEMORY).create_file(file)?)) {
            Err(redb::Error::DatabaseAlreadyOpen) if attempts < PATIENCE => thread::sleep(PAUSE),
            opened => return opened.map_err(kind_of),
        }
        attempts += 1;
    }
}

/// Turns a panic into an error: the database may panic on a damaged file.
fn catch_panic<T>(work: impl FnOnce() -> Result<T, redb::Error>) -> Result<T, redb::Error> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(redb::Error::Corrupted("its content is not consistent".to_owned())))
}

fn kind_of(error: redb::Error) -> ErrorKind {
    match error {
        redb::Error::DatabaseAlreadyOpen => ErrorKind::Taken,
        // The database reports these errors for a file that is not a database.
        redb::Error::Io(error)
            if !matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof) =>
        {
            ErrorKind::Io(error)
        }
        redb::Error::Io(error) => ErrorKind::Foreign(error.to_string()),
        redb::Error::Corrupted(why) => ErrorKind::Foreign(why),
        error => ErrorKind::Foreign(error.to_string()),
    }
}

fn checksum(key: &Key, content: &[u8]) -> [u8; CHECKSUM] {
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(key.bytes());
    checksum.update(content);
    checksum.finalize().to_le_bytes()
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
