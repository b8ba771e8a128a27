use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Answer, Reach};

/// How long an idle connection is kept.
///
/// A request on a connection that the server is just closing is lost, so connections are closed here before common
/// servers close theirs: by default gunicorn does that after 2 s, Apache, Node, uvicorn and lighttpd after 5 s, nginx
/// after 65 to 75 s. A list of many hosts does not use up the open files either.
pub const KEEP_ALIVE: Duration = Duration::from_millis(1500);

/// Which connection a request goes over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Connection {
    /// An idle one, if there is one, and it is kept for [`KEEP_ALIVE`] afterwards.
    #[default]
    Kept,
    /// A new one, which is not kept: the next request comes later than that.
    Own,
    /// A new one, which is not kept, for a request that is sent [again](super::Retry::Again).
    Again,
}

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
    /// Which connection it goes over.
    pub connection: Connection,
}

impl Visit {
    /// A request with nothing of its own.
    pub fn new(url: impl Into<String>, reach: Reach) -> Self {
        let (headers, host_headers) = (Vec::new(), Vec::new());
        Self { url: url.into(), reach, headers, host_headers, tell_when_sent: false, connection: Connection::Kept }
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
    /// Whether html5ever parsed the page, since the settings say so or Gleaner's own parser declined it.
    pub by_reference: bool,
}
