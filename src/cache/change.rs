//! What is written.

use bytes::Bytes;

use super::head::Head;
use super::request::Key;

/// What one takes of memory beside its data, about.
const OVERHEAD: usize = 512;

/// What is to be kept under a key from now on.
#[derive(Debug)]
pub(super) enum Change {
    Page {
        key: Key,
        head: Head,
        data: Bytes,
    },
    /// The data stays as it is.
    Head {
        key: Key,
        head: Head,
    },
    Nothing {
        key: Key,
    },
}

impl Change {
    pub(super) fn key(&self) -> &Key {
        match self {
            Self::Page { key, .. } | Self::Head { key, .. } | Self::Nothing { key } => key,
        }
    }

    /// What it takes of memory, about.
    pub(super) fn bytes(&self) -> u64 {
        let data = if let Self::Page { data, .. } = self { data.len() } else { 0 };
        (OVERHEAD + self.key().bytes().len() + data) as u64
    }
}
