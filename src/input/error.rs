use std::io;

/// Why a list cannot be read, or not to its end.
#[derive(Debug, thiserror::Error)]
#[error("{context}")]
pub struct Error {
    kind: ErrorKind,
    context: String,
    #[source]
    source: Option<io::Error>,
}

/// What an [`Error`] means for the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The list cannot be used. Found by `Input::open`, or before the first task was delivered.
    Unusable,
    /// The list could not be read to its end. The tasks before the error were delivered.
    BrokenOff,
    /// The list is not the one that an earlier run read. Nothing was delivered.
    Changed,
}

impl Error {
    /// What this error means for the run.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    pub(super) fn new(kind: ErrorKind, context: impl Into<String>) -> Self {
        Self { kind, context: context.into(), source: None }
    }

    pub(super) fn because(mut self, source: io::Error) -> Self {
        self.source = Some(source);
        self
    }
}
