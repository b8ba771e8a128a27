//! What the cache has of a task: it is asked before the task's request is made, and told of the answer.
//!
//! This is the only part of the coordinator's decisions that reads a file and a clock.

use std::collections::{HashMap, HashSet};
use std::time::SystemTime;

use http::header::{COOKIE, HeaderValue};
use url::Url;

use super::before_fetch::BeforeFetch;
use crate::cache::{Cache, CacheRequest, Kept, Lookup, Shape, Validators};
use crate::cookies::Jar;
use crate::model::{Answer, Page, Visit, without_credentials};
use crate::scrape::RequestHeaders;

/// The cache of a run, and the tasks that it is asked about.
#[derive(Debug)]
pub struct Cached {
    cache: Cache,
    shape: Shape,
    headers: RequestHeaders,
    /// The cookies that the run began with, if there were any. They make an answer somebody's, so they are part of the
    /// key; cookies that servers set during the run are not, since the next run does not have them.
    loaded: Option<Jar>,
    /// What the tasks in flight ask for, by seq.
    asked: HashMap<u64, Asked>,
    /// Tasks under way of which the server confirmed what the cache did not have: they ask without conditions.
    unconditional: HashSet<u64>,
    /// Tasks of which the data is the cache's, until they have their records.
    found: HashSet<u64>,
}

#[derive(Debug)]
struct Asked {
    request: CacheRequest,
    /// Those that went with it.
    validators: Option<Validators>,
}

impl Cached {
    /// `shape`: what shapes data beside the requests. `headers`: those of the settings that the workers have.
    /// `loaded`: the cookies that the run begins with, if there are any.
    pub fn new(cache: Cache, shape: Shape, headers: RequestHeaders, loaded: Option<Jar>) -> Self {
        let (asked, unconditional, found) = (HashMap::new(), HashSet::new(), HashSet::new());
        Self { cache, shape, headers, loaded, asked, unconditional, found }
    }

    /// To be called when a task's request could be made: the page, if the cache has a fresh one; otherwise the request, perhaps
    /// with validators.
    ///
    /// The request's own headers (cookies) must be complete by now, since the answer may vary with them.
    pub(super) fn before(&mut self, seq: u64, mut visit: Visit) -> BeforeFetch {
        self.asked.remove(&seq);
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
            Lookup::Fresh(kept) => {
                self.found.insert(seq);
                return BeforeFetch::Known(page(&visit.url, kept));
            }
            Lookup::Stale(validators) if !self.unconditional.contains(&seq) => Some(validators),
            Lookup::Stale(_) | Lookup::Nothing => None,
        };
        visit.headers.extend(validators.iter().flat_map(Validators::headers).cloned());
        self.asked.insert(seq, Asked { request, validators });
        BeforeFetch::Fetch(visit)
    }

    /// The fresh page of a task whose request is not to be made yet, if the cache has one.
    pub(super) fn known(&mut self, seq: u64, visit: Visit) -> Option<Page> {
        let before = self.before(seq, visit);
        self.asked.remove(&seq);
        match before {
            BeforeFetch::Known(page) => Some(page),
            BeforeFetch::Fetch(_) => None,
        }
    }

    /// To be called with the answer to a task's request for `url` and the headers that came with it. Keeps what may be kept,
    /// and puts the page in the place of a 304. `None` if the 304 confirms nothing that the cache has: then the request is to
    /// be made again.
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
                self.found.insert(seq);
                Some(Answer::Page(page(url, kept)))
            }
            (Answer::Page(page), _) if page.status == 200 => {
                let kept = Kept { bytes: page.bytes, data: page.data.clone() };
                self.cache.keep(&request, headers, &kept, now);
                Some(Answer::Page(page))
            }
            (answer, _) => Some(answer),
        }
    }

    /// To be called when a task has come to its end: whether its data is the cache's.
    pub(super) fn settled(&mut self, seq: u64) -> bool {
        self.asked.remove(&seq);
        self.unconditional.remove(&seq);
        self.found.remove(&seq)
    }

    /// Writes what is not written yet.
    pub(super) async fn close(self) {
        self.cache.close().await;
    }
}

/// The page that a worker would have made: its URL is the one that was asked for, without user name and password.
fn page(url: &Url, kept: Kept) -> Page {
    Page { final_url: without_credentials(url).into(), status: 200, bytes: kept.bytes, data: kept.data }
}
