//! Which HTTP client a URL goes through.
//!
//! Three clients, since they differ in what they load: trust anchors take longer to read than all the rest of a
//! worker's start, so only the first https URL pays for them.

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use reqwest::{Client, ClientBuilder, RequestBuilder};
use url::Url;

use super::classify;
use crate::model::{Failure, FailureKind, Stage};
use crate::scrape::Error;
use crate::scrape::settings::FetchSettings;

/// The fixed origin of a site that is served for the run, so that its data is the same in every run.
const SITE_HOST: &str = "site.localhost";

/// How long an idle connection is kept. Long enough for a delay between two requests to one host, short enough that
/// a list of many hosts does not use up the open files.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Clients {
    /// For http: knows no trust anchors.
    plain: Client,
    /// For the site of the run: never through a proxy.
    site: Option<Client>,
    /// For https; built at the first such URL.
    secure: OnceLock<Result<Client, Failure>>,
    headers: HeaderMap,
    connect_timeout: Duration,
}

impl Clients {
    pub(super) fn new(settings: &FetchSettings) -> Result<Self, Error> {
        // One provider for all of the process. That another thread was first is no harm: there is only this one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let headers = headers(settings)?;
        let base = || builder(settings.connect_timeout);
        let without_anchors = || base().tls_certs_only([]);
        let plain = if proxy_speaks_tls() { base() } else { without_anchors() };
        let site = |address: SocketAddr| without_anchors().no_proxy().resolve(SITE_HOST, address).build();
        Ok(Self {
            plain: plain.build().map_err(Error::client)?,
            site: settings.site.map(site).transpose().map_err(Error::client)?,
            secure: OnceLock::new(),
            connect_timeout: settings.connect_timeout,
            headers,
        })
    }

    /// A request for `url`, ready to be sent.
    pub(super) fn get(&self, url: &Url) -> Result<RequestBuilder, Failure> {
        let mut headers = self.headers.clone();
        if !url.username().is_empty() || url.password().is_some() {
            // The URL's own credentials are closer to the point; the client makes the header of them.
            headers.remove(AUTHORIZATION);
        }
        // Not as the client's default headers, which have one value for each name.
        Ok(self.client_for(url)?.get(url.clone()).headers(headers))
    }

    fn client_for(&self, url: &Url) -> Result<&Client, Failure> {
        match (url.scheme(), &self.site) {
            ("http", Some(site)) if url.host_str() == Some(SITE_HOST) => Ok(site),
            ("http", _) => Ok(&self.plain),
            _ => self.secure.get_or_init(|| self.build_secure()).as_ref().map_err(Clone::clone),
        }
    }

    fn build_secure(&self) -> Result<Client, Failure> {
        builder(self.connect_timeout).build().map_err(|error| {
            let failure = Failure::new(FailureKind::Tls, Stage::Fetch, "load the trust anchors of this system");
            classify::with_causes(failure, &error)
        })
    }
}

fn builder(connect_timeout: Duration) -> ClientBuilder {
    Client::builder()
        .connect_timeout(connect_timeout)
        .pool_idle_timeout(KEEP_ALIVE)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        // As browsers and curl do: a broken header that nobody asked about is no reason to have no page.
        .http1_ignore_invalid_headers_in_responses(true)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
}

/// What every request says, where the settings do not say otherwise.
fn headers(settings: &FetchSettings) -> Result<HeaderMap, Error> {
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

/// Whether the environment names an https proxy for http URLs: then plain HTTP needs trust anchors as well.
fn proxy_speaks_tls() -> bool {
    let names = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];
    names.iter().any(|name| {
        std::env::var(name).is_ok_and(|proxy| proxy.trim_start().to_ascii_lowercase().starts_with("https:"))
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use url::Url;

    use super::Clients;
    use crate::scrape::FetchSettings;

    #[test]
    fn only_https_reads_trust_anchors() {
        let settings = FetchSettings {
            timeout: Duration::from_secs(1),
            connect_timeout: Duration::from_secs(1),
            idle_timeout: Duration::from_secs(1),
            max_body: 1,
            user_agent: String::new(),
            headers: Vec::new(),
            site: Some(([127, 0, 0, 1], 1).into()),
        };
        let clients = Clients::new(&settings).expect("good settings");
        for (url, reads_anchors) in [("http://h/", false), ("http://site.localhost/", false), ("https://h/", true)] {
            clients.client_for(&Url::parse(url).expect("a URL")).expect("a client");
            assert_eq!(clients.secure.get().is_some(), reads_anchors, "{url}");
        }
    }
}
