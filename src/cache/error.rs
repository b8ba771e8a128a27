use std::io;
use std::path::{Path, PathBuf};

/// Why a run cannot open its cache. Detected before the first request.
#[derive(Debug, thiserror::Error)]
#[error("open the cache {}: {kind}", path.display())]
pub struct Error {
    path: PathBuf,
    kind: ErrorKind,
}

/// What is wrong with the file.
#[derive(Debug, thiserror::Error)]
pub enum ErrorKind {
    /// Another process has it open.
    #[error("another run uses it; wait for its end, or name another file (cache.path)")]
    Taken,
    /// The path is a folder.
    #[error("it is a folder; name a file in it (cache.path)")]
    Folder,
    /// Another user may have prepared it, or may read it.
    #[error("{0}; a cache belongs to one user alone (chmod 600), or name another file (cache.path)")]
    Unsafe(String),
    /// It is another kind of file, or it is damaged.
    #[error("it is not a cache of Gleaner, or it is damaged ({0}); delete it, or name another file (cache.path)")]
    Foreign(String),
    /// The system reports an error.
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
