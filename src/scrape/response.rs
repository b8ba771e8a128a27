//! A response that is kept, to read it again.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use reqwest::header::{CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING};
use serde::{Deserialize, Serialize};

use super::fetch::FetchedPage;

/// The response to a request for a page. A worker sends it as one line of JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The URL that answered after all redirects, without user name and password.
    pub url: String,
    /// The HTTP status.
    pub status: u16,
    /// When the head arrived, in seconds since 1970, by the clock of the worker.
    pub fetched_at: u64,
    /// The headers in the order in which they came, without those that describe how the body was sent. Bytes above 0x7F
    /// are Latin-1.
    pub headers: Vec<(String, String)>,
    /// The decompressed body, as Base64.
    body: String,
}

impl Response {
    pub(super) fn of(page: &FetchedPage) -> Self {
        let how_it_was_sent = [CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING];
        let headers = page.headers.iter().filter(|(name, _)| !how_it_was_sent.contains(name));
        let headers = headers
            .map(|(name, value)| (name.to_string(), encoding_rs::mem::decode_latin1(value.as_bytes()).into_owned()));
        let fetched_at =
            page.fetched_at.and_then(|at| at.duration_since(UNIX_EPOCH).ok()).map_or(0, |since| since.as_secs());
        let body = STANDARD.encode(&page.body);
        Self { url: page.url.to_string(), status: page.status, fetched_at, headers: headers.collect(), body }
    }

    pub(super) fn to_line(&self) -> Bytes {
        let mut line = serde_json::to_vec(self).expect("texts and numbers can be written");
        crate::model::escape_controls(&mut line, 0);
        line.into()
    }

    /// When the head arrived.
    pub fn fetched_at(&self) -> SystemTime {
        UNIX_EPOCH + std::time::Duration::from_secs(self.fetched_at)
    }

    /// Returns the body. `None` if it is not valid Base64.
    pub fn body(&self) -> Option<Vec<u8>> {
        STANDARD.decode(&self.body).ok()
    }
}
