//! Which proxy a request uses, if any.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use hyper::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use crate::model::HostKey;
use crate::scrape::proxy::{Proxies, ProxyKind, ProxyUrl};
use crate::scrape::settings::FetchSettings;

/// The route of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    Direct,
    /// Through the proxy that the environment gives for this URL.
    Environment(Via),
    /// Through the proxy at this index in [`Routes::proxies`].
    Proxy(usize, Via),
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

/// All routes of the settings.
#[derive(Debug)]
pub(super) struct Routes {
    /// The proxies of the environment, as the HTTP clients read them.
    environment: Matcher,
    /// Every proxy of the settings, without duplicates.
    pub(super) proxies: Vec<ProxyUrl>,
    for_all: Choice,
    for_hosts: BTreeMap<HostKey, Choice>,
    /// Counts requests, to use the proxies in turn.
    turn: AtomicUsize,
}

#[derive(Debug)]
enum Choice {
    OfEnvironment,
    Direct,
    /// Indices of proxies.
    Among(Vec<usize>),
}

impl Routes {
    pub(super) fn new(settings: &FetchSettings) -> Self {
        let mut proxies = Vec::new();
        let mut choice = |which: &Proxies| match which {
            Proxies::OfEnvironment => Choice::OfEnvironment,
            Proxies::None => Choice::Direct,
            Proxies::These(these) => Choice::Among(these.iter().map(|proxy| number(&mut proxies, proxy)).collect()),
        };
        let for_all = choice(&settings.proxies);
        let of_hosts =
            settings.hosts.iter().filter_map(|(key, host)| Some((key.clone(), choice(host.proxy.as_ref()?))));
        let for_hosts = of_hosts.collect();
        // Each worker counts for itself, so workers start at different proxies.
        let turn = usize::try_from(std::process::id()).unwrap_or_default().into();
        Self { environment: Matcher::from_system(), proxies, for_all, for_hosts, turn }
    }

    /// Returns the route of the next request for `url`.
    pub(super) fn of(&self, url: &Url) -> Route {
        let for_host = || self.for_hosts.get(&HostKey::of(url)?);
        let choice = if self.for_hosts.is_empty() { None } else { for_host() };
        match choice.unwrap_or(&self.for_all) {
            Choice::Direct => Route::Direct,
            Choice::OfEnvironment => self.of_environment(url).map_or(Route::Direct, Route::Environment),
            Choice::Among(numbers) => {
                let number = numbers[self.turn.fetch_add(1, Ordering::Relaxed) % numbers.len()];
                let proxy = &self.proxies[number];
                let via = Via { kind: proxy.kind(), host: proxy.host().to_owned(), shown: proxy.to_string() };
                Route::Proxy(number, via)
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

/// Returns the index of `proxy`. Adds the proxy if it is new.
fn number(proxies: &mut Vec<ProxyUrl>, proxy: &ProxyUrl) -> usize {
    proxies.iter().position(|known| known == proxy).unwrap_or_else(|| {
        proxies.push(proxy.clone());
        proxies.len() - 1
    })
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::{Route, Routes};
    use crate::scrape::settings::{HostSettings, sample};
    use crate::scrape::{FetchSettings, Proxies, ProxyUrl};

    fn these(urls: &[&str]) -> Proxies {
        Proxies::These(urls.iter().map(|url| ProxyUrl::parse(url).expect(url)).collect())
    }

    #[test]
    fn requests_use_the_proxies_in_turn_and_a_host_may_have_its_own() {
        let host = |proxy| HostSettings { proxy: Some(proxy), ..HostSettings::default() };
        let hosts = [
            ("own.example".parse().expect("a host"), host(these(&["http://b:1"]))),
            ("direct.example".parse().expect("a host"), host(Proxies::None)),
        ];
        let proxies = these(&["http://u:p@a:1", "http://b:1"]);
        let routes = Routes::new(&FetchSettings { proxies, hosts: hosts.into(), ..sample() });
        let via = |url: &str| routes.of(&Url::parse(url).expect(url)).via().map(|via| via.shown.clone());
        let mut turns = [via("http://h/"), via("https://h/"), via("http://h/")];
        assert_eq!(turns[0], turns[2]);
        turns.sort();
        assert!(turns.contains(&Some("http://a:1".to_owned())) && turns.contains(&Some("http://b:1".to_owned())));
        for _ in 0..3 {
            assert_eq!(via("https://own.example/").as_deref(), Some("http://b:1"));
            assert_eq!(via("http://direct.example/"), None);
            assert_ne!(via("http://own.example:8080/"), None);
        }
        assert_eq!(routes.proxies.len(), 2);
        let direct = Routes::new(&FetchSettings { proxies: Proxies::None, ..sample() });
        assert_eq!(direct.of(&Url::parse("http://h/").expect("a URL")), Route::Direct);
    }
}
