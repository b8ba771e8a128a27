//! Runs the stages one after another: fetch -> decode -> parse -> extract.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use url::Url;

use super::extract::{Extracted, Extractor};
use super::fetch::{Exchange, Fetched, FetchedPage, Fetcher, FoundListing, ListingBody, PageNeeds, RobotsFile};
use super::large::{LARGE_PAGE, LargePages};
use super::reading::{Made, Read, data_of};
use super::response::Response;
use super::settings::{PageParser, Purpose};
use super::side_threads::SideThreads;
use super::table::Table;
use super::{Error, Settings, listing};
use crate::model::{
    Answer, Failure, FailureKind, Fit, ListingFile, Page, Phases, Stage, Visit, Visited, check_sendable, shown_url,
    without_credentials,
};
use crate::robots::{self, Rules, product_token};

/// Turns URLs into answers. Each worker makes one, which holds its connections and compiled rules.
#[derive(Debug)]
pub struct Scraper {
    fetcher: Fetcher,
    extractor: Arc<Extractor>,
    parser: PageParser,
    purpose: Purpose,
    /// Makes rows of the data, if the output is a table.
    table: Option<Arc<Table>>,
    /// The name by which robots.txt files address this program.
    product_token: String,
    /// Threads for large pages.
    side_threads: SideThreads,
}

impl Scraper {
    /// Compiles the rules and sets up the HTTP clients. Opens no connection and reads no trust anchors yet.
    ///
    /// # Errors
    /// Fails if a rule or a header of the settings is invalid.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        let purpose = settings.purpose;
        let extractor = Extractor::with_purpose(&settings.extract, purpose)?;
        let table = settings.table.map(|table| Table::new(&settings.extract, table)).transpose()?;
        let needs = PageNeeds {
            headers: extractor.reads_headers() || purpose == Purpose::Response,
            json: extractor.reads_json() || purpose != Purpose::Data,
        };
        Ok(Self {
            parser: settings.parser,
            purpose,
            table: table.map(Arc::new),
            product_token: product_token(settings.fetch.sent_user_agent()).to_owned(),
            side_threads: SideThreads::new(LargePages::at_once(&settings.fetch)),
            fetcher: Fetcher::new(settings.fetch, needs)?,
            extractor: Arc::new(extractor),
        })
    }

    /// Makes one request and extracts the data of the page. Returns redirects instead of following them.
    ///
    /// Calls `sent` when the request is being sent, if the visit asks for that.
    ///
    /// # Panics
    /// Panics if parsing or extracting panics, on any thread. The caller decides what a panic means.
    pub async fn visit(&self, visit: &Visit, sent: impl Fn() + Send + Sync + 'static) -> Visited {
        self.visit_archived(visit, sent).await.0
    }

    /// Like [`Self::visit`]. Also returns the records of the request as members of an archive, if the visit asks for
    /// them and there was a response.
    ///
    /// # Panics
    /// As [`Self::visit`].
    pub async fn visit_archived(&self, visit: &Visit, sent: impl Fn() + Send + Sync + 'static) -> (Visited, Bytes) {
        let (mut headers, mut by_reference, mut exchange) = (Vec::new(), false, None);
        let mut phases = Phases::default();
        let answer = self.try_visit(visit, sent, &mut headers, &mut by_reference, &mut exchange, &mut phases).await;
        let visited = Visited { answer: answer.unwrap_or_else(Answer::Failure), headers, by_reference, phases };
        (visited, self.members(exchange).await)
    }

    /// Requests a robots.txt once, and reads the rules that apply to this program. Returns redirects instead of
    /// following them.
    ///
    /// Reads at most 500 KiB of the file, as UTF-8, whatever its media type. A missing file (4xx, or a redirect to an
    /// invalid target) allows everything. If the file stays unknown (no answer, an incomplete one, a 5xx, or a 429),
    /// the result is a failure of stage `robots`.
    pub async fn robots(&self, visit: &Visit, sent: impl Fn() + Send + Sync + 'static) -> robots::Answer {
        self.robots_archived(visit, sent).await.0
    }

    /// Like [`Self::robots`]. Also returns the records of the request, as [`Self::visit_archived`] does.
    pub async fn robots_archived(
        &self,
        visit: &Visit,
        sent: impl Fn() + Send + Sync + 'static,
    ) -> (robots::Answer, Bytes) {
        let mut exchange = None;
        let answer = match self.fetcher.robots(visit, sent, &mut exchange).await {
            Ok(RobotsFile::Found(file)) => robots::Answer::Rules(Rules::parse(&file, &self.product_token)),
            Ok(RobotsFile::Absent) => robots::Answer::Rules(Rules::allow_all()),
            // A redirect to an unusable URL leads to no file.
            Ok(RobotsFile::Redirect { to, .. }) if check_sendable(&to).is_err() => {
                robots::Answer::Rules(Rules::allow_all())
            }
            Ok(RobotsFile::Redirect { status, to }) => robots::Answer::Redirect { status, to },
            Err(failure) => robots::Answer::Failed(Failure { stage: Stage::Robots, ..failure }),
        };
        (answer, self.members(exchange).await)
    }

    /// Compresses the records of a request. A long body does not block the worker's thread.
    async fn members(&self, exchange: Option<Box<Exchange>>) -> Bytes {
        let Some(exchange) = exchange else { return Bytes::new() };
        if exchange.length() < LARGE_PAGE {
            return exchange.members();
        }
        // The work cannot fail. Without a result, the thread has ended, which is a bug.
        self.side_threads.run(move || Ok(exchange.members())).await.unwrap_or_default()
    }

    /// Requests a sitemap or a robots.txt once, and reads its entries. They are the data of the page that this
    /// returns, as a [`Listing`](crate::model::Listing). Returns redirects instead of following them.
    ///
    /// # Panics
    /// As [`visit`](Self::visit).
    pub async fn listing(&self, visit: &Visit, file: ListingFile, sent: impl Fn() + Send + Sync + 'static) -> Visited {
        self.listing_archived(visit, file, sent).await.0
    }

    /// Like [`Self::listing`]. Also returns the records of the request, as [`Self::visit_archived`] does.
    ///
    /// # Panics
    /// As [`visit`](Self::visit).
    pub async fn listing_archived(
        &self,
        visit: &Visit,
        file: ListingFile,
        sent: impl Fn() + Send + Sync + 'static,
    ) -> (Visited, Bytes) {
        let (mut headers, mut exchange) = (Vec::new(), None);
        let answer = self.try_listing(visit, file, sent, &mut headers, &mut exchange).await;
        let visited = Visited {
            answer: answer.unwrap_or_else(Answer::Failure),
            headers,
            by_reference: false,
            phases: Phases::default(),
        };
        (visited, self.members(exchange).await)
    }

    async fn try_listing(
        &self,
        visit: &Visit,
        file: ListingFile,
        sent: impl Fn() + Send + Sync + 'static,
        kept: &mut Vec<(String, String)>,
        exchange: &mut Option<Box<Exchange>>,
    ) -> Result<Answer, Failure> {
        let found = match self.fetcher.listing(visit, sent, kept, exchange).await? {
            ListingBody::Found(found) => found,
            ListingBody::Redirect { status, to, bytes } => return leads_to(to, &visit.url, status, bytes),
        };
        if found.body.len() < LARGE_PAGE {
            return listing_of(&found, file);
        }
        self.side_threads.run(move || listing_of(&found, file)).await
    }

    async fn try_visit(
        &self,
        visit: &Visit,
        sent: impl Fn() + Send + Sync + 'static,
        kept: &mut Vec<(String, String)>,
        by_reference: &mut bool,
        exchange: &mut Option<Box<Exchange>>,
        phases: &mut Phases,
    ) -> Result<Answer, Failure> {
        let url = &visit.url;
        let page = match self.fetcher.fetch(visit, sent, kept, exchange).await? {
            Fetched::Page(page) => page,
            Fetched::Redirect { status, to, bytes } => return leads_to(to, url, status, bytes),
            Fetched::NotModified { bytes } => return Ok(Answer::NotModified { bytes }),
        };
        let page: Arc<FetchedPage> = Arc::from(page);
        // Keeps the credentials: relative links of the page need them too.
        let refreshed = page.follows_meta.then(|| url.clone());
        let parser = self.parser;
        let read = if page.body.len() < LARGE_PAGE {
            let read = data_of(&self.extractor, parser, &page, visit.task.as_deref(), refreshed.as_ref());
            read.in_rows(self.table.as_deref())
        } else {
            let (extractor, page, task) = (Arc::clone(&self.extractor), Arc::clone(&page), visit.task.clone());
            let table = self.table.clone();
            let read = move || {
                let read = data_of(&extractor, parser, &page, task.as_deref(), refreshed.as_ref());
                Ok(read.in_rows(table.as_deref()))
            };
            let (parse, extract) = (Duration::ZERO, Duration::ZERO);
            let failed = |failure| Read { made: Err(failure), by_reference: false, parse, extract };
            self.side_threads.run(read).await.unwrap_or_else(failed)
        };
        *by_reference = read.by_reference;
        *phases = Phases { parse: Some(read.parse), extract: Some(read.extract), ..page.phases };
        let (final_url, status, bytes) = (page.url.to_string(), page.status, page.body.len() as u64);
        match read.made {
            Ok(Made::Elsewhere(to)) => leads_to(to, url, status, bytes),
            Ok(Made::Data(Extracted { data, warnings, counts })) => {
                let data = if self.purpose == Purpose::Response { Response::of(&page).to_line() } else { data };
                let fit = Fit { warnings, counts };
                Ok(Answer::Page(Page { final_url, status, bytes, data, fit }))
            }
            Err(failure) => Err(Failure { final_url: Some(final_url), status: Some(status), bytes, ..failure }),
        }
    }
}

/// Reads the entries of a file that was fetched.
fn listing_of(found: &FoundListing, file: ListingFile) -> Result<Answer, Failure> {
    let (final_url, status, bytes) = (found.url.to_string(), found.status, found.body.len() as u64);
    match listing::read(file, &found.body, found.content_type.as_deref()) {
        Ok(data) => Ok(Answer::Page(Page { final_url, status, bytes, data, fit: Fit::default() })),
        Err(why) => {
            let message = format!("read {} as a sitemap: {why}", shown_url(&found.url));
            let failure = Failure::new(FailureKind::Decode, Stage::Parse, message);
            Err(Failure { final_url: Some(final_url), status: Some(status), bytes, ..failure })
        }
    }
}

/// Answers with a redirect from `url` to `to`, or fails if no request can be sent to `to`.
fn leads_to(to: Url, url: &Url, status: u16, bytes: u64) -> Result<Answer, Failure> {
    let Err(why) = check_sendable(&to) else {
        return Ok(Answer::Redirect { status, to, bytes });
    };
    let message = format!("follow the redirect of {}: no request can be sent to its target: {why}", shown_url(url));
    let failure = Failure::new(FailureKind::Protocol, Stage::Fetch, message);
    Err(Failure { final_url: Some(without_credentials(url).into()), status: Some(status), bytes, ..failure })
}
