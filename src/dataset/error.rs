use std::io;

use crate::input;

/// Why an output of an earlier run cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{context}")]
pub struct Error {
    context: String,
    #[source]
    source: Option<Source>,
}

/// The cause of an [`Error`].
#[derive(Debug, thiserror::Error)]
enum Source {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    List(#[from] input::Error),
}

impl Error {
    pub(super) fn new(context: impl Into<String>) -> Self {
        Self { context: context.into(), source: None }
    }

    pub(super) fn because(mut self, source: io::Error) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The error for a list that needs the network. Commands refuse it before.
    pub(super) fn of_sitemaps() -> Self {
        Self { context: "compare the list with the older output: the list has a sitemap".to_owned(), source: None }
    }

    /// The error for a list that cannot be read.
    pub(super) fn of_list(error: input::Error) -> Self {
        Self { context: "compare the list with the older output".to_owned(), source: Some(error.into()) }
    }
}
