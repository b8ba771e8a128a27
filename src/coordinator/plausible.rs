//! Checks whether an honest worker can send an answer, whatever the server and the page are. If it cannot, the worker
//! broke the protocol.
//!
//! The check is pure. It finds answers that are impossible, not answers that are false: a compromised worker can still
//! claim anything that a real page could contain. The data of a page is checked earlier ([`SentOutput::check`]), because
//! that takes as long as reading the data.

use std::time::{Duration, Instant};

use url::Url;

#[cfg(doc)]
use super::job::SentOutput;
use super::job::{JobOutput, Received};
use super::json_line::is_json_line;
use super::listings::is_listing;
use crate::model::{
    Answer, Failure, FailureKind, Fit, Page, Retry, RowsHead, Stage, Visit, Visited, without_credentials,
};
use crate::robots;
use crate::schedule::RequestId;
use crate::scrape::{FetchSettings, most_of_listing};
use crate::warc::write::MEMBER_START;

/// The maximum bytes of text that the headers of an answer can have: three for each byte that was sent. HTTP clients
/// read less.
const MOST_TEXT: u64 = 2 << 20;

/// The maximum bytes of the warnings of a page: twenty, each with a path and 200 characters that may be escaped.
const MOST_WARNINGS: usize = 1 << 20;

/// Statuses whose `Location` header is followed (WHATWG Fetch, "redirect status").
const REDIRECTS: [u16; 5] = [301, 302, 303, 307, 308];

/// The reason why an answer is impossible. It fits after "was killed, having sent".
type Lie = &'static str;

/// The settings that limit which answers a request can have.
#[derive(Debug, Clone)]
pub struct Plausible {
    max_body: u64,
    max_listing: u64,
    kept_headers: Vec<String>,
    follows_refresh: bool,
    /// The number of fields of the rules, at any depth.
    fields: usize,
    /// What the rows of a page begin with; `None` if its data is JSON.
    rows: Option<RowsHead>,
    /// The most bytes that a request adds to the archive.
    most_archived: u64,
}

/// The facts about a submitted job that its answer is checked against.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate fact")]
pub(super) struct Out {
    since: Instant,
    /// Whether the worker must still say that the request is sent.
    pub(super) to_tell: bool,
    /// Whether the server may answer 304 Not Modified.
    is_conditional: bool,
    /// Whether the records of the request were asked for.
    is_archived: bool,
    /// Whether the list has the answer, and nothing is requested.
    pub(super) is_stored: bool,
}

impl Out {
    /// When the job was submitted.
    pub(super) fn since(&self) -> Instant {
        self.since
    }

    pub(super) fn new(visit: &Visit, now: Instant) -> Self {
        let is_validator = |name: &str| matches!(name, "if-none-match" | "if-modified-since");
        let is_conditional = visit.headers.iter().any(|(name, _)| is_validator(name));
        let (is_archived, is_stored) = (visit.archive.is_some(), visit.stored.is_some());
        Self { since: now, to_tell: visit.tell_when_sent, is_conditional, is_archived, is_stored }
    }
}

impl Plausible {
    /// Makes the check for workers that have these settings. `fields`: the number of fields of the rules, at any depth.
    /// `rows`: what the rows of a page begin with, if the output is a table.
    pub fn new(settings: &FetchSettings, fields: usize, rows: Option<RowsHead>) -> Self {
        Self {
            max_body: settings.max_body,
            max_listing: most_of_listing(settings),
            kept_headers: settings.kept_headers.clone(),
            follows_refresh: settings.meta_refresh,
            fields,
            rows,
            most_archived: settings.longest_archived(),
        }
    }

    /// Fails if an output is not a possible answer to the request `id` for `url`. For a robots.txt, `url` is not needed.
    pub(super) fn check(
        &self,
        (id, out): (RequestId, &Out),
        url: Option<&Url>,
        Received { output, archived }: &Received,
        now: Instant,
    ) -> Result<(), Lie> {
        let (JobOutput::Page(_, elapsed) | JobOutput::Robots(_, elapsed) | JobOutput::Listing(_, elapsed)) = output;
        // The worker's clock may run slightly differently.
        if *elapsed > now.saturating_duration_since(out.since) + Duration::from_millis(1) {
            return Err("an answer that took more time than has passed");
        }
        self.archived(out, output, archived)?;
        match (id, output) {
            (RequestId::Page(seq), JobOutput::Listing(visited, _)) if is_listing(seq) => {
                self.visited(out, url, visited, self.max_listing, Self::listing)
            }
            (RequestId::Page(seq), JobOutput::Page(visited, _)) if !is_listing(seq) => {
                self.visited(out, url, visited, self.max_body, |page| self.page(page))
            }
            (RequestId::Robots(_), JobOutput::Robots(answer, _)) => self.robots(answer),
            (RequestId::Page(_), JobOutput::Robots(..)) => Err("a robots.txt instead of a page"),
            (RequestId::Page(_), JobOutput::Listing(..)) => Err("a listing instead of a page"),
            (RequestId::Page(_), JobOutput::Page(..)) => Err("a page instead of a listing"),
            (RequestId::Robots(_), JobOutput::Page(..) | JobOutput::Listing(..)) => {
                Err("a page instead of a robots.txt")
            }
        }
    }

    /// The content of members is not checked: that would take longer than everything else that the coordinator does for
    /// a page.
    fn archived(&self, out: &Out, output: &JobOutput, archived: &[u8]) -> Result<(), Lie> {
        if !out.is_archived && !archived.is_empty() {
            return Err("records for the archive that nobody asked for");
        }
        let had_response = match output {
            JobOutput::Page(visited, _) | JobOutput::Listing(visited, _) => {
                !matches!(visited.answer, Answer::Failure(_))
            }
            // A missing file and one that cannot be sent for give the same answer.
            JobOutput::Robots(..) => false,
        };
        if out.is_archived && had_response && archived.is_empty() {
            return Err("an answer without its records for the archive");
        }
        if archived.len() as u64 > self.most_archived {
            return Err("more records for the archive than a response can have");
        }
        if archived.is_empty() || archived.starts_with(&MEMBER_START) {
            Ok(())
        } else {
            Err("records for the archive that are not compressed")
        }
    }

    /// Checks an answer with at most `max` bytes of body. `check` is for what only its page can have.
    fn visited(
        &self,
        out: &Out,
        url: Option<&Url>,
        Visited { answer, headers, by_reference: _, phases: _ }: &Visited,
        max: u64,
        check: impl FnOnce(&Page) -> Result<(), Lie>,
    ) -> Result<(), Lie> {
        let text = headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
        if text as u64 > MOST_TEXT || !headers.iter().all(|(name, _)| self.kept_headers.contains(name)) {
            return Err("headers that are too long or were not asked for");
        }
        let is_there = |final_url: &str| url.is_some_and(|url| without_credentials(url).as_str() == final_url);
        match answer {
            Answer::Page(page) => {
                if !is_there(&page.final_url) {
                    return Err("a page of another URL");
                }
                if !(200..400).contains(&page.status) {
                    return Err("a page with a status that a page cannot have");
                }
                within(page.bytes, max)?;
                check(page)
            }
            Answer::Failure(failure) => {
                if !failure.final_url.as_deref().is_none_or(is_there) {
                    return Err("a failure of another URL");
                }
                if failure.stage == Stage::Robots {
                    return Err("a failure at the robots.txt stage for a page");
                }
                Self::failure(failure, max, if out.is_stored { 300 } else { 400 })
            }
            Answer::Redirect { .. } if out.is_stored => Err("a redirect instead of a stored answer"),
            Answer::Redirect { status, bytes, to: _ } => {
                within(*bytes, max)?;
                redirect(*status, self.follows_refresh && (200..400).contains(status))
            }
            Answer::NotModified { .. } if !out.is_conditional => Err("a 304 for a request without validators"),
            Answer::NotModified { bytes } => within(*bytes, max),
        }
    }

    fn page(&self, page: &Page) -> Result<(), Lie> {
        if RowsHead::of(&page.data) == self.rows { self.fit(&page.fit) } else { Err("data of another output format") }
    }

    /// The form of its data was checked with the form of the output.
    fn listing(page: &Page) -> Result<(), Lie> {
        if page.fit == Fit::default() { Ok(()) } else { Err("a listing with counts of fields") }
    }

    fn fit(&self, fit: &Fit) -> Result<(), Lie> {
        if fit.warnings.len() > MOST_WARNINGS || !(fit.warnings.is_empty() || is_json_line(&fit.warnings)) {
            return Err("warnings that are not one line of JSON");
        }
        // A page that comes from a worker of this run has a count for each field.
        if fit.counts.len() == self.fields { Ok(()) } else { Err("counts of fields that the rules do not have") }
    }

    fn robots(&self, answer: &robots::Answer) -> Result<(), Lie> {
        match answer {
            robots::Answer::Rules(rules) if rules.can_be_of_a_file() => Ok(()),
            robots::Answer::Rules(_) => Err("rules that no robots.txt can contain"),
            robots::Answer::Redirect { status, to: _ } => redirect(*status, false),
            robots::Answer::Failed(failure) if failure.stage != Stage::Robots => {
                Err("a failure at the wrong stage for a robots.txt")
            }
            robots::Answer::Failed(failure) => Self::failure(failure, self.max_body, 400),
        }
    }

    /// `max`: the maximum number of bytes of the body. `least`: the lowest HTTP status that can be the reason of a
    /// failure. A stored redirect is one, because it is not followed.
    fn failure(failure: &Failure, max: u64, least: u16) -> Result<(), Lie> {
        within(failure.bytes, max)?;
        let is_workers_own = match failure.kind {
            FailureKind::Dns
            | FailureKind::Connect
            | FailureKind::Tls
            | FailureKind::Timeout
            | FailureKind::HttpStatus
            | FailureKind::BlockedAddress
            | FailureKind::TooLarge
            | FailureKind::ContentType
            | FailureKind::Protocol
            | FailureKind::Truncated
            | FailureKind::Decode
            | FailureKind::MissingField
            | FailureKind::BadValue => true,
            FailureKind::InvalidUrl
            | FailureKind::TooManyRedirects
            | FailureKind::RobotsDenied
            | FailureKind::Panic
            | FailureKind::WorkerCrashed
            | FailureKind::WorkerTimeout
            | FailureKind::WorkerMemory => false,
        };
        if !is_workers_own || failure.stage == Stage::List {
            return Err("a failure that workers cannot detect");
        }
        let is_refused = failure.kind == FailureKind::HttpStatus;
        let is_possible = if is_refused {
            failure.status.is_some_and(|status| (least..1000).contains(&status))
        } else {
            failure.status.is_none_or(|status| (100..1000).contains(&status))
        };
        if !is_possible {
            return Err("a failure with a status that does not match its kind");
        }
        if matches!(failure.retry, Retry::After(_)) && !is_refused {
            return Err("a retry time without an HTTP error status");
        }
        // Honest workers keep to these lengths. The text of a failure may be stored for each task of a host.
        let mut words = [&failure.message].into_iter().chain(&failure.causes);
        if words.any(|text| text.len() > Failure::LONGEST) {
            return Err("a failure whose text is too long");
        }
        Ok(())
    }
}

fn within(bytes: u64, max: u64) -> Result<(), Lie> {
    // If a body is too large or not wanted, the worker reads at most one more piece of it.
    if bytes > max.saturating_add(MOST_TEXT) { Err("more bytes than workers read") } else { Ok(()) }
}

/// `is_refresh`: whether the page itself may ask for the redirect. The target is an http(s) URL: this
/// is checked when the answer is read.
fn redirect(status: u16, is_refresh: bool) -> Result<(), Lie> {
    let may_redirect = is_refresh || REDIRECTS.contains(&status);
    if may_redirect { Ok(()) } else { Err("a redirect with a status that a redirect cannot have") }
}
