use std::error::Error;
use std::time::{Duration, Instant};

use gleaner_pool::{Confinement, Job, Line};
use serde::{Deserialize, Serialize};

use crate::model::{Visit, Visited};
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
}

/// The answer to an [`Errand`].
#[derive(Debug, Serialize, Deserialize)]
pub enum Brought {
    /// To the one of the same name.
    Page(Visited),
    /// To the one of the same name.
    Robots(robots::Answer),
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
        Fetched { what, elapsed: begun.elapsed() }
    }
}
