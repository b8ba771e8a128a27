//! The job of a worker process: its input and its output.

use std::error::Error;
use std::time::{Duration, Instant};

use bytes::Bytes;
use gleaner_pool::{Confinement, Job, Line};
use serde::{Deserialize, Serialize};

use crate::model::{Answer, Page, Visit, Visited};
use crate::robots;
use crate::scrape::{self, Scraper, Settings};

/// The job of Gleaner's workers: fetches one URL and returns one answer. Connects `scrape`, which knows nothing about
/// processes, to `pool`, which knows nothing about URLs.
#[derive(Debug)]
pub struct ScrapeJob {
    scraper: Scraper,
}

/// The input of a job: the request that a worker must make.
#[derive(Debug, Serialize, Deserialize)]
pub enum JobInput {
    /// Fetch a page and extract its data.
    Page(Visit),
    /// Fetch a robots.txt and parse its rules.
    Robots(Visit),
}

/// The output of a job: the answer, and how long the worker needed for it.
#[derive(Debug, Serialize, Deserialize)]
pub enum JobOutput {
    /// The answer for a [page](JobInput::Page).
    Page(Visited, Duration),
    /// The answer for a [robots.txt](JobInput::Robots).
    Robots(robots::Answer, Duration),
}

/// A [`JobOutput`] in the form in which it is sent between processes.
#[derive(Debug, Serialize, Deserialize)]
pub struct SentOutput {
    output: JobOutput,
    /// The data of the page. It is a separate field, so that it can be read without a copy.
    data: Bytes,
}

impl From<JobOutput> for SentOutput {
    fn from(mut output: JobOutput) -> Self {
        let data = page_of(&mut output).map(|page| std::mem::take(&mut page.data)).unwrap_or_default();
        Self { output, data }
    }
}

impl SentOutput {
    /// Reads an output. Returns `None` if `bytes` are not a valid output. The data of a page stays in `bytes`, so the
    /// pool counts it until the record is written.
    pub(super) fn read(bytes: &Bytes) -> Option<JobOutput> {
        #[derive(Deserialize)]
        struct Borrowed<'a> {
            output: JobOutput,
            #[serde(borrow)]
            data: &'a [u8],
        }
        let (Borrowed { mut output, data }, []) = postcard::take_from_bytes(bytes).ok()? else { return None };
        match page_of(&mut output) {
            Some(page) if page.data.is_empty() => page.data = bytes.slice_ref(data),
            None if data.is_empty() => {}
            _ => return None,
        }
        Some(output)
    }
}

fn page_of(output: &mut JobOutput) -> Option<&mut Page> {
    match output {
        JobOutput::Page(Visited { answer: Answer::Page(page), .. }, _) => Some(page),
        _ => None,
    }
}

impl Job for ScrapeJob {
    const NAME: &'static str = "scrape";
    type Init = Settings;
    type Task = JobInput;
    type Output = SentOutput;

    fn start(settings: Settings) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(Self { scraper: Scraper::new(settings)? })
    }

    fn confinement(&self) -> Option<Confinement> {
        Some(Confinement { readable: scrape::needed_files(), unix_sockets: scrape::asks_daemons_for_names() })
    }

    async fn run(&self, input: JobInput) -> SentOutput {
        let begun = Instant::now();
        let line = Line::of_this_job();
        let sent = move || line.iter().for_each(|line| line.say(&[]));
        let output = match input {
            JobInput::Page(visit) => {
                let visited = self.scraper.visit(&visit, sent).await;
                JobOutput::Page(visited, begun.elapsed())
            }
            JobInput::Robots(visit) => {
                let answer = self.scraper.robots(&visit, sent).await;
                JobOutput::Robots(answer, begun.elapsed())
            }
        };
        output.into()
    }
}
