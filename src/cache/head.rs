//! The headers that are kept of an answer, and what follows from them. The time is an argument.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::header::{AGE, CACHE_CONTROL, DATE, EXPIRES, HeaderMap, HeaderName, HeaderValue, PRAGMA};
use http_cache_semantics::{BeforeRequest, CacheOptions, CachePolicy};
use serde::{Deserialize, Serialize};

use super::directives::{self, MOST_SECONDS};
use super::request::hash_values;
use super::{Kept, Validators};
use crate::model::{Fit, http_date};

/// The headers of responses that control this cache, in lower case. Workers must return them with each answer.
pub const KEPT_HEADERS: [&str; 9] =
    ["age", "cache-control", "date", "etag", "expires", "last-modified", "pragma", "set-cookie", "vary"];

/// The most bytes that the headers of an answer may have in all, without those that set cookies. An answer with more is
/// not kept.
const LONGEST: usize = 16 * 1024;

/// The most data of a page that is kept, in bytes. The coordinator computes its checksum and reads it on the only thread
/// that serves all hosts.
const MOST_DATA: usize = 4 << 20;

/// What each line adds to its name and its value (RFC 9113, 6.5.2).
const OF_A_LINE: usize = 32;

/// A private cache without heuristic freshness.
const OPTIONS: CacheOptions = CacheOptions {
    shared: false,
    cache_heuristic: 0.0,
    immutable_min_time_to_live: Duration::ZERO,
    ignore_cargo_cult: false,
};

/// The stored part of an answer, without its data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    /// When the answer arrived or was last confirmed: seconds since 1970.
    received: u64,
    /// The [`KEPT_HEADERS`] of the answer. Names are in lower case.
    headers: Vec<(String, String)>,
    /// The request headers that `Vary` names, and a hash of the values of each.
    varied: Vec<(String, Option<[u8; 16]>)>,
    /// The size of the decompressed body, in bytes.
    pub(super) bytes: u64,
    /// The CRC-32 of the data. It links the data to this head.
    pub(super) data: u32,
    /// How well the rules fit the page.
    pub(super) fit: Fit,
}

impl Head {
    /// The head of an answer to a request with the headers `request`. `None` if the answer must not be kept, or cannot
    /// be used: it is never fresh, and the server has no way to confirm it.
    pub(super) fn new(
        request: &HeaderMap,
        response: &[(String, String)],
        kept: &Kept,
        now: SystemTime,
    ) -> Option<Self> {
        let headers = response.iter().filter(|(name, _)| KEPT_HEADERS.contains(&name.as_str()));
        // These come first, because they limit the time for all that follows.
        if kept.data.len() > MOST_DATA {
            return None;
        }
        let sizes = headers.clone().filter(|(name, _)| name != "set-cookie");
        if sizes.map(|(name, value)| name.len() + value.len() + OF_A_LINE).sum::<usize>() > LONGEST {
            return None;
        }
        // Only the fact that the answer sets cookies matters. The cookies may be secret, so they are not kept.
        let headers = headers.map(|(name, value)| match name.as_str() {
            "set-cookie" => (name.clone(), String::new()),
            _ => (name.clone(), value.clone()),
        });
        let mut headers: Vec<_> = headers.collect();
        headers.dedup();
        let (bytes, data, fit) = (kept.bytes, crc32fast::hash(&kept.data), kept.fit.clone());
        Self { received: 0, headers, varied: Vec::new(), bytes, data, fit }.received(request, now)
    }

    /// The head of an answer that arrived now, for a request with these headers. `None` as in [`Self::new`].
    fn received(mut self, request: &HeaderMap, now: SystemTime) -> Option<Self> {
        self.received = since_1970(now);
        let age = self.corrected_age(now);
        self.headers.retain(|(name, _)| name != "age");
        if age > 0 {
            self.headers.push(("age".to_owned(), age.to_string()));
        }
        if self.vary_names().any(|name| name == "*") {
            return None;
        }
        self.varied = self.vary_names().map(|name| (name.to_ascii_lowercase(), hash_values(request, name))).collect();
        let is_kept = self.policy(request).is_storable();
        // This concerns later requests; the headers of this one may require that the server is asked.
        let is_of_use = || self.validators().is_some() || self.is_fresh(&HeaderMap::new(), now);
        (is_kept && is_of_use()).then_some(self)
    }

    /// Whether this answer may be used for requests with these headers (RFC 9111, 4.1).
    pub(super) fn matches(&self, request: &HeaderMap) -> bool {
        self.varied.iter().all(|(name, values)| hash_values(request, name) == *values)
    }

    /// Whether the answer is valid without asking the server (RFC 9111, 4.2), and the request does not require that the
    /// server is asked (5.2.1).
    pub(super) fn is_fresh(&self, request: &HeaderMap, now: SystemTime) -> bool {
        // A private cache could use the answer. But cookies last for one run only, and this run would not get them.
        if self.value("set-cookie").is_some() {
            return false;
        }
        // The clock was wrong then, or is wrong now, so the age of the answer is unknown.
        if self.received > since_1970(now) {
            return false;
        }
        let says_how_long = ["cache-control", "expires"].iter().any(|name| self.value(name).is_some());
        says_how_long && matches!(self.policy(request).before_request(&steering(request), now), BeforeRequest::Fresh(_))
    }

    /// The headers with which the server can confirm this answer (RFC 9111, 4.3.1); `None` if it cannot.
    pub(super) fn validators(&self) -> Option<Validators> {
        let can_be_sent = |value: &&str| !value.is_empty() && HeaderValue::from_str(value).is_ok() && value.is_ascii();
        let validator = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let tag = self.value("etag").filter(can_be_sent).map(|tag| validator("if-none-match", tag));
        let date = self.value("last-modified").filter(can_be_sent).filter(|date| self.is_past(date));
        let validators: Vec<_> = tag.into_iter().chain(date.map(|date| validator("if-modified-since", date))).collect();
        (!validators.is_empty()).then_some(Validators(validators))
    }

    /// Whether a 304 with these headers is about this answer (RFC 9111, 4.3.4). A 304 without validators is about the
    /// answer that the request asked about.
    pub(super) fn is_selected_by(&self, response: &[(String, String)]) -> bool {
        let of = |name| response.iter().find(|(other, _)| other == name).map(|(_, value)| value.trim());
        let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        match (of("etag"), self.value("etag")) {
            (Some(new), Some(old)) => opaque(new) == opaque(old),
            (Some(new), None) if !new.starts_with("W/") => false,
            _ => of("last-modified").is_none_or(|new| self.value("last-modified").is_none_or(|old| old.trim() == new)),
        }
    }

    /// The head after a 304 with these headers (RFC 9111, 3.2). They replace the old headers of the same name. `None`
    /// if the answer must no longer be kept.
    pub(super) fn updated(
        mut self,
        request: &HeaderMap,
        response: &[(String, String)],
        now: SystemTime,
    ) -> Option<Self> {
        // The age of the previous answer says nothing about this one.
        let is_replaced = |name: &str| name == "age" || name == "date" || response.iter().any(|(new, _)| new == name);
        self.headers.retain(|(name, _)| !is_replaced(name));
        let kept = Kept { bytes: self.bytes, data: bytes::Bytes::new(), fit: self.fit.clone() };
        let headers: Vec<_> = self.headers.iter().chain(response).cloned().collect();
        Some(Self { data: self.data, ..Self::new(request, &headers, &kept, now)? })
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    fn vary_names(&self) -> impl Iterator<Item = &str> {
        let vary = self.headers.iter().filter(|(name, _)| name == "vary");
        vary.flat_map(|(_, value)| value.split(',')).map(str::trim).filter(|name| !name.is_empty())
    }

    /// Whether the date is at least one second before the answer was sent. Otherwise the page may have changed again in
    /// the same second, unnoticed (RFC 9110, 8.8.2.2).
    fn is_past(&self, last_modified: &str) -> bool {
        let sent = self.value("date").and_then(|date| self.date(date)).unwrap_or(self.received_at());
        self.date(last_modified).is_some_and(|changed| changed + Duration::from_secs(1) <= sent)
    }

    pub(super) fn received_at(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.received)
    }

    fn date(&self, text: &str) -> Option<SystemTime> {
        http_date(text, self.received_at())
    }

    /// The age when it arrived, in seconds (RFC 9111, 4.2.3; without the response delay).
    fn corrected_age(&self, now: SystemTime) -> u64 {
        // The first value of a list counts. A value that is not a valid age is ignored (RFC 9111, 5.1).
        let age = self.value("age").and_then(|age| age.split(',').next()).map(str::trim);
        let said = age.and_then(directives::seconds).unwrap_or(0);
        let date = self.value("date").and_then(|date| self.date(date));
        let apparent = date.and_then(|date| now.duration_since(date).ok()).map_or(0, |age| age.as_secs());
        said.max(apparent).min(MOST_SECONDS)
    }

    fn policy(&self, request: &HeaderMap) -> CachePolicy {
        let mut response = http::Response::new(());
        let headers = response.headers_mut();
        let of = |wanted: &'static str| {
            self.headers.iter().filter(move |(name, _)| name == wanted).map(|(_, value)| value.as_str())
        };
        if of("cache-control").next().is_some() {
            headers.insert(CACHE_CONTROL, header(&directives::plain(of("cache-control"))));
        }
        for value in of("pragma") {
            headers.append(PRAGMA, header(&value.to_ascii_lowercase()));
        }
        // The crate reads only one of the three date formats. A value that is not a valid date means that the answer
        // has expired (RFC 9111, 5.3).
        if let Some(expires) = of("expires").next() {
            headers.insert(EXPIRES, header(&self.date(expires).map_or("0".to_owned(), httpdate::fmt_http_date)));
        }
        if let Some(date) = of("date").next().and_then(|date| self.date(date)) {
            headers.insert(DATE, header(&httpdate::fmt_http_date(date)));
        }
        if let Some(age) = of("age").next() {
            headers.insert(AGE, header(age));
        }
        CachePolicy::new_options(&steering(request), &response, self.received_at(), OPTIONS)
    }
}

/// The headers of a request that control caches, in a request with a fixed URL: the key already tells requests apart.
fn steering(request: &HeaderMap) -> http::Request<()> {
    let mut steering = http::Request::new(());
    let of = |name: HeaderName| -> Vec<String> {
        request.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
    };
    let control = of(CACHE_CONTROL);
    if !control.is_empty() {
        let control = directives::plain(control.iter().map(String::as_str));
        steering.headers_mut().insert(CACHE_CONTROL, header(&control));
    }
    for pragma in of(PRAGMA) {
        steering.headers_mut().append(PRAGMA, header(&pragma.to_ascii_lowercase()));
    }
    steering
}

/// A value that is not a valid header value becomes empty.
fn header(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).unwrap_or(HeaderValue::from_static(""))
}

fn since_1970(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
#[path = "head_tests.rs"]
mod tests;
