use serde::{Deserialize, Serialize};
use url::Url;

use super::{Failure, Page};

/// What one visit to one URL gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The data of the page.
    Page(Page),
    /// Why there is none.
    Failure(Failure),
    /// The server points elsewhere. A worker follows no redirect: the next hop has a host with rules of its own.
    Redirect {
        /// The HTTP status that said so.
        status: u16,
        /// The http(s) URL to go to next.
        #[serde(deserialize_with = "super::deserialize_url")]
        to: Url,
        /// Decompressed bytes of the body.
        bytes: u64,
    },
    /// The page is still what the validators of the visit speak of (304). Only visits that bring validators get this.
    NotModified {
        /// Decompressed bytes of the body, of which there should be none.
        bytes: u64,
    },
}
