use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// Identifies a host for politeness and secrets: the host's name, plus its port if that is not the scheme's default.
/// The http and https servers of one name count as one host.
///
/// The name follows the URL standard: lower case, Punycode, IPv6 in brackets. A dot at the end, which only marks the
/// name as complete, is removed. As text: `books.example`, `books.example:8080`, `[::1]:8080`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct HostKey(String);

impl HostKey {
    /// The host of an http(s) URL; `None` for any other URL, since Gleaner fetches only http and https.
    pub fn of(url: &Url) -> Option<Self> {
        matches!(url.scheme(), "http" | "https").then_some(())?;
        Some(Self::new(url.host_str()?, url.port()))
    }

    /// The key as text, as [`Display`](fmt::Display) shows it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn new(name: &str, port: Option<u16>) -> Self {
        let name = name.strip_suffix('.').filter(|name| !name.is_empty()).unwrap_or(name);
        Self(port.map_or_else(|| name.to_owned(), |port| format!("{name}:{port}")))
    }
}

impl fmt::Display for HostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is not a valid host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HostKeyError {
    /// It contains more than a host, for example a whole URL.
    #[error("must be a host such as \"books.example\" or \"books.example:8080\", without scheme, path and user name")]
    NoHost,
    /// It contains a `*`. A key names exactly one host; wildcards are not supported.
    #[error("must be one host: wildcards (`*`) are not supported")]
    Wildcard,
    /// The part before the port is neither a host name nor an address.
    #[error("is not a valid host name ({0})")]
    Name(url::ParseError),
    /// The port is not a number from 1 to 65535.
    #[error("must have a port from 1 to 65535 after its colon")]
    Port,
    /// The port is 80 or 443, the default port of http or https. A URL with its default port has a key without a port.
    #[error(
        "must not have the port 80 or 443: leave it out, since the http and https servers of a name count as one host"
    )]
    UsualPort,
}

/// Parses `host` or `host:port` as a person writes it: in any case, with any letters that a URL allows in a host.
impl FromStr for HostKey {
    type Err = HostKeyError;

    fn from_str(text: &str) -> Result<Self, HostKeyError> {
        if text.contains(['/', '\\', '?', '#', '@']) || text.contains(char::is_whitespace) {
            return Err(HostKeyError::NoHost);
        }
        if text.contains('*') {
            return Err(HostKeyError::Wildcard);
        }
        let (name, port) = match text.rfind(':') {
            Some(colon) if !text[colon..].contains(']') => (&text[..colon], Some(&text[colon + 1..])),
            _ => (text, None),
        };
        let name = Host::parse(name).map_err(HostKeyError::Name)?;
        let is_number = |port: &&str| port.bytes().all(|byte| byte.is_ascii_digit());
        let port = match port.map(|port| Some(port).filter(is_number).and_then(|port| port.parse().ok())) {
            None => None,
            Some(None | Some(0)) => return Err(HostKeyError::Port),
            Some(Some(80 | 443)) => return Err(HostKeyError::UsualPort),
            Some(port) => port,
        };
        Ok(Self::new(&name.to_string(), port))
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::{HostKey, HostKeyError};

    #[test]
    fn a_key_is_the_name_and_a_non_default_port_whatever_the_scheme() {
        let table = [
            ("http://books.example/a", Some("books.example")),
            ("https://books.example/", Some("books.example")),
            ("http://u:p@BOOKS.example:80/", Some("books.example")),
            ("https://books.example:443/", Some("books.example")),
            ("https://books.example:80/", Some("books.example:80")),
            ("http://books.example:8080/", Some("books.example:8080")),
            ("http://books.example./", Some("books.example")),
            ("http://Bücher.example/", Some("xn--bcher-kva.example")),
            ("http://[::1]:8080/", Some("[::1]:8080")),
            ("http://0x7f.1/", Some("127.0.0.1")),
            ("http://./", Some(".")),
            ("ftp://books.example/", None),
            ("mailto:a@books.example", None),
        ];
        for (url, key) in table {
            let found = HostKey::of(&Url::parse(url).expect(url));
            assert_eq!(found.as_ref().map(HostKey::as_str), key, "{url}");
        }
    }

    #[test]
    fn a_written_host_gives_the_key_of_its_urls() {
        let table = [
            ("books.example", "http://books.example/"),
            ("Books.Example.", "https://books.example/"),
            ("BÜCHER.example", "http://xn--bcher-kva.example/"),
            ("books.example:8080", "http://books.example:8080/"),
            ("[::1]", "http://[0:0:0:0:0:0:0:1]/"),
            ("[::1]:8080", "http://[::1]:8080/"),
            ("127.1", "http://127.0.0.1/"),
            ("localhost:1", "http://localhost:1/"),
        ];
        for (text, url) in table {
            assert_eq!(text.parse().ok(), HostKey::of(&Url::parse(url).expect(url)), "{text}");
        }
    }

    #[test]
    fn a_text_that_is_not_a_valid_host_is_refused() {
        use HostKeyError::{Name, NoHost, Port, UsualPort, Wildcard};
        use url::ParseError::{EmptyHost, IdnaError, InvalidIpv4Address, InvalidIpv6Address};
        let table = [
            ("http://h/", NoHost),
            ("h/", NoHost),
            ("u@h", NoHost),
            ("a b", NoHost),
            ("h\n", NoHost),
            ("h:", Port),
            ("h:x", Port),
            ("h:+1", Port),
            ("h:0", Port),
            ("h:65536", Port),
            ("h:80", UsualPort),
            ("h:443", UsualPort),
            ("", Name(EmptyHost)),
            (":8080", Name(EmptyHost)),
            ("*.example", Wildcard),
            ("a%00b", Name(IdnaError)),
            ("300.1.1.1", Name(InvalidIpv4Address)),
            ("[::x]", Name(InvalidIpv6Address)),
        ];
        for (text, error) in table {
            assert_eq!(text.parse::<HostKey>(), Err(error), "{text}");
        }
    }
}
