//! What the cache has of a task: asked before the task is submitted, told of its answer.
//!
//! `state` knows no file and no clock but through this. A fresh page settles its task at once; it costs its host nothing,
//! so it need not wait for its host's turn.

use std::collections::{HashMap, HashSet};
use std::time::SystemTime;

use url::Url;

use crate::cache::{Cache, Found, Kept, Request, Shape, Validators};
use crate::model::{Answer, Outcome, Page, Visit, without_credentials};
use crate::scrape::RequestHeaders;

/// The cache of a run, and the tasks that it is asked about.
#[derive(Debug)]
pub struct Cached {
    cache: Cache,
    shape: Shape,
    headers: RequestHeaders,
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
    pub fn new(cache: Cache, shape: Shape, headers: RequestHeaders) -> Self {
        let (asked, unconditional, found) = (HashMap::new(), HashSet::new(), HashSet::new());
        Self { cache, shape, headers, asked, unconditional, found }
    }

    /// To be called when a task could be submitted: its page, if that is known and fresh; else its visit may be given
    /// validators, and is to be made.
    ///
    /// The visit's own headers must be complete by now (cookies): the answer may vary with them.
    pub(super) fn before(&mut self, seq: u64, visit: &mut Visit) -> Option<Page> {
        self.asked.remove(&seq);
        let url = Url::parse(&visit.url).ok()?;
        let of_settings = self
            .headers
            .of(&url, &Visit { host_headers: visit.host_headers.clone(), ..Visit::new("", visit.reach.clone()) });
        let all = if visit.headers.is_empty() { of_settings.clone() } else { self.headers.of(&url, visit) };
        let request = Request::new(&self.shape, &url, &visit.reach, &of_settings, all)?;
        let validators = match self.cache.find(&request, SystemTime::now()) {
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
