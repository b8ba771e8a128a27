use std::error::Error;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Any error of a job, as text, so that it can travel from a worker to its parent.
///
/// For a [`Job`](crate::Job) whose output is a `Result`. Errors of the standard library and most others cannot be
/// serialized; this one keeps what they and their causes say:
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
    /// Takes an error, or a text that says what is wrong.
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

/// What an error and its causes say, with colons between.
pub(crate) fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
