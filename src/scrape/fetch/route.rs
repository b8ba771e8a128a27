//! Which proxy a request uses, if any.

use std::sync::atomic::{AtomicUsize, Ordering};

use hyper::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use crate::model::{Proxies, ProxyKind, ProxyUrl, Visit};
use crate::scrape::settings::FetchSettings;

/// The route of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    Direct,
    /// Through the proxy that the environment gives for this URL.
    Environment(Via),
    /// Through this proxy of the settings.
    Proxy(ProxyUrl, Via),
}

/// A proxy on the route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Via {
    pub(super) kind: ProxyKind,
    /// The host name or address of the proxy.
    pub(super) host: String,
    /// Scheme, host and port.
    pub(super) shown: String,
}

impl Route {
    /// Returns the proxy on the route, if any.
    pub(super) fn via(&self) -> Option<&Via> {
        match self {
            Self::Direct => None,
            Self::Environment(via) | Self::Proxy(_, via) => Some(via),
        }
    }
}

/// Chooses the routes of requests.
#[derive(Debug)]
pub(super) struct Routes {
    /// The proxies of the environment, as the HTTP clients read them.
    environment: Matcher,
    for_all: Proxies,
    /// Counts requests, to use the proxies in turn.
    turn: AtomicUsize,
}

impl Routes {
    pub(super) fn new(settings: &FetchSettings) -> Self {
        // Each worker counts for itself, so workers start at different proxies.
        let turn = usize::try_from(std::process::id()).unwrap_or_default().into();
        Self { environment: Matcher::from_system(), for_all: settings.proxies.clone(), turn }
    }

    /// Returns the route of a request. The proxies of its host come before those for all hosts.
    pub(super) fn of(&self, visit: &Visit) -> Route {
        match visit.host.proxy.as_ref().unwrap_or(&self.for_all) {
            Proxies::None => Route::Direct,
            Proxies::OfEnvironment => self.of_environment(&visit.url).map_or(Route::Direct, Route::Environment),
            Proxies::These(these) => {
                let proxy = &these[self.turn.fetch_add(1, Ordering::Relaxed) % these.len()];
                let via = Via { kind: proxy.kind(), host: proxy.host().to_owned(), shown: proxy.to_string() };
                Route::Proxy(proxy.clone(), via)
            }
        }
    }

    fn of_environment(&self, url: &Url) -> Option<Via> {
        let proxy = self.environment.intercept(&url.as_str().parse::<Uri>().ok()?)?;
        let uri = proxy.uri();
        let kind = ProxyKind::of(uri.scheme_str()?)?;
        let host = uri.host()?.to_owned();
        Some(Via { kind, host, shown: format!("{}://{}", uri.scheme_str()?, uri.authority()?) })
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::{Route, Routes};
    use crate::model::{HostSettings, Proxies, ProxyUrl, Reach, Visit};
    use crate::scrape::FetchSettings;
    use crate::scrape::settings::sample;

    fn these(urls: &[&str]) -> Proxies {
        Proxies::These(urls.iter().map(|url| ProxyUrl::parse(url).expect(url)).collect())
    }

    fn visit(proxy: Option<Proxies>) -> Visit {
        let url = Url::parse("http://h/").expect("a URL");
        Visit { host: HostSettings { proxy, ..HostSettings::default() }, ..Visit::new(url, Reach::Listed) }
    }

    #[test]
    fn requests_use_the_proxies_in_turn_and_a_host_may_have_its_own() {
        let routes = Routes::new(&FetchSettings { proxies: these(&["http://u:p@a:1", "http://b:1"]), ..sample() });
        let via = |visit: &Visit| routes.of(visit).via().map(|via| via.shown.clone());
        let mut turns = [(); 3].map(|()| via(&visit(None)));
        assert_eq!(turns[0], turns[2]);
        turns.sort();
        assert!(turns.contains(&Some("http://a:1".to_owned())) && turns.contains(&Some("http://b:1".to_owned())));
        for _ in 0..3 {
            assert_eq!(via(&visit(Some(these(&["http://c:1"])))).as_deref(), Some("http://c:1"));
            assert_eq!(via(&visit(Some(Proxies::None))), None);
        }
        let direct = Routes::new(&FetchSettings { proxies: Proxies::None, ..sample() });
        assert_eq!(direct.of(&visit(None)), Route::Direct);
    }
}
