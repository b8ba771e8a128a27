use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Answer, Reach};

/// One request to be made.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// Absolute, http or https; may carry credentials.
    pub url: String,
    /// How it came to be asked for.
    pub reach: Reach,
    /// Headers of this one request, beside those of the settings: cookies, validators. They are for exactly this URL.
    pub headers: Vec<(String, String)>,
    /// Headers that the settings have for the URL's host alone. They take the place of those for all hosts with the same
    /// names. Secrets of a host travel with what is asked of it, and no worker has those of others.
    pub host_headers: Vec<(String, String)>,
    /// Whether whoever asked wants to know when the request is being sent.
    pub tell_when_sent: bool,
}

impl Visit {
    /// A request with nothing of its own.
    pub fn new(url: impl Into<String>, reach: Reach) -> Self {
        Self { url: url.into(), reach, headers: Vec::new(), host_headers: Vec::new(), tell_when_sent: false }
    }
}

/// Without the headers' values and the URL, which may hold secrets.
impl fmt::Debug for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visit").field("reach", &self.reach).finish_non_exhaustive()
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visited {
    /// What the server and the page gave.
    pub answer: Answer,
    /// Those headers of the response that the settings ask to have handed back, names in lower case, in the order in
    /// which they came. Empty where there was no response. No client reads more of them from a response.
    #[serde(deserialize_with = "super::few::read::<_, _, 10_000>")]
    pub headers: Vec<(String, String)>,
}
