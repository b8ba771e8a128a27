//! What is known of the robots.txt of each origin (RFC 9309, 2.3): nothing yet, that it is being asked for, its rules,
//! or that it cannot be had.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use url::Url;

use super::hosts::HostId;
use crate::model::{Failure, FailureKind, Reach, Stage};
use crate::robots::Rules;

/// Redirects that are followed to a robots.txt (RFC 9309, 2.3.1.2); after more of them there is taken to be none.
pub(super) const MAX_HOPS: u32 = 5;

/// How long a robots.txt that could not be had is not asked for again.
const REFUSED_FOR: Duration = Duration::from_secs(600);

/// One origin (scheme, host and port). Each number is used once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct OriginId(pub(super) u64);

/// The way to a robots.txt.
#[derive(Debug)]
pub(super) struct Fetch {
    pub(super) url: Url,
    pub(super) reach: Reach,
    /// Whether a task of the list asked for it, which may go where others may not.
    pub(super) listed: bool,
    pub(super) hops: u32,
    pub(super) tries: u32,
    /// Whose gate it has to pass.
    pub(super) host: HostId,
    pub(super) handed_out: Option<Instant>,
    /// Tasks that wait for it, first come first.
    pub(super) parked: Vec<u64>,
}

#[derive(Debug)]
enum State {
    Unknown,
    Asking(Box<Fetch>),
    Known(Rules),
    Refused(Failure, Instant),
}

#[derive(Debug)]
struct Origin {
    name: Box<str>,
    state: State,
}

/// Whether a task may be sent.
#[derive(Debug, PartialEq)]
pub(super) enum Leave {
    Given,
    /// It waits until its origin's robots.txt is there.
    Parked,
    /// As `Parked`, and somebody must ask for it.
    Ask,
    Denied(Failure),
}

#[derive(Debug, Default)]
pub(super) struct Origins {
    known: HashMap<OriginId, Origin>,
    by_name: HashMap<Box<str>, OriginId>,
    of_host: HashMap<HostId, Vec<OriginId>>,
    next: u64,
}

impl Origins {
    /// The origin of a URL that belongs to `host`.
    pub(super) fn of(&mut self, url: &Url, host: HostId) -> OriginId {
        let name = url.origin().ascii_serialization();
        if let Some(id) = self.by_name.get(&*name) {
            return *id;
        }
        let id = OriginId(self.next);
        self.next += 1;
        let name = name.into_boxed_str();
        self.by_name.insert(name.clone(), id);
        self.known.insert(id, Origin { name, state: State::Unknown });
        self.of_host.entry(host).or_default().push(id);
        id
    }

    /// Forgets what is known of a host that is forgotten.
    pub(super) fn forget(&mut self, host: HostId) {
        for id in self.of_host.remove(&host).unwrap_or_default() {
            if let Some(origin) = self.known.remove(&id) {
                self.by_name.remove(&origin.name);
            }
        }
    }

    /// Whether the task `seq` may be sent to `url`, which is of this origin.
    pub(super) fn leave(&mut self, id: OriginId, seq: u64, url: &Url, now: Instant) -> Leave {
        let Some(origin) = self.known.get_mut(&id) else { return Leave::Given };
        match &mut origin.state {
            State::Known(rules) if rules.allows(url) => Leave::Given,
            State::Known(_) => {
                let message = format!(
                    "fetch {}: robots.txt of {} forbids it (politeness.robots = false ignores that)",
                    super::task::without_credentials(url),
                    origin.name
                );
                Leave::Denied(Failure::new(FailureKind::RobotsDenied, Stage::Robots, message))
            }
            State::Refused(failure, until) if *until > now => Leave::Denied(failure.clone()),
            State::Asking(fetch) => {
                fetch.parked.push(seq);
                Leave::Parked
            }
            State::Unknown | State::Refused(..) => Leave::Ask,
        }
    }

    /// Begins to ask for a robots.txt, on behalf of a task that goes to `url`.
    pub(super) fn ask(&mut self, id: OriginId, seq: u64, url: &Url, reach: Reach, host: HostId) {
        let Some(origin) = self.known.get_mut(&id) else { return };
        let mut robots = url.clone();
        robots.set_path("/robots.txt");
        robots.set_query(None);
        robots.set_fragment(None);
        let listed = reach == Reach::Listed;
        let fetch = Fetch { url: robots, reach, listed, hops: 0, tries: 0, host, handed_out: None, parked: vec![seq] };
        origin.state = State::Asking(Box::new(fetch));
    }

    pub(super) fn fetch(&mut self, id: OriginId) -> Option<&mut Fetch> {
        match &mut self.known.get_mut(&id)?.state {
            State::Asking(fetch) => Some(fetch),
            _ => None,
        }
    }

    /// Ends the asking. Gives the tasks that waited for it.
    pub(super) fn known(&mut self, id: OriginId, rules: Rules) -> Vec<u64> {
        self.end(id, |_| State::Known(rules))
    }

    /// As [`known`](Self::known), where it cannot be had. A transport error is the tasks' own; a server that cannot
    /// answer forbids everything (RFC 9309, 2.3.1.4).
    pub(super) fn refused(&mut self, id: OriginId, failure: Failure, now: Instant) -> Vec<u64> {
        self.end(id, |name| {
            let message = format!("read robots.txt of {name}: {}", failure.message);
            let kind = match failure.kind {
                FailureKind::HttpStatus => FailureKind::RobotsDenied,
                other => other,
            };
            let failure = Failure { causes: failure.causes, ..Failure::new(kind, Stage::Robots, message) };
            State::Refused(failure, now + REFUSED_FOR)
        })
    }

    /// As [`known`](Self::known), where nothing has come of it.
    pub(super) fn unknown(&mut self, id: OriginId) -> Vec<u64> {
        self.end(id, |_| State::Unknown)
    }

    fn end(&mut self, id: OriginId, state: impl FnOnce(&str) -> State) -> Vec<u64> {
        let Some(origin) = self.known.get_mut(&id) else { return Vec::new() };
        match std::mem::replace(&mut origin.state, state(&origin.name)) {
            State::Asking(fetch) => fetch.parked,
            _ => Vec::new(),
        }
    }
}
