//! What a request says, and to whom: the headers of the settings, and ours where those say nothing.
//!
//! Whoever writes a list trusts its hosts with the headers that are set for it. Hosts to which their redirects lead are
//! strangers: they get no more than what holds no secrets by its nature, since a token goes by any name (`X-Api-Key`).

use hyper::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, COOKIE, HeaderMap, HeaderName, HeaderValue, PROXY_AUTHORIZATION, USER_AGENT,
};
use url::Url;

use crate::model::{Reach, Visit};
use crate::scrape::Error;
use crate::scrape::settings::FetchSettings;

/// What a stranger gets: content negotiation, caching, and who we are. Names in lower case.
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
    has_proxy_secret: bool,
}

impl Headers {
    /// # Errors
    /// Where a header of the settings is none.
    pub(super) fn new(settings: &FetchSettings) -> Result<Self, Error> {
        let trusted = all(settings)?;
        let of_strangers = trusted.iter().filter(|(name, _)| FOR_STRANGERS.contains(&name.as_str()));
        Ok(Self {
            strangers: of_strangers.map(|(name, value)| (name.clone(), value.clone())).collect(),
            has_proxy_secret: trusted.contains_key(PROXY_AUTHORIZATION),
            trusted,
        })
    }

    /// Those of one request, its own included.
    pub(super) fn of_visit(&self, url: &Url, visit: &Visit, proxies: &Matcher) -> HeaderMap {
        let mut headers = self.of(url, &visit.reach, proxies);
        add_own(&mut headers, &visit.headers);
        headers
    }

    /// Those that the settings give it.
    fn of(&self, url: &Url, reach: &Reach, proxies: &Matcher) -> HeaderMap {
        let mut headers = match reach {
            Reach::Redirected { own } if !is_own_host(url, own) => self.strangers.clone(),
            Reach::Listed | Reach::Redirected { .. } => self.trusted.clone(),
        };
        if !url.username().is_empty() || url.password().is_some() {
            // The URL's own credentials are closer to the point; the client makes the header of them.
            headers.remove(AUTHORIZATION);
        }
        // It is for the proxy alone. Through a tunnel (https) it would reach the server.
        if self.has_proxy_secret && !(url.scheme() == "http" && is_proxied(url, proxies)) {
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

/// What requests say, for whoever has to know it without making them: the same as [`Scraper`](crate::scrape::Scraper)
/// makes of the same settings.
#[derive(Debug)]
pub struct RequestHeaders {
    headers: Headers,
    proxies: Matcher,
}

impl RequestHeaders {
    /// # Errors
    /// Where a header of the settings is none.
    pub fn new(settings: &FetchSettings) -> Result<Self, Error> {
        Ok(Self { headers: Headers::new(settings)?, proxies: Matcher::from_system() })
    }

    /// The headers of a visit to `url`, the visit's; without those that the client makes of the URL itself.
    pub fn of(&self, url: &Url, visit: &Visit) -> HeaderMap {
        self.headers.of_visit(url, visit, &self.proxies)
    }
}

/// Adds the headers of one request. Cookies join those of the settings in one line (RFC 6265, 5.4); what else there is
/// takes the settings' place.
fn add_own(headers: &mut HeaderMap, own: &[(String, String)]) {
    for (name, value) in own {
        let parsed = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value));
        let (Ok(name), Ok(value)) = parsed else { continue };
        match headers.get(COOKIE).filter(|_| name == COOKIE).and_then(|set| set.to_str().ok()) {
            Some(set) => {
                let joined = format!("{set}; {}", value.to_str().unwrap_or_default());
                headers.insert(name, HeaderValue::try_from(joined).unwrap_or(value));
            }
            None => {
                headers.insert(name, value);
            }
        }
    }
}

/// Whether a proxy of the environment takes requests for this URL.
pub(super) fn is_proxied(url: &Url, proxies: &Matcher) -> bool {
    url.as_str().parse::<Uri>().is_ok_and(|uri| proxies.intercept(&uri).is_some())
}

/// Whether a URL is on the host of the task's own URL: the same origin, or that origin's http turned to https on the
/// usual ports, as sites do with all their visitors. Never the other way round.
fn is_own_host(url: &Url, own: &str) -> bool {
    let origin = url.origin().ascii_serialization();
    let upgraded = || match (own.strip_prefix("http://"), origin.strip_prefix("https://")) {
        (Some(own), Some(host)) => own == host && url.port().is_none(),
        _ => false,
    };
    origin == own || upgraded()
}

/// What the settings say, and ours where they do not.
fn all(settings: &FetchSettings) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    for (name, value) in &settings.headers {
        let parsed = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value));
        let (Ok(name), Ok(value)) = parsed else { return Err(Error::header(name)) };
        headers.append(name, value);
    }
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
    use url::Url;

    use super::is_own_host;

    #[test]
    fn secrets_stay_on_the_host_that_the_list_names_and_are_never_sent_in_the_clear_after_tls() {
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
