use std::time::{Duration, Instant, SystemTime};

use url::Url;

use super::hosts::HostId;
use super::origins::OriginId;
use super::target::{Astray, Leash, Target};
use crate::model::{Carried, Failure, FailureKind, Outcome, Retry, Stage, shown_url, without_credentials};

/// A task that has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Settled {
    /// The task's number.
    pub seq: u64,
    /// The line of the list, as the record shows it.
    pub line: String,
    /// What else the list says, as the record shows it.
    pub input: Carried,
    /// The result.
    pub outcome: Outcome,
    /// Fetches that count as attempts; 0 if the task was never sent.
    pub attempts: u32,
    /// The time that workers spent on it.
    pub elapsed: Duration,
    /// Where its answer comes from.
    pub answered_by: AnsweredBy,
    /// The host that its line names, if the schedule was asked to [name hosts](super::Schedule::name_hosts).
    pub host: Option<Box<str>>,
}

/// Where the answer of a task comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnsweredBy {
    /// From requests, if any was sent.
    Requests,
    /// The list itself has it.
    List {
        /// When it was received, as far as the list knows.
        at: Option<SystemTime>,
    },
}

/// A task that has been read from the list and has no record yet.
#[derive(Debug)]
pub(super) struct UnderWay {
    pub(super) line: String,
    pub(super) input: Carried,
    /// About how many bytes it takes, as last counted. A long URL that a redirect led to is counted in `detour`
    /// instead.
    pub(super) weight: usize,
    pub(super) detour: usize,
    pub(super) target: Target,
    /// Fetches that were answered, except redirects, and fetches that killed a worker.
    pub(super) charged: u32,
    pub(super) alone: bool,
    /// The request was lost and nobody is to blame. It is sent once more.
    pub(super) again: bool,
    pub(super) elapsed: Duration,
    /// The host of the line. The result counts for this host, wherever redirects lead.
    pub(super) listed: HostId,
    /// The host whose gate the next request passes.
    pub(super) host: HostId,
    /// The origin whose robots.txt applies, if any.
    pub(super) origin: Option<OriginId>,
    /// If set, the task fails with this instead of being sent.
    pub(super) verdict: Option<Box<Failure>>,
    /// When it was last handed out, or when it was read if it was never handed out.
    pub(super) since: Instant,
    pub(super) was_handed_out: bool,
}

impl UnderWay {
    /// A task whose target is a URL of this host.
    pub(super) fn new(line: String, input: Carried, target: Target, listed: HostId, now: Instant) -> Self {
        let mut task = Self {
            weight: 0,
            detour: 0,
            line,
            input,
            target,
            charged: 0,
            alone: false,
            again: false,
            elapsed: Duration::ZERO,
            listed,
            host: listed,
            origin: None,
            verdict: None,
            since: now,
            was_handed_out: false,
        };
        task.weigh();
        task
    }

    /// When it was last handed out.
    pub(super) fn handed_out(&self) -> Option<Instant> {
        self.was_handed_out.then_some(self.since)
    }

    /// Counts its bytes again.
    pub(super) fn weigh(&mut self) {
        self.detour = self.target.detour();
        self.weight = size_of::<Self>() + self.line.len() + self.input.weight() + self.target.weight() - self.detour;
    }

    /// Follows a redirect. For `cookies_for`, see [`Target::follow`].
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
            // There may be room later, so the same request is made again then.
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

    /// Charges the task for a fetch without an answer. The time since it was handed out counts as time that a worker
    /// spent.
    pub(super) fn charge(&mut self, now: Instant) {
        self.charged += 1;
        let since = self.handed_out().unwrap_or(now);
        self.elapsed = self.elapsed.saturating_add(now.saturating_duration_since(since));
    }

    pub(super) fn settle(self, seq: u64, outcome: Outcome, host: Option<Box<str>>) -> Settled {
        let Self { line, input, charged, elapsed, .. } = self;
        let answered_by = AnsweredBy::Requests;
        Settled { seq, line, input, outcome, attempts: charged, elapsed, answered_by, host }
    }
}
