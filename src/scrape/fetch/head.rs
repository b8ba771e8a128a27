//! Decides from the status and headers of an answer, before the body is read.

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

/// The head of an answer, and its request.
pub(super) struct Head<'a> {
    /// The requested URL with credentials.
    pub(super) url: &'a Url,
    /// The requested URL without credentials.
    pub(super) shown: &'a Url,
    pub(super) status: StatusCode,
    pub(super) headers: &'a HeaderMap,
    pub(super) settings: &'a FetchSettings,
}

impl Head<'_> {
    /// Returns the target of a redirect (WHATWG Fetch: 301, 302, 303, 307, 308 with a `Location`).
    ///
    /// As in browsers, the new URL inherits the fragment of the old one if it has none. If `Location` is relative, it
    /// also inherits the user name and password.
    pub(super) fn next_hop(&self) -> Result<Option<Url>, Failure> {
        if !matches!(self.status.as_u16(), 301 | 302 | 303 | 307 | 308) {
            return Ok(None);
        }
        let Some(location) = self.headers.get(LOCATION) else { return Ok(None) };
        let location = as_ascii(location.as_bytes());
        let Ok(mut next) = parse_url(&location, Some(self.url)) else {
            let location = excerpt(location.rsplit('@').next().unwrap_or_default());
            let message = format!("follow the redirect of {}: `{location}` is not a valid URL", shown_url(self.shown));
            return Err(Failure::new(FailureKind::Protocol, Stage::Fetch, message));
        };
        if !matches!(next.scheme(), "http" | "https") {
            let message = format!(
                "follow the redirect of {}: it leads to a {} URL, but only http and https are fetched",
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

    /// Reads the `Refresh` header, if the settings follow it. The header precedes the page, so a `<base>` does not
    /// apply to it, and it takes precedence over any `<meta>`.
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

    /// Whether the answer confirms the version that the visit's own validators name. Validators in the settings do not
    /// count, because it is unknown which version they name.
    pub(super) fn confirms(&self, visit: &Visit) -> bool {
        let is_validator = |name: &str| matches!(name, "if-none-match" | "if-modified-since");
        self.status == StatusCode::NOT_MODIFIED && visit.headers.iter().any(|(name, _)| is_validator(name))
    }

    /// Makes the failure of a stored answer that leads to `to`.
    pub(super) fn stored_redirect(&self, to: &Url) -> Failure {
        let message = format!(
            "read {}: its stored answer is a redirect ({}) to {}, which is not followed; the list may have the answer of \
             that URL, too",
            shown_url(self.shown),
            self.status.as_u16(),
            shown_url(to)
        );
        Failure::new(FailureKind::HttpStatus, Stage::Fetch, message)
    }

    /// Returns the failure of a status that does not come with a page.
    pub(super) fn refusal(&self) -> Option<Failure> {
        if self.status.is_informational() {
            // This is 101. Other 1xx statuses are not final, and the client waits for the next answer.
            let message =
                format!("get {}: the server switched to another protocol without being asked", shown_url(self.shown));
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

/// Makes the failure for a body that is not a page. `says` names the source of its type.
pub(super) fn no_page(shown: &Url, says: &str, essence: &str) -> Failure {
    let way_out = if media_type::is_json(&essence.to_ascii_lowercase()) {
        "no rule reads JSON: add a rule such as title = { json = \"$.title\" }, or request HTML with a header (-H \
         \"Accept: text/html\")"
    } else {
        "only text and XML are read as pages; to read this type too, add it to `fetch.content_types`"
    };
    let message = format!("read {} as a page: {says} `{}`, but {way_out}", shown_url(shown), excerpt(essence));
    Failure::new(FailureKind::ContentType, Stage::Fetch, message)
}

/// The effect of the `Refresh` headers.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refreshed {
    /// There is no valid `Refresh` header.
    No,
    /// The page stays, or the refresh comes too late for a redirect.
    Stays,
    Elsewhere(Url),
}

/// Shortens a text from a server for messages: a header may be some hundred kilobytes long.
pub(super) fn excerpt(text: &str) -> Cow<'_, str> {
    const LONGEST: usize = 100;
    match text.char_indices().nth(LONGEST) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
    }
}

/// Turns a header into text. Bytes outside ASCII are percent-encoded, as a URL does with UTF-8 anyway.
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
    fn the_failure_of_another_type_tells_the_way_out_which_differs_for_json() {
        let url = Url::parse("http://h/a").expect("a URL");
        let setting = "add it to `fetch.content_types`";
        let table = [
            ("application/json", "no rule reads JSON"),
            ("Application/LD+JSON; charset=utf-8", "no rule reads JSON"),
            ("text/json", "no rule reads JSON"),
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
    fn redirects_lead_to_the_same_targets_as_in_browsers() {
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
    fn locations_resolve_as_in_the_test_data_of_the_url_standard() {
        let mut tried = 0;
        for (location, base, url) in whatwg::cases() {
            let base = base.unwrap_or_else(|| other_scheme(&location).to_owned());
            // These cases are left out: the fragment of the base is inherited, and a header cannot hold every
            // character.
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
        assert!(tried > 250, "too few cases were tried: {tried}");
    }

    #[test]
    fn a_redirect_without_a_valid_target_is_a_protocol_failure() {
        for location in ["http://[", "http://u:secret@[", "mailto:a@b", "ftp://h/", "javascript:1"] {
            let failure = next_hop("http://u:secret@h/", 302, Some(location.as_bytes())).expect_err(location);
            assert_eq!((failure.kind, failure.retry), (FailureKind::Protocol, Retry::No), "{location}");
            assert!(!failure.message.contains("secret"), "{}", failure.message);
        }
    }

    #[test]
    fn not_modified_counts_only_for_a_visit_with_validators() {
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
    fn temporary_errors_may_be_retried() {
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
