//! What an archive keeps of a request: its head, the head of the response, and the body as it was sent.
//!
//! The HTTP client has parsed the heads, so they are written anew: names of headers are in lower case, and headers that
//! are not valid are missing. It has also removed the chunks of the body, so the head must not announce them any more.
//!
//! An archive is given to others, so it has no secrets of the user: of the headers of a request, it keeps those that
//! any server may see, and neither cookies nor credentials. The response is kept whole, with the cookies that it sets.

use std::net::IpAddr;
use std::time::SystemTime;

use bytes::Bytes;
use hyper::ext::ReasonPhrase;
use reqwest::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING};
use reqwest::{Response, StatusCode, Version};
use url::{Position, Url};

use super::framing;
use crate::warc::write::{self, Truncated};

/// A request and its response, while the body is read.
#[derive(Debug)]
pub(in crate::scrape) struct Exchange {
    id: u128,
    url: Url,
    date: SystemTime,
    address: Option<IpAddr>,
    version: Version,
    status: StatusCode,
    reason: Option<ReasonPhrase>,
    /// The headers of the request that the archive keeps.
    request: HeaderMap,
    headers: HeaderMap,
    body: Vec<u8>,
    /// The most bytes of the body that are kept.
    most: u64,
    /// The length that the head of an HTTP/1 response announces. HTTP/2 marks the end itself.
    announced: Option<u64>,
    end: End,
}

/// How far the body has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// There may be more.
    Open,
    Whole,
    /// Nothing more can be read.
    Cut(Truncated),
}

impl Exchange {
    /// An exchange whose response has begun. `url` is the requested URL without credentials, `request` are the headers
    /// of the request that the archive keeps. `through_proxy`: whether a proxy sent the response, so that the address
    /// of the server is not known.
    pub(super) fn begun(
        id: u128,
        url: &Url,
        request: HeaderMap,
        response: &Response,
        through_proxy: bool,
        most: u64,
    ) -> Self {
        let version = response.version();
        Self {
            id,
            url: url.clone(),
            date: SystemTime::now(),
            address: response.remote_addr().filter(|_| !through_proxy).map(|address| address.ip()),
            version,
            status: response.status(),
            reason: response.extensions().get::<ReasonPhrase>().cloned(),
            request,
            headers: response.headers().clone(),
            body: Vec::new(),
            most,
            announced: response.content_length().filter(|_| version <= Version::HTTP_11),
            end: End::Open,
        }
    }

    /// Sets the most bytes of the body that are kept. Nothing of the body may have been read.
    pub(super) fn keep_up_to(&mut self, most: u64) {
        self.most = most;
    }

    /// Appends a piece of the body.
    pub(super) fn add(&mut self, piece: &[u8]) {
        let room = usize::try_from(self.most).unwrap_or(usize::MAX) - self.body.len();
        if piece.len() > room {
            self.end(End::Cut(Truncated::Length));
        }
        self.body.extend_from_slice(&piece[..piece.len().min(room)]);
    }

    /// Notes how the body ended. The first end counts.
    pub(super) fn end(&mut self, end: End) {
        if self.end == End::Open {
            self.end = end;
        }
    }

    /// Whether there is more of the body, as far as the archive keeps it.
    pub(super) fn wants_more(&self) -> bool {
        let is_too_long = self.announced.is_some_and(|length| length > self.most);
        self.end == End::Open && !self.is_all() && !is_too_long && (self.body.len() as u64) < self.most
    }

    fn is_all(&self) -> bool {
        self.announced == Some(self.body.len() as u64)
    }

    /// The number of bytes of the body so far.
    pub(in crate::scrape) fn length(&self) -> usize {
        self.body.len()
    }

    /// The records of the exchange as members of an archive.
    pub(in crate::scrape) fn members(&self) -> Bytes {
        let truncated = match self.end {
            End::Cut(why) => Some(why),
            End::Open if !self.is_all() => Some(Truncated::Length),
            End::Open | End::Whole => None,
        };
        let mut url = self.url.clone();
        url.set_fragment(None);
        let members = write::exchange(&write::Exchange {
            id: self.id,
            url: url.as_str(),
            date: self.date,
            address: self.address,
            is_http2: self.version == Version::HTTP_2,
            request: &self.request_head(),
            response: &self.response_head(),
            body: &self.body,
            truncated,
        });
        members.into()
    }

    /// Proxies get the whole URL in this place, but the archive has the request as the server gets it.
    fn request_head(&self) -> Vec<u8> {
        let target = &self.url[Position::BeforePath..Position::AfterQuery];
        let mut head = format!("GET {target} HTTP/1.1\r\n").into_bytes();
        line(&mut head, "host", self.url[Position::BeforeHost..Position::AfterPort].as_bytes());
        for (name, value) in &self.request {
            line(&mut head, name.as_str(), value.as_bytes());
        }
        head.extend_from_slice(b"\r\n");
        head
    }

    fn response_head(&self) -> Vec<u8> {
        // HTTP/2 has neither a line for the status nor words for it.
        let version = if self.version == Version::HTTP_10 { "HTTP/1.0" } else { "HTTP/1.1" };
        let words = self.reason.as_ref().map(ReasonPhrase::as_bytes);
        let words = words.or(self.status.canonical_reason().map(str::as_bytes)).unwrap_or_default();
        let mut head = format!("{version} {} ", self.status.as_u16()).into_bytes();
        head.extend_from_slice(words);
        head.extend_from_slice(b"\r\n");
        // These never have a body (RFC 9112, 6.3), so a length is that of another response.
        let has_body = !matches!(self.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        let is_framing = |name: &HeaderName| has_body && (*name == CONTENT_LENGTH || *name == TRANSFER_ENCODING);
        for (name, value) in self.headers.iter().filter(|(name, _)| !is_framing(name)) {
            line(&mut head, name.as_str(), value.as_bytes());
        }
        if has_body {
            for coding in framing::tokens(&self.headers, &TRANSFER_ENCODING) {
                // The client undoes only `chunked`. The body still has the others, applied after the content codings.
                if !matches!(coding.as_str(), "" | "chunked" | "identity") && HeaderValue::from_str(&coding).is_ok() {
                    line(&mut head, CONTENT_ENCODING.as_str(), coding.as_bytes());
                }
            }
            line(&mut head, CONTENT_LENGTH.as_str(), self.body.len().to_string().as_bytes());
        }
        head.extend_from_slice(b"\r\n");
        head
    }
}

/// Appends a header.
fn line(head: &mut Vec<u8>, name: &str, value: &[u8]) {
    head.extend_from_slice(name.as_bytes());
    head.extend_from_slice(b": ");
    head.extend_from_slice(value);
    head.extend_from_slice(b"\r\n");
}
