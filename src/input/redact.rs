//! Taking user name and password out of a line without touching the rest of it.

use std::borrow::Cow;

/// `text` without the user name and password of its URL, otherwise as written; for lines that are no URL too.
///
/// An authority starts after the first `//`, or after `http:` and any number of slashes or backslashes, since that is
/// how the URL Standard reads `http:user@host`; it ends at the next of `/`, `\`, `?`, `#`; credentials are what stands
/// before the last `@` in it.
pub(super) fn redact(text: &str) -> Cow<'_, str> {
    let Some(start) = authority_start(text) else {
        return Cow::Borrowed(text);
    };
    let authority = &text[start..authority_end(text, start)];
    match authority.rfind('@') {
        None => Cow::Borrowed(text),
        Some(at) => Cow::Owned([&text[..start], &text[start + at + 1..]].concat()),
    }
}

/// The same for the first bytes of a text whose rest is not known: what may be the beginning of a password goes too.
pub(super) fn redact_beginning(text: &str) -> Cow<'_, str> {
    match authority_start(text) {
        Some(start) if authority_end(text, start) == text.len() => Cow::Borrowed(&text[..start]),
        _ => redact(text),
    }
}

fn authority_start(text: &str) -> Option<usize> {
    let after_scheme = ["http:", "https:"].into_iter().find_map(|scheme| {
        let written = text.get(..scheme.len())?;
        written.eq_ignore_ascii_case(scheme).then_some(scheme.len())
    });
    let from = match after_scheme {
        Some(from) => from,
        None => text.find("//")?,
    };
    let slashes = text[from..].bytes().take_while(|byte| matches!(byte, b'/' | b'\\')).count();
    Some(from + slashes)
}

fn authority_end(text: &str, start: usize) -> usize {
    text[start..].find(['/', '\\', '?', '#']).map_or(text.len(), |length| start + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_go_and_everything_else_stays_as_written() {
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
            ("ftp://user:pw@host/a", "ftp://host/a"),
            ("see ftp://user:pw@host/a", "see ftp://host/a"),
            ("ht\ttp://user:pw@host/a", "ht\ttp://host/a"),
            ("http://us er:p w@ho st", "http://ho st"),
            ("user@example.com", "user@example.com"),
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
    fn a_beginning_never_shows_what_may_be_part_of_a_password() {
        let table = [
            ("http://user:p", "http://"),
            ("http://user:pw@ho", "http://"),
            ("http://user:pw@host/", "http://host/"),
            ("http://host/a", "http://host/a"),
            ("no url at all", "no url at all"),
        ];
        for (written, shown) in table {
            assert_eq!(redact_beginning(written), shown, "{written:?}");
        }
    }
}
