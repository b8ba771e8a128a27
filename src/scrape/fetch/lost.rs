//! Requests that are lost without anybody's fault, and are sent again at once.
//!
//! - A server may close a kept connection at any time, and a request may be on its way at that moment (RFC 9112,
//!   9.3.1). Every request here is a GET, so it may be sent again. That happens once, on a new connection, because the
//!   other kept connections may be closed too. If a connection had not answered before, its end is a failure like any
//!   other. The client does not report whether the beginning of a head had arrived, so an answer that ends there counts
//!   as no answer.
//! - A server that closes an HTTP/2 connection may say that it has not processed a request (nginx does so after a
//!   thousand requests).
//! - Most connections accept 100 header lines. If an answer has more, the request is sent once more on a connection
//!   that accepts them, and so are all later requests to that origin.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::Extensions;
use hyper_util::client::legacy::connect::HttpInfo;
use reqwest::Response;
use url::{Origin, Url};

use super::classify;
use super::clients::Manner;
use crate::model::{Connection, Visit};

/// A server that closes this many connections before it processes a request does not want the request.
const MAX_SENDINGS: usize = 4;

/// How many of the last used connections are remembered at least; at most twice as many are. Far fewer are open at
/// once, because idle connections close after a second or two. If a connection is forgotten, the loss of its next
/// request counts as a failure.
const CONNECTIONS: usize = 2048;

/// How many origins are remembered. If an origin is forgotten, its next answer costs two requests.
const ORIGINS: usize = 1000;

/// Why a request was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lost {
    /// The server says that it has not processed the request.
    Unseen,
    /// The connection closed, and it had answered before. In HTTP/2, other requests share it.
    WithConnection { shared: bool },
    /// The head of the answer is longer than the connection accepts.
    LongHead,
}

/// The local and the remote address of a connection.
type Ends = (SocketAddr, SocketAddr);

/// What a worker remembers about connections and origins. Forgetting costs requests, but never a page.
#[derive(Debug, Default)]
pub(super) struct Memory {
    connections: Mutex<Answered>,
    long_heads: Mutex<HashSet<Origin>>,
}

/// The connections on which an answer has arrived, in two generations.
#[derive(Debug, Default)]
struct Answered {
    latest: HashSet<Ends>,
    before: HashSet<Ends>,
}

impl Memory {
    /// Notes that an answer has begun on its connection.
    pub(super) fn answered(&self, response: &Response) {
        if let Some(ends) = ends(response.extensions()) {
            lock(&self.connections).add(ends);
        }
    }

    /// Returns why a request that failed with `error` counts as lost, if it does.
    pub(super) fn lost(&self, url: &Url, error: &reqwest::Error) -> Option<Lost> {
        if classify::is_unseen(error) {
            return Some(Lost::Unseen);
        }
        if classify::is_long_head(error) {
            let mut origins = lock(&self.long_heads);
            if origins.len() >= ORIGINS {
                origins.clear();
            }
            origins.insert(url.origin());
            return Some(Lost::LongHead);
        }
        let connected = classify::connection(error).filter(|_| classify::is_broken_off(error))?;
        let mut extras = Extensions::new();
        connected.get_extras(&mut extras);
        let shared = connected.is_negotiated_h2();
        // Requests that share the connection all fail with it, and each of them must find it here.
        let had_answered = lock(&self.connections).has(ends(&extras)?, shared);
        had_answered.then_some(Lost::WithConnection { shared })
    }

    /// Whether an answer from this origin had more header lines than usual.
    pub(super) fn has_long_heads(&self, url: &Url) -> bool {
        let origins = lock(&self.long_heads);
        !origins.is_empty() && origins.contains(&url.origin())
    }
}

impl Answered {
    fn add(&mut self, ends: Ends) {
        if self.latest.len() >= CONNECTIONS && !self.latest.contains(&ends) {
            self.before = std::mem::take(&mut self.latest);
        }
        self.latest.insert(ends);
    }

    /// Whether the connection is known. Forgets it, unless `again` says that it will be asked for again.
    fn has(&mut self, ends: Ends, again: bool) -> bool {
        if again {
            return self.latest.contains(&ends) || self.before.contains(&ends);
        }
        let removed = (self.latest.remove(&ends), self.before.remove(&ends));
        removed.0 || removed.1
    }
}

fn ends(extensions: &Extensions) -> Option<Ends> {
    let info = extensions.get::<HttpInfo>()?;
    Some((info.local_addr(), info.remote_addr()))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How often a request was sent, and how it is sent next.
#[derive(Debug)]
pub(super) struct Sendings {
    pub(super) manner: Manner,
    /// The schedule has sent the request again already, so it does not count as lost once more.
    is_last: bool,
    unseen: usize,
    broken: bool,
}

impl Sendings {
    /// `many_lines` says that the origin is known for answers with many header lines.
    pub(super) fn new(visit: &Visit, many_lines: bool) -> Self {
        let is_last = visit.connection == Connection::Again;
        // The reason of the first loss is not known here.
        let manner = Manner { keeps: visit.connection == Connection::Kept, many_lines: many_lines || is_last };
        Self { manner, is_last, unseen: 0, broken: false }
    }

    /// Whether the request is sent once more, after it was lost for this reason.
    pub(super) fn may_send_again(&mut self, lost: Option<Lost>) -> bool {
        let is_allowed = match lost {
            None => false,
            Some(Lost::Unseen) => {
                self.unseen += 1;
                self.unseen < MAX_SENDINGS
            }
            Some(Lost::WithConnection { shared }) => {
                // A shared connection is gone for all its requests. They make the next one together.
                self.manner.keeps &= shared;
                !std::mem::replace(&mut self.broken, true)
            }
            Some(Lost::LongHead) => !std::mem::replace(&mut self.manner.many_lines, true),
        };
        is_allowed && !self.is_last
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::{Answered, CONNECTIONS, Lost, MAX_SENDINGS, Manner, Sendings};
    use crate::model::{Connection, Reach, Visit};

    fn sendings(connection: Connection, many_lines: bool) -> Sendings {
        Sendings::new(
            &Visit { connection, ..Visit::new("http://h/".parse().expect("a URL"), Reach::Listed) },
            many_lines,
        )
    }

    #[test]
    fn each_reason_limits_how_often_and_sets_how_a_request_is_sent_again() {
        const OWN: Lost = Lost::WithConnection { shared: false };
        const SHARED: Lost = Lost::WithConnection { shared: true };
        let manner = |keeps, many_lines| Manner { keeps, many_lines };
        let table: [(&[Lost], bool, Manner); 9] = [
            (&[OWN], true, manner(false, false)),
            (&[OWN, OWN], false, manner(false, false)),
            (&[SHARED], true, manner(true, false)),
            (&[SHARED, SHARED], false, manner(true, false)),
            (&[Lost::LongHead], true, manner(true, true)),
            (&[Lost::LongHead, Lost::LongHead], false, manner(true, true)),
            (&[Lost::LongHead, OWN], true, manner(false, true)),
            (&[Lost::Unseen; MAX_SENDINGS - 1], true, manner(true, false)),
            (&[Lost::Unseen; MAX_SENDINGS], false, manner(true, false)),
        ];
        for (losses, expected, then) in table {
            let mut sendings = sendings(Connection::Kept, false);
            let found = losses.iter().fold(false, |_, lost| sendings.may_send_again(Some(*lost)));
            assert_eq!((found, sendings.manner), (expected, then), "{losses:?}");
        }
        assert!(
            !sendings(Connection::Kept, false).may_send_again(None),
            "a failure of the server is not a lost request"
        );
    }

    #[test]
    fn a_request_that_the_schedule_repeats_is_not_lost_again_and_accepts_long_heads() {
        let mut again = sendings(Connection::Again, false);
        assert_eq!(again.manner, Manner { keeps: false, many_lines: true });
        assert!(!again.may_send_again(Some(Lost::Unseen)));
        assert_eq!(sendings(Connection::Own, false).manner, Manner { keeps: false, many_lines: false });
        assert_eq!(sendings(Connection::Kept, true).manner, Manner { keeps: true, many_lines: true });
    }

    #[test]
    fn connections_are_known_from_their_first_answer_to_their_end_within_a_limit() {
        let ends = |port: usize| {
            let port = u16::try_from(port).expect("a port");
            (SocketAddr::from(([127, 0, 0, 1], port)), SocketAddr::from(([127, 0, 0, 2], 80)))
        };
        let mut answered = Answered::default();
        answered.add(ends(1));
        assert!(
            answered.has(ends(1), true) && answered.has(ends(1), false),
            "a shared look-up keeps it, and a single one forgets it"
        );
        assert!(!answered.has(ends(1), false), "it is forgotten");
        assert!(!answered.has(ends(2), true), "a connection that never answered");
        for port in 0..10 * CONNECTIONS {
            answered.add(ends(port));
            answered.add(ends(0));
            assert!(answered.latest.len() + answered.before.len() <= 2 * CONNECTIONS);
        }
        assert!(answered.has(ends(0), true) && answered.has(ends(9 * CONNECTIONS + 1), true));
        assert!(!answered.has(ends(1), true));
    }
}
