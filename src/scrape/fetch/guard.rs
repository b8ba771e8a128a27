//! Which addresses a visit may connect to.
//!
//! A guarded visit reaches only the public internet. If the host is an address, it is checked before the request. If it
//! is a name, the client's resolver ([`PublicOnly`]) checks its addresses. The client connects to exactly the addresses
//! that were checked, so a DNS name that changes between two look-ups cannot bypass the check.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use super::address;
use crate::model::{Failure, FailureKind, Reach, Stage};
use crate::scrape::settings::PrivateAddresses;

/// The fixed origin of a folder that is served for this run, so that its data is the same in every run.
pub(crate) const SITE_HOST: &str = "site.localhost";

/// Where a visit may connect to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// To the site of the run only.
    Site,
    /// Anywhere.
    Free,
    /// To public addresses only.
    Guarded,
}

/// The rules, and the facts about the run that they need.
#[derive(Debug)]
pub(super) struct Guard {
    pub(super) private_addresses: PrivateAddresses,
    pub(super) site: Option<SocketAddr>,
}

impl Guard {
    /// Decides before any connection is made.
    ///
    /// # Errors
    /// Fails with `blocked_address` if the host of the URL itself is not allowed.
    pub(super) fn way(&self, url: &Url, reach: &Reach) -> Result<Way, Failure> {
        if self.site.is_some() && is_site(url) {
            return match reach {
                Reach::Redirected { own } if !is_own_origin(url, own) => {
                    Err(blocked(url, "it is the site of this run, and only its own pages may redirect to it"))
                }
                _ => Ok(Way::Site),
            };
        }
        let way = self.way_elsewhere(url, reach);
        if way == Way::Guarded
            && let Some(kind) = literal(url)
        {
            return Err(self.blocked(url, kind));
        }
        Ok(way)
    }

    fn way_elsewhere(&self, url: &Url, reach: &Reach) -> Way {
        let is_own = match reach {
            Reach::Listed => true,
            Reach::Redirected { own } => is_own_origin(url, own),
        };
        match self.private_addresses {
            PrivateAddresses::Direct if is_own => Way::Free,
            // The port of the site is blocked under every other name.
            PrivateAddresses::Allow if is_own || !self.is_port_of_site(url) => Way::Free,
            PrivateAddresses::Direct | PrivateAddresses::Allow | PrivateAddresses::Deny => Way::Guarded,
        }
    }

    fn is_port_of_site(&self, url: &Url) -> bool {
        self.site.is_some_and(|site| url.port_or_known_default() == Some(site.port()))
    }

    /// Makes the failure of a visit to `url`, whose address is of this kind.
    pub(super) fn blocked(&self, url: &Url, kind: &str) -> Failure {
        let why = match self.private_addresses {
            PrivateAddresses::Deny => "which `network.private_addresses = \"deny\"` forbids",
            PrivateAddresses::Direct | PrivateAddresses::Allow => {
                "and neither a redirect nor a sitemap may lead there from another origin (see `network.private_addresses`)"
            }
        };
        blocked(url, &format!("its address is {kind}, {why}"))
    }
}

fn blocked(url: &Url, why: &str) -> Failure {
    let host = url.host_str().unwrap_or_default();
    let message = format!("connect to host `{host}`: {why}");
    Failure::new(FailureKind::BlockedAddress, Stage::Fetch, message)
}

/// The URL must not have a port: with a port, the name stands for any other server on this machine.
fn is_site(url: &Url) -> bool {
    url.scheme() == "http" && url.host_str() == Some(SITE_HOST) && url.port().is_none()
}

/// Whether the host of a URL has this name, as written.
pub(super) fn leads_to(url: &Url, host: &str) -> bool {
    url.host_str().is_some_and(|other| other.eq_ignore_ascii_case(host))
}

/// Whether a URL has the same origin as the task's own URL.
pub(super) fn is_own_origin(url: &Url, own: &str) -> bool {
    url.origin().ascii_serialization() == own
}

/// Returns the kind of the URL's host if it is not public and this is clear without a look-up. `localhost` and all
/// names below it are always loopback (RFC 6761, section 6.3).
fn literal(url: &Url) -> Option<&'static str> {
    match url.host()? {
        Host::Ipv4(host) => address::special(IpAddr::V4(host)),
        Host::Ipv6(host) => address::special(IpAddr::V6(host)),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            (name == "localhost" || name.ends_with(".localhost")).then_some("loopback")
        }
    }
}

/// A name was blocked: none of its addresses is public, and one of them is of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("its address is {kind}")]
pub(super) struct NotPublic {
    pub(super) kind: &'static str,
}

/// A resolver that returns only public addresses. `lookup` finds all addresses of a name.
#[derive(Debug)]
pub(super) struct PublicOnly<L> {
    lookup: L,
    /// The host of a proxy, which may have any address. Guarded URLs cannot lead to this host.
    exempt: Option<String>,
}

/// Uses the system's resolver, which is also the HTTP client's default.
pub(super) fn public_only() -> impl Resolve + 'static {
    of_the_system(None)
}

/// Works like [`public_only`], but allows any address for the host of a proxy.
pub(super) fn public_only_but(proxy: &str) -> impl Resolve + 'static {
    of_the_system(Some(proxy.to_owned()))
}

fn of_the_system(exempt: Option<String>) -> impl Resolve + 'static {
    let lookup = |name: String| async move {
        let found = tokio::net::lookup_host((name, 0)).await?;
        Ok(found.collect())
    };
    PublicOnly { lookup, exempt }
}

impl<L, F> Resolve for PublicOnly<L>
where
    L: Fn(String) -> F + Send + Sync,
    F: Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static,
{
    fn resolve(&self, name: Name) -> Resolving {
        let found = (self.lookup)(name.as_str().to_owned());
        let is_exempt = self.exempt.as_ref().is_some_and(|exempt| exempt.eq_ignore_ascii_case(name.as_str()));
        Box::pin(async move {
            let found = found.await?;
            if is_exempt {
                return Ok(Box::new(found.into_iter()) as Addrs);
            }
            let kind = found.iter().find_map(|found| address::special(found.ip()));
            let public: Vec<SocketAddr> =
                found.into_iter().filter(|found| address::special(found.ip()).is_none()).collect();
            match kind {
                Some(kind) if public.is_empty() => Err(NotPublic { kind }.into()),
                _ => Ok(Box::new(public.into_iter()) as Addrs),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use reqwest::dns::Resolve;
    use url::Url;

    use super::{Guard, NotPublic, PublicOnly, Way};
    use crate::model::{FailureKind, Reach};
    use crate::scrape::PrivateAddresses::{self, Allow, Deny, Direct};

    const SITE: &str = "127.0.0.1:4000";

    fn way(private_addresses: PrivateAddresses, url: &str, own: Option<&str>) -> Option<Way> {
        let guard = Guard { private_addresses, site: Some(SITE.parse().expect("an address")) };
        let reach = own.map_or(Reach::Listed, |own| Reach::Redirected { own: own.to_owned() });
        match guard.way(&Url::parse(url).expect(url), &reach) {
            Ok(way) => Some(way),
            Err(failure) => {
                assert_eq!(failure.kind, FailureKind::BlockedAddress);
                None
            }
        }
    }

    #[test]
    fn where_a_visit_may_connect_to_depends_on_who_names_the_target() {
        let (free, guarded, site) = (Some(Way::Free), Some(Way::Guarded), Some(Way::Site));
        let (away, inside) = (Some("http://h"), Some("http://10.0.0.1:8080"));
        let own_site = Some("http://site.localhost");
        // Columns: the URL; the origin of the task's own URL, for a redirect; the results for direct, allow and deny.
        let table = [
            ("http://h/", None, [free, free, guarded]),
            ("http://10.0.0.1:8080/", None, [free, free, None]),
            ("http://localhost/", None, [free, free, None]),
            ("http://h/b", away, [free, free, guarded]),
            ("https://h/", away, [guarded, free, guarded]),
            ("http://other/", away, [guarded, free, guarded]),
            ("http://10.0.0.1:8080/", inside, [free, free, None]),
            ("http://10.0.0.1/", inside, [None, free, None]),
            ("http://10.0.0.1:8080/", away, [None, free, None]),
            ("http://0x7f.1/", away, [None, free, None]),
            ("http://2130706433/", away, [None, free, None]),
            ("http://[::ffff:7f00:1]/", away, [None, free, None]),
            ("http://127.0.0.1./", away, [None, free, None]),
            ("http://LOCALHOST./", away, [None, free, None]),
            ("http://a.localhost/", away, [None, free, None]),
            ("http://169.254.169.254/latest/meta-data/", away, [None, free, None]),
            ("http://8.8.8.8/", away, [guarded, free, guarded]),
            ("http://site.localhost/x", None, [site, site, site]),
            ("http://site.localhost/x", own_site, [site, site, site]),
            ("http://site.localhost/x", away, [None, None, None]),
            ("http://site.localhost:22/", own_site, [None, free, None]),
            ("http://127.0.0.1:4000/", away, [None, None, None]),
            ("http://127.0.0.1:4000/", own_site, [None, None, None]),
            ("http://rebound:4000/", away, [guarded, guarded, guarded]),
        ];
        for (url, own, ways) in table {
            assert_eq!([Direct, Allow, Deny].map(|setting| way(setting, url, own)), ways, "{url} from {own:?}");
        }
    }

    async fn resolve(name: &str, answers: &'static [&'static str]) -> Result<Vec<SocketAddr>, NotPublic> {
        let lookup = move |_| std::future::ready(Ok(answers.iter().map(|it| it.parse().expect(it)).collect()));
        let resolver = PublicOnly { lookup, exempt: Some("proxy".to_owned()) };
        match resolver.resolve(name.parse().expect("a name")).await {
            Ok(found) => Ok(found.collect()),
            Err(error) => Err(*error.downcast::<NotPublic>().expect("the only error here")),
        }
    }

    #[tokio::test]
    async fn only_the_public_addresses_of_a_name_are_used() {
        assert_eq!(resolve("h", &["10.0.0.1:0"]).await, Err(NotPublic { kind: "private" }));
        assert_eq!(resolve("h", &["[::1]:0", "10.0.0.1:0"]).await, Err(NotPublic { kind: "loopback" }));
        assert_eq!(
            resolve("h", &["10.0.0.1:0", "8.8.8.8:0"]).await,
            Ok(vec!["8.8.8.8:0".parse().expect("an address")])
        );
        assert_eq!(resolve("h", &[]).await, Ok(vec![]));
        assert_eq!(resolve("Proxy", &["10.0.0.1:0"]).await, Ok(vec!["10.0.0.1:0".parse().expect("an address")]));
    }

    #[tokio::test]
    async fn a_name_that_resolves_to_another_address_later_is_blocked_then() {
        let times = AtomicUsize::new(0);
        let lookup = move |_| {
            let answer = if times.fetch_add(1, Ordering::Relaxed) == 0 { "8.8.8.8:0" } else { "127.0.0.1:0" };
            std::future::ready(Ok(vec![answer.parse().expect("an address")]))
        };
        let rebinding = PublicOnly { lookup, exempt: None };
        let name = || "rebinding.example".parse().expect("a name");
        assert!(rebinding.resolve(name()).await.is_ok());
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client =
            reqwest::Client::builder().no_proxy().tls_certs_only([]).dns_resolver(std::sync::Arc::new(rebinding));
        let client = client.build().expect("a client");
        let error = client.get("http://rebinding.example/").send().await.expect_err("blocked");
        let found = super::super::classify::not_public(&error);
        assert_eq!(found, Some(NotPublic { kind: "loopback" }), "{error:?}");
    }
}
