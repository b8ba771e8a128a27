//! All hosts of the tasks under way: which may receive requests now, which later, and which can be forgotten.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Instant;

use slab::Slab;
use url::Url;

use super::host::{Host, Listed, Standing};
use super::{GroupBy, Options, RequestId};

/// The number of hosts without tasks that are always remembered: their robots.txt and their delay may be needed again.
const IDLE: usize = 10_000;
/// The most hosts without tasks, including those that should not be forgotten yet.
const MOST_IDLE: usize = 100_000;

/// Identifies a host. The number of a forgotten host is used again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct HostId(usize);

#[derive(Debug)]
pub(super) struct Hosts {
    options: Options,
    known: Slab<Host>,
    by_key: HashMap<Box<str>, HostId>,
    /// Hosts that may receive requests now, in turn.
    open: VecDeque<HostId>,
    /// Hosts that may receive requests later. Outdated entries are skipped.
    closed: BinaryHeap<Reverse<(Instant, usize)>>,
    /// Hosts that became idle, each once. Some may have tasks again.
    idle: VecDeque<HostId>,
    times_idle: u64,
    available: usize,
}

impl Hosts {
    pub(super) fn new(options: Options) -> Self {
        Self {
            options,
            known: Slab::new(),
            by_key: HashMap::new(),
            open: VecDeque::new(),
            closed: BinaryHeap::new(),
            idle: VecDeque::new(),
            times_idle: 0,
            available: 0,
        }
    }

    pub(super) fn options(&self) -> &Options {
        &self.options
    }

    /// The number of orders that could be handed out now.
    pub(super) fn available(&self) -> usize {
        self.available
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// Finds or adds the host of a URL, and holds it once.
    pub(super) fn hold(&mut self, url: &Url) -> HostId {
        let key = key(url, self.options.politeness.group_by);
        let id = if let Some(id) = self.by_key.get(&*key) {
            *id
        } else {
            let mut hasher = DefaultHasher::new();
            key.hash(&mut hasher);
            let id = HostId(self.known.insert(Host::new(key.clone(), hasher.finish(), &self.options)));
            self.by_key.insert(key, id);
            id
        };
        self.known[id.0].held += 1;
        id
    }

    /// Holds a host, which is held already, once more.
    pub(super) fn hold_again(&mut self, id: HostId) {
        self.known[id.0].held += 1;
    }

    /// Releases a host. Returns the host that was forgotten, if one was.
    pub(super) fn release(&mut self, id: HostId, now: Instant) -> Option<HostId> {
        let host = &mut self.known[id.0];
        host.held -= 1;
        if host.held > 0 {
            return None;
        }
        self.times_idle += 1;
        host.idle_since = self.times_idle;
        if !host.in_idle {
            host.in_idle = true;
            self.idle.push_back(id);
        }
        self.forget_one(now)
    }

    fn forget_one(&mut self, now: Instant) -> Option<HostId> {
        if self.idle.len() <= IDLE {
            return None;
        }
        let id = self.idle.pop_front()?;
        let host = self.known.get_mut(id.0)?;
        let is_recent = host.idle_since + IDLE as u64 > self.times_idle;
        if host.held > 0 {
            host.in_idle = false;
            return None;
        }
        if (is_recent || host.is_remembered(now)) && self.idle.len() < MOST_IDLE {
            self.idle.push_back(id);
            return None;
        }
        let host = self.known.remove(id.0);
        self.by_key.remove(&host.key);
        Some(id)
    }

    /// All hosts that are remembered.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Host> {
        self.known.iter().map(|(_, host)| host)
    }

    pub(super) fn get(&self, id: HostId) -> &Host {
        &self.known[id.0]
    }

    /// Puts an order first in the queue of its host. If the host was not in the queue of open hosts, it becomes the
    /// first one there. Records of later tasks wait for work that has begun.
    pub(super) fn put_first(&mut self, id: HostId, request: RequestId, now: Instant) {
        let in_line = self.known[id.0].listed == Listed::Open;
        self.change(id, now, |host, _| host.queue.push_front(request));
        if !in_line && self.known[id.0].listed == Listed::Open {
            self.open.rotate_right(1);
        }
    }

    /// Changes a host and then updates the queue that it is in.
    pub(super) fn change<T>(&mut self, id: HostId, now: Instant, change: impl FnOnce(&mut Host, &Options) -> T) -> T {
        let host = &mut self.known[id.0];
        let changed = change(host, &self.options);
        let standing = host.standing(now);
        let counted = if let Standing::Open(count) = standing { count } else { 0 };
        self.available = self.available - host.counted + counted;
        host.counted = counted;
        match standing {
            Standing::Open(_) if host.listed != Listed::Open => {
                host.listed = Listed::Open;
                self.open.push_back(id);
            }
            // A host in the queue of open hosts is found to be closed when its turn comes.
            Standing::Closed(until) if !matches!(host.listed, Listed::Open) && host.listed != Listed::Closed(until) => {
                host.listed = Listed::Closed(until);
                self.closed.push(Reverse((until, id.0)));
            }
            _ => {}
        }
        changed
    }

    /// When the next closed host opens.
    pub(super) fn next_wake_up(&self) -> Option<Instant> {
        self.closed.peek().map(|Reverse((at, _))| *at)
    }

    /// Opens the hosts whose time has come.
    pub(super) fn wake(&mut self, now: Instant) {
        while let Some(Reverse((at, id))) = self.closed.peek().copied().filter(|Reverse((at, _))| *at <= now) {
            self.closed.pop();
            if self.known.get(id).is_some_and(|host| host.listed == Listed::Closed(at)) {
                self.change(HostId(id), now, |host, _| host.listed = Listed::No);
            }
        }
    }

    /// Takes the next order of the next open host. That host then goes to the end of the queue.
    pub(super) fn next(&mut self, now: Instant) -> Option<(HostId, RequestId)> {
        while let Some(id) = self.open.pop_front() {
            let request = self.change(id, now, |host, _| {
                host.listed = Listed::No;
                match host.standing(now) {
                    Standing::Open(_) => host.take(),
                    Standing::Closed(_) | Standing::Idle => None,
                }
            });
            if let Some(request) = request {
                return Some((id, request));
            }
        }
        None
    }
}

/// The host's name, and its port unless it is the scheme's default. So http and https of one server are one host.
fn key(url: &Url, group_by: GroupBy) -> Box<str> {
    // A name with a dot at its end means the same server as the name without it.
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    let name = match url.domain() {
        Some(_) if group_by == GroupBy::Domain => psl::domain_str(host).unwrap_or(host),
        _ => host,
    };
    match url.port() {
        Some(port) => format!("{name}:{port}").into(),
        None => name.into(),
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::{GroupBy, key};

    #[test]
    fn hosts_differ_by_name_and_unusual_port_or_by_domain() {
        let table = [
            ("http://h/a", "h", "h"),
            ("https://h/b", "h", "h"),
            ("https://h:443/", "h", "h"),
            ("http://h:8080/", "h:8080", "h:8080"),
            ("https://a.b.example.co.uk/", "a.b.example.co.uk", "example.co.uk"),
            ("https://www.example.com./", "www.example.com", "example.com"),
            ("http://me.github.io/", "me.github.io", "me.github.io"),
            ("http://127.0.0.1:81/", "127.0.0.1:81", "127.0.0.1:81"),
            ("http://[::1]/", "[::1]", "[::1]"),
            ("http://u:p@H/", "h", "h"),
        ];
        for (url, by_host, by_domain) in table {
            let url = Url::parse(url).expect("a URL");
            assert_eq!(&*key(&url, GroupBy::Host), by_host, "{url}");
            assert_eq!(&*key(&url, GroupBy::Domain), by_domain, "{url}");
        }
    }
}
