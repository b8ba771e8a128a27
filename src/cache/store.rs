//! The file: a database in which each change is whole or not there, whatever ends the process or the power.
//!
//! Two tables of the same keys, so that an answer that is confirmed has its head written anew and not its data. A head
//! begins with a CRC-32 of key and content, and has that of its data: the database knows torn writes, and not what a disk
//! has made of good ones.
//!
//! Reads are made where they are asked for. Head and data of a file of 1 GiB take some 15 microseconds together while the
//! system has the file's pages in memory; where it has not, they take one or two reads of the disk each (170 microseconds
//! in the median on a virtual disk). A file of that size is open in some milliseconds, after a process that was killed, too.

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

/// The version of the layout stands in the names.
const HEADS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("gleaner-cache-heads-1");
const DATA: TableDefinition<&[u8], &[u8]> = TableDefinition::new("gleaner-cache-data-1");
const OURS: &str = "gleaner-cache-";

/// What the database takes of memory for pages of the file, in bytes.
const MEMORY: usize = 32 << 20;

/// As long as the lock of a process that was killed may outlive it: a worker that is being started has its descriptors.
const PATIENCE: u32 = 25;
const PAUSE: Duration = Duration::from_millis(10);

/// Before the content of a head.
const CHECKSUM: usize = 4;

/// An open file.
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
        let prepared = guarded(|| store.prepare());
        // So is closing, of what cannot be used.
        guarded(|| prepared.map(|()| store)).map_err(kind_of).map_err(failed)
    }

    /// Where the file is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the tables of a new file, and finds out whether another one has them.
    fn prepare(&self) -> Result<(), redb::Error> {
        let tables: Vec<_> = self.database.begin_read()?.list_tables()?.collect();
        let has = |name: &str| tables.iter().any(|table| table.name() == name);
        if tables.iter().any(|table| !table.name().starts_with(OURS)) {
            return Err(redb::Error::Corrupted("a database of another program".to_owned()));
        }
        if has(HEADS.name()) && has(DATA.name()) {
            return Ok(());
        }
        let transaction = self.begin_write()?;
        transaction.open_table(HEADS)?;
        transaction.open_table(DATA)?;
        transaction.commit()?;
        Ok(())
    }

    fn begin_write(&self) -> Result<WriteTransaction, redb::Error> {
        let mut transaction = self.database.begin_write()?;
        // Else a file of which the process was killed would be read from end to end before it is used again.
        transaction.set_quick_repair(true);
        Ok(transaction)
    }

    /// The head of a key. A row that is damaged is none.
    pub(super) fn head(&self, key: &Key) -> Result<Option<Head>, redb::Error> {
        self.row(HEADS, key, |row| {
            let (checksum, content) = row.split_at_checked(CHECKSUM)?;
            if checksum == self::checksum(key, content) { postcard::from_bytes(content).ok() } else { None }
        })
    }

    /// The data that a head speaks of; none where it has been damaged, or replaced since the head was read.
    pub(super) fn data(&self, key: &Key, head: &Head) -> Result<Option<Bytes>, redb::Error> {
        self.row(DATA, key, |row| (crc32fast::hash(row) == head.data).then(|| Bytes::copy_from_slice(row)))
    }

    fn row<T>(
        &self,
        table: TableDefinition<&'static [u8], &'static [u8]>,
        key: &Key,
        read: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<Option<T>, redb::Error> {
        guarded(|| {
            let table: ReadOnlyTable<&[u8], &[u8]> = self.database.begin_read()?.open_table(table)?;
            let row = table.get(key.bytes())?;
            Ok(row.and_then(|row| read(row.value())))
        })
    }

    /// Makes all these changes, or none. They are on the disk when this returns.
    pub(super) fn apply(&self, changes: &[Change]) -> Result<(), redb::Error> {
        guarded(|| {
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
        // It has pages that were got with the owner's credentials.
        let file = own_files::open_or_create(path, Others::MayNothing).map_err(|error| match error.kind() {
            io::ErrorKind::Other => ErrorKind::Unsafe(error.to_string()),
            _ => ErrorKind::Io(error),
        })?;
        match guarded(|| Ok(Builder::new().set_cache_size(MEMORY).create_file(file)?)) {
            Err(redb::Error::DatabaseAlreadyOpen) if attempts < PATIENCE => thread::sleep(PAUSE),
            opened => return opened.map_err(kind_of),
        }
        attempts += 1;
    }
}

/// On a file that is damaged the database may do worse than to fail.
fn guarded<T>(work: impl FnOnce() -> Result<T, redb::Error>) -> Result<T, redb::Error> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(redb::Error::Corrupted("it makes no sense".to_owned())))
}

fn kind_of(error: redb::Error) -> ErrorKind {
    match error {
        redb::Error::DatabaseAlreadyOpen => ErrorKind::Taken,
        // The database says so of a file which is none.
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
