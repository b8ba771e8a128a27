use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use url::{Position, Url};

use crate::model::{Reach, Unsendable, check_sendable};

/// Where the next request of a task, or for a robots.txt, goes.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) url: Url,
    pub(super) reach: Reach,
    /// Redirects that have led to it.
    pub(super) hops: u32,
    /// Only of those that have cookies or redirects.
    trail: Option<Box<Trail>>,
}

#[derive(Debug, Default)]
struct Trail {
    /// The cookies that go with the request, as a number; 0 if there are none.
    cookies: u64,
    /// Requests that were answered with a redirect on the way to it.
    been: Vec<u64>,
}

/// Why a redirect leads nowhere.
#[derive(Debug, thiserror::Error)]
pub(super) enum Astray {
    #[error("more than {0} redirects")]
    TooMany(u32),
    #[error("it redirects to itself and sets no new cookie, so it would go on for ever{HINT}")]
    Itself,
    #[error("its redirects go in a circle and set no new cookie, so they would go on for ever{HINT}")]
    Circle,
    #[error("a redirect to what no request can name: {0}")]
    Unsendable(#[from] Unsendable),
    #[error(
        "a redirect to a URL of {0} bytes, and URLs as long as that which wait for their turn take all the memory that is for them"
    )]
    NoRoom(usize),
}

/// How far redirects may lead.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leash {
    /// Redirects in a row.
    pub(super) hops: u32,
    /// Bytes of a URL that is longer than [`LONG`]: there is room for so many.
    pub(super) room: usize,
}

/// URLs that are longer, in bytes, are few among those that redirects lead to; only of these is there not always room.
pub(super) const LONG: usize = 1024;

const HINT: &str = " (a site that needs its cookies back needs `cookies.enabled = true`)";

impl Target {
    pub(super) fn new(url: Url, reach: Reach) -> Self {
        Self { url, reach, hops: 0, trail: None }
    }

    /// The request goes with these cookies; 0 for none.
    pub(super) fn goes_with(&mut self, cookies: u64) {
        if cookies != 0 || self.trail.is_some() {
            self.trail.get_or_insert_default().cookies = cookies;
        }
    }

    /// Bytes that it takes beside itself.
    pub(super) fn weight(&self) -> usize {
        let own = if let Reach::Redirected { own } = &self.reach { own.len() } else { 0 };
        self.url.as_str().len() + own
    }

    /// Bytes of a long URL that a redirect has led to; 0 for others.
    pub(super) fn detour(&self) -> usize {
        let length = self.url.as_str().len();
        if self.hops > 0 && length > LONG { length } else { 0 }
    }

    /// A number for the page. URLs that differ only in their fragments have the same one.
    pub(super) fn page(&self) -> u64 {
        request(&self.url, 0)
    }

    /// Turns to where a redirect leads; stays where it is if that is nowhere. `cookies_for` gives the cookies that would go
    /// with a request for a URL, as a number.
    ///
    /// A request that was made already, with the same cookies, would only be answered with the same redirect.
    pub(super) fn follow(
        &mut self,
        next: Url,
        cookies_for: impl FnOnce(&Url) -> u64,
        leash: Leash,
    ) -> Result<(), Astray> {
        if self.hops >= leash.hops {
            return Err(Astray::TooMany(leash.hops));
        }
        check_sendable(&next)?;
        let length = next.as_str().len();
        if length > LONG && length > leash.room {
            return Err(Astray::NoRoom(length));
        }
        let cookies = cookies_for(&next);
        let trail = self.trail.get_or_insert_default();
        let (last, coming) = (request(&self.url, trail.cookies), request(&next, cookies));
        if coming == last {
            return Err(Astray::Itself);
        }
        if trail.been.contains(&coming) {
            return Err(Astray::Circle);
        }
        trail.been.push(last);
        trail.cookies = cookies;
        if self.reach == Reach::Listed {
            self.reach = Reach::Redirected { own: self.url.origin().ascii_serialization() };
        }
        self.url = next;
        self.hops += 1;
        Ok(())
    }
}

/// A number for a request. Fragments are not sent.
fn request(url: &Url, cookies: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&url[..Position::AfterQuery], cookies).hash(&mut hasher);
    hasher.finish()
}
