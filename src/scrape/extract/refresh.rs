//! `<meta http-equiv="refresh">`: finds the URL to which a page refreshes.

use url::Url;

use super::link::Links;
use crate::scrape::Document;
use crate::scrape::document::known;
use crate::scrape::refresh::Refresh;

/// Returns where a document leads by itself soon, if that is another http(s) page. `page` is the URL of the document.
/// Only pages of HTML and XHTML do: feeds and pictures that contain a page do not.
///
/// The first valid refresh counts, and its URL is resolved like a link. The result is `None` for a page that only
/// reloads itself.
pub(in crate::scrape) fn elsewhere(document: &Document, page: &Url) -> Option<Url> {
    let dom = &document.dom;
    if !dom.is_page() {
        return None;
    }
    let refresh = dom.walk(dom.whole()).filter(|at| dom.node(*at).is_html(known::META)).find_map(|at| {
        let is_refresh = dom.attribute(at, known::HTTP_EQUIV)?.eq_ignore_ascii_case("refresh");
        is_refresh.then(|| dom.attribute(at, known::CONTENT).and_then(Refresh::read))?
    });
    refresh?.target(page, |link| Links::of_document(dom, page).resolve(link))
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::elsewhere;
    use crate::scrape::parse;

    #[test]
    fn only_the_first_refresh_counts_and_only_if_it_leads_elsewhere_soon() {
        let meta = |content: &str| format!("<meta http-equiv=Refresh content=\"{content}\">");
        let table = [
            (meta("0; url=b"), Some("http://u:p@h/b")),
            (meta("5; url=//i/"), Some("http://i/")),
            (meta("0; url=///i/"), Some("http://i/")),
            (meta("0; url=/b^c"), Some("http://u:p@h/b%5Ec")),
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
