//! Which hosts and paths a cookie is for.

use std::iter;
use std::net::Ipv6Addr;

use url::{Host, Url};

/// The longest host name in bytes, including a dot at its end.
const LONGEST_NAME: usize = 254;

/// The hosts that a cookie is for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scope {
    /// A host as in a URL, in lower case.
    pub(super) domain: String,
    /// Whether it is for this host only, and not for its subdomains.
    pub(super) host_only: bool,
}

impl Scope {
    /// The scope of a cookie that `url` sets with this `Domain` attribute, without the leading dot. `None` if the
    /// attribute is not a domain of the URL, or is a public suffix (6265bis, 5.7).
    pub(super) fn of(url: &Url, attribute: Option<&str>) -> Option<Self> {
        let host = url.host_str()?;
        let Some(attribute) = attribute else { return Some(Self { domain: host.to_owned(), host_only: true }) };
        // A domain must be ASCII (6265bis, 5.7), although a URL would convert other text.
        let asked = Self::with_subdomains(&Host::parse(Some(attribute).filter(|text| text.is_ascii())?).ok()?);
        let reaches = if asked.host_only { asked.domain == host } else { domains(url).any(|own| own == asked.domain) };
        reaches.then_some(asked)
    }

    /// Parses the host of a cookie file. It may have a leading dot or a port (wget), and IPv6 addresses may have no
    /// brackets.
    pub(super) fn parse_host(text: &str, with_those_below: bool) -> Option<Self> {
        let text = text.strip_prefix('.').unwrap_or(text);
        let host = if let Ok(address) = text.parse::<Ipv6Addr>() {
            Host::Ipv6(address)
        } else {
            let is_port = |port: &str| port.parse::<u16>().is_ok();
            let name = text.rsplit_once(':').filter(|(_, port)| is_port(port)).map_or(text, |(name, _)| name);
            Host::parse(name).ok()?
        };
        let scope = Self::with_subdomains(&host);
        Some(Self { host_only: scope.host_only || !with_those_below, ..scope })
    }

    /// The host and its subdomains. Addresses and public suffixes (`co.uk`, `github.io`, and any name without a dot)
    /// own no subdomains, so the scope is that host only.
    fn with_subdomains(host: &Host) -> Self {
        let is_name = matches!(host, Host::Domain(_));
        let domain = host.to_string();
        let labels = domain.trim_end_matches('.');
        let host_only = !is_name || psl::suffix_str(labels).is_none_or(|suffix| suffix.len() >= labels.len());
        Self { domain, host_only }
    }
}

/// The host of a URL and its parent domains. An address has no parent domains, because no cookie can be set for them. A
/// name that is too long (RFC 1035, 2.3.4) has none either, because no such host exists.
pub(super) fn domains(url: &Url) -> impl Iterator<Item = &str> {
    url.host_str().into_iter().flat_map(host_and_parents)
}

/// Like [`domains`], for a host name.
pub(super) fn host_and_parents(host: &str) -> impl Iterator<Item = &str> {
    let is_name = host.len() <= LONGEST_NAME;
    iter::successors(Some(host), move |domain| Some(domain.split_once('.').filter(|_| is_name)?.1))
}

/// The default path of a cookie (RFC 6265, 5.1.4): the folder of the page that sets it.
pub(super) fn default_path(url: &Url) -> &str {
    match url.path().rfind('/') {
        Some(1..) => url.path().rsplit_once('/').map_or("/", |(folder, _)| folder),
        _ => "/",
    }
}

/// Whether a cookie with the path `cookie` is sent to `path` (RFC 6265, 5.1.4).
pub(super) fn path_matches(path: &str, cookie: &str) -> bool {
    path.strip_prefix(cookie).is_some_and(|rest| rest.is_empty() || cookie.ends_with('/') || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_sets_cookies_for_itself_and_its_parent_domains_except_public_suffixes() {
        // (the host, the attribute, the domain of the cookie if it is set, whether it is for that host only)
        let table = [
            ("www.h.example", None, Some(("www.h.example", true))),
            ("www.h.example", Some("www.h.example"), Some(("www.h.example", false))),
            ("www.h.example", Some("h.example"), Some(("h.example", false))),
            ("www.h.example", Some("H.Example"), Some(("h.example", false))),
            ("www.b\u{fc}cher.example", Some("b\u{fc}cher.example"), None),
            ("www.b\u{fc}cher.example", Some("xn--bcher-kva.example"), Some(("xn--bcher-kva.example", false))),
            ("www.h.example", Some("example"), None),
            ("www.h.example", Some("a.www.h.example"), None),
            ("www.h.example", Some("w.h.example"), None),
            ("www.h.example", Some("ww.h.example"), None),
            ("www.h.example", Some("."), None),
            ("www.h.example", Some(".h.example"), None),
            ("www.h.example", Some("a b"), None),
            ("evilh.example", Some("h.example"), None),
            ("shop.co.uk", Some("co.uk"), None),
            ("a.github.io", Some("github.io"), None),
            ("github.io", Some("github.io"), Some(("github.io", true))),
            ("localhost", Some("localhost"), Some(("localhost", true))),
            ("site.localhost", Some("localhost"), None),
            ("a.xn--55qx5d.cn", Some("xn--55qx5d.cn"), None),
            ("a.b.xn--55qx5d.cn", Some("b.xn--55qx5d.cn"), Some(("b.xn--55qx5d.cn", false))),
            ("h.com.", Some("com."), None),
            ("h.com.", Some("h.com"), None),
            ("127.0.0.1", Some("127.0.0.1"), Some(("127.0.0.1", true))),
            ("127.0.0.1", Some("0.0.1"), None),
            ("127.0.0.1", Some("1"), None),
            ("[::1]", None, Some(("[::1]", true))),
            ("[::1]", Some("[::1]"), Some(("[::1]", true))),
        ];
        for (host, attribute, expected) in table {
            let url = Url::parse(&format!("http://{host}:8080/")).expect(host);
            let expected = expected.map(|(domain, host_only)| Scope { domain: domain.to_owned(), host_only });
            assert_eq!(Scope::of(&url, attribute), expected, "{host} for {attribute:?}");
        }
    }

    #[test]
    fn hosts_in_files_are_read_in_all_forms() {
        let table = [
            ("h.example", false, Some(("h.example", true))),
            (".H.example", true, Some(("h.example", false))),
            ("h.example", true, Some(("h.example", false))),
            (".h.example", false, Some(("h.example", true))),
            (".co.uk", true, Some(("co.uk", true))),
            ("127.0.0.1", true, Some(("127.0.0.1", true))),
            ("127.0.0.1:8080", false, Some(("127.0.0.1", true))),
            ("localhost:8080", false, Some(("localhost", true))),
            ("::1", false, Some(("[::1]", true))),
            ("[::1]", false, Some(("[::1]", true))),
            ("[::1]:80", false, Some(("[::1]", true))),
            ("", false, None),
            (".", true, None),
            ("h:http", false, None),
            ("a b", false, None),
            ("http://h/", false, None),
        ];
        for (text, below, expected) in table {
            let expected = expected.map(|(domain, host_only)| Scope { domain: domain.to_owned(), host_only });
            assert_eq!(Scope::parse_host(text, below), expected, "{text:?}");
        }
    }

    #[test]
    fn cookies_are_sent_to_their_path_and_paths_below_it() {
        let table = [
            ("/", "/", true),
            ("/a", "/", true),
            ("/a", "/a", true),
            ("/a/", "/a", true),
            ("/a/b", "/a", true),
            ("/a/b", "/a/", true),
            ("/a", "/a/", false),
            ("/ab", "/a", false),
            ("/A", "/a", false),
            ("/", "/a", false),
        ];
        for (path, cookie, expected) in table {
            assert_eq!(path_matches(path, cookie), expected, "{path} for {cookie}");
        }
        for (page, expected) in [("", "/"), ("/a", "/"), ("/a/", "/a"), ("/a/b?c=/d/", "/a"), ("/a/b/c", "/a/b")] {
            let url = Url::parse(&format!("http://h{page}")).expect(page);
            assert_eq!(default_path(&url), expected, "{page}");
        }
    }
}
