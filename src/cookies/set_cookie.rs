//! A `Set-Cookie` line, by the algorithm of 6265bis, 5.6.

use super::date;

/// The longest value of an attribute; a longer one counts as not there (6265bis, 5.6).
const LONGEST_ATTRIBUTE: usize = 1024;

/// The longest that a cookie may last, in seconds: 400 days (6265bis, 5.5).
const LONGEST_LIFE: u64 = 400 * 24 * 60 * 60;

/// What the line says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SetCookie<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
    /// Not empty.
    pub(super) domain: Option<&'a str>,
    /// Begins with a slash.
    pub(super) path: Option<&'a str>,
    pub(super) secure: bool,
    pub(super) http_only: bool,
    /// Seconds since 1970; `None`: when the session ends.
    pub(super) expires: Option<u64>,
}

impl<'a> SetCookie<'a> {
    /// `None` where the line sets nothing. `now` is in seconds since 1970.
    ///
    /// By hand, and not with the crate `cookie`: that one knows four forms of dates, so that many a server's way to
    /// delete a cookie would keep it, and it trims bytes that belong to the value.
    pub(super) fn parse(line: &'a str, now: u64) -> Option<Self> {
        let mut parts = line.split(';');
        let (name, value) = parts.next()?.split_once('=')?;
        let (name, value) = (trim(name), trim(value));
        let mut set = Self { name, value, domain: None, path: None, secure: false, http_only: false, expires: None };
        let (mut max_age, mut expires) = (None, None);
        for attribute in parts {
            let (key, value) = attribute.split_once('=').unwrap_or((attribute, ""));
            let value = trim(value);
            if value.len() > LONGEST_ATTRIBUTE {
                continue;
            }
            // Of two that say something, the later one counts.
            match trim(key).to_ascii_lowercase().as_str() {
                "expires" => expires = date::parse(value).or(expires),
                "max-age" => max_age = seconds_to_live(value).or(max_age),
                "domain" => set.domain = Some(value).filter(|domain| !domain.is_empty()),
                "path" => set.path = Some(value).filter(|path| path.starts_with('/')),
                "secure" => set.secure = true,
                "httponly" => set.http_only = true,
                _ => {}
            }
        }
        let latest = now.saturating_add(LONGEST_LIFE);
        let expires = max_age.map(|age| now.saturating_add(age)).or(expires);
        set.expires = expires.map(|expires| expires.min(latest));
        (!name.is_empty()).then_some(set)
    }
}

/// Blanks and tabs, and nothing else that might be called white space: those are bytes of some encoding.
fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// Of a `Max-Age`; what is not positive is 0.
fn seconds_to_live(text: &str) -> Option<u64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // What overflows is too long to live in any case.
    Some(if digits.len() < text.len() { 0 } else { digits.parse().unwrap_or(u64::MAX) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000;

    fn cookie<'a>(name: &'a str, value: &'a str) -> SetCookie<'a> {
        SetCookie { name, value, domain: None, path: None, secure: false, http_only: false, expires: None }
    }

    #[test]
    fn a_line_says_what_6265bis_has_it_say() {
        let longest = format!("/{}", "x".repeat(1023));
        let table = [
            ("a=b".to_owned(), Some(cookie("a", "b"))),
            (" a\t=\tb c ".to_owned(), Some(cookie("a", "b c"))),
            ("a=\"b\"".to_owned(), Some(cookie("a", "\"b\""))),
            ("a=b=c".to_owned(), Some(cookie("a", "b=c"))),
            ("a=".to_owned(), Some(cookie("a", ""))),
            // The last byte of an "à" in UTF-8 is white space in Latin-1.
            ("a=\u{c3}\u{a0}".to_owned(), Some(cookie("a", "\u{c3}\u{a0}"))),
            ("a".to_owned(), None),
            ("=b".to_owned(), None),
            ("a; b=c".to_owned(), None),
            (String::new(), None),
            (
                "a=b; SECURE; HttpOnly=x; Path=/p; domain=.H.example; SameSite=None; x".to_owned(),
                Some(SetCookie {
                    domain: Some(".H.example"),
                    path: Some("/p"),
                    secure: true,
                    http_only: true,
                    ..cookie("a", "b")
                }),
            ),
            ("a=b; Path=/p; Path=q".to_owned(), Some(cookie("a", "b"))),
            ("a=b; Domain=h; Domain=".to_owned(), Some(cookie("a", "b"))),
            ("a=b; Path=/p; Path=/q".to_owned(), Some(SetCookie { path: Some("/q"), ..cookie("a", "b") })),
            (format!("a=b; Path={longest}"), Some(SetCookie { path: Some(&longest), ..cookie("a", "b") })),
            (format!("a=b; Path={longest}x"), Some(cookie("a", "b"))),
        ];
        for (line, expected) in table {
            assert_eq!(SetCookie::parse(&line, NOW), expected, "{line:?}");
        }
    }

    #[test]
    fn max_age_beats_expires_and_nothing_lives_longer_than_400_days() {
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
