//! `<meta http-equiv="refresh">`: where a page leads by itself.

use url::Url;

use super::extractor::base_href;
use super::link::Links;
use crate::model::without_credentials;
use crate::scrape::Document;
use crate::scrape::document::known;

/// A page that leads elsewhere within this many seconds is read as a redirect; one that waits longer is to be read first.
const SOON: u64 = 5;

/// Where a document leads by itself within [`SOON`], if that is another http(s) page. `page` is the URL of the document.
///
/// The first refresh that is one counts (WHATWG HTML, 4.2.5.3, "shared declarative refresh steps"); its URL is resolved
/// like a link. A page that only loads itself again leads nowhere.
pub(in crate::scrape) fn elsewhere(document: &Document, page: &Url) -> Option<Url> {
    let dom = &document.dom;
    let refresh = dom.walk(dom.whole()).filter(|at| dom.node(*at).is_html(known::META)).find_map(|at| {
        let is_refresh = dom.attribute(at, known::HTTP_EQUIV)?.eq_ignore_ascii_case("refresh");
        is_refresh.then(|| dom.attribute(at, known::CONTENT).and_then(read))?
    });
    let (seconds, link) = refresh?;
    if seconds > SOON {
        return None;
    }
    let links = Links::new(Some(page.clone()), base_href(dom), dom.encoding());
    let target = links.resolve(link?)?;
    let is_page = matches!(target.scheme(), "http" | "https");
    (is_page && !is_same_page(&target, page)).then_some(target)
}

/// Seconds, and the URL as it is written, if there is one. `None` for what is no refresh.
fn read(content: &str) -> Option<(u64, Option<&str>)> {
    let rest = content.trim_start_matches(is_space);
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (time, rest) = rest.split_at(digits);
    if time.is_empty() && !rest.starts_with('.') {
        return None;
    }
    // More than 64 bits of seconds is longer than anybody waits.
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
        // Where the word `url` is broken off (`urx`), what stands there is taken as it is, quotes and all.
        Some(quote) if is_quotable(rest) => {
            let inside = &link[1..];
            inside.split(quote).next().unwrap_or(inside)
        }
        _ => link,
    };
    Some((seconds, Some(link)))
}

/// What follows `url =`, in any case.
fn after_url(text: &str) -> Option<&str> {
    let word = text.get(..3).filter(|word| word.eq_ignore_ascii_case("url"))?;
    let rest = text[word.len()..].trim_start_matches(is_space);
    rest.strip_prefix('=').map(|rest| rest.trim_start_matches(is_space))
}

/// Whether quotes at the beginning of the link are taken off: after `url =`, and where the text does not begin like it.
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
    use url::Url;

    use super::{elsewhere, read};
    use crate::scrape::parse;

    #[test]
    fn the_content_of_a_refresh_is_read_as_browsers_read_it() {
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

    #[test]
    fn the_first_refresh_of_a_page_leads_elsewhere_soon_or_not_at_all() {
        let meta = |content: &str| format!("<meta http-equiv=Refresh content=\"{content}\">");
        let table = [
            (meta("0; url=b"), Some("http://u:p@h/b")),
            (meta("5; url=//i/"), Some("http://i/")),
            (meta("6; url=b"), None),
            (meta("0; url=b") + &meta("0; url=c"), Some("http://u:p@h/b")),
            (meta("9; url=b") + &meta("0; url=c"), None),
            (meta("soon") + &meta("0; url=c"), Some("http://u:p@h/c")),
            (format!("<base href=\"/x/\">{}", meta("0; url=b")), Some("http://u:p@h/x/b")),
            (format!("<noscript>{}</noscript>", meta("0; url=b")), Some("http://u:p@h/b")),
            (format!("<body><p>{}", meta("0; url=b")), Some("http://u:p@h/b")),
            (format!("<template>{}</template>", meta("0; url=b")), None),
            (format!("<!--{}-->", meta("0; url=b")), None),
            (format!("<svg>{}</svg>", "<meta http-equiv=x content=\"0; url=b\">"), None),
            ("<meta name=refresh content=\"0; url=b\">".to_owned(), None),
            ("<meta http-equiv=refresh>".to_owned(), None),
            (meta("0"), None),
            (meta("0; url="), None),
            (meta("0; url=#part"), None),
            (meta("0; url=http://h/a"), None),
            (meta("0; url=javascript:1"), None),
            (meta("0; url=mailto:a@b"), None),
            (meta("0; url=http://["), None),
        ];
        let url = Url::parse("http://u:p@h/a").expect("a URL");
        for (page, expected) in table {
            let found = elsewhere(&parse(&page).expect("a page"), &url);
            assert_eq!(found.as_ref().map(Url::as_str), expected, "{page}");
        }
    }
}
