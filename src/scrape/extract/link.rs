//! `::url`: the link that an element carries, made absolute.

use std::borrow::Cow;

use encoding_rs::Encoding;
use url::Url;

use crate::scrape::document::{Attribute, AttributeNamespace, Dom, Namespace, known};

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

    /// The link of the element at `at`; `None` where it has none or where it leads nowhere.
    pub(super) fn of(&self, dom: &Dom, at: u32) -> Option<String> {
        let link = link(dom, at)?;
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
fn link(dom: &Dom, at: u32) -> Option<&str> {
    let node = dom.node(at);
    match node.namespace() {
        Namespace::Html => {}
        Namespace::Svg => return (node.name() == known::A).then(|| any_href(dom, at)).flatten(),
        Namespace::MathMl => return None,
    }
    let holder = match node.name() {
        known::A | known::AREA | known::BASE | known::LINK => known::HREF,
        known::AUDIO
        | known::EMBED
        | known::FRAME
        | known::IFRAME
        | known::IMG
        | known::INPUT
        | known::SCRIPT
        | known::SOURCE
        | known::TRACK
        | known::VIDEO => known::SRC,
        known::FORM => known::ACTION,
        known::BUTTON => known::FORMACTION,
        known::BLOCKQUOTE | known::DEL | known::INS | known::Q => known::CITE,
        known::OBJECT => known::DATA,
        _ => return None,
    };
    let value = dom.attribute(at, holder)?;
    // `href=""` is a link to the page itself; `src=""` is no image.
    (holder == known::HREF || !value.trim_ascii().is_empty()).then_some(value)
}

/// SVG's `href`, or the older `xlink:href`.
fn any_href(dom: &Dom, at: u32) -> Option<&str> {
    let is_xlink = |it: &&Attribute| it.name() == known::HREF && it.namespace() == AttributeNamespace::XLink;
    let old = || dom.attributes(at).iter().find(is_xlink).map(|it| dom.value(it));
    dom.attribute(at, known::HREF).or_else(old)
}
