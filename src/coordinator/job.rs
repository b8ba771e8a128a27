use std::error::Error;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::model::{Visit, Visited};
use crate::pool::{Confinement, Job, Line};
use crate::scrape::{self, Scraper, Settings};

/// The job of Gleaner's workers: one URL in, one answer out. Joins `scrape`, which knows nothing of processes, to
/// `pool`, which knows nothing of URLs.
#[derive(Debug)]
pub struct ScrapeJob {
    scraper: Scraper,
}

/// What came of it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Fetched {
    /// What the server and the page gave.
    pub visited: Visited,
    /// How long the worker was at it.
    pub elapsed: Duration,
}

impl Job for ScrapeJob {
    const NAME: &'static str = "scrape";
    type Init = Settings;
    type Task = Visit;
    type Output = Fetched;

    fn start(settings: Settings) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(Self { scraper: Scraper::new(settings)? })
    }

    fn confinement(&self) -> Option<Confinement> {
        Some(Confinement { readable: scrape::needed_files() })
    }

    async fn run(&self, visit: Visit) -> Fetched {
        let begun = Instant::now();
        let line = Line::of_this_job();
        let visited = self.scraper.visit(&visit, move || line.iter().for_each(|line| line.say(&[]))).await;
        Fetched { visited, elapsed: begun.elapsed() }
    }
}
