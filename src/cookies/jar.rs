//! The stored cookies, and limits on them.

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::time::SystemTime;

use url::Url;

use super::cookie::Cookie;
use super::scope::{self, Scope};
use super::seconds;
use super::set_cookie::SetCookie;

/// The limits of a jar.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// The most cookies of one domain: the host for cookies of one host, the `Domain` for the others.
    pub(super) of_a_domain: usize,
    /// The most cookies in all.
    pub(super) count: usize,
    /// The most bytes of memory that the cookies may use.
    pub(super) bytes: usize,
}

/// The number for one domain is that of browsers. The bytes are more than 100,000 cookies of usual size need.
const BOUNDS: Bounds = Bounds { of_a_domain: 180, count: 100_000, bytes: 64 << 20 };

/// The longest `Cookie` header in bytes: the limit of curl, because servers refuse longer ones.
const LONGEST_HEADER: usize = 8190;

/// The most subdomains whose cookies are searched. If a domain has more, the search counts as successful.
const MOST_BELOW: usize = 1_000;

/// The cookies of a run. Bounded: 180 for each domain, 4 KiB each, 100,000 and 64 MiB in all. The least recently used
/// cookies make room for new ones.
///
/// The cost of a look-up does not depend on the number of hosts with cookies: the jar is a map from domains to cookies,
/// and a host has few domains.
#[derive(Clone)]
pub struct Jar {
    bounds: Bounds,
    domains: HashMap<String, Vec<Kept>>,
    /// Domains that have or had cookies for https, each written backwards, so that subdomains are next to their parent
    /// domains in sort order.
    secure: BTreeSet<String>,
    count: usize,
    bytes: usize,
    /// A counter. Later events have higher numbers.
    turn: Cell<u64>,
}

#[derive(Clone)]
struct Kept {
    cookie: Cookie,
    /// The turn in which it was first set. A new value does not change it.
    created: u64,
    /// The turn in which it was last set or sent.
    used: Cell<u64>,
}

impl Jar {
    /// An empty jar.
    pub fn new() -> Self {
        Self::within(BOUNDS)
    }

    pub(super) fn within(bounds: Bounds) -> Self {
        Self { bounds, domains: HashMap::new(), secure: BTreeSet::new(), count: 0, bytes: 0, turn: Cell::new(0) }
    }

    /// The number of cookies, including expired ones that have not been removed yet.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether the jar is empty.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The value of the `Cookie` header of a request for `url`; `None` if no cookie is for it. The order is that of RFC
    /// 6265 (5.4): longer paths first, then cookies that were set earlier. Leaves out cookies that would make the
    /// header longer than 8190 bytes.
    pub fn header_for(&self, url: &Url, now: SystemTime) -> Option<String> {
        let (now, turn) = (seconds(now), self.next_turn());
        let is_secure = url.scheme() == "https";
        let mut fitting: Vec<&Kept> = Vec::new();
        for (place, domain) in scope::domains(url).enumerate() {
            let Some(kept) = self.domains.get(domain) else { continue };
            fitting.extend(kept.iter().filter(|Kept { cookie, .. }| {
                (place == 0 || !cookie.host_only)
                    && (is_secure || !cookie.secure)
                    && !cookie.is_expired(now)
                    && scope::path_matches(url.path(), &cookie.path)
            }));
        }
        fitting.sort_unstable_by_key(|kept| (usize::MAX - kept.cookie.path.len(), kept.created));
        let (mut header, mut length) = (String::new(), 0);
        for Kept { cookie, used, .. } in fitting {
            let more = "; =".len() + cookie.bytes();
            if length + more > LONGEST_HEADER {
                continue;
            }
            length += more;
            used.set(turn);
            if !header.is_empty() {
                header.push_str("; ");
            }
            if !cookie.name.is_empty() {
                header.push_str(&cookie.name);
                header.push('=');
            }
            header.push_str(&cookie.value);
        }
        (!header.is_empty()).then_some(header)
    }

    /// Stores the cookies of the answer for `url`: the values of its `Set-Cookie` headers, in order. Ignores values
    /// that are not valid cookies, and cookies that this URL may not set.
    pub fn store<'a>(&mut self, url: &Url, lines: impl IntoIterator<Item = &'a str>, now: SystemTime) {
        for line in lines {
            self.store_one(url, line, seconds(now));
        }
    }

    fn store_one(&mut self, url: &Url, line: &str, now: u64) -> Option<()> {
        let set = SetCookie::parse(line, now)?;
        let Scope { domain, host_only } = Scope::of(url, set.domain)?;
        let cookie = Cookie {
            name: set.name.into(),
            value: set.value.into(),
            path: set.path.unwrap_or_else(|| scope::default_path(url)).into(),
            // A `Domain` makes it a cookie for all subdomains, unless the domain is an address or a public suffix.
            host_only,
            secure: set.secure,
            http_only: set.http_only,
            expires: set.expires,
        };
        cookie.check().ok()?;
        if cookie.needs_path() && !set.has_path {
            return None;
        }
        // An answer over plain http may be forged by anyone on the network path.
        if url.scheme() != "https" && (cookie.secure || self.would_replace_secure(&domain, &cookie, now)) {
            return None;
        }
        self.put(&domain, cookie, now);
        Some(())
    }

    /// Whether this cookie would replace a cookie for https (6265bis, 5.7): one with the same name whose domain is the
    /// same, a parent domain or a subdomain.
    fn would_replace_secure(&self, domain: &str, cookie: &Cookie, now: u64) -> bool {
        let stands_in = |Kept { cookie: other, .. }: &Kept| {
            other.secure
                && other.name == cookie.name
                && !other.is_expired(now)
                && scope::path_matches(&cookie.path, &other.path)
        };
        let is_there = |domain: &str| self.domains.get(domain).is_some_and(|all| all.iter().any(stands_in));
        let below = reversed(domain) + ".";
        let mut below = self.secure.range(below.clone()..).take_while(|domain| domain.starts_with(&below));
        scope::host_and_parents(domain).any(is_there)
            || below.by_ref().take(MOST_BELOW).any(|domain| is_there(&reversed(domain)))
            || below.next().is_some()
    }

    /// Adds a cookie, or replaces the earlier one. An expired cookie removes the earlier one.
    pub(super) fn put(&mut self, domain: &str, cookie: Cookie, now: u64) {
        let turn = self.next_turn();
        let earlier = self.remove(domain, |kept| kept.cookie.is_same(&cookie));
        if cookie.is_expired(now) {
            return;
        }
        if self.domains.get(domain).is_some_and(|kept| kept.len() >= self.bounds.of_a_domain) {
            self.make_room_in_domain(domain, now);
        }
        self.count += 1;
        self.bytes += size(domain, &cookie);
        if cookie.secure {
            self.secure.insert(reversed(domain));
        }
        let created = earlier.map_or(turn, |kept| kept.created);
        let kept = Kept { cookie, created, used: Cell::new(turn) };
        match self.domains.get_mut(domain) {
            Some(others) => others.push(kept),
            None => drop(self.domains.insert(domain.to_owned(), vec![kept])),
        }
        if self.count > self.bounds.count || self.bytes > self.bounds.bytes {
            self.make_room(now);
        }
    }

    /// All cookies that have not expired, with their domains, in the order in which they were set.
    pub(super) fn cookies(&self, now: u64) -> Vec<(&str, &Cookie)> {
        let all = self.domains.iter().flat_map(|(domain, all)| all.iter().map(move |kept| (domain.as_str(), kept)));
        let mut live: Vec<(&str, &Kept)> = all.filter(|(_, kept)| !kept.cookie.is_expired(now)).collect();
        live.sort_unstable_by_key(|(_, kept)| kept.created);
        live.into_iter().map(|(domain, kept)| (domain, &kept.cookie)).collect()
    }

    fn next_turn(&self) -> u64 {
        self.turn.set(self.turn.get() + 1);
        self.turn.get()
    }

    /// Removes the first such cookie of a domain and returns it.
    fn remove(&mut self, domain: &str, is_meant: impl Fn(&Kept) -> bool) -> Option<Kept> {
        let all = self.domains.get_mut(domain)?;
        let place = all.iter().position(is_meant)?;
        let kept = all.remove(place);
        if all.is_empty() {
            self.domains.remove(domain);
            self.secure.remove(&reversed(domain));
        }
        self.count -= 1;
        self.bytes -= size(domain, &kept.cookie);
        Some(kept)
    }

    /// Removes one cookie of this domain: an expired one, otherwise the least recently used one.
    fn make_room_in_domain(&mut self, domain: &str, now: u64) {
        let Some(all) = self.domains.get(domain) else { return };
        let rank = |kept: &Kept| (!kept.cookie.is_expired(now), kept.used.get(), kept.created);
        if let Some(least) = all.iter().map(rank).min() {
            self.remove(domain, |kept| rank(kept) == least);
        }
    }

    /// Removes expired cookies, and then the least recently used ones until a tenth of the limits is free. It looks at
    /// every cookie, but it is not called again before that tenth is full.
    fn make_room(&mut self, now: u64) {
        let goal = Bounds { count: self.bounds.count / 10 * 9, bytes: self.bounds.bytes / 10 * 9, ..self.bounds };
        let mut by_use: Vec<(bool, u64, usize)> = Vec::with_capacity(self.count);
        for (domain, all) in &self.domains {
            let rank = |Kept { cookie, used, .. }: &Kept| (!cookie.is_expired(now), used.get(), size(domain, cookie));
            by_use.extend(all.iter().map(rank));
        }
        by_use.sort_unstable();
        let (mut count, mut bytes, mut last) = (self.count, self.bytes, 0);
        for (is_live, used, size) in by_use {
            if is_live && count <= goal.count && bytes <= goal.bytes {
                break;
            }
            (count, bytes) = (count - 1, bytes - size);
            last = if is_live { used } else { last };
        }
        self.retain(|kept| !kept.cookie.is_expired(now) && kept.used.get() > last);
    }

    fn retain(&mut self, stays: impl Fn(&Kept) -> bool) {
        let (mut count, mut bytes) = (0, 0);
        self.domains.retain(|domain, all| {
            all.retain(&stays);
            count += all.len();
            bytes += all.iter().map(|kept| size(domain, &kept.cookie)).sum::<usize>();
            !all.is_empty()
        });
        (self.count, self.bytes) = (count, bytes);
        self.secure.retain(|domain| self.domains.contains_key(&reversed(domain)));
    }
}

fn reversed(domain: &str) -> String {
    domain.chars().rev().collect()
}

impl Default for Jar {
    fn default() -> Self {
        Self::new()
    }
}

/// Does not show the cookies, because they are secrets.
impl fmt::Debug for Jar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jar").field("len", &self.count).finish_non_exhaustive()
    }
}

/// The memory that a cookie uses, in bytes.
fn size(domain: &str, cookie: &Cookie) -> usize {
    size_of::<Kept>() + domain.len() + cookie.name.len() + cookie.value.len() + cookie.path.len()
}
