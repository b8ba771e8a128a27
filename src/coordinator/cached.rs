//! Connects the tasks of a run to the cache: looks a page up before its request is sent, and stores the answer.
//!
//! Among the coordinator's decisions, only this part reads a file and a clock.

use std::collections::{HashMap, HashSet};
use std::time::SystemTime;

use http::header::{COOKIE, HeaderValue};
use url::Url;

use super::before_fetch::BeforeFetch;
use crate::cache::{Cache, CacheRequest, Kept, Lookup, Shape, Validators};
use crate::cookies::Jar;
use crate::model::{Answer, Page, Visit, without_credentials};
use crate::scrape::RequestHeaders;

/// The cache of a run, and the tasks that use it.
#[derive(Debug)]
pub struct Cached {
    cache: Cache,
    shape: Shape,
    headers: RequestHeaders,
    /// The cookies that the run began with, if there were any. They make an answer personal, so they are part of the
    /// key. Cookies that servers set during the run are not part of it, because the next run does not have them.
    loaded: Option<Jar>,
    /// Whether the data of a page is the same for any task and at any time. If it is not, the cache is not used.
    is_repeatable: bool,
    /// The requests of the tasks in flight, by seq.
    asked: HashMap<u64, Asked>,
    /// Tasks whose 304 answer confirmed nothing that the cache has. Their requests are sent without validators.
    unconditional: HashSet<u64>,
    /// Tasks whose data comes from the cache, and when the cache received it or a server confirmed it. A task is removed
    /// when it gets its record.
    found: HashMap<u64, SystemTime>,
}

#[derive(Debug)]
struct Asked {
    request: CacheRequest,
    /// The validators that were sent with the request.
    validators: Option<Validators>,
}

impl Cached {
    /// `shape`: what determines the data, apart from the requests. `headers`: the request headers of the workers'
    /// settings. `loaded`: the cookies that the run begins with, if there are any. `is_repeatable`: whether the
    /// data of a page is the same for any task and at any time.
    pub fn new(cache: Cache, shape: Shape, headers: RequestHeaders, loaded: Option<Jar>, is_repeatable: bool) -> Self {
        let (asked, unconditional, found) = (HashMap::new(), HashSet::new(), HashMap::new());
        Self { cache, shape, headers, loaded, is_repeatable, asked, unconditional, found }
    }

    /// Must be called when a task's request could be sent. Returns the page if the cache has a fresh one, otherwise the
    /// request, perhaps with validators.
    ///
    /// The request's own headers (cookies) must be complete, because the answer may vary with them.
    pub(super) fn before(&mut self, seq: u64, mut visit: Visit) -> BeforeFetch {
        self.asked.remove(&seq);
        if !self.is_repeatable {
            return BeforeFetch::Fetch(visit);
        }
        let now = SystemTime::now();
        let mut known = self.headers.of_settings(&visit);
        let all = if visit.headers.is_empty() { known.clone() } else { self.headers.of(&visit) };
        let loaded = self.loaded.as_ref().and_then(|jar| jar.header_for(&visit.url, now));
        if let Some(cookies) = loaded.and_then(|cookies| HeaderValue::try_from(cookies).ok()) {
            known.append(COOKIE, cookies);
        }
        let Some(request) = CacheRequest::new(&self.shape, &visit.url, &visit.reach, &known, all) else {
            return BeforeFetch::Fetch(visit);
        };
        let validators = match self.cache.find(&request, now) {
            Lookup::Fresh(kept, received) => {
                self.found.insert(seq, received);
                return BeforeFetch::Known(page(&visit.url, kept));
            }
            Lookup::Stale(validators) if !self.unconditional.contains(&seq) => Some(validators),
            Lookup::Stale(_) | Lookup::Nothing => None,
        };
        visit.headers.extend(validators.iter().flat_map(Validators::headers).cloned());
        self.asked.insert(seq, Asked { request, validators });
        BeforeFetch::Fetch(visit)
    }

    /// Returns the fresh page of a task if the cache has one. The task's request is not about to be sent yet.
    pub(super) fn known(&mut self, seq: u64, visit: Visit) -> Option<Page> {
        let before = self.before(seq, visit);
        self.asked.remove(&seq);
        match before {
            BeforeFetch::Known(page) => Some(page),
            BeforeFetch::Fetch(_) => None,
        }
    }

    /// Must be called with the answer to a task's request for `url` and the headers of the answer. Stores the answer if
    /// it may be cached, and replaces a 304 by the cached page. Returns `None` if the 304 confirms nothing that the
    /// cache has: then the request must be sent again.
    pub(super) fn after(
        &mut self,
        seq: u64,
        url: &Url,
        answer: Answer,
        headers: &[(String, String)],
    ) -> Option<Answer> {
        let Some(Asked { request, validators }) = self.asked.remove(&seq) else { return Some(answer) };
        let now = SystemTime::now();
        match (answer, validators) {
            (Answer::NotModified { .. }, Some(validators)) => {
                let Some(kept) = self.cache.confirmed(&request, &validators, headers, now) else {
                    self.unconditional.insert(seq);
                    return None;
                };
                self.found.insert(seq, now);
                Some(Answer::Page(page(url, kept)))
            }
            (Answer::Page(page), _) if page.status == 200 => {
                let kept = Kept { bytes: page.bytes, data: page.data.clone(), fit: page.fit.clone() };
                self.cache.keep(&request, headers, &kept, now);
                Some(Answer::Page(page))
            }
            (answer, _) => Some(answer),
        }
    }

    /// Must be called when a task is settled. If its data comes from the cache, returns when the cache
    /// received it or a server confirmed it.
    pub(super) fn settled(&mut self, seq: u64) -> Option<SystemTime> {
        self.asked.remove(&seq);
        self.unconditional.remove(&seq);
        self.found.remove(&seq)
    }

    /// Writes the entries that are not written yet.
    pub(super) async fn close(self) {
        self.cache.close().await;
    }
}

/// Makes the page that a worker would return. Its URL is the requested one, without user name and password.
fn page(url: &Url, kept: Kept) -> Page {
    Page { final_url: without_credentials(url).into(), status: 200, bytes: kept.bytes, data: kept.data, fit: kept.fit }
}
