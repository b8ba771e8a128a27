//! Whether a request can name a URL. The URL Standard allows more than HTTP and the DNS can say.
//!
//! The same rule holds for lines of the list and for wherever an answer leads: `Location`, `Refresh`, `<meta>`, and the
//! redirects of a robots.txt.

use std::borrow::Cow;

use url::{Host, Url};

use super::without_credentials;

/// The longest URL that the HTTP client takes, in bytes: that of [`http::Uri`].
const MAX_URL: usize = u16::MAX as usize - 1;

/// The longest name of a host, and of a part of it between dots, in bytes (RFC 1035, 2.3.4).
const MAX_HOST: usize = 253;
const MAX_LABEL: usize = 63;

/// The longest URL with its credentials, in bytes: twice what a line of a list may have. Credentials are sent in a header.
pub const LONGEST_URL: usize = 128 * 1024;

/// Why no request can be made for a URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsendable {
    /// More than the HTTP client takes.
    #[error("the URL is {0} bytes long, percent-encoding included: at most {MAX_URL} can be sent")]
    LongUrl(usize),
    /// More than a line of a list may have.
    #[error("the URL is {0} bytes long with its user name and password: at most {LONGEST_URL} are read")]
    LongCredentials(usize),
    /// More than a domain name may have.
    #[error("the host is {0} bytes long: at most {MAX_HOST} make a domain name")]
    LongHost(usize),
    /// More than a part of a domain name may have.
    #[error("a part of the host is {0} bytes long: at most {MAX_LABEL} may stand between two dots")]
    LongLabel(usize),
    /// As in `http://a..example/`.
    #[error("the host has nothing between two dots: a domain name looks like books.example")]
    EmptyLabel,
    /// As in `http://{host}/`.
    #[error("the host `{0}` has a character that no request can name: is it a template to fill in?")]
    Template(String),
    /// The HTTP client refuses it, in these words.
    #[error("the HTTP client cannot send it ({0}): a URL looks like https://host/path")]
    Refused(String),
}

/// Checks whether a request can be made for a URL. Nobody need be asked to know that.
///
/// # Errors
/// Where none can be made.
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
    // It is the host, as far as is known.
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
    // A dot at the end says that the name is complete.
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

    /// What is said of a URL; nothing if it can be sent.
    fn said(text: &str) -> String {
        check_sendable(&Url::parse(text).expect("a URL")).err().map(|why| why.to_string()).unwrap_or_default()
    }

    #[test]
    fn what_a_request_can_name_is_left_as_it_is() {
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
    fn what_no_request_can_name_is_invalid_and_says_why() {
        let path = |length: usize| "é".repeat(length);
        let table = [
            ("http://{host}/".to_owned(), "the host `{host}` has a character that no request can name"),
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
            (format!("http://{}/", "a.".repeat(127) + "b"), "the host is 255 bytes long: at most 253"),
            (format!("http://{}/", "a".repeat(64)), "a part of the host is 64 bytes long: at most 63"),
            (format!("http://a.{}.example/", "ü".repeat(60)), "a part of the host is"),
            ("http://a..example/".to_owned(), "the host has nothing between two dots"),
            ("http://.example/".to_owned(), "the host has nothing"),
            ("http://./".to_owned(), "the host has nothing"),
            ("http://a../".to_owned(), "the host has nothing"),
        ];
        for (text, expected) in table {
            let message = said(&text);
            assert!(message.starts_with(expected), "{}: {message}", text.chars().take(80).collect::<String>());
        }
    }
}
