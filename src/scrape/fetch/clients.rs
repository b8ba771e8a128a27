//! Which HTTP client a URL goes through.
//!
//! Clients differ in what they load: trust anchors take longer to read than all the rest of a worker's start, so only
//! the first https URL pays for them. And they differ in where they may go: a connection that was opened for a visit
//! that may go anywhere is never used by one that may not, since each sort of visit has clients, and so connections, of
//! its own.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{Client, ClientBuilder, RequestBuilder};
use url::Url;

use super::classify;
use super::guard::{self, Guard, SITE_HOST, Way};
use super::headers::{Headers, is_proxied};
use crate::model::{Failure, FailureKind, Reach, Stage, Visit};
use crate::scrape::Error;
use crate::scrape::settings::FetchSettings;

/// How long an idle connection is kept. Long enough for a delay between two requests to one host, short enough that
/// a list of many hosts does not use up the open files.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// The longest list of headers that is read over HTTP/2, in bytes as RFC 9113 (6.5.2) counts them; the client's own
/// default is shorter than what some servers send. Over HTTP/1 the client reads 100 headers and some 400 KiB.
const MAX_HEADER_LIST: u32 = 256 * 1024;

#[derive(Debug)]
pub(super) struct Clients {
    pub(super) guard: Guard,
    headers: Headers,
    /// The proxies of the environment, as the clients see them.
    proxies: Matcher,
    connect_timeout: Duration,
    /// For the site of the run: never through a proxy.
    site: Option<Client>,
    free: Pair,
    guarded: Pair,
}

/// The clients of one sort of visit, each built when it is first needed.
#[derive(Debug, Default)]
struct Pair {
    /// For http: knows no trust anchors.
    plain: OnceLock<Result<Client, Failure>>,
    secure: OnceLock<Result<Client, Failure>>,
}

impl Clients {
    pub(super) fn new(settings: &FetchSettings) -> Result<Self, Error> {
        // One provider for all of the process. That another thread was first is no harm: there is only this one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let connect_timeout = settings.connect_timeout;
        let site = |address: SocketAddr| {
            builder(connect_timeout).tls_certs_only([]).no_proxy().resolve(SITE_HOST, address).build()
        };
        Ok(Self {
            guard: Guard { private_addresses: settings.private_addresses, site: settings.site },
            headers: Headers::new(settings)?,
            proxies: Matcher::from_system(),
            connect_timeout,
            site: settings.site.map(site).transpose().map_err(Error::client)?,
            free: Pair::default(),
            guarded: Pair::default(),
        })
    }

    /// A request for `url`, ready to be sent.
    ///
    /// # Errors
    /// With `blocked_address`, where the URL names what it may not reach; with `tls`, where this system's trust anchors
    /// cannot be read.
    pub(super) fn get(&self, url: &Url, visit: &Visit) -> Result<RequestBuilder, Failure> {
        let client = self.client_for(url, &visit.reach)?;
        let headers = self.headers.of_visit(url, visit, &self.proxies);
        // Not as the client's default headers, which have one value for each name.
        Ok(client.get(url.clone()).headers(headers))
    }

    fn client_for(&self, url: &Url, reach: &Reach) -> Result<&Client, Failure> {
        let way = match (self.guard.way(url, reach)?, &self.site) {
            (Way::Site, Some(site)) => return Ok(site),
            // What a proxy dials is out of sight, and the proxy itself may stand anywhere.
            (Way::Guarded, _) if !is_proxied(url, &self.proxies) => Way::Guarded,
            _ => Way::Free,
        };
        let pair = if way == Way::Guarded { &self.guarded } else { &self.free };
        let is_secure = url.scheme() == "https";
        let client = if is_secure { &pair.secure } else { &pair.plain };
        client.get_or_init(|| self.build(way, is_secure)).as_ref().map_err(Clone::clone)
    }

    fn build(&self, way: Way, is_secure: bool) -> Result<Client, Failure> {
        let mut builder = builder(self.connect_timeout);
        if way == Way::Guarded {
            builder = builder.no_proxy().dns_resolver(Arc::new(guard::public_only()));
        }
        if !is_secure && (way == Way::Guarded || !proxy_speaks_tls()) {
            builder = builder.tls_certs_only([]);
        }
        builder.build().map_err(|error| {
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
        .http2_max_header_list_size(MAX_HEADER_LIST)
        // As browsers and curl do: a broken header that nobody asked about is no reason to have no page.
        .http1_ignore_invalid_headers_in_responses(true)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
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
    use crate::model::Reach;
    use crate::scrape::{FetchSettings, PrivateAddresses};

    fn clients() -> Clients {
        Clients::new(&FetchSettings {
            timeout: Duration::from_secs(1),
            connect_timeout: Duration::from_secs(1),
            idle_timeout: Duration::from_secs(1),
            max_body: 1,
            user_agent: String::new(),
            kept_headers: Vec::new(),
            headers: Vec::new(),
            memory: 512 << 20,
            private_addresses: PrivateAddresses::Direct,
            site: Some(([127, 0, 0, 1], 1).into()),
        })
        .expect("good settings")
    }

    #[test]
    fn only_https_reads_trust_anchors() {
        let clients = clients();
        for (url, reads_anchors) in [("http://h/", false), ("http://site.localhost/", false), ("https://h/", true)] {
            clients.client_for(&Url::parse(url).expect("a URL"), &Reach::Listed).expect("a client");
            assert_eq!(clients.free.secure.get().is_some(), reads_anchors, "{url}");
        }
    }

    #[test]
    fn connections_of_visits_that_may_go_anywhere_are_not_shared_with_those_that_may_not() {
        let clients = clients();
        let hop = Reach::Redirected { own: "http://elsewhere".to_owned() };
        let own = Reach::Redirected { own: "http://h".to_owned() };
        let url = Url::parse("http://h/").expect("a URL");
        let of = |reach| std::ptr::from_ref(clients.client_for(&url, reach).expect("a client"));
        assert_ne!(of(&Reach::Listed), of(&hop));
        assert_eq!(of(&Reach::Listed), of(&own));
    }
}
