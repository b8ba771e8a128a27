//! One connection to an https origin is enough where it speaks HTTP/2, and only a connection that stands tells (ALPN,
//! RFC 7301). A client that does not know yet opens one for each request, and gives up all but one.
//!
//! So while one visit makes the first connection to an origin, the others wait; with HTTP/1.1 they open their own then.
//! Where HTTP/2 is spoken, visits go on one after another, each as soon as the connection has taken the one before: if
//! it has ended (a server may put an end to it after so many requests), the next one, too, is made once.
//!
//! An origin is known only while an answer of it is waited for. Nothing is lost by forgetting: if its connection still
//! stands in the client's pool, it takes the next request at once, and nobody waits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::Version;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use url::{Origin, Url};

/// The origins of one client from which answers are waited for.
#[derive(Debug, Default)]
pub(super) struct FirstContacts(Mutex<HashMap<Origin, Waited>>);

#[derive(Debug)]
struct Waited {
    visits: usize,
    door: Arc<Door>,
}

#[derive(Debug)]
struct Door {
    /// Has one permit: whoever may have to make a connection holds it.
    permits: Arc<Semaphore>,
    known: Mutex<Known>,
}

/// What is known of connections to an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Nothing,
    /// There has been one, and nobody needs to wait: either it takes all, or each visit needs its own.
    Stood,
    /// One takes all.
    Multiplexed,
}

/// A visit to an origin, from before its request until its answer has begun.
#[derive(Debug)]
pub(super) struct Contact<'f> {
    contacts: &'f FirstContacts,
    origin: Origin,
    door: Arc<Door>,
}

/// The right to send a request. Who drops it before it was used lets the next one in.
#[derive(Debug)]
pub(super) struct Turn {
    door: Arc<Door>,
    permit: Mutex<Option<OwnedSemaphorePermit>>,
}

impl FirstContacts {
    pub(super) fn visit(&self, url: &Url) -> Contact<'_> {
        let origin = url.origin();
        let mut waited = lock(&self.0);
        let entry = waited.entry(origin.clone()).or_insert_with(|| {
            let door = Door { permits: Arc::new(Semaphore::new(1)), known: Mutex::new(Known::Nothing) };
            Waited { visits: 0, door: Arc::new(door) }
        });
        entry.visits += 1;
        Contact { contacts: self, origin, door: Arc::clone(&entry.door) }
    }
}

impl Contact<'_> {
    /// Waits until the request may be sent, for `patience` at most: then a connection more is the lesser evil.
    pub(super) async fn turn(&self, patience: Duration) -> Turn {
        let permit = if self.door.is_open() {
            None
        } else {
            // The semaphore is never closed.
            timeout(patience, Arc::clone(&self.door.permits).acquire_owned()).await.ok().and_then(Result::ok)
        };
        let permit = permit.filter(|_| !self.door.is_open());
        Turn { door: Arc::clone(&self.door), permit: Mutex::new(permit) }
    }

    /// The answer has begun, and is of this version.
    pub(super) fn answered(&self, version: Version) {
        *lock(&self.door.known) = if version == Version::HTTP_2 { Known::Multiplexed } else { Known::Stood };
    }
}

impl Drop for Contact<'_> {
    fn drop(&mut self) {
        let mut waited = lock(&self.contacts.0);
        if let Some(entry) = waited.get_mut(&self.origin) {
            entry.visits -= 1;
            if entry.visits == 0 {
                waited.remove(&self.origin);
            }
        }
    }
}

impl Turn {
    /// A connection has taken the request.
    pub(super) fn used(&self) {
        let Some(_permit) = lock(&self.permit).take() else { return };
        let mut known = lock(&self.door.known);
        if *known == Known::Nothing {
            *known = Known::Stood;
        }
    }
}

impl Door {
    fn is_open(&self) -> bool {
        *lock(&self.known) == Known::Stood
    }
}

/// Nothing here panics while it holds a lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use futures_util::FutureExt as _;
    use reqwest::Version;
    use url::Url;

    use super::{Contact, FirstContacts, Turn, lock};

    const PATIENCE: Duration = Duration::from_secs(10);

    fn url(text: &str) -> Url {
        Url::parse(text).expect(text)
    }

    fn may_go(contact: &Contact<'_>) -> Option<Turn> {
        contact.turn(PATIENCE).now_or_never()
    }

    #[tokio::test]
    async fn others_wait_for_the_first_connection_to_their_origin_and_then_all_go() {
        let contacts = FirstContacts::default();
        let [first, second, third] =
            ["/1", "/2", "/3"].map(|path| contacts.visit(&url("https://h/").join(path).expect(path)));
        let turn = may_go(&first).expect("nobody else is there");
        assert!(may_go(&second).is_none());
        assert!(may_go(&contacts.visit(&url("https://h:8443/"))).is_some(), "another origin");
        turn.used();
        let turns = (may_go(&second), may_go(&third));
        assert!(turns.0.is_some() && turns.1.is_some(), "HTTP/1.1 needs more connections");
    }

    #[tokio::test]
    async fn one_that_gives_up_lets_one_other_be_the_first() {
        let contacts = FirstContacts::default();
        let [first, second, third] = [0; 3].map(|_| contacts.visit(&url("https://h/")));
        drop(may_go(&first).expect("nobody else is there"));
        let turn = may_go(&second).expect("it is the first now");
        assert!(may_go(&third).is_none());
        // Before it had its turn.
        let mut waiting = Box::pin(third.turn(PATIENCE));
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(waiting);
        drop(turn);
        assert!(may_go(&third).is_some());
    }

    #[tokio::test]
    async fn where_one_connection_takes_all_the_next_one_is_made_once_too() {
        let contacts = FirstContacts::default();
        let [first, second, third] = [0; 3].map(|_| contacts.visit(&url("https://h/")));
        may_go(&first).expect("nobody else is there").used();
        first.answered(Version::HTTP_2);
        let turn = may_go(&second).expect("the connection may stand");
        assert!(may_go(&third).is_none(), "it may have ended");
        turn.used();
        assert!(may_go(&third).is_some());
        // What comes next may be another server.
        first.answered(Version::HTTP_11);
        assert!([&first, &second].map(may_go).iter().all(Option::is_some));
    }

    #[tokio::test]
    async fn nobody_waits_longer_than_his_patience() {
        let contacts = FirstContacts::default();
        let [first, second] = [0; 2].map(|_| contacts.visit(&url("https://h/")));
        let _turn = may_go(&first).expect("nobody else is there");
        let patience = Duration::from_millis(20);
        let begin = Instant::now();
        second.turn(patience).await;
        assert!(begin.elapsed() >= patience && begin.elapsed() < PATIENCE);
    }

    #[tokio::test]
    async fn an_origin_is_forgotten_with_its_last_visit() {
        let contacts = FirstContacts::default();
        for n in 0..100 {
            let [one, other] = [0; 2].map(|_| contacts.visit(&url(&format!("https://h{n}/"))));
            may_go(&one).expect("nobody else is there").used();
            drop(one);
            assert_eq!(lock(&contacts.0).len(), 1);
            drop(other);
        }
        assert!(lock(&contacts.0).is_empty());
    }
}
