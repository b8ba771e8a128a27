use url::Url;

use crate::model::{Reach, parse_url};

/// Where the next request of a task, or for a robots.txt, goes.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) url: Url,
    pub(super) reach: Reach,
    /// Redirects that have led to it.
    pub(super) hops: u32,
}

/// Why a redirect leads nowhere.
#[derive(Debug, thiserror::Error)]
pub(super) enum Astray {
    #[error("more than {0} redirects")]
    TooMany(u32),
    #[error("a redirect to no URL ({0})")]
    NoUrl(#[from] url::ParseError),
    #[error("a redirect to a {0} URL")]
    Scheme(String),
}

impl Target {
    pub(super) fn new(url: Url, reach: Reach) -> Self {
        Self { url, reach, hops: 0 }
    }

    /// Turns to where a redirect leads; stays where it is if that is nowhere.
    pub(super) fn follow(&mut self, to: &str, max_hops: u32) -> Result<(), Astray> {
        if self.hops >= max_hops {
            return Err(Astray::TooMany(max_hops));
        }
        let next = parse_url(to, None)?;
        if !matches!(next.scheme(), "http" | "https") {
            return Err(Astray::Scheme(next.scheme().to_owned()));
        }
        if self.reach == Reach::Listed {
            self.reach = Reach::Redirected { own: self.url.origin().ascii_serialization() };
        }
        self.url = next;
        self.hops += 1;
        Ok(())
    }
}
