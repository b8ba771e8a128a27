//! Proxies: their URLs, and which ones requests use.

use std::fmt;

use hyper::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use serde::{Deserialize, Serialize};

use super::parse_url;

/// Which proxies requests use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Proxies {
    /// The proxies of the environment: `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, in upper or lower case,
    /// as in curl.
    OfEnvironment,
    /// No proxy, whatever the environment says.
    #[default]
    None,
    /// These proxies in turn. There is at least one.
    These(Vec<ProxyUrl>),
}

/// The URL of a proxy, which may contain a user name and a password. Its text form leaves them out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProxyUrl {
    whole: String,
    kind: ProxyKind,
    host: String,
    /// Scheme, host and port.
    shown: String,
}

/// The protocol of a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProxyKind {
    /// HTTP. Requests for https URLs use a tunnel (RFC 9110, 9.3.6).
    Http,
    /// HTTP over TLS, with tunnels as above.
    Https,
    /// SOCKS 5 (RFC 1928). The worker looks up host names (`socks5`).
    Socks,
    /// SOCKS 5. The proxy looks up host names (`socks5h`).
    SocksWithNames,
}

/// Why a text is not a valid proxy URL. The error does not quote the text, which may contain a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProxyUrlError {
    /// The text is not a URL with a host.
    #[error("must be the URL of a proxy, such as \"http://proxy.example:3128\"")]
    NoUrl,
    /// The scheme is not supported.
    #[error("must be a proxy of scheme http, https, socks5 or socks5h")]
    Scheme,
    /// The URL has a path, a query or a fragment.
    #[error("must end after the proxy's host and port")]
    Path,
}

impl ProxyUrl {
    /// Reads a URL: `http://`, `https://`, `socks5://` or `socks5h://`, optionally `user:password@`, then host and
    /// port.
    ///
    /// # Errors
    /// Fails if the text has any other form.
    pub fn parse(text: &str) -> Result<Self, ProxyUrlError> {
        let url = parse_url(text, None).map_err(|_| ProxyUrlError::NoUrl)?;
        let scheme = Some(url.scheme()).filter(|scheme| !scheme.starts_with("socks4"));
        let kind = scheme.and_then(ProxyKind::of).ok_or(ProxyUrlError::Scheme)?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(ProxyUrlError::NoUrl)?;
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(ProxyUrlError::Path);
        }
        // The HTTP client uses this port for SOCKS if there is none.
        let port = url.port_or_known_default().unwrap_or(1080);
        let shown = format!("{}://{host}:{port}", url.scheme());
        let proxy = Self { kind, host: host.to_owned(), shown, whole: url.into() };
        // The HTTP client silently bypasses a proxy whose URL it cannot read.
        let elsewhere = Uri::from_static("https://elsewhere.example/");
        let reads = Matcher::builder().all(proxy.whole.clone()).build().intercept(&elsewhere).is_some();
        reads.then_some(proxy).ok_or(ProxyUrlError::NoUrl)
    }

    /// The URL with user name and password.
    pub(crate) fn whole(&self) -> &str {
        &self.whole
    }

    pub(crate) fn kind(&self) -> ProxyKind {
        self.kind
    }

    /// The host name or address of the proxy.
    pub(crate) fn host(&self) -> &str {
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
    /// Returns the kind that a scheme stands for.
    pub(crate) fn of(scheme: &str) -> Option<Self> {
        Some(match scheme {
            "http" => Self::Http,
            "https" => Self::Https,
            // The HTTP client also accepts SOCKS 4 from the environment, which has the same two forms.
            "socks5" | "socks4" => Self::Socks,
            "socks5h" | "socks4a" => Self::SocksWithNames,
            _ => return None,
        })
    }

    /// Whether the worker looks up host names, so that it knows the address before it asks the proxy.
    pub(crate) fn looks_names_up_here(self) -> bool {
        self == Self::Socks
    }

    /// Whether the proxy reads the headers of requests for http URLs.
    pub(crate) fn reads_headers(self) -> bool {
        matches!(self, Self::Http | Self::Https)
    }
}

#[cfg(test)]
mod tests {
    use super::{ProxyUrl, ProxyUrlError};

    #[test]
    fn a_proxy_url_is_shown_without_user_name_and_password() {
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
    fn an_invalid_proxy_url_is_refused() {
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
