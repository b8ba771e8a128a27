use std::io;

/// Why a cookie file cannot be used. Contains no part of a cookie, because cookies are secrets.
#[derive(Debug, thiserror::Error)]
#[error("{context}")]
pub struct Error {
    kind: ErrorKind,
    context: String,
    #[source]
    source: Option<io::Error>,
}

/// What is wrong with the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// It cannot be read.
    Unreadable,
    /// A line is not a valid cookie.
    Malformed,
}

impl Error {
    /// What is wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    pub(super) fn unreadable(line: usize, source: io::Error) -> Self {
        Self { kind: ErrorKind::Unreadable, context: format!("read line {line}"), source: Some(source) }
    }

    pub(super) fn malformed(line: usize, reason: &str) -> Self {
        Self { kind: ErrorKind::Malformed, context: format!("line {line}: {reason}"), source: None }
    }
}
