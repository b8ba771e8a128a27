//! Checks whether a request can be made for a URL. The URL standard allows URLs that HTTP and DNS cannot express.
//!
//! The same rule applies to lines of the list and to all targets that answers name: `Location`, `Refresh`, `<meta>`,
//! and redirects of a robots.txt.

use std::borrow::Cow;

use url::{Host, Url};

use super::without_credentials;

/// The longest URL that the HTTP client accepts, in bytes: the limit of [`http::Uri`].
const MAX_URL: usize = u16::MAX as usize - 1;

/// The longest host name, and the longest part of it between dots, in bytes (RFC 1035, 2.3.4).
const MAX_HOST: usize = 253;
const MAX_LABEL: usize = 63;

/// The longest URL with its credentials, in bytes: twice the longest line of a list. Credentials are sent in a header.
pub const LONGEST_URL: usize = 128 * 1024;

/// Why a request cannot be made for a URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsendable {
    /// The URL is longer than the HTTP client accepts.
    #[error("the URL is {0} bytes long, percent-encoding included: at most {MAX_URL} can be sent")]
    LongUrl(usize),
    /// The URL with its credentials is longer than [`LONGEST_URL`].
    #[error("the URL is {0} bytes long with its user name and password: at most {LONGEST_URL} are read")]
    LongCredentials(usize),
    /// The host is longer than a domain name may be.
    #[error("the host is {0} bytes long: a domain name has at most {MAX_HOST}")]
    LongHost(usize),
    /// A part of the host is longer than DNS allows.
    #[error("a part of the host is {0} bytes long: a part between two dots has at most {MAX_LABEL}")]
    LongLabel(usize),
    /// The host has an empty part, as in `http://a..example/`.
    #[error("the host has nothing between two dots: a domain name looks like books.example")]
    EmptyLabel,
    /// The host looks like a placeholder, as in `http://{host}/`.
    #[error("the host `{0}` has a character that is not allowed in a host name: is it a template to fill in?")]
    Template(String),
    /// The HTTP client refuses the URL, with this error message.
    #[error("the HTTP client cannot send it ({0}): a URL looks like https://host/path")]
    Refused(String),
}

/// Checks whether a request can be made for a URL, without any network access.
///
/// # Errors
/// If no request can be made for it.
pub fn check_sendable(url: &Url) -> Result<(), Unsendable> {
    if url.as_str().len() > MAX_URL {
        check_length(url)?;
    }
    // Credentials are sent in a header.
    let bare = if url.username().is_empty() && url.password().is_none() {
        Cow::Borrowed(url)
    } else {
        Cow::Owned(without_credentials(url))
    };
    if let Some(Host::Domain(name)) = url.host() {
        check_name(name)?;
    }
    let Err(error) = bare.as_str().parse::<http::Uri>() else { return Ok(()) };
    // In all known cases the host is to blame.
    let host = url.host_str().unwrap_or_default();
    Err(if host.contains(['{', '}', '"', '`']) {
        Unsendable::Template(host.to_owned())
    } else {
        Unsendable::Refused(error.to_string())
    })
}

fn check_length(url: &Url) -> Result<(), Unsendable> {
    let bare = without_credentials(url).as_str().len();
    let whole = url.as_str().len();
    match (bare, whole) {
        _ if bare > MAX_URL => Err(Unsendable::LongUrl(bare)),
        _ if whole > LONGEST_URL && whole > bare => Err(Unsendable::LongCredentials(whole)),
        _ => Ok(()),
    }
}

fn check_name(name: &str) -> Result<(), Unsendable> {
    // A dot at the end marks the name as complete.
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.len() > MAX_HOST {
        return Err(Unsendable::LongHost(name.len()));
    }
    for label in name.split('.') {
        match label.len() {
            0 => return Err(Unsendable::EmptyLabel),
            length if length > MAX_LABEL => return Err(Unsendable::LongLabel(length)),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The error message for a URL; empty if it can be sent.
    fn message(text: &str) -> String {
        check_sendable(&Url::parse(text).expect("a URL")).err().map(|why| why.to_string()).unwrap_or_default()
    }

    #[test]
    fn urls_that_a_request_can_name_are_accepted() {
        let long = format!("http://h/{}", "a".repeat(MAX_URL - "http://h/".len()));
        let with_credentials = format!("http://user:password@h/{}", "a".repeat(MAX_URL - "http://h/".len()));
        let host = format!("http://{}.{}", vec!["a".repeat(MAX_LABEL); 3].join("."), "b".repeat(MAX_HOST - 3 * 64));
        let complete = format!("{host}./");
        let table = [
            "http://h/",
            "http://h./",
            "https://u:p@xn--mnchen-3ya.example:8443/%C3%BC?q={\"a\":[1]}|^`#{x}",
            "http://h/{id}/`\"",
            "http://a_b.example/",
            "http://[2001:db8::1]:81/",
            "http://127.1/",
            &long,
            &with_credentials,
            &host,
            &complete,
        ];
        for text in table {
            let url = Url::parse(text).expect("a URL");
            assert_eq!(check_sendable(&url), Ok(()), "{text}");
        }
    }

    #[test]
    fn urls_that_no_request_can_name_are_refused_with_a_reason() {
        let path = |length: usize| "é".repeat(length);
        let table = [
            ("http://{host}/".to_owned(), "the host `{host}` has a character that is not allowed in a host name"),
            ("http://a{b/".to_owned(), "the host `a{b` has"),
            ("http://a`b/".to_owned(), "the host `a`b` has"),
            ("http://a\"b.example:80/x".to_owned(), "the host `a\"b.example` has"),
            ("https://u:p@${HOST}/".to_owned(), "the host `${host}` has"),
            (
                format!("http://h/{}", path(15_000)),
                "the URL is 90009 bytes long, percent-encoding included: at most 65534",
            ),
            (format!("http://h/?{}", path(15_000)), "the URL is 90010 bytes long"),
            (format!("http://h/#{}", path(15_000)), "the URL is 90010 bytes long"),
            (
                format!("http://u:{}@h/", "p".repeat(LONGEST_URL)),
                "the URL is 131084 bytes long with its user name and password: at most 131072 are read",
            ),
            (
                format!("http://{}/", "a.".repeat(127) + "b"),
                "the host is 255 bytes long: a domain name has at most 253",
            ),
            (
                format!("http://{}/", "a".repeat(64)),
                "a part of the host is 64 bytes long: a part between two dots has at most 63",
            ),
            (format!("http://a.{}.example/", "ü".repeat(60)), "a part of the host is"),
            ("http://a..example/".to_owned(), "the host has nothing between two dots"),
            ("http://.example/".to_owned(), "the host has nothing"),
            ("http://./".to_owned(), "the host has nothing"),
            ("http://a../".to_owned(), "the host has nothing"),
        ];
        for (text, expected) in table {
            let found = message(&text);
            assert!(found.starts_with(expected), "{}: {found}", text.chars().take(80).collect::<String>());
        }
    }
}
