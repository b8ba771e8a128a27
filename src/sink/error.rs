use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why records cannot be written.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{context}")]
pub struct Error {
    kind: ErrorKind,
    context: String,
    #[source]
    source: Option<Arc<io::Error>>,
    kept: Option<PathBuf>,
}

/// What an [`Error`] means for the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Found by `Sink::open`, before anything was written.
    Unusable,
    /// The reader of the output has closed it and needs no more records. The run may end quietly.
    Closed,
    /// The output cannot be written any more. The records written before stay.
    Io,
}

impl Error {
    /// What this error means for the run.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The `.part` that a later run can resume, if there is one.
    pub fn kept(&self) -> Option<&Path> {
        self.kept.as_deref()
    }

    pub(super) fn keeping(mut self, part: Option<PathBuf>) -> Self {
        self.kept = part;
        self
    }

    pub(super) fn unusable(context: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Unusable, context: context.into(), source: None, kept: None }
    }

    pub(super) fn closed(context: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Closed, context: context.into(), source: None, kept: None }
    }

    pub(super) fn io(context: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Io, context: context.into(), source: None, kept: None }
    }

    pub(super) fn because(mut self, source: io::Error) -> Self {
        self.source = Some(Arc::new(source));
        self
    }
}
