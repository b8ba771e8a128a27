//! Which HTTP client requests a URL.
//!
//! Clients differ in what they load. Reading the trust anchors takes longer than the rest of a worker's start, so only
//! the first https URL pays for it. Clients also differ in where they may connect to, and each has its own connections.
//! So a guarded visit never uses a connection of an unguarded one, and the connections of two proxies are never mixed
//! up. For the same reason, there are separate clients for requests that need a new connection, or one that accepts
//! many header lines.

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
use crate::model::{Failure, FailureKind, KEEP_ALIVE, Reach, Stage, Visit};
use crate::scrape::Error;
use crate::scrape::TlsSettings;
use crate::scrape::proxy::ProxyKind;
use crate::scrape::settings::FetchSettings;

/// The longest list of headers over HTTP/2, in bytes as counted by RFC 9113 (6.5.2). The client's default is too short
/// for some servers.
const MAX_HEADER_LIST: u32 = 256 * 1024;

/// The most header lines over HTTP/1: as many as the client's header table holds. The size of a head is limited to 408
/// KiB too, so this limit applies only if lines are shorter than 17 bytes on average.
const MOST_LINES: usize = 24 * 1024;

#[derive(Debug)]
pub(super) struct Clients {
    pub(super) guard: Guard,
    headers: Headers,
    routes: Routes,
    connect_timeout: Duration,
    tls: TlsSettings,
    /// For the site of the run. It never uses a proxy.
    site: Option<Client>,
    free: Pair,
    guarded: Pair,
    through_environment: ByWay,
    /// The clients of each proxy of the settings, by its index. A client keeps connections by host, not by proxy.
    through_proxies: Vec<ByWay>,
}

/// The clients of one proxy, by where their visits may connect to.
#[derive(Debug, Default)]
struct ByWay {
    free: Pair,
    guarded: Pair,
}

impl ByWay {
    /// If the proxy looks up names itself, this process does not see the addresses, so all visits share the
    /// connections.
    fn of(&self, via: &Via, way: Way) -> &Pair {
        if way == Way::Guarded && via.kind.looks_names_up_here() { &self.guarded } else { &self.free }
    }
}

/// Requirements for the connection of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Manner {
    /// The request may use a kept connection, and the connection is kept afterwards.
    pub(super) keeps: bool,
    /// The connection accepts [`MOST_LINES`]. Other connections accept 100 lines, for which the client allocates
    /// nothing. For this many it allocates 1.5 MiB for every answer, which costs more than the rest of the request.
    pub(super) many_lines: bool,
}

/// The clients of one scheme. Each is built when it is first needed.
#[derive(Debug, Default)]
struct Manners([OnceLock<Result<Client, Failure>>; 4]);

impl Manners {
    fn of(&self, manner: Manner) -> &OnceLock<Result<Client, Failure>> {
        &self.0[2 * usize::from(manner.many_lines) + usize::from(manner.keeps)]
    }
}

/// The clients for one kind of visit.
#[derive(Debug, Default)]
struct Pair {
    /// For http. They load no trust anchors.
    plain: Manners,
    secure: Manners,
    /// Belongs to the clients of `secure` that keep connections.
    first_contacts: FirstContacts,
}

/// A request that is ready to be sent.
pub(super) struct Prepared<'c> {
    pub(super) builder: RequestBuilder,
    /// The proxy that the request uses.
    pub(super) via: Option<Via>,
    /// Present for https with kept connections.
    pub(super) contact: Option<Contact<'c>>,
}

impl Clients {
    pub(super) fn new(settings: &FetchSettings) -> Result<Self, Error> {
        // The process has one crypto provider. If another thread has installed it already, it is the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let connect_timeout = settings.connect_timeout;
        let site = |address: SocketAddr| {
            let manner = Manner { keeps: true, many_lines: false };
            builder(connect_timeout, manner).tls_certs_only([]).no_proxy().resolve(SITE_HOST, address).build()
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
            through_environment: ByWay::default(),
            through_proxies: routes.proxies.iter().map(|_| ByWay::default()).collect(),
            routes,
        })
    }

    /// Prepares a request for `url`.
    ///
    /// # Errors
    /// Fails with `blocked_address` if the host of the URL is not allowed, and with `tls` if the system's trust anchors
    /// cannot be read.
    pub(super) fn get(&self, visit: &Visit, manner: Manner) -> Result<Prepared<'_>, Failure> {
        let url = &visit.url;
        let (client, route, first_contacts) = self.client_for(url, &visit.reach, manner)?;
        let headers = self.headers.of_visit(visit, route.via());
        // The default headers of the client cannot be used, because they have only one value for each name.
        let builder = client.get(url.clone()).headers(headers);
        let contact = first_contacts.filter(|_| manner.keeps).map(|contacts| contacts.visit(url));
        Ok(Prepared { builder, via: route.via().cloned(), contact })
    }

    fn client_for(
        &self,
        url: &Url,
        reach: &Reach,
        manner: Manner,
    ) -> Result<(&Client, Route, Option<&FirstContacts>), Failure> {
        let way = match (self.guard.way(url, reach)?, &self.site) {
            (Way::Site, Some(site)) => return Ok((site, Route::Direct, None)),
            (way, _) => way,
        };
        let route = self.routes.of(url);
        if let Some(via) = route.via()
            && way == Way::Guarded
            && guard::leads_to(url, &via.host)
        {
            return Err(self.guard.blocked(url, "that of the proxy"));
        }
        let pair = match (&route, way) {
            (Route::Direct, Way::Guarded) => &self.guarded,
            (Route::Direct, Way::Free | Way::Site) => &self.free,
            (Route::Environment(via), way) => self.through_environment.of(via, way),
            (Route::Proxy(number, via), way) => self.through_proxies[*number].of(via, way),
        };
        let is_secure = url.scheme() == "https";
        let clients = if is_secure { &pair.secure } else { &pair.plain };
        let client = clients.of(manner).get_or_init(|| self.build(&route, way, is_secure, manner));
        let client = client.as_ref().map_err(Clone::clone)?;
        Ok((client, route, is_secure.then_some(&pair.first_contacts)))
    }

    fn build(&self, route: &Route, way: Way, is_secure: bool, manner: Manner) -> Result<Client, Failure> {
        let mut builder = builder(self.connect_timeout, manner);
        let mut reads_anchors = is_secure;
        if let Some(via) = route.via()
            && way == Way::Guarded
            && via.kind.looks_names_up_here()
        {
            builder = builder.dns_resolver(Arc::new(guard::public_only_but(&via.host)));
        }
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

fn builder(connect_timeout: Duration, manner: Manner) -> ClientBuilder {
    let mut builder = Client::builder();
    if manner.many_lines {
        builder = builder.http1_max_headers(MOST_LINES);
    }
    if !manner.keeps {
        builder = builder.pool_max_idle_per_host(0);
    }
    builder
        .connect_timeout(connect_timeout)
        .pool_idle_timeout(KEEP_ALIVE)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .http2_max_header_list_size(MAX_HEADER_LIST)
        // Browsers and curl do the same: one broken header does not make the whole page fail.
        .http1_ignore_invalid_headers_in_responses(true)
        // Otherwise a header name with a space after it would be dropped as broken, and with it information about the
        // body.
        .http1_allow_spaces_after_header_name_in_responses(true)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::{Clients, Manner};
    use crate::model::{FailureKind, Reach};
    use crate::scrape::FetchSettings;
    use crate::scrape::settings::sample;

    const KEPT: Manner = Manner { keeps: true, many_lines: false };

    fn clients() -> Clients {
        Clients::new(&FetchSettings { site: Some(([127, 0, 0, 1], 1).into()), ..sample() }).expect("good settings")
    }

    #[test]
    fn only_https_reads_trust_anchors() {
        let clients = clients();
        for (url, reads_anchors) in [("http://h/", false), ("http://site.localhost/", false), ("https://h/", true)] {
            let made = clients.client_for(&Url::parse(url).expect("a URL"), &Reach::Listed, KEPT);
            // The system may have no trust anchors. Only clients that read them fail then.
            let has_read = made.map_or_else(
                |failure| failure.kind == FailureKind::Tls,
                |_| clients.free.secure.of(KEPT).get().is_some(),
            );
            assert_eq!(has_read, reads_anchors, "{url}");
        }
    }

    #[test]
    fn guarded_and_unguarded_visits_do_not_share_connections() {
        let clients = clients();
        let hop = Reach::Redirected { own: "http://elsewhere".to_owned() };
        let own = Reach::Redirected { own: "http://h".to_owned() };
        let url = Url::parse("http://h/").expect("a URL");
        let of = |reach| std::ptr::from_ref(clients.client_for(&url, reach, KEPT).expect("a client").0);
        assert_ne!(of(&Reach::Listed), of(&hop));
        assert_eq!(of(&Reach::Listed), of(&own));
    }
}
