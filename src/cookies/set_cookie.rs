//! Parses a `Set-Cookie` line by the algorithm of 6265bis, 5.6.

use super::date;

/// The longest value of an attribute, in bytes on the wire. A longer one is ignored (6265bis, 5.6).
const LONGEST_ATTRIBUTE: usize = 1024;

/// The longest lifetime of a cookie in seconds: 400 days (6265bis, 5.5).
const LONGEST_LIFE: u64 = 400 * 24 * 60 * 60;

/// The content of the line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SetCookie<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
    /// Without the leading dot; not empty.
    pub(super) domain: Option<&'a str>,
    /// Begins with a slash.
    pub(super) path: Option<&'a str>,
    /// Whether there is a `Path` attribute, with any value: some cookies must have one.
    pub(super) has_path: bool,
    pub(super) secure: bool,
    pub(super) http_only: bool,
    /// Expiry in seconds since 1970; `None`: at the end of the session.
    pub(super) expires: Option<u64>,
}

impl<'a> SetCookie<'a> {
    /// Parses a line. `None` if the line sets nothing. `now` is in seconds since 1970.
    ///
    /// This does not use the crate `cookie`: it knows only four date formats, so it would keep cookies that servers
    /// delete with other formats. It also trims bytes that belong to the value.
    pub(super) fn parse(line: &'a str, now: u64) -> Option<Self> {
        if line.contains(is_control) {
            return None;
        }
        let mut parts = line.split(';');
        let pair = parts.next()?;
        // Without a `=`, the whole text is the value of a cookie without a name.
        let (name, value) = pair.split_once('=').unwrap_or(("", pair));
        let (name, value) = (trim(name), trim(value));
        let mut set = Self {
            name,
            value,
            domain: None,
            path: None,
            has_path: false,
            secure: false,
            http_only: false,
            expires: None,
        };
        let (mut max_age, mut expires) = (None, None);
        for attribute in parts {
            let (key, value) = attribute.split_once('=').unwrap_or((attribute, ""));
            let value = trim(value);
            if value.chars().count() > LONGEST_ATTRIBUTE {
                continue;
            }
            // If two attributes have a valid value, the later one counts.
            match trim(key).to_ascii_lowercase().as_str() {
                "expires" => expires = date::parse(value).or(expires),
                "max-age" => max_age = seconds_to_live(value).or(max_age),
                "domain" => {
                    let domain = value.strip_prefix('.').unwrap_or(value);
                    set.domain = Some(domain).filter(|domain| !domain.is_empty());
                }
                "path" => {
                    set.path = Some(value).filter(|path| path.starts_with('/'));
                    set.has_path = true;
                }
                "secure" => set.secure = true,
                "httponly" => set.http_only = true,
                _ => {}
            }
        }
        let latest = now.saturating_add(LONGEST_LIFE);
        let expires = max_age.map(|age| now.saturating_add(age)).or(expires);
        set.expires = expires.map(|expires| expires.min(latest));
        (!name.is_empty() || !value.is_empty()).then_some(set)
    }
}

/// A character that makes the whole line invalid. A tab does not count as one (6265bis, 5.6).
fn is_control(c: char) -> bool {
    c.is_ascii_control() && c != '\t'
}

/// Trims blanks and tabs only. Other characters that look like white space are bytes of some encoding.
fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// Parses a `Max-Age`. A negative number becomes 0.
fn seconds_to_live(text: &str) -> Option<u64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // A number that does not fit is longer than any allowed lifetime.
    Some(if digits.len() < text.len() { 0 } else { digits.parse().unwrap_or(u64::MAX) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000;

    fn cookie<'a>(name: &'a str, value: &'a str) -> SetCookie<'a> {
        SetCookie {
            name,
            value,
            domain: None,
            path: None,
            has_path: false,
            secure: false,
            http_only: false,
            expires: None,
        }
    }

    #[test]
    fn lines_are_parsed_as_6265bis_requires() {
        let longest = format!("/{}", "x".repeat(1023));
        let bytes = format!("/{}", "\u{e9}".repeat(1023));
        let table = [
            ("a=b".to_owned(), Some(cookie("a", "b"))),
            (" a\t=\tb c ".to_owned(), Some(cookie("a", "b c"))),
            ("a=\"b\"".to_owned(), Some(cookie("a", "\"b\""))),
            ("a=b=c".to_owned(), Some(cookie("a", "b=c"))),
            ("a=".to_owned(), Some(cookie("a", ""))),
            // The last byte of an "à" in UTF-8 is white space in Latin-1.
            ("a=\u{c3}\u{a0}".to_owned(), Some(cookie("a", "\u{c3}\u{a0}"))),
            // Cookies without a name.
            ("a".to_owned(), Some(cookie("", "a"))),
            ("=b".to_owned(), Some(cookie("", "b"))),
            (" =\tb=c ".to_owned(), Some(cookie("", "b=c"))),
            ("a; b=c".to_owned(), Some(cookie("", "a"))),
            ("==b".to_owned(), Some(cookie("", "=b"))),
            (String::new(), None),
            ("=".to_owned(), None),
            (" = ; Path=/p".to_owned(), None),
            ("; Secure".to_owned(), None),
            // A tab is part of a value. Other control characters make the whole line invalid, wherever they are.
            ("a=b\tc".to_owned(), Some(cookie("a", "b\tc"))),
            ("a=b\u{1}c".to_owned(), None),
            ("a=b\u{7f}".to_owned(), None),
            ("a\rb=c".to_owned(), None),
            ("a=b; Path=/\u{0}".to_owned(), None),
            ("a=b; x=\u{1f}".to_owned(), None),
            (
                "a=b; SECURE; HttpOnly=x; Path=/p; domain=.H.example; SameSite=None; x".to_owned(),
                Some(SetCookie {
                    domain: Some("H.example"),
                    path: Some("/p"),
                    has_path: true,
                    secure: true,
                    http_only: true,
                    ..cookie("a", "b")
                }),
            ),
            ("a=b; Path=/p; Path=q".to_owned(), Some(SetCookie { has_path: true, ..cookie("a", "b") })),
            ("a=b; Path".to_owned(), Some(SetCookie { has_path: true, ..cookie("a", "b") })),
            ("a=b; Domain=h; Domain=".to_owned(), Some(cookie("a", "b"))),
            ("a=b; Domain=.".to_owned(), Some(cookie("a", "b"))),
            ("a=b; Domain=..h".to_owned(), Some(SetCookie { domain: Some(".h"), ..cookie("a", "b") })),
            (
                "a=b; Path=/p; Path=/q".to_owned(),
                Some(SetCookie { path: Some("/q"), has_path: true, ..cookie("a", "b") }),
            ),
            (
                format!("a=b; Path={longest}"),
                Some(SetCookie { path: Some(&longest), has_path: true, ..cookie("a", "b") }),
            ),
            (format!("a=b; Path={longest}x"), Some(cookie("a", "b"))),
            (
                format!("a=b; Path=/p; Path={longest}x"),
                Some(SetCookie { path: Some("/p"), has_path: true, ..cookie("a", "b") }),
            ),
            // Each character is one byte.
            (format!("a=b; Path={bytes}"), Some(SetCookie { path: Some(&bytes), has_path: true, ..cookie("a", "b") })),
        ];
        for (line, expected) in table {
            assert_eq!(SetCookie::parse(&line, NOW), expected, "{line:?}");
        }
    }

    #[test]
    fn max_age_overrides_expires_and_no_cookie_lives_longer_than_400_days() {
        let table = [
            ("Max-Age=60", Some(NOW + 60)),
            ("Max-Age=0", Some(NOW)),
            ("Max-Age=-5", Some(NOW)),
            ("Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", Some(NOW + 60)),
            ("Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60", Some(NOW + 60)),
            ("Max-Age=; Expires=Thu, 1 Jan 1970 00:00:00 UTC", Some(0)),
            ("Max-Age=1.5", None),
            ("Max-Age=x", None),
            ("Max-Age=+5", None),
            ("Max-Age=-", None),
            ("Max-Age=-x", None),
            ("Max-Age=--5", None),
            ("Max-Age=\"60\"", None),
            ("Max-Age=6 0", None),
            ("Max-Age= 60 ", Some(NOW + 60)),
            ("Max-Age=0060", Some(NOW + 60)),
            ("Max-Age=-0", Some(NOW)),
            ("Max-Age=-99999999999999999999999", Some(NOW)),
            ("Max-Age", None),
            ("max-age=34560000", Some(NOW + LONGEST_LIFE)),
            ("max-age=34560001", Some(NOW + LONGEST_LIFE)),
            ("Max-Age=60; Max-Age=x", Some(NOW + 60)),
            ("Max-Age=60; Max-Age=70", Some(NOW + 70)),
            ("Max-Age=99999999999999999999999", Some(NOW + LONGEST_LIFE)),
            ("Expires=Fri, 31 Dec 9999 23:59:59 GMT", Some(NOW + LONGEST_LIFE)),
            ("Expires=soon", None),
        ];
        for (attributes, expected) in table {
            let line = format!("a=b; {attributes}");
            assert_eq!(SetCookie::parse(&line, NOW).expect("a cookie").expires, expected, "{attributes}");
        }
    }
}
