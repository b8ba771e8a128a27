use std::time::{Duration, Instant};

use url::Url;

use super::hosts::HostId;
use super::origins::OriginId;
use super::target::{Astray, Leash, Target};
use crate::model::{Failure, FailureKind, Outcome, Reach, Retry, Stage, shown_url, without_credentials};

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
    /// Bytes that it takes, about, as they were last counted. A long URL that a redirect led to is counted as a detour.
    pub(super) weight: usize,
    pub(super) detour: usize,
    pub(super) target: Target,
    /// Fetches that were answered, redirects apart, or that cost a worker its life.
    pub(super) charged: u32,
    pub(super) alone: bool,
    /// The request was lost without anybody's fault, and is sent once more.
    pub(super) again: bool,
    pub(super) elapsed: Duration,
    /// The host of its line. What becomes of it counts for this one, wherever redirects lead.
    pub(super) listed: HostId,
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
    /// A task whose line names a URL of this host.
    pub(super) fn new(line: String, url: Url, listed: HostId) -> Self {
        let mut task = Self {
            weight: 0,
            detour: 0,
            line,
            target: Target::new(url, Reach::Listed),
            charged: 0,
            alone: false,
            again: false,
            elapsed: Duration::ZERO,
            listed,
            host: listed,
            origin: None,
            verdict: None,
            handed_out: None,
        };
        task.weigh();
        task
    }

    /// Counts what it takes anew.
    pub(super) fn weigh(&mut self) {
        self.detour = self.target.detour();
        self.weight = size_of::<Self>() + self.line.len() + self.target.weight() - self.detour;
    }

    /// Turns to where a redirect leads. `cookies_for`: as [`Target::follow`] has it.
    pub(super) fn follow(
        &mut self,
        status: u16,
        to: Url,
        bytes: u64,
        cookies_for: impl FnOnce(&Url) -> u64,
        leash: Leash,
    ) -> Result<(), Failure> {
        self.target.follow(to, cookies_for, leash).map_err(|astray| {
            let kind = match astray {
                Astray::TooMany(_) | Astray::Itself | Astray::Circle => FailureKind::TooManyRedirects,
                Astray::Unsendable(_) | Astray::NoRoom(_) => FailureKind::Protocol,
            };
            // There may be room later: the same request is made again then.
            let retry = if matches!(astray, Astray::NoRoom(_)) { Retry::Yes } else { Retry::No };
            let shown = without_credentials(&self.target.url);
            let message = format!("follow the redirect of {}: {astray}", shown_url(&shown));
            Failure {
                retry,
                status: Some(status),
                final_url: Some(shown.into()),
                bytes,
                ..Failure::new(kind, Stage::Fetch, message)
            }
        })
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
