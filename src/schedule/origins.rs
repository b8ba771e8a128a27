//! The state of the robots.txt of each origin (RFC 9309, 2.3): unknown, requested, known, or unavailable.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use url::Url;

use super::hosts::HostId;
use super::target::Target;
use crate::model::{Failure, FailureKind, Reach, Stage, shown_url, without_credentials};
use crate::robots::Rules;

/// The most redirects on the way to a robots.txt (RFC 9309, 2.3.1.2). After more of them, the file counts as missing.
pub(super) const MAX_HOPS: u32 = 5;

/// How long an unavailable robots.txt is not requested again.
const REFUSED_FOR: Duration = Duration::from_secs(600);

/// The most bytes that are kept about all origins. Above that, the largest entries are forgotten: first those of
/// origins without tasks, then the others. So huge files of some sites do not push out the rules of ordinary sites.
const MOST_KEPT: usize = 64 << 20;

/// How long to wait before rules that were forgotten for lack of room are requested again. The tasks that need them
/// wait.
pub(super) const AGAIN_AFTER: Duration = Duration::from_secs(30);

/// The number of unused origins of one host that are always kept. A domain may have any number of origins.
const UNUSED: usize = 1_000;

/// Identifies an origin (scheme, host and port). Each number is used once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct OriginId(pub(super) u64);

/// The request for a robots.txt.
#[derive(Debug)]
pub(super) struct Fetch {
    pub(super) target: Target,
    /// How the task that caused the request reached the origin. One task may go where another may not.
    pub(super) asked_by: Reach,
    /// No other job may share its worker.
    pub(super) alone: bool,
    /// The request was lost and nobody is to blame. It is sent once more.
    pub(super) again: bool,
    pub(super) tries: u32,
    /// The host whose gate the next request passes.
    pub(super) host: HostId,
    pub(super) handed_out: Option<Instant>,
    /// The tasks that wait for it, in order of arrival.
    pub(super) parked: Vec<u64>,
}

#[derive(Debug)]
enum State {
    Unknown,
    Asking(Box<Fetch>),
    Known(Rules),
    Refused(Box<Failure>, Instant),
    /// There was no room for its rules. They may be requested again from this time on.
    Forgotten(Instant),
}

impl State {
    /// About how many bytes it takes outside of the struct itself; 0 if nothing is kept.
    fn size(&self) -> usize {
        match self {
            Self::Known(rules) => rules.size(),
            Self::Refused(failure, _) => {
                size_of::<Failure>() + failure.message.len() + failure.causes.iter().map(String::len).sum::<usize>()
            }
            Self::Unknown | Self::Asking(_) | Self::Forgotten(_) => 0,
        }
    }
}

#[derive(Debug)]
struct Origin {
    name: Box<str>,
    state: State,
    /// The number of tasks that go there.
    users: usize,
    /// Its entry in `Origins::kept`, if it has one.
    kept: Option<Kept>,
}

/// An entry for what is kept of one origin: its size, when it came, and the origin. The last entry in sort order is the
/// largest; among equal sizes, the oldest.
type Kept = (usize, Reverse<u64>, OriginId);

/// The origins of one host.
#[derive(Debug, Default)]
struct OfHost {
    ids: Vec<OriginId>,
    /// At this number of origins, the unused ones are forgotten.
    sweep_at: usize,
}

/// Whether a task may be sent.
#[derive(Debug, PartialEq)]
pub(super) enum Leave {
    Given,
    /// It waits for the robots.txt of its origin.
    Parked,
    /// Like `Parked`, and the robots.txt must be requested.
    Ask,
    Denied(Failure),
    /// It must ask again at this time.
    Later(Instant),
}

#[derive(Debug, Default)]
pub(super) struct Origins {
    known: HashMap<OriginId, Origin>,
    by_name: HashMap<Box<str>, OriginId>,
    of_host: HashMap<HostId, OfHost>,
    next: u64,
    /// The entries of origins without tasks, and those of the others; `bytes` is the total size of both.
    kept: [BTreeSet<Kept>; 2],
    bytes: usize,
    times_kept: u64,
}

impl Origins {
    /// Finds or adds the origin of a URL of `host`, for one more task that goes there.
    pub(super) fn hold(&mut self, url: &Url, host: HostId) -> OriginId {
        let name = url.origin().ascii_serialization();
        if let Some(id) = self.by_name.get(&*name).copied() {
            self.count_users(id, |users| users + 1);
            return id;
        }
        self.sweep(host);
        let id = OriginId(self.next);
        self.next += 1;
        let name = name.into_boxed_str();
        self.by_name.insert(name.clone(), id);
        self.known.insert(id, Origin { name, state: State::Unknown, users: 1, kept: None });
        self.of_host.entry(host).or_default().ids.push(id);
        id
    }

    /// Counts one task less at the origin.
    pub(super) fn release(&mut self, id: OriginId) {
        self.count_users(id, |users| users.saturating_sub(1));
    }

    fn count_users(&mut self, id: OriginId, change: impl FnOnce(usize) -> usize) {
        let Some(origin) = self.known.get_mut(&id) else { return };
        let was_used = origin.users > 0;
        origin.users = change(origin.users);
        let is_used = origin.users > 0;
        if let Some(kept) = origin.kept.filter(|_| was_used != is_used) {
            self.kept[usize::from(was_used)].remove(&kept);
            self.kept[usize::from(is_used)].insert(kept);
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    fn sweep(&mut self, host: HostId) {
        let Some(of_host) =
            self.of_host.get_mut(&host).filter(|of_host| of_host.ids.len() >= of_host.sweep_at.max(UNUSED))
        else {
            return;
        };
        let ids = std::mem::take(&mut of_host.ids);
        let (used, unused): (Vec<_>, Vec<_>) =
            ids.into_iter().partition(|id| self.known.get(id).is_some_and(|origin| origin.users > 0));
        of_host.sweep_at = 2 * used.len();
        of_host.ids = used;
        unused.into_iter().for_each(|id| self.remove(id));
    }

    fn remove(&mut self, id: OriginId) {
        if let Some(origin) = self.known.remove(&id) {
            self.by_name.remove(&origin.name);
            if let Some(kept) = origin.kept {
                self.kept[usize::from(origin.users > 0)].remove(&kept);
                self.bytes -= kept.0;
            }
        }
    }

    /// Forgets the origins of a forgotten host.
    pub(super) fn forget(&mut self, host: HostId) {
        let ids = self.of_host.remove(&host).unwrap_or_default().ids;
        ids.into_iter().for_each(|id| self.remove(id));
    }

    /// Whether the task `seq` may be sent to `url`, which is of this origin.
    pub(super) fn leave(&mut self, id: OriginId, seq: u64, url: &Url, now: Instant) -> Leave {
        let Some(origin) = self.known.get_mut(&id) else {
            let message = "its origin is missing from the list of origins, which is a bug";
            return Leave::Denied(Failure::new(FailureKind::RobotsDenied, Stage::Robots, message));
        };
        match &mut origin.state {
            State::Known(rules) if rules.allows(url) => Leave::Given,
            State::Known(_) => {
                let message = format!(
                    "fetch {}: the robots.txt of {} forbids it (politeness.robots = false ignores robots.txt)",
                    shown_url(url),
                    origin.name
                );
                Leave::Denied(Failure::new(FailureKind::RobotsDenied, Stage::Robots, message))
            }
            State::Refused(failure, until) if *until > now => Leave::Denied(Failure::clone(failure)),
            State::Asking(fetch) => {
                fetch.parked.push(seq);
                Leave::Parked
            }
            State::Forgotten(until) if *until > now => Leave::Later(*until),
            State::Unknown | State::Refused(..) | State::Forgotten(_) => Leave::Ask,
        }
    }

    /// Starts a request for a robots.txt, for a task that goes to `url`.
    pub(super) fn ask(&mut self, id: OriginId, seq: u64, url: &Url, reach: Reach, host: HostId) {
        let Some(origin) = self.known.get_mut(&id) else { return };
        // The request has no credentials: otherwise they would depend on which task comes first.
        let mut robots = without_credentials(url);
        robots.set_path("/robots.txt");
        robots.set_query(None);
        robots.set_fragment(None);
        let asked_by = reach.clone();
        let fetch = Fetch {
            target: Target::new(robots, reach),
            asked_by,
            alone: false,
            again: false,
            tries: 0,
            host,
            handed_out: None,
            parked: vec![seq],
        };
        origin.state = State::Asking(Box::new(fetch));
        if let Some(kept) = origin.kept.take() {
            self.kept[usize::from(origin.users > 0)].remove(&kept);
            self.bytes -= kept.0;
        }
    }

    /// The request for a robots.txt, if it is under way.
    pub(super) fn asking(&self, id: OriginId) -> Option<&Fetch> {
        match &self.known.get(&id)?.state {
            State::Asking(fetch) => Some(fetch),
            _ => None,
        }
    }

    pub(super) fn fetch(&mut self, id: OriginId) -> Option<&mut Fetch> {
        match &mut self.known.get_mut(&id)?.state {
            State::Asking(fetch) => Some(fetch),
            _ => None,
        }
    }

    /// Ends the request with rules. Returns the tasks that waited for it.
    pub(super) fn known(&mut self, id: OriginId, rules: Rules, now: Instant) -> Vec<u64> {
        self.end(id, now, |_| State::Known(rules))
    }

    /// Ends the request with a failure. A transport error is also the error of the tasks. If the server cannot answer,
    /// everything is forbidden (RFC 9309, 2.3.1.4).
    pub(super) fn refused(&mut self, id: OriginId, failure: &Failure, now: Instant) -> Vec<u64> {
        self.end(id, now, |name| {
            let failure = failure.brief();
            let message = format!("read the robots.txt of {name}: {}", failure.message);
            let kind = match failure.kind {
                FailureKind::HttpStatus => FailureKind::RobotsDenied,
                other => other,
            };
            let failure = Failure { causes: failure.causes, ..Failure::new(kind, Stage::Robots, message) };
            State::Refused(Box::new(failure), now + REFUSED_FOR)
        })
    }

    /// Ends the request without a result.
    pub(super) fn unknown(&mut self, id: OriginId, now: Instant) -> Vec<u64> {
        self.end(id, now, |_| State::Unknown)
    }

    fn end(&mut self, id: OriginId, now: Instant, state: impl FnOnce(&str) -> State) -> Vec<u64> {
        let Some(origin) = self.known.get_mut(&id) else { return Vec::new() };
        let tasks = match std::mem::replace(&mut origin.state, state(&origin.name)) {
            State::Asking(fetch) => fetch.parked,
            _ => Vec::new(),
        };
        let size = origin.state.size();
        if size > 0 {
            self.times_kept += 1;
            let kept = (size, Reverse(self.times_kept), id);
            origin.kept = Some(kept);
            let is_used = origin.users > 0;
            self.bytes += size;
            // The new entry is added last, so it is not forgotten: tasks have waited for it.
            self.make_room(now);
            self.kept[usize::from(is_used)].insert(kept);
        }
        tasks
    }

    /// Forgets the largest entries until the rest is within the limit.
    fn make_room(&mut self, now: Instant) {
        let [unused, used] = &mut self.kept;
        while self.bytes > MOST_KEPT
            && let Some((size, _, id)) = unused.pop_last().or_else(|| used.pop_last())
        {
            self.bytes -= size;
            if let Some(origin) = self.known.get_mut(&id) {
                origin.kept = None;
                origin.state = if origin.users > 0 { State::Forgotten(now + AGAIN_AFTER) } else { State::Unknown };
            }
        }
    }
}
