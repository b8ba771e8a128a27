//! Who may ask.
//!
//! Every user of this machine can reach a port on loopback, and so can every web page in a browser on it. Three checks
//! keep them out:
//!
//! - **Host.** A page whose name resolves to this machine (DNS rebinding) sends its own name as the host. Only addresses,
//!   `localhost`, and the name on the command line are answered, with our port.
//! - **Origin.** A page of another origin may send requests here. Browsers name the origin in `Origin` (RFC 6454) and
//!   `Sec-Fetch-Site` (<https://www.w3.org/TR/fetch-metadata/>).
//! - **Token.** Whoever opens the page must know the token of its URL. A cookie keeps it from then on, so that it is
//!   neither in the history nor in a `Referer`.

use std::net::{IpAddr, SocketAddr};

use axum::http::header::{COOKIE, HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderName, Method};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustix::rand::{GetRandomFlags, getrandom};
use subtle::ConstantTimeEq as _;

use super::address::host_and_port;

/// Where a request comes from: `same-origin`, `same-site`, `cross-site`, or `none` for the user.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The names by which a server may be asked.
#[derive(Debug)]
pub(super) struct Hosts {
    /// The host of the address on the command line.
    given: String,
    at: SocketAddr,
}

impl Hosts {
    /// The names of a server that listens at `at`, which is written as `HOST:PORT` on the command line.
    pub(super) fn new(written: &str, at: SocketAddr) -> Self {
        let given = host_and_port(written).map(|(host, _)| host).unwrap_or_default();
        Self { given: given.to_ascii_lowercase(), at }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.at
    }

    /// The host that a request names, if it is ours.
    pub(super) fn of<'a>(&self, request: &'a Parts) -> Option<&'a str> {
        let mut named = request.headers.get_all(HOST).iter();
        let (Some(host), None) = (named.next(), named.next()) else { return None };
        let host = host.to_str().ok()?;
        // The host of an absolute target counts as well (RFC 9112, 3.2.2).
        let is_target = request.uri.authority().is_none_or(|authority| authority == host);
        (is_target && self.is_ours(host)).then_some(host)
    }

    fn is_ours(&self, host: &str) -> bool {
        // A browser leaves the usual port out.
        let (name, port) = host_and_port(host).unwrap_or((host, 80));
        let name = name.to_ascii_lowercase();
        let plain = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(&name);
        // Nobody can make an address resolve to another one.
        let is_address = plain.parse::<IpAddr>().is_ok();
        port == self.at.port() && (is_address || name == "localhost" || name == self.given)
    }
}

/// A secret that opens the page.
#[derive(Clone)]
pub(super) struct Token(String);

impl std::fmt::Debug for Token {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Token")
    }
}

impl Token {
    /// A token that nobody can guess: 256 bits.
    pub(super) fn random() -> rustix::io::Result<Self> {
        random::<32>().map(|bytes| Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    pub(super) fn shown(&self) -> &str {
        &self.0
    }

    /// Compares in a time that does not tell how much of `other` is right.
    fn is(&self, other: &str) -> bool {
        self.0.as_bytes().ct_eq(other.as_bytes()).into()
    }
}

/// Random bytes.
pub(super) fn random<const LENGTH: usize>() -> rustix::io::Result<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    // So few bytes come at once (getrandom(2)).
    getrandom(&mut bytes, GetRandomFlags::empty())?;
    Ok(bytes)
}

/// What a request may do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// It comes from the page, or from the user, who has the cookie.
    Granted,
    /// It has the token. It gets the cookie.
    Introduced,
    /// It names another host.
    WrongHost,
    /// It comes from the page of another origin.
    WrongOrigin,
    /// It has neither the token nor the cookie.
    Unknown,
}

/// Decides about the requests for the live page.
#[derive(Debug)]
pub(super) struct Gate {
    hosts: Hosts,
    token: Token,
    /// Cookies do not tell ports apart (RFC 6265, 8.5), so the name has the port: several runs may be open at once.
    cookie: String,
}

impl Gate {
    pub(super) fn new(hosts: Hosts, token: Token) -> Self {
        let cookie = format!("gleaner-{}", hosts.at.port());
        Self { hosts, token, cookie }
    }

    /// The header that keeps the token in the browser.
    pub(super) fn set_cookie(&self) -> String {
        format!("{}={}; Path=/; HttpOnly; SameSite=Strict", self.cookie, self.token.shown())
    }

    /// Decides about a request.
    pub(super) fn admit(&self, request: &Parts) -> Admission {
        let Some(host) = self.hosts.of(request) else { return Admission::WrongHost };
        let header = |name| {
            let mut all = request.headers.get_all(name).iter();
            let first = all.next()?;
            // Whatever stands there twice is not from a browser.
            Some(if all.next().is_none() { first.to_str().unwrap_or_default() } else { "" })
        };
        let is_ours = |origin: &str| origin.strip_prefix("http://").is_some_and(|origin| origin == host);
        let (origin, site) = (header(ORIGIN), header(SEC_FETCH_SITE));
        let is_opened = request.method == Method::GET && request.uri.path() == "/";
        let is_welcome = match (origin, site) {
            // Some browsers hide the origin of a page with the referrer policy of ours.
            (None | Some("null"), Some("same-origin")) => true,
            (Some(origin), _) => is_ours(origin),
            // The user opens the page, perhaps by a link on another page. Such a page cannot read the answer.
            (None, _) if is_opened => true,
            // Other programs than browsers may read, but they must not be able to do more by leaving headers out.
            (None, None) => request.method == Method::GET,
            (None, Some(_)) => false,
        };
        if !is_welcome {
            return Admission::WrongOrigin;
        }
        if is_opened && let Some(token) = token_in_query(request.uri.query().unwrap_or_default()) {
            return if self.token.is(token) { Admission::Introduced } else { Admission::Unknown };
        }
        let cookies = request.headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut values = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let knows = values.any(|(name, value)| name == self.cookie && self.token.is(value));
        if knows { Admission::Granted } else { Admission::Unknown }
    }
}

fn token_in_query(query: &str) -> Option<&str> {
    query.split('&').find_map(|pair| pair.strip_prefix("token="))
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    const OURS: &str = "127.0.0.1:9000";

    /// Method, target and headers of a request, and what it may do.
    type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], Admission);

    fn gate() -> Gate {
        let at = OURS.parse().expect("an address");
        Gate::new(Hosts::new("Scraper.Example:9000", at), Token("right".to_owned()))
    }

    fn admit(method: &str, target: &str, headers: &[(&str, &str)]) -> Admission {
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        gate().admit(&request.body(()).expect("a request").into_parts().0)
    }

    #[test]
    fn only_our_own_names_are_answered() {
        let table = [
            (OURS, true),
            ("localhost:9000", true),
            ("LOCALHOST:9000", true),
            ("[::1]:9000", true),
            ("192.0.2.7:9000", true),
            ("scraper.example:9000", true),
            ("127.0.0.1:9001", false),
            ("127.0.0.1", false),
            ("localhost", false),
            ("rebound.example:9000", false),
            ("127.0.0.1.rebound.example:9000", false),
            ("localhost.:9000", false),
            ("scraper.example.:9000", false),
            ("user@127.0.0.1:9000", false),
            ("", false),
        ];
        for (host, is_ours) in table {
            let admission = admit("GET", "/?token=right", &[("host", host)]);
            let expected = if is_ours { Admission::Introduced } else { Admission::WrongHost };
            assert_eq!(admission, expected, "{host}");
        }
        assert_eq!(admit("GET", "/?token=right", &[]), Admission::WrongHost, "no host");
        let two = [("host", OURS), ("host", OURS)];
        assert_eq!(admit("GET", "/?token=right", &two), Admission::WrongHost, "two hosts");
        let absolute = admit("GET", "http://rebound.example:9000/?token=right", &[("host", OURS)]);
        assert_eq!(absolute, Admission::WrongHost);
        let at_80 = Hosts::new("127.0.0.1:80", "127.0.0.1:80".parse().expect("an address"));
        assert!(at_80.is_ours("127.0.0.1") && at_80.is_ours("localhost") && !at_80.is_ours("other.example"));
    }

    #[test]
    fn pages_of_other_origins_are_refused() {
        use Admission::{Granted, Introduced, WrongOrigin};
        let (same, none, site, cross) = (
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "none"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", "cross-site"),
        );
        let (ours, other_port) = (("origin", "http://127.0.0.1:9000"), ("origin", "http://127.0.0.1:9001"));
        let (other, null, https) =
            (("origin", "http://other.example"), ("origin", "null"), ("origin", "https://127.0.0.1:9000"));
        let other_name = ("origin", "http://localhost:9000");
        let table: &[Case] = &[
            ("POST", "/pause", &[ours], Granted),
            ("POST", "/pause", &[ours, same], Granted),
            ("POST", "/pause", &[same], Granted),
            ("POST", "/pause", &[], WrongOrigin),
            ("POST", "/pause", &[none], WrongOrigin),
            ("POST", "/pause", &[site], WrongOrigin),
            ("POST", "/pause", &[cross], WrongOrigin),
            ("POST", "/pause", &[other], WrongOrigin),
            ("POST", "/pause", &[other, same], WrongOrigin),
            ("POST", "/pause", &[other_port], WrongOrigin),
            ("POST", "/pause", &[other_name], WrongOrigin),
            ("POST", "/pause", &[https], WrongOrigin),
            ("POST", "/pause", &[ours, other], WrongOrigin),
            ("POST", "/pause", &[ours, ours], WrongOrigin),
            ("POST", "/pause", &[same, cross], WrongOrigin),
            ("POST", "/pause", &[null], WrongOrigin),
            ("POST", "/pause", &[null, cross], WrongOrigin),
            ("POST", "/pause", &[null, same], Granted),
            ("GET", "/events", &[same], Granted),
            ("GET", "/events", &[], Granted),
            ("GET", "/events", &[cross], WrongOrigin),
            ("GET", "/events", &[site], WrongOrigin),
            ("GET", "/events", &[other], WrongOrigin),
            ("GET", "/", &[none], Granted),
            ("GET", "/", &[cross], Granted),
            ("GET", "/", &[other], WrongOrigin),
            ("GET", "/?token=right", &[cross], Introduced),
            ("POST", "/?token=right", &[cross], WrongOrigin),
        ];
        for (method, target, headers, expected) in table {
            let known = [("host", OURS), ("cookie", "a=b; gleaner-9000=right")];
            let headers = [&known[..], headers].concat();
            assert_eq!(admit(method, target, &headers), *expected, "{method} {target} {headers:?}");
        }
    }

    #[test]
    fn only_who_knows_the_token_is_let_in() {
        use Admission::{Granted, Introduced, Unknown};
        let table = [
            ("/?token=right", "", Introduced),
            ("/?a=b&token=right", "", Introduced),
            ("/?token=wrong", "gleaner-9000=right", Unknown),
            ("/?token=", "", Unknown),
            ("/?token=right2", "", Unknown),
            ("/?token=righ", "", Unknown),
            ("/", "gleaner-9000=right", Granted),
            ("/", "gleaner-9001=old; gleaner-9000=right", Granted),
            ("/", "gleaner-9000=old; gleaner-9000=right", Granted),
            ("/", "gleaner-9001=right", Unknown),
            ("/", "gleaner-9000=wrong", Unknown),
            ("/", "gleaner-9000", Unknown),
            ("/", "", Unknown),
            // Only the page itself takes the token, so that no other URL has it.
            ("/events?token=right", "", Unknown),
        ];
        for (target, cookie, expected) in table {
            assert_eq!(admit("GET", target, &[("host", OURS), ("cookie", cookie)]), expected, "{target} {cookie}");
        }
    }

    #[test]
    fn tokens_differ_and_do_not_show_in_debug_output() {
        let (one, other) = (Token::random().expect("random"), Token::random().expect("random"));
        assert_ne!(one.shown(), other.shown());
        assert_eq!(one.shown().len(), 43, "256 bits");
        assert!(!format!("{one:?}").contains(one.shown()));
    }
}
