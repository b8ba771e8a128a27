use std::error::Error;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Any error of a job, as text. So it can be sent from a worker to its parent.
///
/// It is for a [`Job`](crate::Job) whose output is a `Result`. Most errors cannot be serialized, including those of the
/// standard library. This type keeps the text of an error and of its causes:
///
/// ```
/// use gleaner_pool::RemoteError;
///
/// fn parse(text: &str) -> Result<u64, RemoteError> {
///     text.parse().map_err(RemoteError::new)
/// }
/// assert_eq!(parse("x").unwrap_err().to_string(), "invalid digit found in string");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RemoteError(String);

impl RemoteError {
    /// Makes a `RemoteError` from another error or from a text.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(with_causes(&*error.into()))
    }
}

impl fmt::Display for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for RemoteError {}

/// Returns the text of an error and of its causes, separated by colons.
pub(crate) fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
