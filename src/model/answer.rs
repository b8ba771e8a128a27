use serde::{Deserialize, Serialize};
use url::Url;

use super::{Failure, Page};

/// The result of one request to one URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The data of the page.
    Page(Page),
    /// Why there is none.
    Failure(Failure),
    /// The server points elsewhere. A worker follows no redirect: the next hop has a host with rules of its own.
    Redirect {
        /// The HTTP status of the redirect.
        status: u16,
        /// The absolute URL of the next request.
        #[serde(deserialize_with = "super::deserialize_url")]
        to: Url,
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
