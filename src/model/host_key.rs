use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// What politeness and secrets go by: a host's name, and its port where that is not the scheme's default. http and https
/// of one server are one host.
///
/// The name is as the URL standard has it: lower case, Punycode, IPv6 in brackets; a dot at its end, which only says that
/// the name is whole, is left off. As text: `books.example`, `books.example:8080`, `[::1]:8080`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct HostKey(String);

impl HostKey {
    /// The host of an http(s) URL; `None` for any other URL, which has no host that is fetched from.
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

/// Why a text names no host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HostKeyError {
    /// It is more than a host, such as a URL.
    #[error("must be a host such as \"books.example\" or \"books.example:8080\", without scheme, path and user name")]
    NoHost,
    /// It has a `*`: a key is one host, and stands for no others.
    #[error("must be one host: `*` stands for no others")]
    Wildcard,
    /// What stands before the port is no name and no address.
    #[error("is no host name ({0})")]
    Name(url::ParseError),
    /// The port is no number from 1 to 65535.
    #[error("must have a port from 1 to 65535 after its colon")]
    Port,
    /// The port is one that goes without saying: a URL with it has a key without it.
    #[error("must be without its port: the usual ports of http and https are of the same host")]
    UsualPort,
}

/// Reads what a person writes: `host` or `host:port`, in any case, with any letters that a URL may have there.
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
    fn a_host_is_its_name_and_an_unusual_port_whatever_the_scheme() {
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
    fn what_a_person_writes_is_the_key_of_the_urls_that_are_meant() {
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
    fn what_names_no_host_is_refused() {
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
