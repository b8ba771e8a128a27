//! Why a scraper cannot be made. What befalls a single URL is a `Failure` and never an error.

use super::extract::RuleError;

/// Why a scraper cannot be made of its settings.
#[derive(Debug, thiserror::Error)]
#[error("make a scraper: {kind}")]
pub struct Error {
    kind: ErrorKind,
    #[source]
    source: Option<reqwest::Error>,
}

/// What stands in the way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ErrorKind {
    /// A rule that cannot be compiled.
    #[error("{0}")]
    Rule(RuleError),
    /// A header whose name or value is none.
    #[error("`{0}` is no valid header: a name is made of letters, digits and dashes, a value has no line breaks")]
    Header(String),
    /// The HTTP client.
    #[error("the HTTP client cannot be set up")]
    Client,
}

impl Error {
    /// What stands in the way.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    pub(super) fn header(name: &str) -> Self {
        Self { kind: ErrorKind::Header(name.to_owned()), source: None }
    }

    pub(super) fn client(error: reqwest::Error) -> Self {
        Self { kind: ErrorKind::Client, source: Some(error) }
    }
}

impl From<RuleError> for Error {
    fn from(error: RuleError) -> Self {
        Self { kind: ErrorKind::Rule(error), source: None }
    }
}
