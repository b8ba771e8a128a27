//! Answers of earlier runs, on disk: what a page gave and what its server said of how long that holds, so that a page
//! which has not changed is neither sent nor parsed again.
//!
//! A private cache by RFC 9111. It keeps no bodies: of each page the extracted data, and those headers that steer caches.
//! In reading order:
//!
//! - `request`: what two requests have in common if one may have the other's answer
//! - `head`: what is kept of an answer's headers, and what follows from it: fresh, to be confirmed, not to be kept
//! - `directives`: `Cache-Control` in one form
//! - `change`: what is to be kept from now on
//! - `store`: the file: rows with checksums in a database that survives every death of its process
//! - `writer`: the thread that writes it, so that nobody waits for the disk
//! - `error`: why a run cannot have its cache
//!
//! Once it is open the cache never fails a run: what cannot be read is fetched, what cannot be written is forgotten.
//!
//! Absent on purpose: redirects and failures, which are asked for anew in each run; freshness by guess (RFC 9111, 4.2.2),
//! since a page whose server says nothing costs one 304; and eviction: the file grows with the URLs and with each change
//! of what shapes the data, and may be deleted whenever no run has it open.

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

/// An open cache. No other process has it open.
#[derive(Debug)]
pub struct Cache {
    store: Arc<Store>,
    writer: Writer,
    /// The file cannot be read any longer.
    is_broken: AtomicBool,
}

/// What the cache has for a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Nothing of use.
    Nothing,
    /// The answer. Nobody need be asked.
    Fresh(Kept),
    /// An answer that counts if the server confirms it.
    Stale(Validators),
}

/// What is kept of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Decompressed bytes of the body that the data was taken from.
    pub bytes: u64,
    /// The data, as it came.
    pub data: Bytes,
}

/// The headers that make a request conditional (RFC 9110, 13.1), names in lower case. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validators(Vec<(String, String)>);

impl Validators {
    /// Names and values.
    pub fn headers(&self) -> &[(String, String)] {
        &self.0
    }
}

impl Cache {
    /// Opens the file or makes it, for this process alone.
    ///
    /// # Errors
    /// Where the file cannot be opened, is another run's or is no cache.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let store = Arc::new(Store::open(path)?);
        let writer = Writer::start(Arc::clone(&store)).map_err(|error| Error::new(path, ErrorKind::Io(error)))?;
        Ok(Self { store, writer, is_broken: AtomicBool::new(false) })
    }

    /// What there is for a request at this time. Reads the disk: see `store` for what that costs.
    pub fn find(&self, request: &CacheRequest, now: SystemTime) -> Lookup {
        let Some(head) = self.head(request) else { return Lookup::Nothing };
        if head.is_fresh(&request.headers, now) {
            return self.kept(request, &head).map_or(Lookup::Nothing, Lookup::Fresh);
        }
        head.validators().map_or(Lookup::Nothing, Lookup::Stale)
    }

    /// Keeps what an answer of status 200 gave, if it may be kept and can be of use. `response`: its headers, of which
    /// only [`KEPT_HEADERS`] matter. What was kept for the request goes.
    pub fn keep(&self, request: &CacheRequest, response: &[(String, String)], kept: &Kept, now: SystemTime) {
        let change = match Head::new(&request.headers, response, kept, now) {
            Some(head) => Change::Page { key: request.key.clone(), head, data: kept.data.clone() },
            // What is there is out of date by now.
            None if self.head(request).is_some() => Change::Nothing { key: request.key.clone() },
            None => return,
        };
        self.writer.write(change);
    }

    /// The answer to a request that was sent with `asked` and that the server answered with a 304 and these headers.
    /// `None` where that confirms nothing that is there: then the server must be asked again, without conditions.
    pub fn confirmed(
        &self,
        request: &CacheRequest,
        asked: &Validators,
        response: &[(String, String)],
        now: SystemTime,
    ) -> Option<Kept> {
        let head = self.head(request)?;
        // Another task with this URL may have replaced it meanwhile.
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

    /// Writes what is not written yet, and closes the file. A cache that is dropped instead may lose the changes of its
    /// last second.
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
        Some(Kept { bytes: head.bytes, data })
    }

    fn read<T>(&self, read: Result<Option<T>, redb::Error>) -> Option<T> {
        match read {
            Ok(found) => found,
            Err(error) => {
                if !self.is_broken.swap(true, Relaxed) {
                    tracing::warn!(
                        "read the cache {}: {error}; the run goes on without it. If it is damaged, delete it",
                        self.store.path().display()
                    );
                }
                None
            }
        }
    }
}
