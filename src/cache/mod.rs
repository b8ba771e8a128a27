//! Keeps answers of earlier runs on disk: the data of a page, and how long its server said that it is valid. So a page
//! that has not changed is neither sent nor parsed again.
//!
//! A private cache by RFC 9111. It does not keep bodies. It keeps the extracted data of each page, and the headers that
//! control caches. In reading order:
//!
//! - `request`: the properties that two requests must share so that one may get the stored answer of the other
//! - `head`: the headers that are kept of an answer, and what follows from them: fresh, to be confirmed, not to be kept
//! - `directives`: `Cache-Control` in one form
//! - `change`: a change to the file
//! - `store`: the file: rows with checksums in a database that survives the death of its process
//! - `writer`: the thread that writes the file, so that no other thread waits for the disk
//! - `error`: why a run cannot open its cache
//!
//! Once it is open, the cache never fails a run: pages that cannot be read are fetched, and pages that cannot be
//! written are not kept.
//!
//! Deliberately absent: redirects and failures, which are requested again in each run; heuristic freshness (RFC 9111,
//! 4.2.2), because a page whose server says nothing costs only one 304; and eviction. The file grows with the number of
//! URLs, and with each change of the settings that shape the data. It may be deleted whenever no run has it open.
//!
//! The tests:
//!
//! - `head_tests`: tables for the rules of `head`
//! - `store_tests`: tests with intact and damaged files

mod change;
mod directives;
mod error;
mod head;
mod request;
mod store;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::SystemTime;

use bytes::Bytes;

pub use self::error::{Error, ErrorKind};
pub use self::head::KEPT_HEADERS;
pub use self::request::{CacheRequest, Shape};

use self::change::Change;
use self::head::Head;
use self::store::Store;
use self::writer::Writer;
use crate::model::Fit;

/// An open cache. No other process has it open.
#[derive(Debug)]
pub struct Cache {
    store: Arc<Store>,
    writer: Writer,
    /// Whether reading the file has failed.
    is_broken: AtomicBool,
}

/// The result of looking up a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Nothing that can be used.
    Nothing,
    /// A valid answer, and when it arrived or was last confirmed. No request is needed.
    Fresh(Kept, SystemTime),
    /// An answer that is valid if the server confirms it.
    Stale(Validators),
}

/// The stored result of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The size of the decompressed body that the data was extracted from, in bytes.
    pub bytes: u64,
    /// The extracted data, unchanged: JSON, or rows of a table. The key of a request keeps the two apart.
    pub data: Bytes,
    /// How well the rules fit the page.
    pub fit: Fit,
}

/// The headers that make a request conditional (RFC 9110, 13.1). Names are in lower case. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validators(Vec<(String, String)>);

impl Validators {
    /// The names and values.
    pub fn headers(&self) -> &[(String, String)] {
        &self.0
    }
}

impl Cache {
    /// Opens or creates the file, for this process alone.
    ///
    /// # Errors
    /// If the file cannot be opened, is open in another run, or is not a valid cache.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let store = Arc::new(Store::open(path)?);
        let writer = Writer::start(Arc::clone(&store)).map_err(|error| Error::new(path, ErrorKind::Io(error)))?;
        Ok(Self { store, writer, is_broken: AtomicBool::new(false) })
    }

    /// Looks up a request at this time. Reads from the disk; `store` says what that costs.
    pub fn find(&self, request: &CacheRequest, now: SystemTime) -> Lookup {
        let Some(head) = self.head(request) else { return Lookup::Nothing };
        if head.is_fresh(&request.headers, now) {
            let received = head.received_at();
            return self.kept(request, &head).map_or(Lookup::Nothing, |kept| Lookup::Fresh(kept, received));
        }
        head.validators().map_or(Lookup::Nothing, Lookup::Stale)
    }

    /// Stores the result of an answer with status 200, if it may be kept and can be used. `response` has the headers of
    /// the answer, of which only [`KEPT_HEADERS`] matter. The previous entry of the request is removed.
    pub fn keep(&self, request: &CacheRequest, response: &[(String, String)], kept: &Kept, now: SystemTime) {
        let change = match Head::new(&request.headers, response, kept, now) {
            Some(head) => Change::Page { key: request.key.clone(), head, data: kept.data.clone() },
            // The previous entry is out of date.
            None if self.head(request).is_some() => Change::Nothing { key: request.key.clone() },
            None => return,
        };
        self.writer.write(change);
    }

    /// Returns the stored result that a 304 confirms. `asked` are the validators of the request, and `response` are the
    /// headers of the 304. `None` if there is no matching entry: the server must then be asked again without
    /// conditions.
    pub fn confirmed(
        &self,
        request: &CacheRequest,
        asked: &Validators,
        response: &[(String, String)],
        now: SystemTime,
    ) -> Option<Kept> {
        let head = self.head(request)?;
        // Another task with this URL may have replaced it in the meantime.
        if head.validators().as_ref() != Some(asked) || !head.is_selected_by(response) {
            return None;
        }
        let kept = self.kept(request, &head)?;
        let key = request.key.clone();
        self.writer.write(match head.updated(&request.headers, response, now) {
            Some(head) => Change::Head { key, head },
            None => Change::Nothing { key },
        });
        Some(kept)
    }

    /// Writes all pending changes and closes the file. If the cache is dropped instead, the changes of the last second
    /// may be lost.
    pub async fn close(self) {
        let Self { store, writer, is_broken: _ } = self;
        drop(store);
        writer.close().await;
    }

    fn head(&self, request: &CacheRequest) -> Option<Head> {
        if self.is_broken.load(Relaxed) {
            return None;
        }
        self.read(self.store.head(&request.key)).filter(|head| head.matches(&request.headers))
    }

    fn kept(&self, request: &CacheRequest, head: &Head) -> Option<Kept> {
        let data = self.read(self.store.data(&request.key, head))?;
        Some(Kept { bytes: head.bytes, data, fit: head.fit.clone() })
    }

    fn read<T>(&self, read: Result<Option<T>, redb::Error>) -> Option<T> {
        match read {
            Ok(found) => found,
            Err(error) => {
                if !self.is_broken.swap(true, Relaxed) {
                    tracing::warn!(
                        "read the cache {}: {error}; the run continues without it. If the file is damaged, delete it",
                        self.store.path().display()
                    );
                }
                None
            }
        }
    }
}
