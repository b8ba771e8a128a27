//! The headers of a request: those of the settings, and defaults for those that the settings leave out.
//!
//! The author of a list trusts the listed hosts with the headers of the settings. Hosts that are only reached by
//! redirects are strangers. They get only headers that cannot be secret, because a token may be in a header of any name
//! (`X-Api-Key`).
//!
//! Headers for one host replace the general ones, and are sent to no other host. A redirect from another origin may
//! lead a visit to that host, but its secrets are then not sent over plain http: an attacker on the network could forge
//! such a redirect.

use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, COOKIE, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, PROXY_AUTHORIZATION, USER_AGENT,
};
use url::Url;

use super::route::Via;
use crate::model::{Reach, Visit};
use crate::scrape::Error;
use crate::scrape::settings::FetchSettings;

/// Headers that strangers get: content negotiation, caching, and who we are. Names are in lower case.
const FOR_STRANGERS: &[&str] = &[
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "dnt",
    "from",
    "pragma",
    "priority",
    "sec-gpc",
    "upgrade-insecure-requests",
    "user-agent",
];

/// The headers of all requests.
pub(super) struct Headers {
    trusted: HeaderMap,
    strangers: HeaderMap,
}

impl Headers {
    /// # Errors
    /// Fails if a header of the settings is invalid.
    pub(super) fn new(settings: &FetchSettings) -> Result<Self, Error> {
        let trusted = all(settings)?;
        Ok(Self { strangers: without_secrets(&trusted), trusted })
    }

    /// Returns all headers of one request, including its own. `via` is the proxy that it uses, if any.
    pub(super) fn of_visit(&self, visit: &Visit, via: Option<&Via>) -> HeaderMap {
        let mut headers = self.of(visit, via);
        add_own(&mut headers, &visit.headers);
        headers
    }

    /// Returns the headers of a request that cannot be secret, with the validators that ask for a newer version.
    pub(super) fn harmless(&self, visit: &Visit, via: Option<&Via>) -> HeaderMap {
        let all = self.of_visit(visit, via);
        let mut harmless = without_secrets(&all);
        for name in [IF_NONE_MATCH, IF_MODIFIED_SINCE] {
            harmless.extend(all.get(&name).map(|value| (name, value.clone())));
        }
        harmless
    }

    /// Returns the headers that the settings give to a request.
    fn of(&self, visit: &Visit, via: Option<&Via>) -> HeaderMap {
        let url = &visit.url;
        let is_trusted = match &visit.reach {
            Reach::Listed => true,
            Reach::Redirected { own } => is_own_host(url, own),
        };
        let mut headers = if is_trusted { self.trusted.clone() } else { self.strangers.clone() };
        if !visit.host.headers.is_empty() {
            // These headers were already checked together with the settings.
            let host = parsed(&visit.host.headers).unwrap_or_default();
            if is_trusted || url.scheme() == "https" {
                replace(&mut headers, &host);
            } else {
                replace(&mut headers, &without_secrets(&host));
            }
        }
        if !url.username().is_empty() || url.password().is_some() {
            // The credentials in the URL are more specific. The client makes the header from them.
            headers.remove(AUTHORIZATION);
        }
        // This header is for the proxy alone. In a tunnel (https, SOCKS) it would reach the server.
        let is_for_proxy = || url.scheme() == "http" && via.is_some_and(|via| via.kind.reads_headers());
        if headers.contains_key(PROXY_AUTHORIZATION) && !is_for_proxy() {
            headers.remove(PROXY_AUTHORIZATION);
        }
        headers
    }
}

impl std::fmt::Debug for Headers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Headers").finish_non_exhaustive()
    }
}

/// Gives the headers of requests without making them. They are the same as those of a
/// [`Scraper`](crate::scrape::Scraper) with the same settings, except for headers to a proxy.
#[derive(Debug)]
pub struct RequestHeaders(Headers);

impl RequestHeaders {
    /// # Errors
    /// Fails if a header of the settings is invalid.
    pub fn new(settings: &FetchSettings) -> Result<Self, Error> {
        Headers::new(settings).map(Self)
    }

    /// The headers of a visit, without those that the client makes of the URL itself.
    pub fn of(&self, visit: &Visit) -> HeaderMap {
        self.0.of_visit(visit, None)
    }

    /// Those among them that the settings give it; its own are left out.
    pub fn of_settings(&self, visit: &Visit) -> HeaderMap {
        self.0.of(visit, None)
    }
}

/// Adds the headers of one request. Cookies are joined with those of the settings in one line (RFC 6265, 5.4). Other
/// headers replace those of the settings. Each character stands for one byte (Latin-1), as in the headers that are
/// returned.
pub(super) fn add_own(headers: &mut HeaderMap, own: &[(String, String)]) {
    for (name, value) in own {
        if !encoding_rs::mem::is_str_latin1(value) {
            continue;
        }
        let value = encoding_rs::mem::encode_latin1_lossy(value);
        let parsed = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(&value));
        let (Ok(name), Ok(value)) = parsed else { continue };
        match headers.get(COOKIE).filter(|_| name == COOKIE) {
            Some(set) => {
                let joined = [set.as_bytes(), b"; ", value.as_bytes()].concat();
                headers.insert(name, HeaderValue::try_from(joined).unwrap_or(value));
            }
            None => {
                headers.insert(name, value);
            }
        }
    }
}

/// Whether a URL is on the host of the task's own URL: the same origin, or that origin upgraded from http to https on
/// the default ports, as many sites do. A downgrade does not count.
fn is_own_host(url: &Url, own: &str) -> bool {
    let origin = url.origin().ascii_serialization();
    let upgraded = || match (own.strip_prefix("http://"), origin.strip_prefix("https://")) {
        (Some(own), Some(host)) => own == host && url.port().is_none(),
        _ => false,
    };
    origin == own || upgraded()
}

fn without_secrets(headers: &HeaderMap) -> HeaderMap {
    let harmless = headers.iter().filter(|(name, _)| FOR_STRANGERS.contains(&name.as_str()));
    harmless.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Puts all of `those` into `headers`, and removes the old values of the same names.
fn replace(headers: &mut HeaderMap, those: &HeaderMap) {
    for name in those.keys() {
        headers.remove(name);
    }
    for (name, value) in those {
        headers.append(name, value.clone());
    }
}

fn parsed(written: &[(String, String)]) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    for (name, value) in written {
        let parsed = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value));
        let (Ok(name), Ok(value)) = parsed else { return Err(Error::header(name)) };
        headers.append(name, value);
    }
    Ok(headers)
}

/// Returns the headers of the settings, with defaults for the missing ones.
fn all(settings: &FetchSettings) -> Result<HeaderMap, Error> {
    let mut headers = parsed(&settings.headers)?;
    let user_agent = HeaderValue::from_str(&settings.user_agent).map_err(|_| Error::header("user-agent"))?;
    let defaults = [
        (USER_AGENT, user_agent),
        (ACCEPT, HeaderValue::from_static("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")),
        (ACCEPT_ENCODING, HeaderValue::from_static("gzip, deflate, br, zstd")),
    ];
    for (name, value) in defaults {
        headers.entry(name).or_insert(value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use reqwest::header::{COOKIE, ETAG, HeaderMap, HeaderValue};
    use url::Url;

    use super::{add_own, is_own_host};

    #[test]
    fn own_headers_keep_their_bytes_and_cookies_join_those_of_the_settings() {
        let table: [(&[u8], &str, &[u8]); 5] = [
            (b"", "a=1; b=2", b"a=1; b=2"),
            (b"seen=1", "a=1", b"seen=1; a=1"),
            ("seen=à".as_bytes(), "a=1", "seen=à; a=1".as_bytes()),
            // The two UTF-8 bytes of "à", as received in a header of an answer.
            (b"seen=1", "a=\u{c3}\u{a0}", "seen=1; a=à".as_bytes()),
            (b"seen=1", "a=\u{3b1}", b"seen=1"),
        ];
        for (set, own, expected) in table {
            let mut headers = HeaderMap::new();
            if !set.is_empty() {
                headers.insert(COOKIE, HeaderValue::from_bytes(set).expect("a value"));
            }
            add_own(&mut headers, &[("cookie".to_owned(), own.to_owned()), ("etag".to_owned(), "x".to_owned())]);
            assert_eq!(headers[COOKIE].as_bytes(), expected, "{own}");
            assert_eq!(headers[ETAG], "x");
        }
    }

    #[test]
    fn secrets_go_only_to_the_listed_host_and_never_from_https_to_http() {
        let table = [
            ("http://h/b", "http://h", true),
            ("http://h:80/b", "http://h", true),
            ("https://h/", "http://h", true),
            ("http://h:8080/", "http://h:8080", true),
            ("http://h/", "https://h", false),
            ("http://h:8080/", "http://h", false),
            ("https://h:8443/", "http://h", false),
            ("https://h/", "http://h:8080", false),
            ("http://h.example/", "http://h", false),
            ("http://www.h/", "http://h", false),
            ("http://h:80@other/", "http://h", false),
        ];
        for (url, own, expected) in table {
            assert_eq!(is_own_host(&Url::parse(url).expect(url), own), expected, "{url} from {own}");
        }
    }
}
