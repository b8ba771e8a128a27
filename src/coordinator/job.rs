//! The job of a worker process: what it is told, and what it answers.

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

/// What a worker is asked for.
#[derive(Debug, Serialize, Deserialize)]
pub enum JobInput {
    /// A page, to make data of.
    Page(Visit),
    /// A robots.txt, to make rules of.
    Robots(Visit),
}

/// What it answers, and how long it worked on that.
#[derive(Debug, Serialize, Deserialize)]
pub enum JobOutput {
    /// What a [page](JobInput::Page) gave.
    Page(Visited, Duration),
    /// What a [robots.txt](JobInput::Robots) says.
    Robots(robots::Answer, Duration),
}

impl Job for ScrapeJob {
    const NAME: &'static str = "scrape";
    type Init = Settings;
    type Task = JobInput;
    type Output = JobOutput;

    fn start(settings: Settings) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(Self { scraper: Scraper::new(settings)? })
    }

    fn confinement(&self) -> Option<Confinement> {
        Some(Confinement { readable: scrape::needed_files(), unix_sockets: scrape::asks_daemons_for_names() })
    }

    async fn run(&self, input: JobInput) -> JobOutput {
        let begun = Instant::now();
        let line = Line::of_this_job();
        let sent = move || line.iter().for_each(|line| line.say(&[]));
        match input {
            JobInput::Page(visit) => {
                let visited = self.scraper.visit(&visit, sent).await;
                JobOutput::Page(visited, begun.elapsed())
            }
            JobInput::Robots(visit) => {
                let answer = self.scraper.robots(&visit, sent).await;
                JobOutput::Robots(answer, begun.elapsed())
            }
        }
    }
}
