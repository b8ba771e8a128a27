use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Failure, Fit};

/// The result of a task. A URL that failed is an outcome too; `Err` is only for errors that end the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The page was fetched, and every required field was found.
    Page(Page),
    /// The task failed.
    Failure(Failure),
}

/// The data of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// The URL that answered after all redirects, without user name and password.
    pub final_url: String,
    /// The HTTP status of the answer.
    pub status: u16,
    /// Decompressed bytes of the body.
    pub bytes: u64,
    /// The extracted data as one line of JSON. The worker writes it; no later stage parses it again.
    pub data: Bytes,
    /// How well the rules fit the page.
    pub fit: Fit,
}
