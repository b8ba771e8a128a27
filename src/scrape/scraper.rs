//! Runs the stages one after another: fetch -> decode -> parse -> extract.

use std::sync::Arc;

use url::Url;

use super::extract::{Extracted, Extractor};
use super::fetch::{Fetched, Fetcher, PageNeeds, RobotsFile};
use super::large::{LARGE_PAGE, LargePages};
use super::reading::{Made, Read, data_of};
use super::settings::PageParser;
use super::side_threads::SideThreads;
use super::table::Table;
use super::{Error, Settings};
use crate::model::{
    Answer, Failure, FailureKind, Fit, Page, Phases, Stage, Visit, Visited, check_sendable, shown_url,
    without_credentials,
};
use crate::robots::{self, Rules, product_token};

/// Turns URLs into answers. Each worker makes one, which holds its connections and compiled rules.
#[derive(Debug)]
pub struct Scraper {
    fetcher: Fetcher,
    extractor: Arc<Extractor>,
    parser: PageParser,
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
        let extractor = Extractor::new(&settings.extract)?;
        let table = settings.table.map(|table| Table::new(&settings.extract, table)).transpose()?;
        let needs = PageNeeds { headers: extractor.reads_headers(), json: extractor.reads_json() };
        Ok(Self {
            parser: settings.parser,
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
        let (mut headers, mut by_reference) = (Vec::new(), false);
        let answer = self.try_visit(visit, sent, &mut headers, &mut by_reference).await;
        Visited { answer: answer.unwrap_or_else(Answer::Failure), headers, by_reference, phases: Phases::default() }
    }

    /// Requests a robots.txt once, and reads the rules that apply to this program. Returns redirects instead of
    /// following them.
    ///
    /// Reads at most 500 KiB of the file, as UTF-8, whatever its media type. A missing file (4xx, or a redirect to an
    /// invalid target) allows everything. If the file stays unknown (no answer, an incomplete one, a 5xx, or a 429),
    /// the result is a failure of stage `robots`.
    pub async fn robots(&self, visit: &Visit, sent: impl Fn() + Send + Sync + 'static) -> robots::Answer {
        match self.fetcher.robots(visit, sent).await {
            Ok(RobotsFile::Found(file)) => robots::Answer::Rules(Rules::parse(&file, &self.product_token)),
            Ok(RobotsFile::Absent) => robots::Answer::Rules(Rules::allow_all()),
            // A redirect to an unusable URL leads to no file.
            Ok(RobotsFile::Redirect { to, .. }) if check_sendable(&to).is_err() => {
                robots::Answer::Rules(Rules::allow_all())
            }
            Ok(RobotsFile::Redirect { status, to }) => robots::Answer::Redirect { status, to },
            Err(failure) => robots::Answer::Failed(Failure { stage: Stage::Robots, ..failure }),
        }
    }

    async fn try_visit(
        &self,
        visit: &Visit,
        sent: impl Fn() + Send + Sync + 'static,
        kept: &mut Vec<(String, String)>,
        by_reference: &mut bool,
    ) -> Result<Answer, Failure> {
        let url = &visit.url;
        let page = match self.fetcher.fetch(visit, sent, kept).await? {
            Fetched::Page(page) => page,
            Fetched::Redirect { status, to, bytes } => return leads_to(to, url, status, bytes),
            Fetched::NotModified { bytes } => return Ok(Answer::NotModified { bytes }),
        };
        let page = Arc::new(page);
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
            let failed = |failure| Read { made: Err(failure), by_reference: false };
            self.side_threads.run(read).await.unwrap_or_else(failed)
        };
        *by_reference = read.by_reference;
        let (final_url, status, bytes) = (page.url.to_string(), page.status, page.body.len() as u64);
        match read.made {
            Ok(Made::Elsewhere(to)) => leads_to(to, url, status, bytes),
            Ok(Made::Data(Extracted { data, warnings, counts })) => {
                let fit = Fit { warnings, counts };
                Ok(Answer::Page(Page { final_url, status, bytes, data, fit }))
            }
            Err(failure) => Err(Failure { final_url: Some(final_url), status: Some(status), bytes, ..failure }),
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
