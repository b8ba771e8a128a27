//! Which HTTP client a URL goes through.
//!
//! Clients differ in what they load: trust anchors take longer to read than all the rest of a worker's start, so only
//! the first https URL pays for them. And they differ in where they may go: a connection that was opened for a visit
//! that may go anywhere is never used by one that may not, and one through a proxy never in the place of one through
//! another, since each sort of visit has clients, and so connections, of its own.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::{Client, ClientBuilder, Proxy, RequestBuilder};
use url::Url;

use super::classify;
use super::first_contact::{Contact, FirstContacts};
use super::guard::{self, Guard, SITE_HOST, Way};
use super::headers::Headers;
use super::route::{Route, Routes, Via};
use crate::model::{Failure, FailureKind, Reach, Stage, Visit};
use crate::scrape::Error;
use crate::scrape::TlsSettings;
use crate::scrape::proxy::ProxyKind;
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
    routes: Routes,
    connect_timeout: Duration,
    tls: TlsSettings,
    /// For the site of the run: never through a proxy.
    site: Option<Client>,
    free: Pair,
    guarded: Pair,
    through_environment: Pair,
    /// For each proxy of the settings, by its number. A client keeps connections by host, whatever proxy they go through.
    through_proxies: Vec<Pair>,
}

/// The clients of one sort of visit, each built when it is first needed.
#[derive(Debug, Default)]
struct Pair {
    /// For http: knows no trust anchors.
    plain: OnceLock<Result<Client, Failure>>,
    secure: OnceLock<Result<Client, Failure>>,
    /// Of `secure`.
    first_contacts: FirstContacts,
}

/// A request that is ready to be sent.
pub(super) struct Request<'c> {
    pub(super) builder: RequestBuilder,
    /// The proxy that it goes through.
    pub(super) via: Option<Via>,
    /// For https.
    pub(super) contact: Option<Contact<'c>>,
}

impl Clients {
    pub(super) fn new(settings: &FetchSettings) -> Result<Self, Error> {
        // One provider for all of the process. That another thread was first is no harm: there is only this one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let connect_timeout = settings.connect_timeout;
        let site = |address: SocketAddr| {
            builder(connect_timeout).tls_certs_only([]).no_proxy().resolve(SITE_HOST, address).build()
        };
        let routes = Routes::new(settings);
        Ok(Self {
            guard: Guard { private_addresses: settings.private_addresses, site: settings.site },
            headers: Headers::new(settings)?,
            connect_timeout,
            tls: settings.tls.clone(),
            site: settings.site.map(site).transpose().map_err(Error::client)?,
            free: Pair::default(),
            guarded: Pair::default(),
            through_environment: Pair::default(),
            through_proxies: routes.proxies.iter().map(|_| Pair::default()).collect(),
            routes,
        })
    }

    /// A request for `url`.
    ///
    /// # Errors
    /// With `blocked_address`, where the URL names what it may not reach; with `tls`, where this system's trust anchors
    /// cannot be read.
    pub(super) fn get(&self, url: &Url, visit: &Visit) -> Result<Request<'_>, Failure> {
        let (client, route, first_contacts) = self.client_for(url, &visit.reach)?;
        let headers = self.headers.of_visit(url, visit, route.via());
        // Not as the client's default headers, which have one value for each name.
        let builder = client.get(url.clone()).headers(headers);
        let contact = first_contacts.map(|contacts| contacts.visit(url));
        Ok(Request { builder, via: route.via().cloned(), contact })
    }

    fn client_for(&self, url: &Url, reach: &Reach) -> Result<(&Client, Route, Option<&FirstContacts>), Failure> {
        let way = match (self.guard.way(url, reach)?, &self.site) {
            (Way::Site, Some(site)) => return Ok((site, Route::Direct, None)),
            (way, _) => way,
        };
        let route = self.routes.of(url);
        let pair = match (&route, way) {
            (Route::Direct, Way::Guarded) => &self.guarded,
            (Route::Direct, Way::Free | Way::Site) => &self.free,
            // What a proxy dials is out of sight, and the proxy itself may stand anywhere.
            (Route::Environment(_), _) => &self.through_environment,
            (Route::Proxy(number, _), _) => &self.through_proxies[*number],
        };
        let is_secure = url.scheme() == "https";
        let client = if is_secure { &pair.secure } else { &pair.plain };
        let client = client.get_or_init(|| self.build(&route, way, is_secure)).as_ref().map_err(Clone::clone)?;
        Ok((client, route, is_secure.then_some(&pair.first_contacts)))
    }

    fn build(&self, route: &Route, way: Way, is_secure: bool) -> Result<Client, Failure> {
        let mut builder = builder(self.connect_timeout);
        let mut reads_anchors = is_secure;
        match route {
            Route::Direct if way == Way::Guarded => {
                builder = builder.no_proxy().dns_resolver(Arc::new(guard::public_only()));
            }
            Route::Direct => builder = builder.no_proxy(),
            Route::Environment(via) => reads_anchors |= via.kind == ProxyKind::Https,
            Route::Proxy(number, via) => {
                let proxy = Proxy::all(self.routes.proxies[*number].whole()).map_err(|error| unusable(&error))?;
                builder = builder.proxy(proxy);
                reads_anchors |= via.kind == ProxyKind::Https;
            }
        }
        builder = if reads_anchors {
            self.tls.apply(builder).map_err(|error| unusable(&error))?
        } else {
            builder.tls_certs_only([])
        };
        builder.build().map_err(|error| unusable(&error))
    }
}

fn unusable(error: &reqwest::Error) -> Failure {
    let failure = Failure::new(FailureKind::Tls, Stage::Fetch, "load the trust anchors of this system");
    classify::with_causes(failure, error)
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

#[cfg(test)]
mod tests {
    use url::Url;

    use super::Clients;
    use crate::model::{FailureKind, Reach};
    use crate::scrape::FetchSettings;
    use crate::scrape::settings::sample;

    fn clients() -> Clients {
        Clients::new(&FetchSettings { site: Some(([127, 0, 0, 1], 1).into()), ..sample() }).expect("good settings")
    }

    #[test]
    fn only_https_reads_trust_anchors() {
        let clients = clients();
        for (url, reads_anchors) in [("http://h/", false), ("http://site.localhost/", false), ("https://h/", true)] {
            let made = clients.client_for(&Url::parse(url).expect("a URL"), &Reach::Listed);
            // A system may have none, which is a failure of those who look for them alone.
            let has_read =
                made.map_or_else(|failure| failure.kind == FailureKind::Tls, |_| clients.free.secure.get().is_some());
            assert_eq!(has_read, reads_anchors, "{url}");
        }
    }

    #[test]
    fn connections_of_visits_that_may_go_anywhere_are_not_shared_with_those_that_may_not() {
        let clients = clients();
        let hop = Reach::Redirected { own: "http://elsewhere".to_owned() };
        let own = Reach::Redirected { own: "http://h".to_owned() };
        let url = Url::parse("http://h/").expect("a URL");
        let of = |reach| std::ptr::from_ref(clients.client_for(&url, reach).expect("a client").0);
        assert_ne!(of(&Reach::Listed), of(&hop));
        assert_eq!(of(&Reach::Listed), of(&own));
    }
}
