//! Whether a request can name a URL. The URL Standard allows more than HTTP and the DNS can say.

use std::borrow::Cow;

use url::{Host, Url};

use super::invalid;
use crate::model::{Failure, without_credentials};

/// The longest URL that the HTTP client takes, in bytes: that of [`http::Uri`].
const MAX_URL: usize = u16::MAX as usize - 1;

/// The longest name of a host, and of a part of it between dots, in bytes (RFC 1035, 2.3.4).
const MAX_HOST: usize = 253;
const MAX_LABEL: usize = 63;

/// The URL, if a request can be made for it. Errs with `invalid_url`: nobody need be asked to know that.
pub(super) fn sendable(url: Url) -> Result<Url, Failure> {
    // Credentials are sent in a header.
    let bare = if url.username().is_empty() && url.password().is_none() {
        Cow::Borrowed(&url)
    } else {
        Cow::Owned(without_credentials(&url))
    };
    if bare.as_str().len() > MAX_URL {
        return Err(invalid::long_url(bare.as_str().len(), MAX_URL));
    }
    if let Some(Host::Domain(name)) = url.host() {
        check_name(name)?;
    }
    match bare.as_str().parse::<http::Uri>() {
        Ok(_) => Ok(url),
        Err(error) => Err(invalid::no_uri(url.host_str().unwrap_or_default(), &error)),
    }
}

fn check_name(name: &str) -> Result<(), Failure> {
    // A dot at the end says that the name is complete.
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.len() > MAX_HOST {
        return Err(invalid::long_host(name.len(), MAX_HOST));
    }
    for label in name.split('.') {
        match label.len() {
            0 => return Err(invalid::empty_label()),
            length if length > MAX_LABEL => return Err(invalid::long_label(length, MAX_LABEL)),
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
        sendable(Url::parse(text).expect("a URL")).err().map(|failure| failure.message).unwrap_or_default()
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
            assert_eq!(sendable(url.clone()).map_err(|failure| failure.message), Ok(url), "{text}");
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
