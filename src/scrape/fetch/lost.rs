//! Requests that are lost through nobody's fault, and are sent again at once.
//!
//! - A server may end a connection that it has kept at any time, and a request may be on its way just then (RFC 9112,
//!   9.3.1). Every request here is a GET, so it may be sent again; that is done once, on a connection of its own, since the
//!   other kept ones may have come to the same end. Where a connection had not answered before, its end is an answer of a
//!   sort, and a failure like any other. The client does not tell whether the beginning of a head had come; an answer that
//!   ends there counts as none.
//! - A server may say that it has not looked at a request, when it ends an HTTP/2 connection (nginx does after a thousand
//!   requests).
//! - The usual connections take 100 header lines. An answer that has more is asked for once more on a connection that
//!   takes them, and so are all others from that origin.

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

/// A server that ends this many connections before it has looked at a request does not want it.
const MAX_SENDINGS: usize = 4;

/// So many connections are remembered after they were last used, and at most twice as many. Those that are idle or busy
/// are far fewer: they are kept for a second or two. Of one that is forgotten, the next failure is charged.
const CONNECTIONS: usize = 2048;

/// So many origins are remembered. Of one that is forgotten, the next answer costs two requests.
const ORIGINS: usize = 1000;

/// Why a request is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lost {
    /// The server says that it has not looked at it.
    Unseen,
    /// With a connection that had answered before; one that others share, in HTTP/2.
    WithConnection { shared: bool },
    /// Its answer has a longer head than the connection took.
    LongHead,
}

/// The two ends of a connection.
type Ends = (SocketAddr, SocketAddr);

/// What a worker remembers of connections and origins. Whatever is forgotten costs a request, and no page.
#[derive(Debug, Default)]
pub(super) struct Memory {
    connections: Mutex<Answered>,
    long_heads: Mutex<HashSet<Origin>>,
}

/// The connections on which an answer has come, the latest ones apart.
#[derive(Debug, Default)]
struct Answered {
    latest: HashSet<Ends>,
    before: HashSet<Ends>,
}

impl Memory {
    /// An answer has begun on its connection.
    pub(super) fn answered(&self, response: &Response) {
        if let Some(ends) = ends(response.extensions()) {
            lock(&self.connections).add(ends);
        }
    }

    /// Whether a request that failed with `error` is lost.
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
        // Where others share it, each of them is to be told.
        let had_answered = lock(&self.connections).has(ends(&extras)?, shared);
        had_answered.then_some(Lost::WithConnection { shared })
    }

    /// Whether an answer from there had more lines than usual.
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

    /// Whether these are among them, and are to be asked for again.
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

/// How often one request was sent, and how it is sent next.
#[derive(Debug)]
pub(super) struct Sendings {
    pub(super) manner: Manner,
    /// It is not lost again: whoever asks has sent it before.
    is_last: bool,
    unseen: usize,
    broken: bool,
}

impl Sendings {
    /// `many_lines`: the origin is known for them.
    pub(super) fn new(visit: &Visit, many_lines: bool) -> Self {
        let is_last = visit.connection == Connection::Again;
        // Why it was lost is not known here.
        let manner = Manner { keeps: visit.connection == Connection::Kept, many_lines: many_lines || is_last };
        Self { manner, is_last, unseen: 0, broken: false }
    }

    /// Whether it is sent once more, after it was lost like that.
    pub(super) fn may_go_on(&mut self, lost: Option<Lost>) -> bool {
        let goes_on = match lost {
            None => false,
            Some(Lost::Unseen) => {
                self.unseen += 1;
                self.unseen < MAX_SENDINGS
            }
            Some(Lost::WithConnection { shared }) => {
                // The one that is shared is gone for all, and they make the next one together.
                self.manner.keeps &= shared;
                !std::mem::replace(&mut self.broken, true)
            }
            Some(Lost::LongHead) => !std::mem::replace(&mut self.manner.many_lines, true),
        };
        goes_on && !self.is_last
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
    fn a_request_is_sent_again_as_often_as_each_reason_allows_and_each_time_in_another_manner() {
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
            let found = losses.iter().fold(false, |_, lost| sendings.may_go_on(Some(*lost)));
            assert_eq!((found, sendings.manner), (expected, then), "{losses:?}");
        }
        assert!(!sendings(Connection::Kept, false).may_go_on(None), "that failure is the server's");
    }

    #[test]
    fn what_is_sent_again_by_the_schedule_is_not_lost_again_and_takes_all_heads() {
        let mut again = sendings(Connection::Again, false);
        assert_eq!(again.manner, Manner { keeps: false, many_lines: true });
        assert!(!again.may_go_on(Some(Lost::Unseen)));
        assert_eq!(sendings(Connection::Own, false).manner, Manner { keeps: false, many_lines: false });
        assert_eq!(sendings(Connection::Kept, true).manner, Manner { keeps: true, many_lines: true });
    }

    #[test]
    fn connections_that_have_answered_are_known_until_they_end_and_are_not_more_than_so_many() {
        let ends = |port: usize| {
            let port = u16::try_from(port).expect("a port");
            (SocketAddr::from(([127, 0, 0, 1], port)), SocketAddr::from(([127, 0, 0, 2], 80)))
        };
        let mut answered = Answered::default();
        answered.add(ends(1));
        assert!(answered.has(ends(1), true) && answered.has(ends(1), false), "shared, and then on its own");
        assert!(!answered.has(ends(1), false), "it has ended");
        assert!(!answered.has(ends(2), true), "another one");
        for port in 0..10 * CONNECTIONS {
            answered.add(ends(port));
            answered.add(ends(0));
            assert!(answered.latest.len() + answered.before.len() <= 2 * CONNECTIONS);
        }
        assert!(answered.has(ends(0), true) && answered.has(ends(9 * CONNECTIONS + 1), true));
        assert!(!answered.has(ends(1), true));
    }
}
