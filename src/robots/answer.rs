use serde::{Deserialize, Serialize};
use url::Url;

use super::Rules;
use crate::model::Failure;

/// The result of requesting a robots.txt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The rules of the file. If there is no file, everything is allowed.
    Rules(Rules),
    /// The file is elsewhere. The redirect has not been followed, because the host of the next hop has its own limits.
    /// RFC 9309 (2.3.1.2) asks crawlers to follow at least five redirects, and to treat the file as missing after more
    /// of them.
    Redirect {
        /// The HTTP status of the redirect.
        status: u16,
        /// The http(s) URL to go to next.
        #[serde(deserialize_with = "crate::model::deserialize_url")]
        to: Url,
    },
    /// The rules are unknown. Until they are known, nothing of this origin may be fetched (RFC 9309, 2.3.1.4). The
    /// stage is `robots`, and `retry` says whether another try may help.
    Failed(Failure),
}
