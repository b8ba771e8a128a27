//! Which HTTP client requests a URL.
//!
//! Clients differ in what they load. Reading the trust anchors takes longer than the rest of a worker's start, so only
//! the first https URL pays for it. Clients also differ in where they may connect to, and each has its own connections.
//! So a guarded visit never uses a connection of an unguarded one, and the connections of two proxies are never mixed
//! up. For the same reason, there are separate clients for requests that need a new connection, or one that accepts
//! many header lines.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use super::classify;
use super::connecting::measured;
use super::first_contact::{Contact, FirstContacts};
use super::guard::{self, Guard, SITE_HOST, Way};
use super::headers::Headers;
use super::route::{Route, Routes, Via};
use crate::model::{Failure, FailureKind, KEEP_ALIVE, Proxies, ProxyKind, ProxyUrl, Stage, Visit};
use crate::scrape::Error;
use crate::scrape::TlsSettings;
use crate::scrape::settings::FetchSettings;
use reqwest::header::HeaderMap;
use reqwest::{Client, ClientBuilder, Proxy, RequestBuilder};

/// The longest list of headers over HTTP/2, in bytes as counted by RFC 9113 (6.5.2). The client's default is too short
/// for some servers.
const MAX_HEADER_LIST: u32 = 256 * 1024;

/// The most header lines over HTTP/1: as many as the client's header table holds. The size of a head is limited to 408
/// KiB too, so this limit applies only if lines are shorter than 17 bytes on average.
pub(super) const MOST_LINES: usize = 24 * 1024;

#[derive(Debug)]
pub(super) struct Clients {
    pub(super) guard: Guard,
    headers: Headers,
    routes: Routes,
    connect_timeout: Duration,
    tls: TlsSettings,
    /// For the site of the run. It never uses a proxy.
    site: Option<Client>,
    direct: ByWay,
    through_environment: ByWay,
    through_proxies: ByProxy,
}

/// How many proxies of single hosts have clients at once. The proxies for all hosts come on top.
const PROXIES_OF_HOSTS: usize = 64;

/// The clients of the proxies that were used last. A client keeps connections by host, not by proxy. The clients of a
/// proxy that is forgotten end with their requests.
#[derive(Debug)]
struct ByProxy {
    /// The proxy that was used last is at the end.
    kept: Mutex<Vec<(ProxyUrl, ByWay)>>,
    most: usize,
}

impl ByProxy {
    fn new(settings: &FetchSettings) -> Self {
        let for_all = if let Proxies::These(these) = &settings.proxies { these.len() } else { 0 };
        Self { kept: Mutex::default(), most: for_all + PROXIES_OF_HOSTS }
    }

    fn of(&self, proxy: &ProxyUrl) -> ByWay {
        // No code panics while it holds this lock.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = match kept.iter().position(|(known, _)| known == proxy) {
            Some(at) => kept.remove(at),
            None => (proxy.clone(), ByWay::default()),
        };
        if kept.len() >= self.most {
            kept.remove(0);
        }
        kept.push(entry.clone());
        entry.1
    }
}

/// The clients of one way to the servers, by where their visits may connect to. All copies share the clients.
#[derive(Debug, Clone, Default)]
struct ByWay {
    free: Arc<Pair>,
    guarded: Arc<Pair>,
}

impl ByWay {
    /// If the proxy looks up names itself, this process does not see the addresses, so all visits share the
    /// connections.
    fn of(&self, via: Option<&Via>, way: Way) -> Arc<Pair> {
        let sees_addresses = via.is_none_or(|via| via.kind.looks_names_up_here());
        Arc::clone(if way == Way::Guarded && sees_addresses { &self.guarded } else { &self.free })
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
pub(super) struct Prepared {
    pub(super) builder: RequestBuilder,
    /// The proxy that the request uses.
    pub(super) via: Option<Via>,
    /// Present for https with kept connections.
    pub(super) contact: Option<Contact>,
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
        Ok(Self {
            guard: Guard { private_addresses: settings.private_addresses, site: settings.site },
            headers: Headers::new(settings)?,
            connect_timeout,
            tls: settings.tls.clone(),
            site: settings.site.map(site).transpose().map_err(Error::client)?,
            routes: Routes::new(settings),
            direct: ByWay::default(),
            through_environment: ByWay::default(),
            through_proxies: ByProxy::new(settings),
        })
    }

    /// Prepares a request for `url`.
    ///
    /// # Errors
    /// Fails with `blocked_address` if the host of the URL is not allowed, and with `tls` if the system's trust anchors
    /// cannot be read.
    pub(super) fn get(&self, visit: &Visit, manner: Manner) -> Result<Prepared, Failure> {
        let url = &visit.url;
        let (route, way) = self.route(visit)?;
        let (client, first_contacts) = match &self.site {
            Some(site) if way == Way::Site => (site.clone(), None),
            _ => self.client_for(&route, way, url.scheme() == "https", manner)?,
        };
        let headers = self.headers.of_visit(visit, route.via());
        // The default headers of the client cannot be used, because they have only one value for each name.
        let builder = client.get(url.clone()).headers(headers);
        let contact = first_contacts.filter(|_| manner.keeps).map(|contacts| contacts.visit(url));
        Ok(Prepared { builder, via: route.via().cloned(), contact })
    }

    /// Returns the headers of the visit's request that cannot be secret. `via` is the proxy that the request uses.
    pub(super) fn harmless_headers(&self, visit: &Visit, via: Option<&Via>) -> HeaderMap {
        self.headers.harmless(visit, via)
    }

    fn route(&self, visit: &Visit) -> Result<(Route, Way), Failure> {
        let url = &visit.url;
        let way = self.guard.way(url, &visit.reach)?;
        if way == Way::Site && self.site.is_some() {
            return Ok((Route::Direct, way));
        }
        let route = self.routes.of(visit);
        if let Some(via) = route.via()
            && way == Way::Guarded
            && guard::leads_to(url, &via.host)
        {
            return Err(self.guard.blocked(url, "that of the proxy"));
        }
        Ok((route, way))
    }

    fn pair(&self, route: &Route, way: Way) -> Arc<Pair> {
        match route {
            Route::Direct => self.direct.of(None, way),
            Route::Environment(via) => self.through_environment.of(Some(via), way),
            Route::Proxy(proxy, via) => self.through_proxies.of(proxy).of(Some(via), way),
        }
    }

    /// Returns the client, which is built if it is needed for the first time, and what it knows about https origins.
    fn client_for(
        &self,
        route: &Route,
        way: Way,
        is_secure: bool,
        manner: Manner,
    ) -> Result<(Client, Option<FirstContacts>), Failure> {
        let pair = self.pair(route, way);
        let clients = if is_secure { &pair.secure } else { &pair.plain };
        let client = clients.of(manner).get_or_init(|| self.build(route, way, is_secure, manner)).clone()?;
        Ok((client, is_secure.then(|| pair.first_contacts.clone())))
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
            Route::Proxy(proxy, via) => {
                let proxy = Proxy::all(proxy.whole()).map_err(|error| unusable(&error))?;
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
        .connector_layer(measured())
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
    use std::sync::Arc;

    use url::Url;

    use super::{ByProxy, Clients, Manner, PROXIES_OF_HOSTS};
    use crate::model::{FailureKind, HostSettings, Proxies, ProxyUrl, Reach, Visit};
    use crate::scrape::FetchSettings;
    use crate::scrape::settings::sample;

    const KEPT: Manner = Manner { keeps: true, many_lines: false };

    fn clients() -> Clients {
        Clients::new(&FetchSettings { site: Some(([127, 0, 0, 1], 1).into()), ..sample() }).expect("good settings")
    }

    fn visit(url: &str, reach: Reach) -> Visit {
        Visit::new(Url::parse(url).expect("a URL"), reach)
    }

    fn proxy(number: usize) -> ProxyUrl {
        ProxyUrl::parse(&format!("http://u:secret@proxy{number}")).expect("a proxy")
    }

    #[test]
    fn only_https_reads_trust_anchors() {
        let clients = clients();
        for (url, reads_anchors) in [("http://h/", false), ("http://site.localhost/", false), ("https://h/", true)] {
            let made = clients.get(&visit(url, Reach::Listed), KEPT);
            // The system may have no trust anchors. Only clients that read them fail then.
            let has_read = made.map_or_else(
                |failure| failure.kind == FailureKind::Tls,
                |_| clients.direct.free.secure.of(KEPT).get().is_some(),
            );
            assert_eq!(has_read, reads_anchors, "{url}");
        }
    }

    #[test]
    fn guarded_and_unguarded_visits_do_not_share_connections() {
        let clients = clients();
        let hop = Reach::Redirected { own: "http://elsewhere".to_owned() };
        let own = Reach::Redirected { own: "http://h".to_owned() };
        let of = |reach| {
            let (route, way) = clients.route(&visit("http://h/", reach)).expect("a route");
            Arc::as_ptr(&clients.pair(&route, way))
        };
        assert_ne!(of(Reach::Listed), of(hop));
        assert_eq!(of(Reach::Listed), of(own));
    }

    #[test]
    fn proxies_of_hosts_keep_their_clients_until_many_others_were_used() {
        let settings = FetchSettings { proxies: Proxies::These(vec![proxy(0), proxy(1)]), ..sample() };
        let by_proxy = ByProxy::new(&settings);
        let of = |number| by_proxy.of(&proxy(number)).free;
        let [first, other] = [of(0), of(1)];
        assert!(!Arc::ptr_eq(&first, &other), "two proxies never share connections");
        for number in 2..PROXIES_OF_HOSTS + 10 {
            of(number);
            assert!(Arc::ptr_eq(&of(0), &first), "it is in use");
        }
        assert!(!Arc::ptr_eq(&of(1), &other), "it was not used for long");
        assert_eq!(by_proxy.kept.lock().expect("no panic").len(), PROXIES_OF_HOSTS + 2);
    }

    #[test]
    fn no_debug_form_shows_the_password_of_a_proxy() {
        let clients = clients();
        let host = HostSettings { proxy: Some(Proxies::These(vec![proxy(0)])), ..HostSettings::default() };
        let visit = Visit { host, ..visit("http://h/", Reach::Listed) };
        let made = clients.get(&visit, KEPT).expect("a client");
        let shown = format!("{clients:?} {visit:?} {:?} {:?}", visit.host, made.via);
        assert!(shown.contains("proxy0") && !shown.contains("secret"), "{shown}");
    }
}
