//! What the cache has of a task: asked before the task is submitted, told of its answer.
//!
//! `state` knows no file and no clock but through this. A fresh page settles its task at once; it costs its host nothing,
//! so it need not wait for its host's turn.

use std::collections::{HashMap, HashSet};
use std::time::SystemTime;

use http::header::{COOKIE, HeaderValue};
use url::Url;

use crate::cache::{Cache, Found, Kept, Request, Shape, Validators};
use crate::cookies::Jar;
use crate::model::{Answer, Outcome, Page, Visit, parse_url, without_credentials};
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
    url: Url,
    request: Request,
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

    /// To be called when a task could be submitted: its page, if that is known and fresh; else its visit may be given
    /// validators, and is to be made.
    ///
    /// The visit's own headers must be complete by now (cookies): the answer may vary with them.
    pub(super) fn before(&mut self, seq: u64, visit: &mut Visit) -> Option<Page> {
        self.asked.remove(&seq);
        let url = parse_url(&visit.url, None).ok()?;
        let now = SystemTime::now();
        let host_headers = visit.host_headers.clone();
        let mut known = self.headers.of(&url, &Visit { host_headers, ..Visit::new("", visit.reach.clone()) });
        let all = if visit.headers.is_empty() { known.clone() } else { self.headers.of(&url, visit) };
        let loaded = self.loaded.as_ref().and_then(|jar| jar.header_for(&url, now));
        if let Some(cookies) = loaded.and_then(|cookies| HeaderValue::try_from(cookies).ok()) {
            known.append(COOKIE, cookies);
        }
        let request = Request::new(&self.shape, &url, &visit.reach, &known, all)?;
        let validators = match self.cache.find(&request, now) {
            Found::Fresh(kept) => {
                self.found.insert(seq);
                return Some(page(&url, kept));
            }
            Found::Stale(validators) if !self.unconditional.contains(&seq) => Some(validators),
            Found::Stale(_) | Found::Nothing => None,
        };
        visit.headers.extend(validators.iter().flat_map(Validators::headers).cloned());
        self.asked.insert(seq, Asked { url, request, validators });
        None
    }

    /// As [`before`](Self::before), of a task that is not to be submitted yet: only whether its page is known and fresh.
    pub(super) fn known(&mut self, seq: u64, visit: &mut Visit) -> Option<Page> {
        let page = self.before(seq, visit);
        self.asked.remove(&seq);
        page
    }

    /// To be called with a task's answer and the headers that came with it: keeps what may be kept, and puts the page in
    /// the place of a 304. `None` if the 304 speaks of nothing that is there: then the task is to be submitted again.
    pub(super) fn after(&mut self, seq: u64, answer: Answer, headers: &[(String, String)]) -> Option<Answer> {
        let Some(Asked { url, request, validators }) = self.asked.remove(&seq) else { return Some(answer) };
        let now = SystemTime::now();
        match (answer, validators) {
            (Answer::NotModified { .. }, Some(validators)) => {
                let Some(kept) = self.cache.confirmed(&request, &validators, headers, now) else {
                    self.unconditional.insert(seq);
                    return None;
                };
                self.found.insert(seq);
                Some(Answer::Outcome(Outcome::Page(page(&url, kept))))
            }
            (Answer::Outcome(Outcome::Page(page)), _) if page.status == 200 => {
                let kept = Kept { bytes: page.bytes, data: page.data.clone() };
                self.cache.keep(&request, headers, &kept, now);
                Some(Answer::Outcome(Outcome::Page(page)))
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
