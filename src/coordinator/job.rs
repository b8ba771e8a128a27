//! The job of a worker process: its input and its output.

use std::error::Error;
use std::time::{Duration, Instant};

use bytes::Bytes;
use gleaner_pool::{Confinement, Job, Line};
use serde::{Deserialize, Serialize};

use super::json_line::is_json_line;
use super::table_rows::are_rows;
use crate::model::{Answer, Listing, ListingFile, Page, Visit, Visited};
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
    /// Fetch a sitemap, or a robots.txt that names sitemaps, and read its entries.
    Listing(Visit, ListingFile),
}

/// The output of a job: the answer, and how long the worker needed for it.
#[derive(Debug, Serialize, Deserialize)]
pub enum JobOutput {
    /// The answer for a [page](JobInput::Page).
    Page(Visited, Duration),
    /// The answer for a [robots.txt](JobInput::Robots).
    Robots(robots::Answer, Duration),
    /// The answer for a [listing](JobInput::Listing). The data of its page is a [`Listing`].
    Listing(Visited, Duration),
}

/// A [`JobOutput`] in the form in which it is sent between processes.
#[derive(Debug, Serialize, Deserialize)]
pub struct SentOutput {
    output: JobOutput,
    /// The data of the page. It is a separate field, so that it can be read without a copy.
    data: Bytes,
    /// The records of the request, as members of an archive. Empty if there is no archive, or was no response.
    archived: Bytes,
}

/// A [`JobOutput`] as the coordinator received it.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) output: JobOutput,
    /// The records of the request, as members of an archive.
    pub(super) archived: Bytes,
}

impl SentOutput {
    /// Takes an output apart, for sending. `archived`: the members for the archive, if there are any.
    pub(super) fn new(mut output: JobOutput, archived: Bytes) -> Self {
        let data = page_of(&mut output).map(|page| std::mem::take(&mut page.data)).unwrap_or_default();
        Self { output, data, archived }
    }

    /// Checks the form of an output, and that the data of a page is one line of JSON, or rows of a table. An
    /// executor must do this with each output of a worker. The time grows with the length of the output, so it must not
    /// be done on the coordinator's thread if the output is long.
    ///
    /// # Errors
    /// Says what is wrong. The reason fits after "was killed because it sent".
    pub fn check(bytes: &Bytes) -> Result<(), &'static str> {
        match Self::read(bytes) {
            None => Err("what is not a valid answer"),
            Some(Received { output: JobOutput::Page(Visited { answer: Answer::Page(page), .. }, _), .. })
                if !is_data(&page.data) =>
            {
                Err("data that is not one line of JSON, nor rows of a table")
            }
            Some(Received { output: JobOutput::Listing(Visited { answer: Answer::Page(page), .. }, _), .. })
                if !Listing::is_valid(&page.data) =>
            {
                Err("data that is not a listing")
            }
            Some(_) => Ok(()),
        }
    }

    /// Reads an output. Returns `None` if `bytes` are not a valid output. The data of a page and the members for the
    /// archive stay in `bytes`, so the pool counts them until they are written.
    pub(super) fn read(bytes: &Bytes) -> Option<Received> {
        #[derive(Deserialize)]
        struct Borrowed<'a> {
            output: JobOutput,
            #[serde(borrow)]
            data: &'a [u8],
            #[serde(borrow)]
            archived: &'a [u8],
        }
        let (Borrowed { mut output, data, archived }, []) = postcard::take_from_bytes(bytes).ok()? else { return None };
        match page_of(&mut output) {
            Some(page) if page.data.is_empty() => page.data = bytes.slice_ref(data),
            None if data.is_empty() => {}
            _ => return None,
        }
        let archived = if archived.is_empty() { Bytes::new() } else { bytes.slice_ref(archived) };
        Some(Received { output, archived })
    }
}

/// Whether this can be the data of a page, in the form that it begins with.
fn is_data(data: &[u8]) -> bool {
    if data.first() == Some(&0) { are_rows(data) } else { is_json_line(data) }
}

fn page_of(output: &mut JobOutput) -> Option<&mut Page> {
    match output {
        JobOutput::Page(Visited { answer: Answer::Page(page), .. }, _)
        | JobOutput::Listing(Visited { answer: Answer::Page(page), .. }, _) => Some(page),
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
        let (output, archived) = match input {
            JobInput::Page(visit) => {
                let (visited, archived) = self.scraper.visit_archived(&visit, sent).await;
                (JobOutput::Page(visited, begun.elapsed()), archived)
            }
            JobInput::Robots(visit) => {
                // Boxed like the next one, so that the future of a page, which is copied for each job, stays small.
                let (answer, archived) = Box::pin(self.scraper.robots_archived(&visit, sent)).await;
                (JobOutput::Robots(answer, begun.elapsed()), archived)
            }
            JobInput::Listing(visit, file) => {
                let (visited, archived) = Box::pin(self.scraper.listing_archived(&visit, file, sent)).await;
                (JobOutput::Listing(visited, begun.elapsed()), archived)
            }
        };
        SentOutput::new(output, archived)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Phases;
    use crate::model::{Failure, FailureKind, Fit, Stage};

    fn sent(answer: Answer) -> Bytes {
        let visited = Visited { answer, headers: Vec::new(), by_reference: false, phases: Phases::default() };
        postcard::to_stdvec(&SentOutput::new(JobOutput::Page(visited, Duration::ZERO), Bytes::new()))
            .expect("bytes")
            .into()
    }

    #[test]
    fn an_output_passes_only_if_its_data_is_one_line_of_json() {
        let page = |data: &'static [u8]| {
            let data = Bytes::from_static(data);
            sent(Answer::Page(Page {
                final_url: "http://h/".to_owned(),
                status: 200,
                bytes: 0,
                data,
                fit: Fit::default(),
            }))
        };
        let failure = sent(Answer::Failure(Failure::new(FailureKind::Dns, Stage::Fetch, "why")));
        let with_data = [&failure[..failure.len() - 2], b"\x02{}\0"].concat();
        let trailing = [&page(b"{}")[..], b"\0"].concat();
        let (no_answer, no_line) =
            (Err("what is not a valid answer"), Err("data that is not one line of JSON, nor rows of a table"));
        let table = [
            ("an object", page(b"{\"a\": [1, \"\xc3\xa9\"]}"), Ok(())),
            ("rows", page(b"\0,\x02\0\0\0a,b\0\"c\n\",d"), Ok(())),
            ("rows without a cell", page(b"\0,\x02\0\0\0a,b\0c"), no_line),
            ("the head of rows", page(b"\0,\x02\0"), no_line),
            ("a failure", failure, Ok(())),
            ("data that is not JSON", page(b"1,\"failure\":null}"), no_line),
            ("data of two lines", page(b"{\n}"), no_line),
            ("data with control characters", page(b"\"\x1b]0;t\x07\""), no_line),
            ("no data", page(b""), no_line),
            ("no bytes", Bytes::new(), no_answer),
            ("junk", Bytes::from_static(b"\xff\xff\xff"), no_answer),
            ("a failure with data", with_data.into(), no_answer),
            ("more than an answer", trailing.into(), no_answer),
        ];
        for (what, bytes, expected) in table {
            assert_eq!(SentOutput::check(&bytes), expected, "{what}");
        }
    }
}
