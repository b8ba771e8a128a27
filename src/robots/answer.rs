use serde::{Deserialize, Serialize};
use url::Url;

use super::Rules;
use crate::model::Failure;

/// What asking for a robots.txt gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// What the file says, or leave to fetch everything where there is no file.
    Rules(Rules),
    /// It is elsewhere. Nobody has followed: the next hop has a host with limits of its own. RFC 9309 (2.3.1.2) wants
    /// at least five followed, and the file taken for one that is not there after more.
    Redirect {
        /// The HTTP status that said so.
        status: u16,
        /// The http(s) URL to go to next.
        #[serde(deserialize_with = "crate::model::deserialize_url")]
        to: Url,
    },
    /// Nobody knows what it says: until it can be had, nothing of this origin may be fetched (RFC 9309, 2.3.1.4). The
    /// stage is `robots`, and `retry` says whether another try may help.
    Failed(Failure),
}
