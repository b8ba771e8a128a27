//! What is known of the robots.txt of each origin (RFC 9309, 2.3): nothing yet, that it is being asked for, its rules,
//! or that it cannot be had.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use url::Url;

use super::hosts::HostId;
use super::target::Target;
use crate::model::{Failure, FailureKind, Reach, Stage, shown_url, without_credentials};
use crate::robots::Rules;

/// Redirects that are followed to a robots.txt (RFC 9309, 2.3.1.2); after more of them there is taken to be none.
pub(super) const MAX_HOPS: u32 = 5;

/// How long a robots.txt that could not be had is not asked for again.
const REFUSED_FOR: Duration = Duration::from_secs(600);

/// The most bytes that are kept about all origins. Beyond that, the largest are forgotten: first those of origins
/// without tasks, then the others. So the rules of an ordinary site are not forgotten because other sites have huge
/// ones.
const MOST_KEPT: usize = 64 << 20;

/// How long rules are not asked for again if they were forgotten while tasks need them. Those tasks wait.
pub(super) const AGAIN_AFTER: Duration = Duration::from_secs(30);

/// Origins of one host that are kept at least, though no task goes there: a domain may have any number.
const UNUSED: usize = 1_000;

/// One origin (scheme, host and port). Each number is used once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct OriginId(pub(super) u64);

/// The way to a robots.txt.
#[derive(Debug)]
pub(super) struct Fetch {
    pub(super) target: Target,
    /// How the task that asked for it came there: one may go where another may not.
    pub(super) asked_by: Reach,
    /// Nothing else may share its worker.
    pub(super) alone: bool,
    /// The request was lost without anybody's fault, and is sent once more.
    pub(super) again: bool,
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
    Refused(Box<Failure>, Instant),
    /// There was no room for its rules; they are asked for again from then on.
    Forgotten(Instant),
}

impl State {
    /// Bytes that it takes beside itself, about; 0 for what is not kept.
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
    /// Tasks that go there.
    users: usize,
    /// Its place in `Origins::kept`, if something of it is kept.
    kept: Option<Kept>,
}

/// What is kept of one origin: its size, when it came, and whose it is. The last one in order is the largest, and the
/// oldest of several of that size.
type Kept = (usize, Reverse<u64>, OriginId);

/// The origins of one host.
#[derive(Debug, Default)]
struct OfHost {
    ids: Vec<OriginId>,
    /// When there are so many, those that nobody uses are forgotten.
    sweep_at: usize,
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
    /// Ask again then.
    Later(Instant),
}

#[derive(Debug, Default)]
pub(super) struct Origins {
    known: HashMap<OriginId, Origin>,
    by_name: HashMap<Box<str>, OriginId>,
    of_host: HashMap<HostId, OfHost>,
    next: u64,
    /// What is kept, of origins to which no task goes and of the others, and the bytes of all of it.
    kept: [BTreeSet<Kept>; 2],
    bytes: usize,
    times_kept: u64,
}

impl Origins {
    /// The origin of a URL that belongs to `host`, for one more task that goes there.
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

    /// A task does not go there any more.
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

    /// Forgets what is known of a host that is forgotten.
    pub(super) fn forget(&mut self, host: HostId) {
        let ids = self.of_host.remove(&host).unwrap_or_default().ids;
        ids.into_iter().for_each(|id| self.remove(id));
    }

    /// Whether the task `seq` may be sent to `url`, which is of this origin.
    pub(super) fn leave(&mut self, id: OriginId, seq: u64, url: &Url, now: Instant) -> Leave {
        let Some(origin) = self.known.get_mut(&id) else {
            let message = "nothing is known of its robots.txt, which is a bug";
            return Leave::Denied(Failure::new(FailureKind::RobotsDenied, Stage::Robots, message));
        };
        match &mut origin.state {
            State::Known(rules) if rules.allows(url) => Leave::Given,
            State::Known(_) => {
                let message = format!(
                    "fetch {}: robots.txt of {} forbids it (politeness.robots = false ignores that)",
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

    /// Begins to ask for a robots.txt, on behalf of a task that goes to `url`.
    pub(super) fn ask(&mut self, id: OriginId, seq: u64, url: &Url, reach: Reach, host: HostId) {
        let Some(origin) = self.known.get_mut(&id) else { return };
        // Whose credentials it would be asked with depends on who comes first.
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

    pub(super) fn fetch(&mut self, id: OriginId) -> Option<&mut Fetch> {
        match &mut self.known.get_mut(&id)?.state {
            State::Asking(fetch) => Some(fetch),
            _ => None,
        }
    }

    /// Ends the asking. Gives the tasks that waited for it.
    pub(super) fn known(&mut self, id: OriginId, rules: Rules, now: Instant) -> Vec<u64> {
        self.end(id, now, |_| State::Known(rules))
    }

    /// As [`known`](Self::known), where it cannot be had. A transport error is the tasks' own; a server that cannot
    /// answer forbids everything (RFC 9309, 2.3.1.4).
    pub(super) fn refused(&mut self, id: OriginId, failure: &Failure, now: Instant) -> Vec<u64> {
        self.end(id, now, |name| {
            let failure = failure.brief();
            let message = format!("read robots.txt of {name}: {}", failure.message);
            let kind = match failure.kind {
                FailureKind::HttpStatus => FailureKind::RobotsDenied,
                other => other,
            };
            let failure = Failure { causes: failure.causes, ..Failure::new(kind, Stage::Robots, message) };
            State::Refused(Box::new(failure), now + REFUSED_FOR)
        })
    }

    /// As [`known`](Self::known), where nothing has come of it.
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
            // What has just come is not forgotten: tasks have waited for it.
            self.make_room(now);
            self.kept[usize::from(is_used)].insert(kept);
        }
        tasks
    }

    /// Forgets the largest until the rest is no more than is kept.
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
