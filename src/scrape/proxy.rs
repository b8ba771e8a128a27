//! Proxies: their URLs, and which of them there are.

use std::fmt;

use hyper::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use serde::{Deserialize, Serialize};

use crate::model::parse_url;

/// Which proxies requests go through.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Proxies {
    /// Those of the environment: `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, in either case, as curl reads
    /// them.
    OfEnvironment,
    /// None, whatever the environment says.
    #[default]
    None,
    /// Each of these in turn; there is at least one.
    These(Vec<ProxyUrl>),
}

/// The URL of a proxy, which may hold a user name and a password. As text, it is without them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProxyUrl {
    whole: String,
    kind: ProxyKind,
    host: String,
    /// Scheme, host and port.
    shown: String,
}

/// What a proxy speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum ProxyKind {
    /// HTTP; https URLs go through a tunnel (RFC 9110, 9.3.6).
    Http,
    /// The same over TLS.
    Https,
    /// SOCKS 5 (RFC 1928); names are looked up here (`socks5`).
    Socks,
    /// SOCKS 5; names are looked up by the proxy (`socks5h`).
    SocksWithNames,
}

/// Why a text is no proxy's URL. It does not say what the text is, which may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProxyUrlError {
    /// It is no URL with a host.
    #[error("must be the URL of a proxy, such as \"http://proxy.example:3128\"")]
    NoUrl,
    /// Nobody here speaks that.
    #[error("must be a proxy of scheme http, https, socks5 or socks5h")]
    Scheme,
    /// A proxy has no path.
    #[error("must end after the proxy's host and port")]
    Path,
}

impl ProxyUrl {
    /// Reads a URL: `http://`, `https://`, `socks5://` or `socks5h://`, then perhaps `user:password@`, host and port.
    ///
    /// # Errors
    /// Where it is anything else.
    pub fn parse(text: &str) -> Result<Self, ProxyUrlError> {
        let url = parse_url(text, None).map_err(|_| ProxyUrlError::NoUrl)?;
        let scheme = Some(url.scheme()).filter(|scheme| !scheme.starts_with("socks4"));
        let kind = scheme.and_then(ProxyKind::of).ok_or(ProxyUrlError::Scheme)?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(ProxyUrlError::NoUrl)?;
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(ProxyUrlError::Path);
        }
        // The port that the HTTP client takes where there is none.
        let port = url.port_or_known_default().unwrap_or(1080);
        let shown = format!("{}://{host}:{port}", url.scheme());
        let proxy = Self { kind, host: host.to_owned(), shown, whole: url.into() };
        // The HTTP client goes past a proxy which it cannot read, without a word.
        let elsewhere = Uri::from_static("https://elsewhere.example/");
        let reads = Matcher::builder().all(proxy.whole.clone()).build().intercept(&elsewhere).is_some();
        reads.then_some(proxy).ok_or(ProxyUrlError::NoUrl)
    }

    /// With user name and password.
    pub(super) fn whole(&self) -> &str {
        &self.whole
    }

    pub(super) fn kind(&self) -> ProxyKind {
        self.kind
    }

    /// The host name or address of the proxy itself.
    pub(super) fn host(&self) -> &str {
        &self.host
    }
}

impl fmt::Display for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProxyUrl({})", self.shown)
    }
}

impl ProxyKind {
    /// What a scheme stands for.
    pub(super) fn of(scheme: &str) -> Option<Self> {
        Some(match scheme {
            "http" => Self::Http,
            "https" => Self::Https,
            // The HTTP client also takes SOCKS 4 from the environment, which has the same two forms.
            "socks5" | "socks4" => Self::Socks,
            "socks5h" | "socks4a" => Self::SocksWithNames,
            _ => return None,
        })
    }

    /// Whether the names of hosts are looked up here, so that the address is known before the proxy is asked for it.
    pub(super) fn looks_names_up_here(self) -> bool {
        self == Self::Socks
    }

    /// Whether it reads the headers of requests for http URLs.
    pub(super) fn reads_headers(self) -> bool {
        matches!(self, Self::Http | Self::Https)
    }
}

#[cfg(test)]
mod tests {
    use super::{ProxyUrl, ProxyUrlError};

    #[test]
    fn a_proxy_is_a_scheme_a_host_and_a_port_and_its_password_is_not_shown() {
        let table = [
            ("http://proxy.example:3128", "http://proxy.example:3128"),
            ("http://u:s3cret@proxy.example", "http://proxy.example:80"),
            ("HTTPS://u:s3cr%40et@10.0.0.1/", "https://10.0.0.1:443"),
            ("socks5://u:s3cret@[::1]", "socks5://[::1]:1080"),
            ("socks5h://u@h:1", "socks5h://h:1"),
        ];
        for (text, shown) in table {
            let proxy = ProxyUrl::parse(text).expect(text);
            assert_eq!(proxy.to_string(), shown, "{text}");
            assert_eq!(format!("{proxy:?}"), format!("ProxyUrl({shown})"), "{text}");
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused() {
        use ProxyUrlError::{NoUrl, Path, Scheme};
        let table = [
            ("", NoUrl),
            ("proxy.example", NoUrl),
            ("proxy.example:3128", Scheme),
            ("http://", NoUrl),
            ("socks5://:1080", NoUrl),
            ("socks4://h", Scheme),
            ("ftp://h", Scheme),
            ("http://h/x", Path),
            ("http://h/?x", Path),
            ("socks5://h#x", Path),
        ];
        for (text, error) in table {
            assert_eq!(ProxyUrl::parse(text), Err(error), "{text}");
        }
    }
}
