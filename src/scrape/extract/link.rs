//! `::url`: the link that an element carries, made absolute.

use std::borrow::Cow;

use encoding_rs::Encoding;
use html5ever::{QualName, local_name, ns};
use scraper::node::Element;
use url::Url;

use super::selection::attribute;

/// Resolves the links of one page.
pub(super) struct Links {
    base: Option<Url>,
    encoding: &'static Encoding,
}

impl Links {
    /// The base is the first `<base href>` resolved against the page's own URL, else the page's own (WHATWG HTML,
    /// "document base URL"); a base of scheme `data` or `javascript` does not count.
    pub(super) fn new(page: Option<Url>, base_href: Option<&str>, encoding: &'static Encoding) -> Self {
        let base = base_href.and_then(|href| resolve(href, page.as_ref(), encoding));
        let base = base.filter(|base| !matches!(base.scheme(), "data" | "javascript")).or(page);
        Self { base, encoding }
    }

    /// Where a link leads; `None` where that is nowhere.
    pub(super) fn resolve(&self, link: &str) -> Option<Url> {
        resolve(link, self.base.as_ref(), self.encoding)
    }

    /// The element's link; `None` where it has none or where it leads nowhere.
    pub(super) fn of(&self, element: &Element) -> Option<String> {
        let link = link(element)?;
        self.resolve(link).map(String::from)
    }
}

/// A link's query is sent in the encoding of its page (WHATWG URL, "encoding override").
fn resolve(link: &str, base: Option<&Url>, encoding: &'static Encoding) -> Option<Url> {
    let encode: &dyn Fn(&str) -> Cow<'_, [u8]> = &|text| encoding.encode(text).0;
    let encode = (encoding != encoding_rs::UTF_8).then_some(encode);
    Url::options().base_url(base).encoding_override(encode).parse(link).ok()
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
