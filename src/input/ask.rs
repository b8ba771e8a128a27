//! The questions of the reader to its caller: the reader opens no connection, and parses nothing that strangers wrote as
//! XML.

use std::fmt;

use bytes::Bytes;
use tokio::sync::oneshot::{self, Receiver};
use url::Url;

use crate::model::{Failure, ListingFile, Reach};

/// A sitemap that the reader needs. The reader waits until it is answered or dropped; if it is dropped, the reader ends.
pub struct Ask {
    /// The URL of the file, with its credentials.
    pub url: Url,
    /// What the file is.
    pub file: ListingFile,
    /// The bytes of the file, if it is not to be requested.
    pub bytes: Option<Bytes>,
    /// Where the URL comes from.
    pub reach: Reach,
    answer: oneshot::Sender<Answered>,
}

/// A sitemap, or why there is none.
pub type Answered = Result<Found, Failure>;

/// A sitemap that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The URL that answered after all redirects, without user name and password.
    pub url: String,
    /// Its entries: a [`Listing`](crate::model::Listing), as bytes.
    pub data: Bytes,
}

impl Ask {
    /// Also returns where the answer comes.
    pub(crate) fn new(url: Url, file: ListingFile, bytes: Option<Bytes>, reach: Reach) -> (Self, Receiver<Answered>) {
        let (answer, receiver) = oneshot::channel();
        (Self { url, file, bytes, reach, answer }, receiver)
    }

    /// Answers the reader.
    pub fn answer(self, answered: Answered) {
        // If the reader has ended, nobody needs the answer.
        self.answer.send(answered).ok();
    }
}

/// Leaves out the URL, because it may contain a password.
impl fmt::Debug for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ask").field("file", &self.file).finish_non_exhaustive()
    }
}
