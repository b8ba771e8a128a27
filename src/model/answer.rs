use serde::{Deserialize, Serialize};

use super::Outcome;

/// The result of one request to one URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The final result of the task: a page or a failure.
    Outcome(Outcome),
    /// The server redirects to another URL. A worker never follows a redirect, because the next host has its own rules.
    Redirect {
        /// The HTTP status of the redirect.
        status: u16,
        /// The absolute URL of the next request.
        to: String,
        /// Decompressed bytes of the body.
        bytes: u64,
    },
    /// The page has not changed since its validators were stored (status 304). Only visits that send validators get
    /// this answer.
    NotModified {
        /// Decompressed bytes of the body; there should be none.
        bytes: u64,
    },
}
