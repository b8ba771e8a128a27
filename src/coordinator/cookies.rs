use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::{Duration, Instant, SystemTime};

use url::Url;

use crate::cookies::Jar;

/// The cookies of a run: the cookies of each request, including retries and redirects, and the cookies that answers
/// set.
///
/// Workers keep nothing between jobs, so the coordinator keeps the cookies and sends them with each job. If several
/// requests are in flight, chance decides which of them are sent with the cookies that another answer sets.
#[derive(Debug)]
pub(super) struct Cookies {
    jar: Jar,
    /// The same moment on both clocks. Cookies expire by the wall clock, and events are timed by the monotonic clock.
    begun: (Instant, SystemTime),
}

impl Cookies {
    pub(super) fn new(jar: Jar, now: Instant, wall: SystemTime) -> Self {
        Self { jar, begun: (now, wall) }
    }

    /// The `Cookie` header of a request for `url`, if there are cookies for it.
    pub(super) fn header(&self, url: &Url, now: Instant) -> Option<(String, String)> {
        let value = self.jar.header_for(url, self.wall(now))?;
        Some(("cookie".to_owned(), value))
    }

    /// A number that identifies the cookies of a request for `url`: 0 if there are no cookies, and different numbers
    /// for different cookies.
    pub(super) fn number(&self, url: &Url, now: Instant) -> u64 {
        self.jar.header_for(url, self.wall(now)).map_or(0, |value| number_of(&value))
    }

    /// Stores the cookies that the answer for `url` sets. `headers`: all headers of the answer.
    pub(super) fn came_back(&mut self, url: &Url, headers: &[(String, String)], now: Instant) {
        let set = headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, value)| value.as_str());
        self.jar.store(url, set, self.wall(now));
    }

    pub(super) fn into_jar(self) -> Jar {
        self.jar
    }

    fn wall(&self, now: Instant) -> SystemTime {
        let (instant, wall) = self.begun;
        let since: Duration = now.saturating_duration_since(instant);
        wall.checked_add(since).unwrap_or(wall)
    }
}

/// A number that identifies the value of a `Cookie` header. It is never 0.
pub(super) fn number_of(header: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    header.hash(&mut hasher);
    hasher.finish().max(1)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn only_set_cookie_headers_set_cookies_and_cookies_expire_by_the_wall_clock() {
        let begun = Instant::now();
        let url = Url::parse("http://h.example/").expect("a URL");
        let mut cookies = Cookies::new(Jar::new(), begun, UNIX_EPOCH + Duration::from_secs(1_700_000_000));
        let headers = [
            ("etag", "x=1"),
            ("set-cookie", "a=1; Max-Age=20"),
            ("set-cookie", "b=2; Expires=Tue, 14 Nov 2023 22:13:30 GMT"),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        cookies.came_back(&url, &headers, begun);
        for (seconds, expected) in [(0, Some("a=1; b=2")), (9, Some("a=1; b=2")), (10, Some("a=1")), (20, None)] {
            let header = cookies.header(&url, begun + Duration::from_secs(seconds));
            assert_eq!(header, expected.map(|value| ("cookie".to_owned(), value.to_owned())), "after {seconds} s");
        }
        assert_eq!(cookies.into_jar().len(), 2);
    }
}
