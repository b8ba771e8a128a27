//! The stages in a row: fetch -> decode -> parse -> extract.

use std::cell::RefCell;
use std::sync::Arc;

use bytes::Bytes;
use url::Url;

use super::extract::Extractor;
use super::fetch::{Fetch, Fetched, Fetcher, RobotsFile};
use super::large::{LARGE_PAGE, LargePages};
use super::side_threads::SideThreads;
use super::{Document, Error, Settings, decode, extract, parse_into};
use crate::model::{Answer, Failure, FailureKind, Outcome, Page, Stage, Visit, Visited};
use crate::robots::{self, Rules, product_token};

/// Turns URLs into answers. Made once per worker: it holds the connections and the compiled rules.
#[derive(Debug)]
pub struct Scraper {
    fetcher: Fetcher,
    extractor: Arc<Extractor>,
    /// Whether a page may lead elsewhere by itself.
    follows_refresh: bool,
    /// By which name robots.txt files call us.
    product_token: String,
    /// For large pages.
    side_threads: SideThreads,
}

/// What became of a page.
#[derive(Debug, PartialEq)]
pub(super) enum Made {
    Data(Bytes),
    /// It leads elsewhere by itself.
    Elsewhere(Url),
}

impl Scraper {
    /// Compiles the rules and sets up the HTTP clients. Opens nothing, and reads no trust anchors yet.
    ///
    /// # Errors
    /// Where a rule or a header of the settings is none.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        Ok(Self {
            extractor: Arc::new(Extractor::new(settings.extract.as_ref())?),
            follows_refresh: settings.fetch.meta_refresh,
            product_token: product_token(settings.fetch.sent_user_agent()).to_owned(),
            side_threads: SideThreads::new(LargePages::at_once(&settings.fetch)),
            fetcher: Fetcher::new(settings.fetch)?,
        })
    }

    /// Makes one request and data of the page. Redirects are handed back, never followed.
    ///
    /// `sent` is called when the request is being sent, if the visit wants that told.
    ///
    /// # Panics
    /// Where parsing or extracting panics, on whichever thread: the caller decides what a panic means.
    pub async fn visit(&self, visit: &Visit, sent: impl Fn() + Send + Sync + 'static) -> Visited {
        let mut headers = Vec::new();
        let answer = self.try_visit(visit, sent, &mut headers).await;
        Visited { answer: answer.unwrap_or_else(|failure| Answer::Outcome(Outcome::Failure(failure))), headers }
    }

    /// Asks for a robots.txt once, and reads what it says to us. Redirects are handed back, never followed.
    ///
    /// Of the file, 500 KiB are read, as UTF-8 and whatever its type. A file that is not there (4xx, or a redirect to
    /// nowhere) allows everything; what says nothing of the file is a failure of stage `robots`: no answer, one that
    /// breaks off, a 5xx, and a 429.
    pub async fn robots(&self, visit: &Visit, sent: impl Fn() + Send + Sync + 'static) -> robots::Answer {
        let file = match parse_url(&visit.url) {
            Ok(url) => self.fetcher.robots(&url, visit, sent).await,
            Err(failure) => Err(failure),
        };
        match file {
            Ok(RobotsFile::Found(file)) => robots::Answer::Rules(Rules::parse(&file, &self.product_token)),
            Ok(RobotsFile::Absent) => robots::Answer::Rules(Rules::allow_all()),
            Ok(RobotsFile::Redirect { status, to }) => robots::Answer::Redirect { status, to: to.into() },
            Err(failure) => robots::Answer::Failed(Failure { stage: Stage::Robots, ..failure }),
        }
    }

    async fn try_visit(
        &self,
        visit: &Visit,
        sent: impl Fn() + Send + Sync + 'static,
        kept: &mut Vec<(String, String)>,
    ) -> Result<Answer, Failure> {
        let url = parse_url(&visit.url)?;
        let page = match self.fetcher.fetch(&url, visit, sent, kept).await? {
            Fetched::Page(page) => page,
            Fetched::Redirect { status, to, bytes } => {
                return Ok(Answer::Redirect { status, to: to.into(), bytes });
            }
            Fetched::NotModified { bytes } => return Ok(Answer::NotModified { bytes }),
        };
        let page = Arc::new(page);
        // With its credentials, which are for relative links too.
        let refreshed = self.follows_refresh.then_some(url);
        let made = if page.body.len() < LARGE_PAGE {
            data_of(&self.extractor, &page, refreshed.as_ref())
        } else {
            let (extractor, page) = (Arc::clone(&self.extractor), Arc::clone(&page));
            self.side_threads.run(move || data_of(&extractor, &page, refreshed.as_ref())).await
        };
        let (final_url, status, bytes) = (page.url.to_string(), page.status, page.body.len() as u64);
        match made {
            Ok(Made::Elsewhere(to)) => Ok(Answer::Redirect { status, to: to.into(), bytes }),
            Ok(Made::Data(data)) => Ok(Answer::Outcome(Outcome::Page(Page { final_url, status, bytes, data }))),
            Err(failure) => Err(Failure { final_url: Some(final_url), status: Some(status), bytes, ..failure }),
        }
    }
}

thread_local! {
    /// The thread's page. Its memory serves one page after another.
    static DOCUMENT: RefCell<Document> = RefCell::new(Document::new());
}

/// The stages after fetching. `refreshed` is the URL of a page that may lead elsewhere by itself.
pub(super) fn data_of(extractor: &Extractor, page: &Fetch, refreshed: Option<&Url>) -> Result<Made, Failure> {
    let decoded = decode(&page.body, page.content_type.as_deref(), page.url.host_str());
    DOCUMENT.with_borrow_mut(|document| {
        parse_into(document, &decoded.text, decoded.encoding)?;
        if let Some(to) = refreshed.and_then(|url| extract::elsewhere(document, url)) {
            return Ok(Made::Elsewhere(to));
        }
        extractor.extract(document, page.url.as_str()).map(Made::Data)
    })
}

fn parse_url(text: &str) -> Result<Url, Failure> {
    let invalid = |message| Failure::new(FailureKind::InvalidUrl, Stage::Fetch, message);
    let url = Url::parse(text).map_err(|error| invalid(format!("read the URL: {error}")))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        scheme => Err(invalid(format!("fetch a {scheme} URL: only http and https are fetched"))),
    }
}
