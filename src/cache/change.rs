//! The changes that are written to the file.

use bytes::Bytes;

use super::head::Head;
use super::request::Key;

/// About how much memory a change uses in addition to its data, in bytes.
const OVERHEAD: usize = 512;

/// A change to the entry of a key.
#[derive(Debug)]
pub(super) enum Change {
    Page {
        key: Key,
        head: Head,
        data: Bytes,
    },
    /// Replaces the head and keeps the data.
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

    /// About how much memory it uses, in bytes.
    pub(super) fn bytes(&self) -> u64 {
        let data = if let Self::Page { data, .. } = self { data.len() } else { 0 };
        (OVERHEAD + self.key().bytes().len() + data) as u64
    }
}
