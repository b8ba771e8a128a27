//! `::url`: the link that an element carries, made absolute.

use encoding_rs::Encoding;
use html5ever::{QualName, local_name, ns};
use scraper::node::Element;
use url::Url;

use super::selection::attribute;
use crate::model::parse_url_in;

/// Resolves the links of one page.
pub(super) struct Links {
    base: Option<Url>,
    encoding: &'static Encoding,
}

impl Links {
    /// The base is the first `<base href>` resolved against the page's own URL, else the page's own (WHATWG HTML,
    /// "document base URL"); a base of scheme `data` or `javascript` does not count.
    pub(super) fn new(page: Option<Url>, base_href: Option<&str>, encoding: &'static Encoding) -> Self {
        let base = base_href.and_then(|href| parse_url_in(href, page.as_ref(), encoding).ok());
        let base = base.filter(|base| !matches!(base.scheme(), "data" | "javascript")).or(page);
        Self { base, encoding }
    }

    /// Where a link leads; `None` where that is nowhere.
    pub(super) fn resolve(&self, link: &str) -> Option<Url> {
        parse_url_in(link, self.base.as_ref(), self.encoding).ok()
    }

    /// The element's link; `None` where it has none or where it leads nowhere.
    pub(super) fn of(&self, element: &Element) -> Option<String> {
        let link = link(element)?;
        self.resolve(link).map(String::from)
    }
}

/// The attribute that holds an element's link (WHATWG HTML, the index of attributes: those of type URL that name one
/// resource of the element).
fn link(element: &Element) -> Option<&str> {
    let name = &element.name;
    if name.ns == ns!(svg) {
        return (name.local == local_name!("a")).then(|| any_href(element)).flatten();
    }
    if name.ns != ns!(html) {
        return None;
    }
    let holder = match &*name.local {
        "a" | "area" | "base" | "link" => local_name!("href"),
        "audio" | "embed" | "frame" | "iframe" | "img" | "input" | "script" | "source" | "track" | "video" => {
            local_name!("src")
        }
        "form" => local_name!("action"),
        "button" => local_name!("formaction"),
        "blockquote" | "del" | "ins" | "q" => local_name!("cite"),
        "object" => local_name!("data"),
        _ => return None,
    };
    let value = attribute(element, &holder)?;
    // `href=""` is a link to the page itself; `src=""` is no image.
    (holder == local_name!("href") || !value.trim_ascii().is_empty()).then_some(value)
}

/// SVG's `href`, or the older `xlink:href`.
fn any_href(element: &Element) -> Option<&str> {
    let is_xlink = |key: &QualName| key.local == local_name!("href") && key.ns == ns!(xlink);
    let old = || element.attrs.iter().find(|(key, _)| is_xlink(key)).map(|(_, value)| &**value);
    attribute(element, &local_name!("href")).or_else(old)
}

#[cfg(test)]
mod tests {
    use encoding_rs::UTF_8;
    use url::Url;

    use super::Links;
    use crate::model::whatwg::{self, other_scheme};

    #[test]
    fn links_and_bases_mean_what_the_test_data_of_the_url_standard_says() {
        let mut tried = 0;
        for (link, page, url) in whatwg::cases() {
            let page = page.unwrap_or_else(|| other_scheme(&link).to_owned());
            let is_relative = !link.trim().to_ascii_lowercase().starts_with("http");
            if !page.starts_with("http") || (url.is_none() && is_relative) {
                continue;
            }
            let page = Url::parse(&page).expect(&page);
            let found = Links::new(Some(page.clone()), None, UTF_8).resolve(&link).map(String::from);
            assert_eq!(found, url, "{link:?} on {page}");
            // A base that is no URL does not count.
            let by_base = Links::new(Some(page.clone()), Some(&link), UTF_8).resolve("");
            let mut expected = Url::parse(url.as_deref().unwrap_or(page.as_str())).expect("a URL");
            expected.set_fragment(None);
            assert_eq!(by_base, Some(expected), "base {link:?} on {page}");
            tried += 1;
        }
        assert!(tried > 250, "these are not all cases: {tried}");
    }
}
