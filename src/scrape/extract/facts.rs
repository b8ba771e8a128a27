//! What is known about a page beside its content.

use std::sync::LazyLock;
use std::time::SystemTime;

use http::header::{DATE, HeaderMap};
use url::Url;

use super::rules::Fact;
use crate::model::{TaskFacts, http_date, rfc_3339};
use crate::scrape::json::Json;

/// What is known about a page beside its content.
#[derive(Debug, Clone, Copy)]
pub struct PageFacts<'p> {
    /// The URL of the page. Relative links are resolved against it if the page has no `<base>`.
    pub final_url: &'p Url,
    /// The HTTP status.
    pub status: u16,
    /// The headers of the response.
    pub headers: &'p HeaderMap,
    /// When the page was fetched: by the clock of this machine, or as an archive says. `None` if nobody knows.
    pub fetched_at: Option<SystemTime>,
    /// What the list says about the task, if a rule needs it.
    pub task: Option<&'p TaskFacts>,
}

/// The headers of a page of which no header is known.
static NO_HEADERS: LazyLock<HeaderMap> = LazyLock::new(HeaderMap::new);

impl<'p> PageFacts<'p> {
    /// The facts about a page of which only the URL is known.
    pub fn of(final_url: &'p Url) -> Self {
        Self { final_url, status: 200, headers: &NO_HEADERS, fetched_at: None, task: None }
    }

    /// When the page was made: the `Date` of the response, or else the time at which it was fetched. Relative dates
    /// such as "yesterday" count from here, so that a page gives the same data whenever it is read. If neither is
    /// known, it is 1970.
    pub(super) fn made_at(&self) -> jiff::Timestamp {
        let date = self.headers.get(DATE).and_then(|date| date.to_str().ok());
        let fetched_at = self.fetched_at.unwrap_or(SystemTime::UNIX_EPOCH);
        let made_at = date.and_then(|date| http_date(date, fetched_at)).unwrap_or(fetched_at);
        jiff::Timestamp::try_from(made_at).unwrap_or_default()
    }

    /// Returns a fact. `Json::Null` if it is not known.
    pub(super) fn get(&self, fact: &Fact) -> Json {
        let task = |of: fn(&TaskFacts) -> Json| self.task.map_or(Json::Null, of);
        match fact {
            Fact::Url => task(|task| Json::from(task.url.as_str())),
            Fact::Seq => task(|task| Json::Number(task.seq.to_string().into())),
            Fact::Input(column) => {
                let cell = self.task.and_then(|task| task.input.iter().find(|(name, _)| name == column));
                cell.map_or(Json::Null, |(_, value)| Json::from(value.as_str()))
            }
            Fact::FinalUrl => Json::from(self.final_url.as_str()),
            Fact::Status => Json::Number(self.status.to_string().into()),
            Fact::Header(name) => {
                let values = self.headers.get_all(name.as_str()).iter();
                let values: Vec<_> = values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
                if values.is_empty() { Json::Null } else { Json::from(values.join(", ")) }
            }
            Fact::FetchedAt => self.fetched_at.map_or(Json::Null, |at| Json::from(rfc_3339(at))),
        }
    }
}
