//! `::url`: the link of an element, made absolute.

use encoding_rs::Encoding;
use url::{Position, Url};

use super::xml_base::XmlBases;
use crate::model::parse_url_in;
use crate::scrape::document::{Attribute, AttributeNamespace, Dom, Namespace, known};

/// Resolves the links of one page.
pub(super) struct Links {
    base: Url,
    encoding: &'static Encoding,
    plain: Option<Plain>,
    /// The bases of parts of a document of XML.
    xml_bases: Option<XmlBases>,
}

impl Links {
    /// Resolves the links of a document. `page` is its URL.
    pub(super) fn of_document(dom: &Dom, page: &Url) -> Self {
        let links = Self::new(page, base_href(dom), dom.encoding());
        let xml_bases = XmlBases::new(dom, &links.base);
        Self { xml_bases, ..links }
    }

    /// The base is the first `<base href>`, resolved against the page's own URL, or else the page's own URL (WHATWG
    /// HTML, "document base URL"). A base with the scheme `data` or `javascript` does not count.
    pub(super) fn new(page: &Url, base_href: Option<&str>, encoding: &'static Encoding) -> Self {
        let base = base_href.and_then(|href| parse_url_in(href, Some(page), encoding).ok());
        let base = base.filter(|base| !matches!(base.scheme(), "data" | "javascript"));
        let base = base.unwrap_or_else(|| page.clone());
        Self { plain: Plain::new(&base), base, encoding, xml_bases: None }
    }

    /// Resolves a link. Returns `None` if the result is not a valid URL.
    pub(super) fn resolve(&self, link: &str) -> Option<Url> {
        parse_url_in(link, Some(&self.base), self.encoding).ok()
    }

    /// Resolves a link that the element at `at` has in some attribute or text.
    pub(super) fn resolve_at(&self, at: u32, link: &str) -> Option<Url> {
        match self.xml_bases.as_ref().and_then(|bases| bases.of(at)) {
            Some(base) => parse_url_in(link, Some(base), self.encoding).ok(),
            None => self.resolve(link),
        }
    }

    /// Returns the link of the element at `at`, or `None` if it has no link or an invalid one.
    pub(super) fn of(&self, dom: &Dom, at: u32) -> Option<String> {
        self.of_with(dom, at, String::new())
    }

    /// Like `of`, with memory for the text.
    pub(super) fn of_with(&self, dom: &Dom, at: u32, mut memory: String) -> Option<String> {
        let link = link(dom, at)?;
        if self.xml_bases.is_some() {
            return self.resolve_at(at, link).map(String::from);
        }
        if let Some((before, link)) = self.plain.and_then(|plain| plain.resolve(&self.base, link)) {
            memory.clear();
            memory.reserve_exact(before.len() + link.len());
            memory.push_str(before);
            memory.push_str(link);
            return Some(memory);
        }
        self.resolve(link).map(String::from)
    }
}

/// The beginnings of absolute plain links. Most links of most pages are plain: they are resolved by joining two texts.
#[derive(Debug, Clone, Copy)]
struct Plain {
    /// The length of the part of the base before its path.
    origin: usize,
    /// The length of the base up to the last slash of its path.
    folder: usize,
}

impl Plain {
    /// Only supports bases of http and https: other schemes have different rules.
    fn new(base: &Url) -> Option<Self> {
        if !matches!(base.scheme(), "http" | "https") {
            return None;
        }
        let folder = base[..Position::AfterPath].rfind('/')? + 1;
        Some(Self { origin: base[..Position::BeforePath].len(), folder })
    }

    /// Returns the two parts of the absolute link if `link` is a path whose characters all stay as they are and have no
    /// special meaning. `base` is the one that this was made of.
    fn resolve<'u>(self, base: &'u Url, link: &'u str) -> Option<(&'u str, &'u str)> {
        let mut before = b'/';
        for byte in link.bytes() {
            let is_plain = match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' | b'/' => true,
                // A path segment that begins with a dot may be `.` or `..`.
                b'.' => before != b'/',
                _ => false,
            };
            if !is_plain {
                return None;
            }
            before = byte;
        }
        let length = match link.as_bytes() {
            [] | [b'/', b'/', ..] => return None,
            [b'/', ..] => self.origin,
            _ => self.folder,
        };
        Some((&base.as_str()[..length], link))
    }
}

/// Returns the attribute with an element's link (WHATWG HTML, the index of attributes: those of type URL that name one
/// resource of the element).
fn link(dom: &Dom, at: u32) -> Option<&str> {
    let node = dom.node(at);
    match node.namespace() {
        Namespace::Html => {}
        Namespace::Svg => return (node.name() == known::A).then(|| any_href(dom, at)).flatten(),
        Namespace::MathMl => return None,
        Namespace::Other => return link_of_xml(dom, at),
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
    // `href=""` links to the page itself, but `src=""` does not name a resource.
    (holder == known::HREF || !value.trim_ascii().is_empty()).then_some(value)
}

/// Returns the link of an element of any other language of XML: its `href` (Atom), `xlink:href`, `src` or `url`
/// (enclosures of RSS), or else its text, if it has only text: `<link>` of RSS, `<loc>` of a sitemap.
fn link_of_xml(dom: &Dom, at: u32) -> Option<&str> {
    let attribute = any_href(dom, at)
        .or_else(|| dom.attribute(at, known::SRC))
        .or_else(|| dom.names.find("url").and_then(|name| dom.attribute(at, name)));
    attribute.or_else(|| {
        let text = dom.first_child(at).filter(|child| dom.node(*child).end() == dom.node(at).end())?;
        Some(dom.text(text)).filter(|text| dom.node(at + 1).is_text() && !text.trim_ascii().is_empty())
    })
}

/// Returns the `href` of the first `<base>` that has one. Only pages have it, and not pages inside of feeds.
fn base_href(dom: &Dom) -> Option<&str> {
    if !dom.is_page() {
        return None;
    }
    let mut bases = dom.walk(dom.whole()).filter(|at| dom.node(*at).is_html(known::BASE));
    bases.find_map(|at| dom.attribute(at, known::HREF))
}

/// Returns SVG's `href`, or the older `xlink:href`.
fn any_href(dom: &Dom, at: u32) -> Option<&str> {
    let is_xlink = |it: &&Attribute| it.name() == known::HREF && it.namespace() == AttributeNamespace::XLink;
    let old = || dom.attributes(at).iter().find(is_xlink).map(|it| dom.value(it));
    dom.attribute(at, known::HREF).or_else(old)
}

#[cfg(test)]
mod tests {
    use encoding_rs::UTF_8;
    use proptest::prelude::*;
    use url::Url;

    use super::{Links, Plain, parse_url_in};
    use crate::model::whatwg::{self, other_scheme};

    const BASES: [&str; 8] = [
        "http://h",
        "http://h/?a/b",
        "https://u:p@h:8080/a/b.html?q=/x#/y",
        "http://h/a//",
        "http://[::1]/a;b/c%2f/",
        "ftp://h/a/b",
        "file:///a/b",
        "data:text/plain,/a",
    ];

    #[test]
    fn only_plain_links_are_resolved_by_joining_texts() {
        let table = [
            ("/x/y-z_1.html", Some("https://u:p@h:8080/x/y-z_1.html")),
            ("x", Some("https://u:p@h:8080/a/x")),
            ("x//y~/", Some("https://u:p@h:8080/a/x//y~/")),
            ("/", Some("https://u:p@h:8080/")),
            ("", None),
            ("//x", None),
            ("..", None),
            ("/./x", None),
            ("/x/.well-known", None),
            ("x:y", None),
            ("?x", None),
            ("x#y", None),
            ("x y", None),
            ("\\x", None),
            ("%2e%2e/x", None),
            ("é", None),
        ];
        let base = Url::parse(BASES[2]).expect("a URL");
        let plain = Plain::new(&base).expect("https");
        for (link, expected) in table {
            let resolved = plain.resolve(&base, link).map(|(before, link)| [before, link].concat());
            assert_eq!(resolved.as_deref(), expected, "{link}");
        }
    }

    #[test]
    fn links_and_bases_resolve_as_in_the_test_data_of_the_url_standard() {
        let mut tried = 0;
        for (link, page, url) in whatwg::cases() {
            let page = page.unwrap_or_else(|| other_scheme(&link).to_owned());
            let is_relative = !link.trim().to_ascii_lowercase().starts_with("http");
            if !page.starts_with("http") || (url.is_none() && is_relative) {
                continue;
            }
            let page = Url::parse(&page).expect(&page);
            let found = Links::new(&page, None, UTF_8).resolve(&link).map(String::from);
            assert_eq!(found, url, "{link:?} on {page}");
            // An invalid base does not count.
            let by_base = Links::new(&page, Some(&link), UTF_8).resolve("");
            let mut expected = Url::parse(url.as_deref().unwrap_or(page.as_str())).expect("a URL");
            expected.set_fragment(None);
            assert_eq!(by_base, Some(expected), "base {link:?} on {page}");
            tried += 1;
        }
        assert!(tried > 250, "too few cases were tried: {tried}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        #[test]
        fn plain_links_resolve_to_the_same_as_by_the_url_parser(
            base in proptest::sample::select(&BASES[..]),
            link in "[a-cA-C0/.~:?#% _-]{0,8}|/?[a-c]{1,3}(/[a-c.]{0,3}){0,3}|[a-z]{1,2}:?/{0,3}[a-c]{0,2}",
        ) {
            let base = Url::parse(base).expect("a URL");
            if let Some((before, link)) = Plain::new(&base).and_then(|plain| plain.resolve(&base, &link)) {
                prop_assert_eq!(Some([before, link].concat()), parse_url_in(link, Some(&base), UTF_8).ok().map(String::from));
            }
        }
    }
}
