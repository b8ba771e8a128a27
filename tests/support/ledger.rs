//! Records the requests to the test server.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use axum::extract::Request;
use axum::http::HeaderMap;

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    /// Its path, without the query.
    pub(crate) path: String,
    /// When it arrived.
    pub(crate) at: Instant,
    /// Its headers.
    pub(crate) headers: HeaderMap,
    /// The client's address. Requests over one connection have the same address.
    pub(crate) peer: SocketAddr,
}

/// The requests and counts of one server.
#[derive(Default)]
pub(super) struct Ledger {
    log: Mutex<Vec<Access>>,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
    connections: AtomicUsize,
    robots: AtomicUsize,
}

impl Ledger {
    pub(super) fn connected(&self) {
        self.connections.fetch_add(1, Ordering::SeqCst);
    }

    /// Records a request. It is in flight until the returned value is dropped.
    pub(super) fn arrived(ledger: &Arc<Self>, request: &Request, peer: SocketAddr) -> InFlight {
        let in_flight = ledger.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        ledger.most_in_flight.fetch_max(in_flight, Ordering::SeqCst);
        let (path, headers) = (request.uri().path().to_owned(), request.headers().clone());
        ledger.entries().push(Access { path, at: Instant::now(), headers, peer });
        InFlight(Arc::clone(ledger))
    }

    pub(super) fn asked_for_robots(&self) {
        self.robots.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn robots_hits(&self) -> usize {
        self.robots.load(Ordering::SeqCst)
    }

    pub(super) fn hits(&self, path: &str) -> usize {
        self.entries().iter().filter(|access| access.path == path).count()
    }

    pub(super) fn log(&self) -> Vec<Access> {
        self.entries().clone()
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::SeqCst)
    }

    pub(super) fn most_in_flight(&self) -> usize {
        self.most_in_flight.load(Ordering::SeqCst)
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Access>> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is being answered.
pub(super) struct InFlight(Arc<Ledger>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}
