//! Asks the sources that may answer instead of a fetch. Today, the only such source is the cache. A task whose answer the
//! list has is not looked up: it needs neither cookies nor the settings of its host, only a worker that reads the answer.
//!
//! A request is checked here twice:
//!
//! - When its task is read. If the page is known, the task is settled at once. This costs the host nothing, so the task
//!   does not wait for the host's turn.
//! - When the request is about to be sent. It gets its headers, and the page may be known by then.

use std::time::{Duration, Instant};

use url::Url;

use super::cookies::number_of;
use super::listings::is_listing;
use super::state::State;
use crate::model::{HostKey, HostSettings, Outcome, Page, Task, Visit};
use crate::schedule::{AnsweredBy, RequestId, Settled};

/// Says whether a request must be sent.
#[derive(Debug)]
pub(super) enum BeforeFetch {
    /// The request must be sent.
    Fetch(Visit),
    /// The request is not needed: this is the page.
    Known(Page),
}

impl State {
    /// Adds the headers and the settings of its host to a request and checks whether its page is already known.
    pub(super) fn before_fetch(&mut self, id: RequestId, visit: Visit, now: Instant) -> BeforeFetch {
        let mut visit = visit;
        if visit.stored.is_none() {
            visit.host = self.settings_of_host(&visit.url);
        }
        let RequestId::Page(seq) = id else { return BeforeFetch::Fetch(visit) };
        if self.bounds.reads_task && !is_listing(seq) {
            visit.task = self.schedule.facts(seq).map(Box::new);
        }
        if visit.stored.is_some() {
            return BeforeFetch::Fetch(visit);
        }
        if let Some((name, value)) = self.cookies.as_ref().and_then(|cookies| cookies.header(&visit.url, now)) {
            self.schedule.goes_with(seq, number_of(&value));
            visit.headers.push((name, value));
        }
        match &mut self.cached {
            Some(cached) if !is_listing(seq) => cached.before(seq, visit),
            _ => BeforeFetch::Fetch(visit),
        }
    }

    /// Settles a task that was just read, if its page is already known.
    pub(super) fn settled_when_read(&mut self, task: &Task, now: Instant) -> Option<Settled> {
        let url = task.url.as_ref().ok().filter(|_| self.cached.is_some() && task.stored.is_none())?;
        let mut visit = Visit { host: self.settings_of_host(url), ..Visit::new(url.clone(), task.reach.clone()) };
        visit.headers.extend(self.cookies.as_ref().and_then(|cookies| cookies.header(url, now)));
        let page = self.cached.as_mut()?.known(task.seq, visit)?;
        let (seq, line, input, outcome) = (task.seq, task.line.clone(), task.input.clone(), Outcome::Page(page));
        let answered_by = AnsweredBy::Requests;
        let host = HostKey::of(url).filter(|_| self.tally.counts_details()).map(|host| host.as_str().into());
        Some(Settled { seq, line, input, outcome, attempts: 0, elapsed: Duration::ZERO, answered_by, host })
    }

    /// What the settings define only for the host of this URL.
    fn settings_of_host(&self, url: &Url) -> HostSettings {
        if self.bounds.hosts.is_empty() {
            return HostSettings::default();
        }
        HostKey::of(url).and_then(|host| self.bounds.hosts.get(&host)).cloned().unwrap_or_default()
    }
}
