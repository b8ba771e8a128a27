//! Removes user names and passwords from a line, and leaves the rest unchanged.

use std::borrow::Cow;

use super::columns::is_space;

/// Returns `text` without the user names and passwords of its URLs. Works for lines that are not valid URLs, too. A
/// line may contain several URLs, separated by white space.
pub fn redact(text: &str) -> Cow<'_, str> {
    each(text, redact_one)
}

/// As [`redact`], for the beginning of a text whose rest is unknown. Text that may be the beginning of a password is
/// removed too.
pub(super) fn redact_beginning(text: &str) -> Cow<'_, str> {
    each(text, |url| match authority_start(url) {
        Some(start) if authority_end(url, start) == url.len() => Cow::Borrowed(&url[..start]),
        _ => redact_one(url),
    })
}

/// Applies `redact` first to the whole text, because a password may contain white space. Then applies it to each word
/// that begins a URL, together with the words that follow it.
fn each(text: &str, redact: impl Fn(&str) -> Cow<'_, str>) -> Cow<'_, str> {
    let whole = redact(text);
    if !whole.contains(is_space) {
        return whole;
    }
    let mut urls = vec![0];
    let mut at = 0;
    for word in whole.split_inclusive(is_space) {
        if at > 0 && authority_start(word).is_some() {
            urls.push(at);
        }
        at += word.len();
    }
    urls.push(whole.len());
    Cow::Owned(urls.windows(2).map(|url| redact(&whole[url[0]..url[1]])).collect())
}

/// Removes the credentials of one URL. The authority starts after the first `//`, or after `http:` and any number of
/// slashes or backslashes, because the URL standard reads `http:user@host` like that. It ends at the next `/`, `\`, `?`
/// or `#`. The credentials are the part before its last `@`.
fn redact_one(text: &str) -> Cow<'_, str> {
    let start = if begins_with_credentials(text) { Some(0) } else { authority_start(text) };
    let Some(start) = start else {
        return Cow::Borrowed(text);
    };
    let authority = &text[start..authority_end(text, start)];
    match authority.rfind('@') {
        None => Cow::Borrowed(text),
        Some(at) => Cow::Owned([&text[..start], &text[start + at + 1..]].concat()),
    }
}

fn authority_start(text: &str) -> Option<usize> {
    let after_scheme = ["http:", "https:"].into_iter().find_map(|scheme| {
        let written = text.get(..scheme.len())?;
        written.eq_ignore_ascii_case(scheme).then_some(scheme.len())
    });
    let slashes = |text: &str| text.bytes().take_while(|byte| matches!(byte, b'/' | b'\\')).count();
    let from = match after_scheme {
        Some(from) => from,
        // Without a scheme, two slashes or backslashes name another host.
        None if slashes(text) >= 2 => 0,
        None => text.find("//")?,
    };
    Some(from + slashes(&text[from..]))
}

/// Whether a text without a scheme begins with a user name and a password: `user:password@host/path`. In an address of
/// mail, what follows the colon is the user.
pub(super) fn begins_with_credentials(text: &str) -> bool {
    const OF_ADDRESSES: [&str; 5] = ["mailto", "xmpp", "sip", "sips", "acct"];
    let authority = &text[..authority_end(text, 0)];
    let Some((user, rest)) = authority.split_once(':') else { return false };
    let password = rest.rsplit_once('@').map(|(password, _)| password);
    let is_other = ["http", "https"].iter().chain(&OF_ADDRESSES).any(|scheme| user.eq_ignore_ascii_case(scheme));
    let is_part = |text: &str| !text.contains(is_space);
    !is_other && !user.contains('@') && is_part(user) && password.is_some_and(is_part)
}

fn authority_end(text: &str, start: usize) -> usize {
    text[start..].find(['/', '\\', '?', '#']).map_or(text.len(), |length| start + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_credentials_are_removed() {
        let table = [
            ("http://user:pw@host/a", "http://host/a"),
            ("HTTPS://user:pw@HOST:443/%7ea/../b?q=1#f", "HTTPS://HOST:443/%7ea/../b?q=1#f"),
            ("http://user@host", "http://host"),
            ("http://:pw@host", "http://host"),
            ("http://@host", "http://host"),
            ("http://us:p@w@host/a@b", "http://host/a@b"),
            ("http://host/a@b", "http://host/a@b"),
            ("http://host?to=http://user:pw@other/", "http://host?to=http://user:pw@other/"),
            ("http://host?a@b", "http://host?a@b"),
            ("http:user:pw@host/a", "http:host/a"),
            (r"http:\\user:pw@host\a@b", r"http:\\host\a@b"),
            ("http:////user:pw@host", "http:////host"),
            ("//user:pw@host/a", "//host/a"),
            (r"/\user:pw@host/a", r"/\host/a"),
            (r"a/\b@c", r"a/\b@c"),
            ("ftp://user:pw@host/a", "ftp://host/a"),
            ("see ftp://user:pw@host/a", "see ftp://host/a"),
            ("ht\ttp://user:pw@host/a", "ht\ttp://host/a"),
            ("http://us er:p w@ho st", "http://ho st"),
            ("http://host/a http://user:p w@host/b", "http://host/a http://host/b"),
            ("http://u:p@host/a\tftp://u:p@host/b\tc@d", "http://host/a\tftp://host/b\tc@d"),
            ("http://us er:p http:w@ho st", "http://ho st"),
            ("a http:u:p@host\u{1f}//u:p@host", "a http:host\u{1f}//host"),
            ("user:pw@host/a?b@c", "host/a?b@c"),
            (":p@w@host", "host"),
            ("user:pw@host:80 http://u:p@host/", "host:80 http://host/"),
            ("user@example.com", "user@example.com"),
            ("mailto:user@example.com", "mailto:user@example.com"),
            ("urn:a/b@c", "urn:a/b@c"),
            ("see: write to user@example.com", "see: write to user@example.com"),
            ("books/1@2.html", "books/1@2.html"),
            ("é", "é"),
            ("http", "http"),
            ("", ""),
        ];
        for (written, shown) in table {
            assert_eq!(redact(written), shown, "{written:?}");
        }
    }

    #[test]
    fn a_beginning_never_shows_a_possible_part_of_a_password() {
        let table = [
            ("http://user:p", "http://"),
            ("http://user:pw@ho", "http://"),
            ("http://user:pw@host/", "http://host/"),
            ("http://host/a", "http://host/a"),
            ("not a url", "not a url"),
            ("http://host/a http://user:p", "http://host/a http://"),
            ("http://host/a\thttp://user:pw@host/b c", "http://host/a\thttp://host/b c"),
        ];
        for (written, shown) in table {
            assert_eq!(redact_beginning(written), shown, "{written:?}");
        }
    }
}
