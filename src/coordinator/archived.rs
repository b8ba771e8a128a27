//! Numbers the requests of a run for its archive.
//!
//! The ids of records are made of these numbers. A page's number follows from the run, the task, and how many requests
//! the task has made before. If a resumed run makes a request again, its records have the same ids as before, and
//! readers take the last ones.

use std::collections::HashMap;
use std::time::SystemTime;

use siphasher::sip128::SipHasher24;
use url::Url;

use super::listings::is_listing;
use crate::schedule::RequestId;

#[derive(Debug)]
pub(super) struct Archived {
    hasher: SipHasher24,
    /// How many requests each task under way has made.
    made: HashMap<u64, u32>,
}

impl Archived {
    /// `run`: the number of the run. A resumed run has the number of the run that it resumes.
    pub(super) fn new(run: u128) -> Self {
        Self { hasher: SipHasher24::new_with_key(&run.to_le_bytes()), made: HashMap::new() }
    }

    /// The number of a request that is about to be sent. A robots.txt belongs to no task, so the number of its request
    /// is made of the time.
    pub(super) fn number(&mut self, id: RequestId, url: &Url, now: SystemTime) -> u128 {
        let bytes = match id {
            RequestId::Page(seq) => {
                let made = self.made.entry(seq).or_default();
                *made += 1;
                // A resumed run counts its sitemaps from 0 again, so their numbers need the URL.
                let url = if is_listing(seq) { url.as_str() } else { "" };
                [&seq.to_le_bytes()[..], &made.to_le_bytes(), url.as_bytes()].concat()
            }
            RequestId::Robots(id) => {
                let time = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
                [&id.to_le_bytes()[..], &time.to_le_bytes(), url.as_str().as_bytes()].concat()
            }
        };
        self.hasher.hash(&bytes).as_u128()
    }

    /// Must be called when a task is settled.
    pub(super) fn settled(&mut self, seq: u64) {
        self.made.remove(&seq);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_request_has_the_same_number_in_a_resumed_run_and_another_one_in_any_other_place() {
        let url: Url = "http://h/robots.txt".parse().expect("a URL");
        let other: Url = "http://i/robots.txt".parse().expect("a URL");
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let mut run = Archived::new(1);
        let numbers: Vec<u128> = [
            (RequestId::Page(0), &url, now),
            (RequestId::Page(0), &url, now),
            (RequestId::Page(0), &other, now),
            (RequestId::Page(1), &url, now),
            (RequestId::Robots(0), &url, now),
            (RequestId::Robots(0), &url, now + Duration::from_millis(1)),
            (RequestId::Robots(0), &other, now),
            (RequestId::Robots(1), &url, now),
        ]
        .map(|(id, url, now)| run.number(id, url, now))
        .into();
        assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), numbers.len());
        let later = now + Duration::from_secs(9);
        assert_eq!(Archived::new(1).number(RequestId::Page(0), &other, later), numbers[0]);
        // A resumed run counts its sitemaps anew, and asks for other ones than the run before.
        let sitemap = RequestId::Page(1 << 62);
        assert_ne!(Archived::new(1).number(sitemap, &url, now), Archived::new(1).number(sitemap, &other, now));
        assert_ne!(Archived::new(2).number(RequestId::Page(0), &url, now), numbers[0]);
        run.settled(0);
        assert!(!run.made.contains_key(&0));
    }
}
