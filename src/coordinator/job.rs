use std::error::Error;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::model::{Answer, Outcome, Page, Visit, Visited};
use crate::pool::{Confinement, Job, Line};
use crate::robots;
use crate::scrape::{self, Scraper, Settings};

/// The job of Gleaner's workers: one URL in, one answer out. Joins `scrape`, which knows nothing of processes, to
/// `pool`, which knows nothing of URLs.
#[derive(Debug)]
pub struct ScrapeJob {
    scraper: Scraper,
}

/// What a worker is sent for.
#[derive(Debug, Serialize, Deserialize)]
pub enum Errand {
    /// A page, to make data of.
    Page(Visit),
    /// A robots.txt, to make rules of.
    Robots(Visit),
}

/// What it brings back.
#[derive(Debug, Serialize, Deserialize)]
pub struct Fetched {
    /// What the server and the page gave.
    pub what: Brought,
    /// How long the worker was at it.
    pub elapsed: Duration,
    /// The data of the page on its way between processes. In one process, it is in the page.
    data: Bytes,
}

impl Fetched {
    /// An answer that is ready to be sent.
    pub fn new(mut what: Brought, elapsed: Duration) -> Self {
        let data = what.page().map(|page| std::mem::take(&mut page.data)).unwrap_or_default();
        Self { what, elapsed, data }
    }

    /// Reads an answer. The data of a page is not copied: it stays in `output`, whose memory is given back when the record
    /// is written. `None` if this is not an answer.
    pub(super) fn read(output: &Bytes) -> Option<Self> {
        #[derive(Deserialize)]
        struct Sent<'a> {
            what: Brought,
            elapsed: Duration,
            #[serde(borrow, with = "serde_bytes")]
            data: &'a [u8],
        }
        let (Sent { mut what, elapsed, data }, []) = postcard::take_from_bytes(output).ok()? else { return None };
        match what.page() {
            Some(page) if page.data.is_empty() => page.data = output.slice_ref(data),
            None if data.is_empty() => {}
            _ => return None,
        }
        Some(Self { what, elapsed, data: Bytes::new() })
    }
}

/// The answer to an [`Errand`].
#[derive(Debug, Serialize, Deserialize)]
pub enum Brought {
    /// To the one of the same name.
    Page(Visited),
    /// To the one of the same name.
    Robots(robots::Answer),
}

impl Brought {
    fn page(&mut self) -> Option<&mut Page> {
        match self {
            Self::Page(Visited { answer: Answer::Outcome(Outcome::Page(page)), .. }) => Some(page),
            _ => None,
        }
    }
}

impl Job for ScrapeJob {
    const NAME: &'static str = "scrape";
    type Init = Settings;
    type Task = Errand;
    type Output = Fetched;

    fn start(settings: Settings) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(Self { scraper: Scraper::new(settings)? })
    }

    fn confinement(&self) -> Option<Confinement> {
        Some(Confinement { readable: scrape::needed_files(), unix_sockets: scrape::asks_daemons_for_names() })
    }

    async fn run(&self, errand: Errand) -> Fetched {
        let begun = Instant::now();
        let line = Line::of_this_job();
        let sent = move || line.iter().for_each(|line| line.say(&[]));
        let what = match errand {
            Errand::Page(visit) => Brought::Page(self.scraper.visit(&visit, sent).await),
            Errand::Robots(visit) => Brought::Robots(self.scraper.robots(&visit, sent).await),
        };
        Fetched::new(what, begun.elapsed())
    }
}
