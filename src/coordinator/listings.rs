//! Fetches sitemaps for the thread that reads the list. A sitemap passes the schedule like the page of a task, with a
//! number that no task has. Its result goes to the reader, and not to the sink.
//!
//! The reader waits for the result, so there is at most one sitemap under way. If the run ends before, the ask is
//! dropped, and that ends the reader.

use std::time::Instant;

use super::executor::WorkerId;
use super::state::State;
use crate::input::{Ask, Found};
use crate::model::{Carried, ListingFile, Outcome, Stored, StoredForm, Task, shown_url};
use crate::schedule::Settled;

/// Marks the number of a sitemap. No list has so many tasks, and no job has the mark of a robots.txt too.
const LISTING: u64 = 1 << 62;

/// Whether a task that the schedule has is a sitemap.
pub(super) fn is_listing(seq: u64) -> bool {
    seq & LISTING != 0
}

/// A sitemap that the reader of the list waits for.
#[derive(Debug)]
pub(super) struct Asked {
    seq: u64,
    ask: Ask,
}

impl Asked {
    pub(super) fn file(&self) -> ListingFile {
        self.ask.file
    }
}

impl State {
    /// Adds a sitemap to the schedule. It goes before the pages of its host, because the rest of the list waits for it.
    pub(super) fn ask(&mut self, ask: Ask, now: Instant) {
        let seq = LISTING | self.listings;
        self.listings += 1;
        let (line, url, input) = (shown_url(&ask.url), Ok(ask.url.clone()), Carried::default());
        let form = StoredForm::File { media_type: String::new() };
        let stored = ask.bytes.clone().map(|bytes| Stored { form, bytes, at: None });
        let reach = ask.reach.clone();
        self.asked = Some(Asked { seq, ask });
        if let Some(settled) = self.schedule.admit_first(Task { seq, line, url, input, stored, reach }, now) {
            self.listed(settled, None);
        }
    }

    /// Gives the reader its sitemap, or the reason why there is none.
    pub(super) fn listed(&mut self, settled: Settled, worker: Option<WorkerId>) {
        let Some(Asked { ask, .. }) = self.asked.take_if(|asked| asked.seq == settled.seq) else { return };
        let worker = worker.and_then(|worker| self.tally.label(worker));
        let worker = worker.map_or_else(|| "no worker".to_owned(), |label| format!("worker {label}"));
        let (url, ms) = (&settled.line, settled.elapsed.as_millis());
        match settled.outcome {
            Outcome::Page(page) => {
                tracing::info!(target: "gleaner::task", "{worker}: {} in {ms} ms: sitemap {url}", page.status);
                ask.answer(Ok(Found { url: page.final_url, data: page.data }));
            }
            Outcome::Failure(failure) => {
                let (kind, why) = (failure.kind, &failure.message);
                tracing::info!(target: "gleaner::task", "{worker}: {kind}: {why} (sitemap {url}, in {ms} ms)");
                ask.answer(Err(failure));
            }
        }
    }
}
