use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::Failure;

/// What became of a task. `Err` is for runs that cannot go on; a URL that failed is an outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The page was fetched and its rules found what they require.
    Page(Page),
    /// It was not.
    Failure(Failure),
}

/// What a page gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Where the last redirect led, without user name and password.
    pub final_url: String,
    /// The HTTP status of the answer.
    pub status: u16,
    /// Decompressed bytes of the body.
    pub bytes: u64,
    /// The extracted data as one line of JSON. The worker makes it; nobody parses it again.
    pub data: Bytes,
}
