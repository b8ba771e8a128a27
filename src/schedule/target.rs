use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use url::{Position, Url};

use crate::model::{Reach, Unsendable, check_sendable};

/// Where the next request for a page or a robots.txt goes.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) url: Url,
    pub(super) reach: Reach,
    /// The number of redirects that led to it.
    pub(super) hops: u32,
    /// `None` if there are neither cookies nor redirects.
    trail: Option<Box<Trail>>,
}

#[derive(Debug, Default)]
struct Trail {
    /// A number that stands for the cookies of the request; 0 if there are none.
    cookies: u64,
    /// The earlier requests that were answered with a redirect.
    been: Vec<u64>,
}

/// Why a redirect is not followed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Astray {
    #[error("more than {0} redirects")]
    TooMany(u32),
    #[error("it redirects to itself and sets no new cookie, so the redirects would never end{HINT}")]
    Itself,
    #[error("its redirects go in a circle and set no new cookie, so they would never end{HINT}")]
    Circle,
    #[error("a redirect to what no request can name: {0}")]
    Unsendable(#[from] Unsendable),
    #[error("it leads to a URL of {0} bytes, and other long URLs that wait use all the memory for long URLs")]
    NoRoom(usize),
}

/// Limits on where redirects may lead.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leash {
    /// The most redirects in a row.
    pub(super) hops: u32,
    /// The most bytes of a URL that is longer than [`LONG`].
    pub(super) room: usize,
}

/// Redirects seldom lead to URLs that are longer than this, in bytes. Only such URLs need room in the memory for long
/// URLs.
pub(super) const LONG: usize = 1024;

const HINT: &str = " (a site that needs its cookies back needs `cookies.enabled = true`)";

impl Target {
    pub(super) fn new(url: Url, reach: Reach) -> Self {
        Self { url, reach, hops: 0, trail: None }
    }

    /// Sets the cookies of the request, as a number; 0 for none.
    pub(super) fn goes_with(&mut self, cookies: u64) {
        if cookies != 0 || self.trail.is_some() {
            self.trail.get_or_insert_default().cookies = cookies;
        }
    }

    /// The bytes that it takes outside of the struct itself.
    pub(super) fn weight(&self) -> usize {
        let own = if let Reach::Redirected { own } = &self.reach { own.len() } else { 0 };
        self.url.as_str().len() + own
    }

    /// The bytes of a long URL that a redirect led to; 0 for other URLs.
    pub(super) fn detour(&self) -> usize {
        let length = self.url.as_str().len();
        if self.hops > 0 && length > LONG { length } else { 0 }
    }

    /// A number for the page. URLs that differ only in their fragments have the same number.
    pub(super) fn page(&self) -> u64 {
        request(&self.url, 0)
    }

    /// Moves to the URL that a redirect leads to. After an error, the target stays the same. `cookies_for` returns the
    /// cookies of a request for a URL, as a number.
    ///
    /// A request that was made before with the same cookies would get the same redirect again, so that is an error.
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

/// A number for a request. Fragments do not count, because they are not sent.
fn request(url: &Url, cookies: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&url[..Position::AfterQuery], cookies).hash(&mut hasher);
    hasher.finish()
}
