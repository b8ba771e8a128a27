//! The refresh of a page or its answer: where it leads by itself (WHATWG HTML, "shared declarative refresh steps").

use url::Url;

use crate::model::without_credentials;

/// A refresh within this many seconds counts as a redirect. A page with a longer delay is meant to be read first.
const SOON: u64 = 5;

/// The value of a `Refresh` header or of a `<meta http-equiv=refresh>`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refresh<'t> {
    seconds: u64,
    /// The URL as written. Without a URL, the page reloads itself.
    link: Option<&'t str>,
}

impl<'t> Refresh<'t> {
    /// Reads a value. Returns `None` if it is not a valid refresh.
    pub(super) fn read(value: &'t str) -> Option<Self> {
        read(value).map(|(seconds, link)| Self { seconds, link })
    }

    /// Returns the target if the refresh happens within [`SOON`] and leads to an http(s) page other than `page`.
    /// `resolve` turns the link into a URL.
    pub(super) fn target(&self, page: &Url, resolve: impl FnOnce(&str) -> Option<Url>) -> Option<Url> {
        if self.seconds > SOON {
            return None;
        }
        let target = resolve(self.link?)?;
        let is_page = matches!(target.scheme(), "http" | "https");
        (is_page && !is_same_page(&target, page)).then_some(target)
    }
}

/// Returns the seconds, and the URL as written, if there is one. Returns `None` if the value is not a valid refresh.
fn read(content: &str) -> Option<(u64, Option<&str>)> {
    let rest = content.trim_start_matches(is_space);
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (time, rest) = rest.split_at(digits);
    if time.is_empty() && !rest.starts_with('.') {
        return None;
    }
    // A number beyond 64 bits counts as the largest one.
    let seconds = if time.is_empty() { 0 } else { time.parse().unwrap_or(u64::MAX) };
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    if rest.is_empty() {
        return Some((seconds, None));
    }
    if !rest.starts_with(|c| matches!(c, ';' | ',') || is_space(c)) {
        return None;
    }
    let rest = rest.trim_start_matches(is_space);
    let rest = rest.strip_prefix([';', ',']).unwrap_or(rest).trim_start_matches(is_space);
    if rest.is_empty() {
        return Some((seconds, None));
    }
    let link = after_url(rest).unwrap_or(rest);
    let link = match link.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        // If the text starts like `url` but is something else (`urx`), quotes belong to the link.
        Some(quote) if is_quotable(rest) => {
            let inside = &link[1..];
            inside.split(quote).next().unwrap_or(inside)
        }
        _ => link,
    };
    Some((seconds, Some(link)))
}

/// Returns the text after `url =`. The word may be in any case.
fn after_url(text: &str) -> Option<&str> {
    let word = text.get(..3).filter(|word| word.eq_ignore_ascii_case("url"))?;
    let rest = text[word.len()..].trim_start_matches(is_space);
    rest.strip_prefix('=').map(|rest| rest.trim_start_matches(is_space))
}

/// Whether quotes around the link are removed: after `url =`, and if the text does not start with a `u`.
fn is_quotable(text: &str) -> bool {
    after_url(text).is_some() || !text.starts_with(['u', 'U'])
}

fn is_same_page(target: &Url, page: &Url) -> bool {
    let without_fragment = |url: &Url| {
        let mut url = without_credentials(url);
        url.set_fragment(None);
        url
    };
    without_fragment(target) == without_fragment(page)
}

/// ASCII white space (WHATWG Infra).
fn is_space(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\u{c}' | '\r' | ' ')
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_refresh_is_read_as_in_browsers() {
        let table = [
            ("0; url=a", Some((0, Some("a")))),
            ("5;URL = 'a b' c", Some((5, Some("a b")))),
            (" 1.9 , url=\"a'b\"", Some((1, Some("a'b")))),
            ("0;url='a", Some((0, Some("a")))),
            (".5; url=a", Some((0, Some("a")))),
            ("0 a", Some((0, Some("a")))),
            ("0;a", Some((0, Some("a")))),
            ("0;'a'", Some((0, Some("a")))),
            ("0; urx", Some((0, Some("urx")))),
            ("0; url", Some((0, Some("url")))),
            ("0; url a", Some((0, Some("url a")))),
            ("0; u'a'", Some((0, Some("u'a'")))),
            ("0; url=", Some((0, Some("")))),
            ("0;;a", Some((0, Some(";a")))),
            ("3", Some((3, None))),
            ("3;", Some((3, None))),
            ("3 ; ", Some((3, None))),
            ("99999999999999999999; url=a", Some((u64::MAX, Some("a")))),
            ("", None),
            ("url=a", None),
            ("-1; url=a", None),
            ("0x; url=a", None),
            ("soon", None),
        ];
        for (content, expected) in table {
            assert_eq!(read(content), expected, "{content}");
        }
    }
}
