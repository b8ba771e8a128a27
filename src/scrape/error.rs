//! Why a scraper cannot be made. A problem with a single URL is a `Failure`, never an error.

use super::extract::RuleError;
use super::table::ColumnsError;

/// Why a scraper cannot be made from its settings.
#[derive(Debug, thiserror::Error)]
#[error("make a scraper: {kind}")]
pub struct Error {
    kind: ErrorKind,
    #[source]
    source: Option<reqwest::Error>,
}

/// The reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ErrorKind {
    /// A rule does not compile.
    #[error("{0}")]
    Rule(RuleError),
    /// The rules give no columns.
    #[error("{0}")]
    Columns(ColumnsError),
    /// A header has an invalid name or value.
    #[error(
        "`{0}` is not a valid header: a name consists of letters, digits and dashes, and a value has no line breaks"
    )]
    Header(String),
    /// The HTTP client cannot be set up.
    #[error("the HTTP client cannot be set up")]
    Client,
}

impl Error {
    /// The reason.
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

impl From<ColumnsError> for Error {
    fn from(error: ColumnsError) -> Self {
        Self { kind: ErrorKind::Columns(error), source: None }
    }
}
