//! Avoids unneeded connections to https origins. An origin that speaks HTTP/2 needs only one, but the protocol is known
//! only after a connection is made (ALPN, RFC 7301). A client that does not know it yet opens a connection for each
//! request, and then drops all but one.
//!
//! So while one visit makes the first connection to an origin, the others wait. With HTTP/1.1 they then open their own
//! connections. With HTTP/2, visits start one after another, each as soon as the connection has taken the request
//! before it. If the connection has ended (a server may close it after a number of requests), only one visit makes the
//! next one.
//!
//! The protocol of about a thousand origins is remembered. For other origins it has to be found out again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::Version;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use url::{Origin, Url};

/// How many origins are remembered at once. Origins with open requests come on top.
const MAX_KNOWN: usize = 1000;

/// What one client knows about origins. All copies share it.
#[derive(Debug, Clone, Default)]
pub(super) struct FirstContacts(Arc<Mutex<HashMap<Origin, Known>>>);

#[derive(Debug)]
struct Known {
    /// The number of visits that wait for an answer.
    visits: usize,
    door: Arc<Door>,
}

#[derive(Debug)]
struct Door {
    /// Has one permit. A visit that may have to make a connection holds it.
    permits: Arc<Semaphore>,
    connections: Mutex<Connections>,
}

/// What is known about the connections to an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Connections {
    /// No connection has been made yet.
    New,
    /// A connection exists, but no answer has shown its protocol. The client knows it, so no visit needs to wait.
    Stands,
    /// Each request needs its own connection (HTTP/1.1).
    Several,
    /// One connection takes all requests (HTTP/2).
    One,
}

/// A visit to an origin, from before its request until its answer has begun.
#[derive(Debug)]
pub(super) struct Contact {
    contacts: FirstContacts,
    origin: Origin,
    door: Arc<Door>,
}

/// Permission to send a request. If it is dropped unused, the next visit gets it.
#[derive(Debug)]
pub(super) struct Turn {
    door: Arc<Door>,
    permit: Mutex<Option<OwnedSemaphorePermit>>,
}

impl FirstContacts {
    pub(super) fn visit(&self, url: &Url) -> Contact {
        let origin = url.origin();
        let mut origins = lock(&self.0);
        if origins.len() >= MAX_KNOWN && !origins.contains_key(&origin) {
            origins.retain(|_, known| known.visits > 0);
        }
        let known = origins.entry(origin.clone()).or_insert_with(|| {
            let door = Door { permits: Arc::new(Semaphore::new(1)), connections: Mutex::new(Connections::New) };
            Known { visits: 0, door: Arc::new(door) }
        });
        known.visits += 1;
        Contact { contacts: self.clone(), origin, door: Arc::clone(&known.door) }
    }
}

impl Contact {
    /// Waits until the request may be sent, but not longer than `patience`: after that, an extra connection is better.
    pub(super) async fn turn(&self, limit: Duration) -> Turn {
        let permit = if self.door.is_open() {
            None
        } else {
            // The semaphore is never closed.
            timeout(limit, Arc::clone(&self.door.permits).acquire_owned()).await.ok().and_then(Result::ok)
        };
        let permit = permit.filter(|_| !self.door.is_open());
        Turn { door: Arc::clone(&self.door), permit: Mutex::new(permit) }
    }

    /// Notes that the answer has begun, in this HTTP version.
    pub(super) fn answered(&self, version: Version) {
        let connections = if version == Version::HTTP_2 { Connections::One } else { Connections::Several };
        *lock(&self.door.connections) = connections;
    }
}

impl Drop for Contact {
    fn drop(&mut self) {
        let mut origins = lock(&self.contacts.0);
        if let Some(known) = origins.get_mut(&self.origin) {
            known.visits -= 1;
            let has_answered = matches!(*lock(&self.door.connections), Connections::Several | Connections::One);
            if known.visits == 0 && !has_answered {
                origins.remove(&self.origin);
            }
        }
    }
}

impl Turn {
    /// Notes that a connection has taken the request.
    pub(super) fn used(&self) {
        let Some(_permit) = lock(&self.permit).take() else { return };
        let mut connections = lock(&self.door.connections);
        if *connections == Connections::New {
            *connections = Connections::Stands;
        }
    }
}

impl Door {
    fn is_open(&self) -> bool {
        matches!(*lock(&self.connections), Connections::Stands | Connections::Several)
    }
}

/// Ignores poisoning, because no code here panics while it holds a lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use futures_util::FutureExt as _;
    use reqwest::Version;
    use url::Url;

    use super::{Contact, FirstContacts, MAX_KNOWN, Turn, lock};

    const TURN_LIMIT: Duration = Duration::from_secs(10);

    fn url(text: &str) -> Url {
        Url::parse(text).expect(text)
    }

    fn may_go(contact: &Contact) -> Option<Turn> {
        contact.turn(TURN_LIMIT).now_or_never()
    }

    #[tokio::test]
    async fn visits_wait_for_the_first_connection_to_their_origin() {
        let contacts = FirstContacts::default();
        let [first, second, third] =
            ["/1", "/2", "/3"].map(|path| contacts.visit(&url("https://h/").join(path).expect(path)));
        let turn = may_go(&first).expect("no other visit");
        assert!(may_go(&second).is_none());
        assert!(may_go(&contacts.visit(&url("https://h:8443/"))).is_some(), "another origin");
        turn.used();
        let turns = (may_go(&second), may_go(&third));
        assert!(turns.0.is_some() && turns.1.is_some(), "HTTP/1.1 needs more connections");
    }

    #[tokio::test]
    async fn a_visit_that_gives_up_lets_another_one_be_first() {
        let contacts = FirstContacts::default();
        let [first, second, third] = [0; 3].map(|_| contacts.visit(&url("https://h/")));
        drop(may_go(&first).expect("no other visit"));
        let turn = may_go(&second).expect("it is the first now");
        assert!(may_go(&third).is_none());
        // This visit gives up before its turn.
        let mut waiting = Box::pin(third.turn(TURN_LIMIT));
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(waiting);
        drop(turn);
        assert!(may_go(&third).is_some());
    }

    #[tokio::test]
    async fn with_http2_only_one_visit_makes_the_next_connection() {
        let contacts = FirstContacts::default();
        let [first, second, third] = [0; 3].map(|_| contacts.visit(&url("https://h/")));
        may_go(&first).expect("no other visit").used();
        first.answered(Version::HTTP_2);
        let turn = may_go(&second).expect("the connection is free");
        assert!(may_go(&third).is_none(), "the connection may have ended");
        turn.used();
        assert!(may_go(&third).is_some());
        // The next answer may come from another server.
        first.answered(Version::HTTP_11);
        assert!([&first, &second].map(may_go).iter().all(Option::is_some));
    }

    #[tokio::test]
    async fn nobody_waits_longer_than_the_limit() {
        let contacts = FirstContacts::default();
        let [first, second] = [0; 2].map(|_| contacts.visit(&url("https://h/")));
        let _turn = may_go(&first).expect("nobody else is there");
        let limit = Duration::from_millis(20);
        let begin = Instant::now();
        second.turn(limit).await;
        assert!(begin.elapsed() >= limit && begin.elapsed() < TURN_LIMIT);
    }

    #[tokio::test]
    async fn only_an_answer_makes_an_origin_remembered() {
        let contacts = FirstContacts::default();
        for (version, waits) in [(Some(Version::HTTP_2), true), (Some(Version::HTTP_11), false), (None, true)] {
            let visit = || contacts.visit(&url("https://h/"));
            let first = visit();
            first.turn(TURN_LIMIT).await.used();
            version.into_iter().for_each(|version| first.answered(version));
            drop(first);
            assert_eq!(lock(&contacts.0).len(), usize::from(version.is_some()), "{version:?}");
            let [one, other] = [visit(), visit()];
            let _turn = one.turn(TURN_LIMIT).await;
            assert_eq!(may_go(&other).is_none(), waits, "{version:?}");
            lock(&contacts.0).clear();
        }
    }

    #[tokio::test]
    async fn the_number_of_remembered_origins_is_limited() {
        let contacts = FirstContacts::default();
        let waits = contacts.visit(&url("https://waits/"));
        for n in 0..3 * MAX_KNOWN {
            contacts.visit(&url(&format!("https://h{n}/"))).answered(Version::HTTP_2);
            assert!(lock(&contacts.0).len() <= MAX_KNOWN);
        }
        assert!(lock(&contacts.0).contains_key(&waits.origin));
    }
}
