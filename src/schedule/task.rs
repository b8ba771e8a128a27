use std::time::{Duration, Instant};

use url::Url;

use super::hosts::HostId;
use super::origins::OriginId;
use crate::model::{Failure, FailureKind, Outcome, Reach, Stage, without_credentials};

/// A task that has come to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Settled {
    /// The task's number.
    pub seq: u64,
    /// Its line, as the record shows it.
    pub line: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Fetches that were charged to it; 0 if it was never sent.
    pub attempts: u32,
    /// Time that workers spent on it.
    pub elapsed: Duration,
}

/// A task between the list and its record.
#[derive(Debug)]
pub(super) struct UnderWay {
    pub(super) line: String,
    /// Bytes that it takes, about.
    pub(super) weight: usize,
    pub(super) url: Url,
    pub(super) reach: Reach,
    pub(super) hops: u32,
    /// Fetches that were answered, redirects apart, or that cost a worker its life.
    pub(super) charged: u32,
    pub(super) alone: bool,
    pub(super) elapsed: Duration,
    /// Whose gate it has to pass.
    pub(super) host: HostId,
    /// Whose robots.txt it obeys, if any.
    pub(super) origin: Option<OriginId>,
    /// With what it fails instead of being sent.
    pub(super) verdict: Option<Box<Failure>>,
    /// When it was last handed out.
    pub(super) handed_out: Option<Instant>,
}

impl UnderWay {
    pub(super) fn new(line: String, url: Url) -> Self {
        Self {
            weight: size_of::<Self>() + line.len() + url.as_str().len(),
            line,
            url,
            reach: Reach::Listed,
            hops: 0,
            charged: 0,
            alone: false,
            elapsed: Duration::ZERO,
            host: HostId::default(),
            origin: None,
            verdict: None,
            handed_out: None,
        }
    }

    /// Turns to where a redirect leads.
    pub(super) fn follow(&mut self, status: u16, to: &str, bytes: u64, max_redirects: u32) -> Result<(), Failure> {
        let failure = |kind, message| Failure {
            status: Some(status),
            final_url: Some(without_credentials(&self.url).into()),
            bytes,
            ..Failure::new(kind, Stage::Fetch, message)
        };
        if self.hops >= max_redirects {
            return Err(failure(FailureKind::TooManyRedirects, format!("more than {max_redirects} redirects")));
        }
        let next = Url::parse(to)
            .map_err(|error| failure(FailureKind::Protocol, format!("a redirect to no URL ({error})")))?;
        if !matches!(next.scheme(), "http" | "https") {
            return Err(failure(FailureKind::Protocol, format!("a redirect to a {} URL", next.scheme())));
        }
        if self.reach == Reach::Listed {
            self.reach = Reach::Redirected { own: self.url.origin().ascii_serialization() };
        }
        self.url = next;
        self.hops += 1;
        Ok(())
    }

    /// Charges it with what came to no answer: its worker had it from when it was handed out until now.
    pub(super) fn charge(&mut self, now: Instant) {
        self.charged += 1;
        let since = self.handed_out.unwrap_or(now);
        self.elapsed = self.elapsed.saturating_add(now.saturating_duration_since(since));
    }

    pub(super) fn settle(self, seq: u64, outcome: Outcome) -> Settled {
        Settled { seq, line: self.line, outcome, attempts: self.charged, elapsed: self.elapsed }
    }
}
