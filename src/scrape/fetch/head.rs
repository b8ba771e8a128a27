//! What follows from a status and headers, before any of the body.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::SystemTime;

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, LOCATION, REFRESH, RETRY_AFTER};
use url::Url;

use super::retry_after::retry_after;
use crate::model::{Failure, FailureKind, Retry, Stage, Visit, parse_url, shown_url};
use crate::scrape::media_type;
use crate::scrape::refresh::Refresh;
use crate::scrape::settings::FetchSettings;

/// The head of an answer, and what was asked.
pub(super) struct Head<'a> {
    /// With credentials.
    pub(super) url: &'a Url,
    /// Without.
    pub(super) shown: &'a Url,
    pub(super) status: StatusCode,
    pub(super) headers: &'a HeaderMap,
    pub(super) settings: &'a FetchSettings,
}

impl Head<'_> {
    /// Where the answer points to, if it is a redirect (WHATWG Fetch: 301, 302, 303, 307, 308 with a `Location`).
    ///
    /// The new URL takes over the fragment of the old one where it has none of its own, and its user name and password
    /// where `Location` is relative, as in browsers.
    pub(super) fn next_hop(&self) -> Result<Option<Url>, Failure> {
        if !matches!(self.status.as_u16(), 301 | 302 | 303 | 307 | 308) {
            return Ok(None);
        }
        let Some(location) = self.headers.get(LOCATION) else { return Ok(None) };
        let location = as_ascii(location.as_bytes());
        let Ok(mut next) = parse_url(&location, Some(self.url)) else {
            let location = excerpt(location.rsplit('@').next().unwrap_or_default());
            let message = format!("follow the redirect of {}: `{location}` is no URL", shown_url(self.shown));
            return Err(Failure::new(FailureKind::Protocol, Stage::Fetch, message));
        };
        if !matches!(next.scheme(), "http" | "https") {
            let message = format!(
                "follow the redirect of {}: it leads to a {} URL, and only http and https are fetched",
                shown_url(self.shown),
                excerpt(next.scheme())
            );
            return Err(Failure::new(FailureKind::Protocol, Stage::Fetch, message));
        }
        if next.fragment().is_none() {
            next.set_fragment(self.url.fragment());
        }
        Ok(Some(next))
    }

    /// What the answer's `Refresh` header says, where the settings have it followed. It is there before the page, so a
    /// `<base>` does not count for it, and it counts before any `<meta>`.
    pub(super) fn refresh(&self) -> Refreshed {
        if !self.settings.meta_refresh {
            return Refreshed::No;
        }
        let values = self.headers.get_all(REFRESH).iter().map(|value| as_ascii(value.as_bytes()));
        for value in values {
            let Some(refresh) = Refresh::read(&value) else { continue };
            let target = refresh.target(self.url, |link| parse_url(link, Some(self.url)).ok());
            return target.map_or(Refreshed::Stays, Refreshed::Elsewhere);
        }
        Refreshed::No
    }

    /// Whether the answer says that the page is what the validators of the visit speak of. The settings may have some,
    /// too, of which nobody here knows what they speak of.
    pub(super) fn confirms(&self, visit: &Visit) -> bool {
        let is_validator = |name: &str| matches!(name, "if-none-match" | "if-modified-since");
        self.status == StatusCode::NOT_MODIFIED && visit.headers.iter().any(|(name, _)| is_validator(name))
    }

    /// Why the status is no page's.
    pub(super) fn refusal(&self) -> Option<Failure> {
        if self.status.is_informational() {
            // The others among them are no answers yet, and the client waits on.
            let message =
                format!("get {}: the server switched to a protocol that nobody asked for", shown_url(self.shown));
            return Some(Failure::new(FailureKind::Protocol, Stage::Fetch, message));
        }
        if self.status.as_u16() < 400 {
            return None;
        }
        let reason = self.status.canonical_reason().map(|reason| format!(" {reason}")).unwrap_or_default();
        let message = format!("get {}: the server answered {}{reason}", shown_url(self.shown), self.status.as_u16());
        let failure = Failure::new(FailureKind::HttpStatus, Stage::Fetch, message);
        Some(Failure { retry: self.retry(), ..failure })
    }

    fn retry(&self) -> Retry {
        if !self.settings.retry_statuses.contains(&self.status.as_u16()) {
            return Retry::No;
        }
        let header = self.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        header.and_then(|value| retry_after(value, SystemTime::now())).map_or(Retry::Yes, Retry::After)
    }
}

/// Why a body is no page. `says` is what tells its type.
pub(super) fn no_page(shown: &Url, says: &str, essence: &str) -> Failure {
    let way_out = if media_type::is_json(&essence.to_ascii_lowercase()) {
        "selectors find nothing in JSON: list the HTML page that shows the same, or ask for HTML with a header (-H \
         \"Accept: text/html\"); for the JSON itself, curl and jq will do"
    } else {
        "pages are text or XML; if it is one all the same, name its type in `fetch.content_types`"
    };
    let message = format!("read {} as a page: {says} `{}`, and {way_out}", shown_url(shown), excerpt(essence));
    Failure::new(FailureKind::ContentType, Stage::Fetch, message)
}

/// Where an answer leads by itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refreshed {
    /// It does not say.
    No,
    /// It stays where it is, or leaves too late for a redirect.
    Stays,
    Elsewhere(Url),
}

/// The beginning of what a server said, for messages: a header may be as long as some hundred kilobytes.
pub(super) fn excerpt(text: &str) -> Cow<'_, str> {
    const LONGEST: usize = 100;
    match text.char_indices().nth(LONGEST) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
    }
}

/// A header as text: what is not ASCII is escaped byte by byte, which is what a URL makes of UTF-8 anyway.
fn as_ascii(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        if byte.is_ascii() {
            text.push(char::from(*byte));
        } else {
            write!(text, "%{byte:02X}").expect("a string takes all text");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::StatusCode;
    use reqwest::header::{HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
    use url::Url;

    use super::{Failure, Head};
    use crate::model::whatwg::{self, other_scheme};
    use crate::model::{FailureKind, Reach, Retry, Visit, without_credentials};
    use crate::scrape::media_type::MediaType;
    use crate::scrape::settings::sample as settings;

    fn next_hop(from: &str, status: u16, location: Option<&[u8]>) -> Result<Option<String>, Failure> {
        let mut headers = HeaderMap::new();
        if let Some(location) = location {
            headers.insert(LOCATION, HeaderValue::from_bytes(location).expect("a header"));
        }
        let url = Url::parse(from).expect("a URL");
        let shown = without_credentials(&url);
        let status = StatusCode::from_u16(status).expect("a status");
        let hop = Head { url: &url, shown: &shown, status, headers: &headers, settings: &settings() }.next_hop()?;
        Ok(hop.map(String::from))
    }

    #[test]
    fn what_is_no_page_says_what_to_do_and_json_is_not_sent_to_a_setting_that_refuses_it() {
        let url = Url::parse("http://h/a").expect("a URL");
        let setting = "name its type in `fetch.content_types`";
        let table = [
            ("application/json", "selectors find nothing in JSON"),
            ("Application/LD+JSON; charset=utf-8", "selectors find nothing in JSON"),
            ("text/json", "selectors find nothing in JSON"),
            ("application/pdf", setting),
            ("image/png", setting),
        ];
        for (content_type, part) in table {
            let MediaType { essence, .. } = MediaType::extract(content_type).expect("a type");
            let message = super::no_page(&url, "its type is", &essence).message;
            assert!(message.contains(part), "{content_type}: {message}");
            assert_eq!(message.contains(setting), part == setting, "{content_type}: {message}");
        }
    }

    #[test]
    fn redirects_lead_where_browsers_go() {
        type Case = (&'static str, u16, Option<&'static [u8]>, Option<&'static str>);
        let cases: [Case; 14] = [
            ("http://h/a/b", 301, Some(b"c"), Some("http://h/a/c")),
            ("http://h/a", 301, Some(b"///i/b"), Some("http://i/b")),
            ("http://h/a", 301, Some(b"/b^c"), Some("http://h/b%5Ec")),
            ("http://h/a", 302, Some(b"//i/"), Some("http://i/")),
            ("http://h/a", 303, Some(b"https://i"), Some("https://i/")),
            ("http://h/a#f", 307, Some(b"/b"), Some("http://h/b#f")),
            ("http://h/a#f", 308, Some(b"/b#g"), Some("http://h/b#g")),
            ("http://u:p@h/a", 302, Some(b"/b"), Some("http://u:p@h/b")),
            ("http://u:p@h/a", 302, Some(b"http://h/b"), Some("http://h/b")),
            ("http://h/", 302, Some("/é".as_bytes()), Some("http://h/%C3%A9")),
            ("http://h/", 302, Some(b"/\xe9"), Some("http://h/%E9")),
            ("http://h/", 302, None, None),
            ("http://h/", 304, Some(b"/b"), None),
            ("http://h/", 201, Some(b"/b"), None),
        ];
        for (from, status, location, to) in cases {
            assert_eq!(next_hop(from, status, location), Ok(to.map(str::to_owned)), "{from} {status} {location:?}");
        }
    }

    #[test]
    fn locations_mean_what_the_test_data_of_the_url_standard_says() {
        let mut tried = 0;
        for (location, base, url) in whatwg::cases() {
            let base = base.unwrap_or_else(|| other_scheme(&location).to_owned());
            // A fragment of the base is taken over, and a header cannot hold every character.
            let from = base.split('#').next().unwrap_or_default();
            let is_relative = !location.trim().to_ascii_lowercase().starts_with("http");
            let is_other_case = !from.starts_with("http") || (url.is_none() && is_relative);
            if is_other_case || HeaderValue::from_bytes(location.as_bytes()).is_err() {
                continue;
            }
            let hop = next_hop(from, 302, Some(location.as_bytes()));
            assert_eq!(hop.ok().flatten(), url, "{location:?} on {from}");
            tried += 1;
        }
        assert!(tried > 250, "these are not all cases: {tried}");
    }

    #[test]
    fn a_redirect_to_nowhere_is_a_protocol_failure() {
        for location in ["http://[", "http://u:secret@[", "mailto:a@b", "ftp://h/", "javascript:1"] {
            let failure = next_hop("http://u:secret@h/", 302, Some(location.as_bytes())).expect_err(location);
            assert_eq!((failure.kind, failure.retry), (FailureKind::Protocol, Retry::No), "{location}");
            assert!(!failure.message.contains("secret"), "{}", failure.message);
        }
    }

    #[test]
    fn only_a_visit_that_brings_validators_is_told_that_nothing_has_changed() {
        let tag = ("if-none-match", "\"a\"");
        let table = [
            (304, vec![tag], true),
            (304, vec![("cookie", "a=b"), ("if-modified-since", "Thu, 01 Jan 2026 00:00:00 GMT")], true),
            (304, vec![("cookie", "a=b")], false),
            (304, vec![], false),
            (200, vec![tag], false),
        ];
        let url = Url::parse("http://h/").expect("a URL");
        for (status, own, expected) in table {
            let mut visit = Visit::new(url.clone(), Reach::Listed);
            visit.headers = own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let status = StatusCode::from_u16(status).expect("a status");
            let head = Head { url: &url, shown: &url, status, headers: &HeaderMap::new(), settings: &settings() };
            assert_eq!(head.confirms(&visit), expected, "{status} {own:?}");
        }
    }

    #[test]
    fn passing_troubles_may_be_retried() {
        let cases = [
            (200, None, None),
            (399, None, None),
            (404, Some("5"), Some(Retry::No)),
            (408, None, Some(Retry::Yes)),
            (429, Some("5"), Some(Retry::After(Duration::from_secs(5)))),
            (500, Some("soon"), Some(Retry::Yes)),
            (501, None, Some(Retry::No)),
            (503, Some("Thu, 01 Jan 1970 00:00:00 GMT"), Some(Retry::After(Duration::ZERO))),
            (524, None, Some(Retry::Yes)),
            (599, None, Some(Retry::No)),
        ];
        let url = Url::parse("http://h/").expect("a URL");
        for (status, after, retry) in cases {
            let mut headers = HeaderMap::new();
            if let Some(after) = after {
                headers.insert(RETRY_AFTER, HeaderValue::from_static(after));
            }
            let status = StatusCode::from_u16(status).expect("a status");
            let refusal = Head { url: &url, shown: &url, status, headers: &headers, settings: &settings() }.refusal();
            assert_eq!(refusal.map(|failure| failure.retry), retry, "{status}");
        }
    }
}
