//! Writes the text and the HTML of an article.

use super::Kept;
use crate::scrape::document::{Dom, Kind, Namespace, known};
use crate::scrape::extract::link::Links;
use crate::scrape::extract::markdown::look;

/// Returns the text. Blocks are separated by blank lines, items of lists and rows of tables by line ends. Captions of
/// pictures are left out. The text of a `<pre>` stays as it is.
pub(super) fn text(dom: &Dom, root: u32, kept: &Kept) -> String {
    let mut out = Writer::default();
    let mut open: Vec<(u32, &str)> = Vec::new();
    let mut exact_end = 0;
    let range = dom.subtree(root);
    let mut at = range.start;
    while at < range.end {
        while let Some((_, gap)) = open.pop_if(|(end, _)| *end <= at) {
            out.separate(gap);
        }
        let node = dom.node(at);
        if !kept.contains(at) || node.is_html(known::FIGCAPTION) {
            at = node.end;
            continue;
        }
        if node.is_text() {
            if at < exact_end { out.exact(dom.text(at)) } else { out.folded(dom.text(at)) }
        } else if node.is_element() && node.namespace() == Namespace::Html {
            match node.name() {
                known::BR if at < exact_end => out.exact("\n"),
                known::BR => out.line_break(),
                name if look::is_block(name) => {
                    let gap = match name {
                        known::LI | known::TR | known::DT | known::DD => "\n",
                        known::TD | known::TH => "\t",
                        _ => "\n\n",
                    };
                    out.separate(gap);
                    open.push((node.end, gap));
                    if name == known::PRE {
                        exact_end = node.end;
                    }
                }
                _ => {}
            }
        }
        at += 1;
    }
    out.text
}

#[derive(Default)]
struct Writer {
    text: String,
    /// What comes before the next word: a space, a tab, or line ends.
    gap: &'static str,
}

impl Writer {
    /// Asks for a gap. The largest one wins.
    fn separate(&mut self, gap: &'static str) {
        let size = |gap: &str| ["", " ", "\t", "\n", "\n\n"].iter().position(|it| *it == gap);
        if size(gap) > size(self.gap) {
            self.gap = gap;
        }
    }

    /// Two line breaks end a paragraph.
    fn line_break(&mut self) {
        self.gap = if self.gap.starts_with('\n') { "\n\n" } else { "\n" };
    }

    fn folded(&mut self, text: &str) {
        for (nth, word) in text.split(|char: char| char.is_ascii_whitespace()).enumerate() {
            if nth > 0 {
                self.separate(" ");
            }
            if !word.is_empty() {
                self.exact(word);
            }
        }
    }

    fn exact(&mut self, text: &str) {
        if !self.text.is_empty() {
            self.text.push_str(self.gap);
        }
        self.gap = "";
        self.text.push_str(text);
    }
}

/// Attributes that say something about the text or the target of an element.
const ATTRIBUTES: [crate::scrape::document::Name; 14] = [
    known::ALIGN,
    known::ALT,
    known::CITE,
    known::CLASS,
    known::COLSPAN,
    known::DATETIME,
    known::HREFLANG,
    known::LANG,
    known::ROWSPAN,
    known::SCOPE,
    known::START,
    known::TITLE,
    known::TYPE,
    known::VALUE,
];

/// Returns the markup, with absolute links. It has no scripts, styles, handlers of events or other attributes than those
/// that say something about the text.
pub(super) fn html(dom: &Dom, root: u32, links: &Links, kept: &Kept) -> String {
    let mut out = String::new();
    let mut open: Vec<u32> = Vec::new();
    let range = dom.subtree(root);
    let mut at = range.start;
    while at < range.end {
        while let Some(last) = open.pop_if(|last| dom.node(*last).end <= at) {
            close(dom, last, &mut out);
        }
        let node = dom.node(at);
        if !kept.contains(at) {
            at = node.end;
            continue;
        }
        match node.kind() {
            Kind::Text => escape(dom.text(at), false, &mut out),
            Kind::Element if node.namespace() == Namespace::Html => {
                start(dom, at, links, &mut out);
                if !is_void(dom, at) {
                    open.push(at);
                }
            }
            _ => {}
        }
        at += 1;
    }
    while let Some(last) = open.pop() {
        close(dom, last, &mut out);
    }
    out
}

/// The body of the page holds the article if there is no smaller part that does.
fn tag(dom: &Dom, at: u32) -> &str {
    let node = dom.node(at);
    if node.is_html(known::BODY) { "div" } else { dom.name_text(node.name()) }
}

fn start(dom: &Dom, at: u32, links: &Links, out: &mut String) {
    out.push('<');
    out.push_str(tag(dom, at));
    let mut attribute = |name: &str, value: &str| {
        out.push(' ');
        out.push_str(name);
        out.push_str("=\"");
        escape(value, true, out);
        out.push('"');
    };
    let node = dom.node(at);
    let written = match node.name() {
        known::IMG => look::image_source(dom, at),
        known::A | known::AREA => dom.attribute(at, known::HREF),
        known::SOURCE => dom.attribute(at, known::SRC),
        _ => None,
    };
    let url = written.and_then(|written| links.resolve(written)).filter(|url| url.scheme() != "javascript");
    if let Some(url) = url {
        let name = if matches!(node.name(), known::A | known::AREA) { "href" } else { "src" };
        attribute(name, url.as_str());
    }
    for name in ATTRIBUTES {
        if let Some(value) = dom.attribute(at, name) {
            let is_language = name != known::CLASS || value.contains("lang") || value.contains("highlight-source");
            if is_language {
                attribute(dom.name_text(name), value);
            }
        }
    }
    out.push('>');
    // A parser drops the first line end of these elements.
    let is_exact = matches!(node.name(), known::PRE | known::LISTING);
    if is_exact && dom.first_child(at).is_some_and(|child| dom.text(child).starts_with('\n')) {
        out.push('\n');
    }
}

fn close(dom: &Dom, at: u32, out: &mut String) {
    out.push_str("</");
    out.push_str(tag(dom, at));
    out.push('>');
}

/// WHATWG HTML, 13.1.2, "void elements".
fn is_void(dom: &Dom, at: u32) -> bool {
    matches!(
        dom.node(at).name(),
        known::AREA
            | known::BASE
            | known::BR
            | known::COL
            | known::EMBED
            | known::HR
            | known::IMG
            | known::INPUT
            | known::LINK
            | known::META
            | known::SOURCE
            | known::TRACK
            | known::WBR
    )
}

/// WHATWG HTML, 13.3, "escaping a string".
fn escape(text: &str, is_attribute: bool, out: &mut String) {
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '\u{a0}' => out.push_str("&nbsp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if is_attribute => out.push_str("&quot;"),
            _ => out.push(char),
        }
    }
}
