//! Reads the entries of RSS and Atom.
//!
//! A feed that is not well-formed XML was read by the rules of HTML. Its elements are found, too. But `<link>` has no
//! content in HTML, so its text stands after it, and a CDATA section ends at its first `>`.

use url::Url;

use super::entry::{Enclosure, Entry};
use super::names::{Vocabulary, name_of};
use crate::model::parse_url;
use crate::scrape::Document;
use crate::scrape::document::{Attribute, Dom, Kind};
use crate::scrape::extract::link::Links;
use crate::scrape::json::Json;

/// Returns the entries of a feed, in the order of the feed, or `None` if the document is not a feed. `url` is the URL of
/// the document.
pub(in crate::scrape) fn feed(document: &Document, url: &Url) -> Option<Json> {
    let dom = &document.dom;
    let root = dom.elements(dom.whole()).find(|at| is_feed(dom, *at))?;
    let is_inside = dom.is_xml() && dom.node(root).parent() != 0;
    if is_inside {
        return None;
    }
    let feed = Feed { dom, links: Links::of_document(dom, url) };
    let mut entries = Vec::new();
    let mut next = root + 1;
    while next < dom.node(root).end() {
        if dom.node(next).is_element()
            && let (Vocabulary::Feed, name) = name_of(dom, next)
            && matches!(&*name, "item" | "entry")
        {
            entries.push(feed.entry(next).into_json());
            next = dom.node(next).end();
        } else {
            next += 1;
        }
    }
    Some(Json::Array(entries))
}

fn is_feed(dom: &Dom, at: u32) -> bool {
    match name_of(dom, at) {
        (Vocabulary::Feed, name) => matches!(&*name, "rss" | "feed"),
        (Vocabulary::Rdf, name) => name == "rdf",
        _ => false,
    }
}

struct Feed<'d> {
    dom: &'d Dom,
    links: Links,
}

impl Feed<'_> {
    fn entry(&self, at: u32) -> Entry {
        let mut entry = Entry { id: self.attribute(at, "about"), ..Entry::default() };
        // These only count if nothing better is there.
        let (mut other_title, mut other_summary, mut other_author) = (None, None, None);
        let mut permalink = None;
        for child in self.dom.children(at).filter(|child| self.dom.node(*child).is_element()) {
            let (vocabulary, name) = name_of(self.dom, child);
            match (vocabulary, &*name) {
                (Vocabulary::Feed, "title") => set(&mut entry.title, || self.text(child)),
                (Vocabulary::DublinCore, "title") => set(&mut other_title, || self.text(child)),
                (Vocabulary::Feed, "link") => self.link(child, &mut entry),
                (Vocabulary::Feed, "guid") => {
                    let id = self.text(child);
                    if !self.attribute(child, "ispermalink").is_some_and(|it| it.eq_ignore_ascii_case("false")) {
                        permalink = id.clone().filter(|id| is_page(id));
                    }
                    entry.id = id.or(entry.id.take());
                }
                (Vocabulary::Feed, "id") => entry.id = self.text(child).or(entry.id.take()),
                (Vocabulary::Feed, "pubdate" | "published" | "issued") | (Vocabulary::DublinCoreTerms, "issued") => {
                    set(&mut entry.published, || self.text(child));
                }
                (Vocabulary::Feed, "updated" | "modified" | "lastbuilddate")
                | (Vocabulary::DublinCore, "date")
                | (Vocabulary::DublinCoreTerms, "modified") => set(&mut entry.updated, || self.text(child)),
                (Vocabulary::Feed, "author") => entry.authors.extend(self.author(child)),
                (Vocabulary::DublinCore, "creator" | "author") => entry.authors.extend(self.text(child)),
                (Vocabulary::Itunes, "author") => set(&mut other_author, || self.text(child)),
                (Vocabulary::Feed, "description" | "summary") => set(&mut entry.summary, || self.text(child)),
                (Vocabulary::DublinCore, "description") | (Vocabulary::Itunes, "summary") => {
                    set(&mut other_summary, || self.text(child));
                }
                (Vocabulary::Feed, "content") | (Vocabulary::Content, "encoded") | (Vocabulary::Xhtml, "body") => {
                    set(&mut entry.content, || self.text(child));
                }
                (Vocabulary::Feed, "category") => {
                    entry.tags.extend(self.attribute(child, "term").or_else(|| self.text(child)));
                }
                (Vocabulary::DublinCore, "subject") => entry.tags.extend(self.text(child)),
                (Vocabulary::Feed, "enclosure") => self.enclosure(child, "url", &mut entry),
                _ => {}
            }
        }
        entry.title = entry.title.or(other_title);
        entry.summary = entry.summary.or(other_summary);
        if entry.authors.is_empty() {
            entry.authors.extend(other_author);
        }
        entry.link = entry.link.or(permalink);
        entry
    }

    /// Reads a `<link>`, whose URL is its `href` (Atom) or its text (RSS).
    fn link(&self, at: u32, entry: &mut Entry) {
        let rel = self.attribute(at, "rel").unwrap_or_else(|| "alternate".to_owned());
        if rel.eq_ignore_ascii_case("enclosure") {
            return self.enclosure(at, "href", entry);
        }
        let kind = self.attribute(at, "type");
        let is_page =
            kind.is_none_or(|kind| matches!(&*kind, "text/html" | "application/xhtml+xml" | "html" | "xhtml"));
        if rel.eq_ignore_ascii_case("alternate") && is_page {
            let written = self.attribute(at, "href").or_else(|| self.text(at)).or_else(|| self.text_after(at));
            set(&mut entry.link, || written.map(|link| self.resolved(at, link)));
        }
    }

    fn enclosure(&self, at: u32, holder: &str, entry: &mut Entry) {
        if let Some(href) = self.attribute(at, holder) {
            let (kind, length) = (self.attribute(at, "type"), self.attribute(at, "length"));
            entry.enclosures.push(Enclosure { href: self.resolved(at, href), kind, length });
        }
    }

    /// Returns the name of an author, with the e-mail address if Atom gives it.
    fn author(&self, at: u32) -> Option<String> {
        let part = |wanted: &str| {
            let is_it = |child: &u32| {
                self.dom.node(*child).is_element() && name_of(self.dom, *child) == (Vocabulary::Feed, wanted.to_owned())
            };
            self.text(self.dom.children(at).find(is_it)?)
        };
        match (part("name"), part("email")) {
            (Some(name), Some(email)) => Some(format!("{name} ({email})")),
            (None, None) => self.text(at).filter(|_| part("uri").is_none()),
            (name, email) => name.or(email),
        }
    }

    /// Returns the absolute URL of a link, or the link as it is written if that is not a URL.
    fn resolved(&self, at: u32, link: String) -> String {
        self.links.resolve_at(at, &link).map_or(link, String::from)
    }

    /// Returns the value of an attribute without white space at its ends, if it is not empty. The name is in lower case.
    fn attribute(&self, at: u32, name: &str) -> Option<String> {
        let is_it = |it: &&Attribute| {
            self.dom.name_text(it.name()).rsplit(':').next().is_some_and(|local| local.eq_ignore_ascii_case(name))
        };
        let value = self.dom.attributes(at).iter().find(is_it).map(|it| self.dom.value(it).trim())?;
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// Returns the text of an element, or its markup if it has elements. The `<div>` that Atom puts around XHTML does not
    /// belong to it. White space at both ends is removed.
    fn text(&self, at: u32) -> Option<String> {
        let dom = self.dom;
        let is_markup = dom.children(at).any(|child| dom.node(child).is_element());
        let text = if is_markup {
            dom.inner_html(self.only_div(at).unwrap_or(at))
        } else {
            dom.children(at).map(|child| self.piece(child)).collect()
        };
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// Returns the text of a node without elements. By the rules of HTML, a CDATA section is a comment, or text.
    fn piece(&self, at: u32) -> String {
        let text = self.dom.text(at);
        match self.dom.node(at).kind() {
            Kind::Text if self.dom.is_xml() => text.to_owned(),
            Kind::Text => text.replace("<![CDATA[", "").replace("]]>", ""),
            Kind::Comment if !self.dom.is_xml() => {
                text.strip_prefix("[CDATA[").map_or_else(String::new, |text| text.trim_end_matches("]]").to_owned())
            }
            _ => String::new(),
        }
    }

    /// Returns the `<div>` that is the only content of an element with XHTML.
    fn only_div(&self, at: u32) -> Option<u32> {
        let dom = self.dom;
        let mut content = dom.children(at).filter(|child| match dom.node(*child).kind() {
            Kind::Text => !dom.text(*child).trim().is_empty(),
            kind => kind == Kind::Element,
        });
        let only = content.next().filter(|_| content.next().is_none())?;
        let is_xhtml = self.attribute(at, "type").is_some_and(|it| matches!(&*it, "xhtml" | "application/xhtml+xml"));
        (is_xhtml && dom.name_text(dom.node(only).name()) == "div").then_some(only)
    }

    /// Returns the text after an element, if the feed was read by the rules of HTML.
    fn text_after(&self, at: u32) -> Option<String> {
        let next = self.dom.next_sibling(at).filter(|_| !self.dom.is_xml())?;
        Some(self.piece(next).trim().to_owned()).filter(|text| !text.is_empty())
    }
}

/// Gives a field its value, unless it has one.
fn set(field: &mut Option<String>, value: impl FnOnce() -> Option<String>) {
    if field.is_none() {
        *field = value();
    }
}

/// Whether an identifier is the URL of a page.
fn is_page(id: &str) -> bool {
    parse_url(id, None).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}
