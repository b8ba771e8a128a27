use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{Answer, HostSettings, Phases, Reach, Stored, TaskFacts};

/// How long an idle connection is kept open.
///
/// A request is lost if the server closes the connection at the same moment. So Gleaner closes connections before
/// common servers do: by default gunicorn closes them after 2 s, Apache, Node, uvicorn and lighttpd after 5 s, nginx
/// after 65 to 75 s. A short time also keeps the number of open files low when a list names many hosts.
pub const KEEP_ALIVE: Duration = Duration::from_millis(1500);

/// The connection that a request uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Connection {
    /// An idle connection if there is one, otherwise a new one. It is kept for [`KEEP_ALIVE`] afterwards.
    #[default]
    Kept,
    /// A new connection that is closed afterwards, because the next request comes later than [`KEEP_ALIVE`].
    Own,
    /// A new connection that is closed afterwards, for a request that is sent [again](super::Retry::Again).
    Again,
}

/// One request that a worker makes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// Absolute http or https URL; may contain credentials. If the answer is stored, it may be a `file` URL.
    #[serde(deserialize_with = "super::deserialize_visited_url")]
    pub url: Url,
    /// How Gleaner got the URL.
    pub reach: Reach,
    /// Headers for this request and this exact URL only (cookies, validators), in addition to those of the settings.
    pub headers: Vec<(String, String)>,
    /// What the settings define for this URL's host alone.
    pub host: HostSettings,
    /// Whether the worker reports when it sends the request.
    pub tell_when_sent: bool,
    /// The connection that the request uses.
    pub connection: Connection,
    /// What the list says about the task, if a rule needs it.
    pub task: Option<Box<TaskFacts>>,
    /// The number from which the ids of the request's records in the archive are made; `None` if there is no archive.
    pub archive: Option<u128>,
    /// The answer, if it is known already. The worker then reads it and requests nothing.
    pub stored: Option<Stored>,
}

impl Visit {
    /// A request without headers of its own.
    pub fn new(url: Url, reach: Reach) -> Self {
        let (headers, host) = (Vec::new(), HostSettings::default());
        let connection = Connection::Kept;
        Self { url, reach, headers, host, tell_when_sent: false, connection, task: None, archive: None, stored: None }
    }
}

/// Leaves out the URL, the headers and the settings of the host, because they may contain secrets.
impl fmt::Debug for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visit").field("reach", &self.reach).finish_non_exhaustive()
    }
}

/// The result of a visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visited {
    /// The answer of the server, or the data of the page.
    pub answer: Answer,
    /// The response headers that the settings ask for, in the order received, names in lower case. Empty if there was
    /// no response. An answer of a worker with more than 10,000 of them is refused.
    #[serde(deserialize_with = "super::few::read::<_, _, 10_000>")]
    pub headers: Vec<(String, String)>,
    /// Whether html5ever parsed the page: the settings say so, or the page is too long for Gleaner's own parser.
    pub by_reference: bool,
    /// How long its phases took.
    pub phases: Phases,
}
