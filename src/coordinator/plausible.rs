//! Whether a worker can have given this answer, whatever the server and the page were. If it cannot, the worker broke the
//! protocol.
//!
//! Pure. It finds answers that are impossible, not answers that are false: a worker that was taken over can still say
//! anything that a page could have said of itself.

use std::time::{Duration, Instant};

use url::Url;

use super::job::JobOutput;
use super::json_line::is_json_line;
use crate::model::{Answer, Failure, FailureKind, Page, Retry, Stage, Visit, Visited, without_credentials};
use crate::robots;
use crate::schedule::RequestId;
use crate::scrape::FetchSettings;

/// The most bytes of text that an answer's headers can give: three for each byte that was sent. HTTP clients read less.
const MOST_TEXT: u64 = 2 << 20;

/// Statuses that make a `Location` count (WHATWG Fetch, "redirect status").
const REDIRECTS: [u16; 5] = [301, 302, 303, 307, 308];

/// What is wrong with an impossible answer.
type Lie = &'static str;

/// The settings that bound what a request may give.
#[derive(Debug, Clone)]
pub struct Plausible {
    max_body: u64,
    kept_headers: Vec<String>,
    follows_refresh: bool,
}

/// What is remembered of a job that a worker has.
#[derive(Debug, Clone)]
pub(super) struct Out {
    since: Instant,
    /// Whether its worker is to say when the request is sent, and has not said so yet.
    pub(super) to_tell: bool,
    /// Whether the server may answer that nothing has changed.
    is_conditional: bool,
}

impl Out {
    pub(super) fn new(visit: &Visit, now: Instant) -> Self {
        let is_validator = |name: &str| matches!(name, "if-none-match" | "if-modified-since");
        let is_conditional = visit.headers.iter().any(|(name, _)| is_validator(name));
        Self { since: now, to_tell: visit.tell_when_sent, is_conditional }
    }
}

impl Plausible {
    /// For workers that have these settings.
    pub fn new(settings: &FetchSettings) -> Self {
        Self {
            max_body: settings.max_body,
            kept_headers: settings.kept_headers.clone(),
            follows_refresh: settings.meta_refresh,
        }
    }

    /// Whether the request `id` for `url` can have given this. `url` is not needed for a robots.txt.
    pub(super) fn check(
        &self,
        (id, out): (RequestId, &Out),
        url: Option<&Url>,
        output: &JobOutput,
        now: Instant,
    ) -> Result<(), Lie> {
        let (JobOutput::Page(_, elapsed) | JobOutput::Robots(_, elapsed)) = output;
        // The worker's clock may tick a little differently.
        if *elapsed > now.saturating_duration_since(out.since) + Duration::from_millis(1) {
            return Err("a job that took longer than the worker had it");
        }
        match (id, output) {
            (RequestId::Page(_), JobOutput::Page(visited, _)) => self.page(out, url, visited),
            (RequestId::Robots(_), JobOutput::Robots(answer, _)) => self.robots(answer),
            (RequestId::Page(_), JobOutput::Robots(..)) => Err("a robots.txt in the place of a page"),
            (RequestId::Robots(_), JobOutput::Page(..)) => Err("a page in the place of a robots.txt"),
        }
    }

    fn page(
        &self,
        out: &Out,
        url: Option<&Url>,
        Visited { answer, headers, by_reference: _ }: &Visited,
    ) -> Result<(), Lie> {
        let text = headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
        if text as u64 > MOST_TEXT || !headers.iter().all(|(name, _)| self.kept_headers.contains(name)) {
            return Err("headers that nobody asked for");
        }
        let is_there = |final_url: &str| url.is_some_and(|url| without_credentials(url).as_str() == final_url);
        match answer {
            Answer::Page(Page { final_url, status, bytes, data }) => {
                if !is_there(final_url) {
                    return Err("a page of another URL");
                }
                if !(200..400).contains(status) {
                    return Err("a page with a status that pages do not have");
                }
                self.bytes(*bytes)?;
                if is_json_line(data) { Ok(()) } else { Err("data that is not one line of JSON") }
            }
            Answer::Failure(failure) => {
                if !failure.final_url.as_deref().is_none_or(is_there) {
                    return Err("a failure of another URL");
                }
                if failure.stage == Stage::Robots {
                    return Err("a failure at the stage of a robots.txt");
                }
                self.failure(failure)
            }
            Answer::Redirect { status, bytes, to: _ } => {
                self.bytes(*bytes)?;
                redirect(*status, self.follows_refresh && (200..400).contains(status))
            }
            Answer::NotModified { .. } if !out.is_conditional => Err("that a page has not changed, which nobody asked"),
            Answer::NotModified { bytes } => self.bytes(*bytes),
        }
    }

    fn robots(&self, answer: &robots::Answer) -> Result<(), Lie> {
        match answer {
            robots::Answer::Rules(rules) if rules.can_be_of_a_file() => Ok(()),
            robots::Answer::Rules(_) => Err("rules that no robots.txt can have"),
            robots::Answer::Redirect { status, to: _ } => redirect(*status, false),
            robots::Answer::Failed(failure) if failure.stage != Stage::Robots => {
                Err("a failure at another stage than that of a robots.txt")
            }
            robots::Answer::Failed(failure) => self.failure(failure),
        }
    }

    fn failure(&self, failure: &Failure) -> Result<(), Lie> {
        self.bytes(failure.bytes)?;
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
            return Err("a failure that workers cannot see");
        }
        let is_refused = failure.kind == FailureKind::HttpStatus;
        let is_possible = if is_refused {
            failure.status.is_some_and(|status| (400..1000).contains(&status))
        } else {
            failure.status.is_none_or(|status| (100..1000).contains(&status))
        };
        if !is_possible {
            return Err("a status that does not go with its failure");
        }
        if matches!(failure.retry, Retry::After(_)) && !is_refused {
            return Err("when to ask again, without an answer that says so");
        }
        // Workers keep to these lengths. A failure's text may be kept for each task of a host.
        let mut words = [&failure.message].into_iter().chain(&failure.causes);
        if words.any(|text| text.len() > Failure::LONGEST) {
            return Err("a failure whose text is too long");
        }
        Ok(())
    }

    fn bytes(&self, bytes: u64) -> Result<(), Lie> {
        // Once a body is too large, or is not wanted, no more of it is read than the next piece.
        if bytes > self.max_body.saturating_add(MOST_TEXT) { Err("more bytes than are read") } else { Ok(()) }
    }
}

/// `is_refresh`: it may be one that the page itself asks for. That it leads to an http(s) URL was checked when it was read.
fn redirect(status: u16, is_refresh: bool) -> Result<(), Lie> {
    let may_redirect = is_refresh || REDIRECTS.contains(&status);
    if may_redirect { Ok(()) } else { Err("a redirect with a status that redirects do not have") }
}
