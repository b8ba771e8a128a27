use std::io;
use std::path::{Path, PathBuf};

/// Why a run cannot have its cache. Found before the first request.
#[derive(Debug, thiserror::Error)]
#[error("open the cache {}: {kind}", path.display())]
pub struct Error {
    path: PathBuf,
    kind: ErrorKind,
}

/// What is wrong with it.
#[derive(Debug, thiserror::Error)]
pub enum ErrorKind {
    /// Another process has it open.
    #[error("another run uses it; wait for its end, or name another file (cache.path)")]
    Taken,
    /// The path is a folder's.
    #[error("it is a folder; name a file in it (cache.path)")]
    Folder,
    /// Another user may have prepared it, or may read it.
    #[error("{0}; a cache belongs to one user alone (chmod 600), or name another file (cache.path)")]
    Unsafe(String),
    /// It is something else, or damaged.
    #[error("it is no cache of Gleaner, or a damaged one ({0}); delete it, or name another file (cache.path)")]
    Foreign(String),
    /// The system says no.
    #[error("{0}; its folder must exist and be writable (cache.path)")]
    Io(io::Error),
}

impl Error {
    pub(super) fn new(path: &Path, kind: ErrorKind) -> Self {
        Self { path: path.to_owned(), kind }
    }

    /// What is wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }
}
