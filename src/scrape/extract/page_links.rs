//! `links`: all links of a page.

use super::link::Links;
use super::value;
use crate::scrape::document::{Dom, Namespace, known};
use crate::scrape::json::Json;

/// The most bytes that the links of a page may have together. Links after that are left out.
const MAX_BYTES: usize = 32 << 20;

/// The links of a page.
#[derive(Debug, PartialEq)]
pub(super) struct PageLinks {
    /// An object for each link, in document order.
    pub(super) links: Vec<Json>,
    /// Whether the page has so many links that some are left out.
    pub(super) too_many: bool,
}

/// Returns the links of an element and of everything below it, or of the whole document: what a reader of the page can
/// follow. These are `<a href>`, also in SVG, and `<area href>`, but not `<link href>`, which is for the browser.
///
/// Each link has its `text`, with white space folded, its `rel` as it is written, or null, and its `url`, made absolute.
/// The text of an `<area>` is its `alt`. Links whose URL is not valid are left out.
pub(super) fn page_links(dom: &Dom, scope: Option<u32>, links: &Links) -> PageLinks {
    let range = scope.map_or_else(|| dom.whole(), |at| dom.subtree(at));
    let mut found = PageLinks { links: Vec::new(), too_many: false };
    let mut bytes = 0;
    for at in dom.elements(range) {
        let node = dom.node(at);
        let is_area = node.is_html(known::AREA);
        let is_link = node.name() == known::A && node.namespace() != Namespace::MathMl;
        let Some(url) = (is_area || is_link).then(|| links.of(dom, at)).flatten() else { continue };
        let text = match dom.attribute(at, known::ALT).filter(|_| is_area) {
            Some(alt) => value::fold(std::iter::once(alt)),
            None => value::fold(dom.texts(dom.subtree(at))),
        };
        let (text, rel) = (text.trim(), dom.attribute(at, known::REL));
        bytes += text.len() + url.len() + rel.map_or(0, str::len) + OTHER_BYTES;
        if bytes > MAX_BYTES {
            found.too_many = true;
            break;
        }
        found.links.push(Json::Object(vec![
            ("text".to_owned(), Json::from(text)),
            ("rel".to_owned(), rel.map_or(Json::Null, Json::from)),
            ("url".to_owned(), Json::from(url)),
        ]));
    }
    found
}

/// The bytes of a link's other parts.
const OTHER_BYTES: usize = 64;

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use url::Url;

    use super::super::link::Links;
    use super::page_links;
    use crate::scrape::json::{Json, value};
    use crate::scrape::parse::parse;

    fn found(page: &str) -> (Value, bool) {
        let document = parse(page).expect("a page");
        let url = Url::parse("http://h/dir/page").expect("a URL");
        let links = Links::of_document(&document.dom, &url);
        let found = page_links(&document.dom, None, &links);
        let mut out = Vec::new();
        value(&mut out, &Json::Array(found.links));
        (serde_json::from_slice(&out).expect("JSON"), found.too_many)
    }

    #[test]
    fn each_link_has_its_text_its_rel_and_its_absolute_url() {
        let table = [
            ("<a href=x> A \n <b>b</b>c </a>", json!([{ "text": "A bc", "rel": null, "url": "http://h/dir/x" }])),
            (
                "<a href=/x rel='nofollow  UGC'></a>",
                json!([{ "text": "", "rel": "nofollow  UGC", "url": "http://h/x" }]),
            ),
            (
                "<base href=//o/><a href='?q=1#f' rel>q</a>",
                json!([{ "text": "q", "rel": "", "url": "http://o/?q=1#f" }]),
            ),
            (
                "<map><area href=a alt=' A  a '><area href=b><area alt=c></map>",
                json!([
                    { "text": "A a", "rel": null, "url": "http://h/dir/a" },
                    { "text": "", "rel": null, "url": "http://h/dir/b" },
                ]),
            ),
            (
                "<svg><a xlink:href=s><text>in svg</text></a></svg>",
                json!([{ "text": "in svg", "rel": null, "url": "http://h/dir/s" }]),
            ),
            ("<a href=mailto:me@h>me</a>", json!([{ "text": "me", "rel": null, "url": "mailto:me@h" }])),
            (
                "<a name=x>no link</a><link href=l rel=next><a href='http://['>bad</a><img src=i><template><a href=t></a></template>",
                json!([]),
            ),
        ];
        for (page, expected) in table {
            assert_eq!(found(page), (expected, false), "{page}");
        }
    }

    #[test]
    fn links_that_repeat_much_text_are_cut() {
        // Links in tables nest: each has the text of all below it.
        let page = "<table><tr><td><a href=x>".repeat(2_000) + &"y".repeat(100_000);
        let (links, too_many) = found(&page);
        assert!(too_many);
        let count = links.as_array().expect("a list").len();
        assert!((1..1_000).contains(&count), "{count}");
    }
}
