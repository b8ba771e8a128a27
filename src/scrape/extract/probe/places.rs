//! Where a node stands in its page: its path, and the line and column of its tag.

use crate::scrape::document::{Dom, Kind};
use crate::scrape::parse::Document;

/// The most elements of a path. The elements in the middle of a longer one are left out.
const MOST_STEPS: usize = 12;

/// The places of one page.
pub(super) struct Places<'d> {
    dom: &'d Dom,
    /// The positions of line ends, if positions in the document are those of the page.
    lines: Option<Vec<usize>>,
}

/// A line and a column, from 1.
pub(super) type Position = (u64, u64);

impl<'d> Places<'d> {
    pub(super) fn new(document: &'d Document) -> Self {
        let dom = &document.dom;
        // html5ever's document is a copy that has lost the positions.
        let is_known = !document.by_reference && !dom.page.is_empty();
        let lines = is_known.then(|| memchr::memchr_iter(b'\n', dom.page.as_bytes()).collect());
        Self { dom, lines }
    }

    /// Makes the places of a page for paths only.
    pub(super) fn without_positions(dom: &'d Dom) -> Self {
        Self { dom, lines: None }
    }

    /// Returns the path of an element, from the root. An element has its number among its siblings if one of them has
    /// the same name.
    pub(super) fn path(&self, at: u32) -> String {
        let mut steps = Vec::new();
        let mut next = at;
        while next != 0 {
            if self.dom.node(next).is_element() {
                steps.push(next);
            }
            next = self.dom.node(next).parent();
        }
        steps.reverse();
        let mut path = String::new();
        for (nth, step) in steps.iter().enumerate() {
            // A page may nest thousands of elements.
            if steps.len() > MOST_STEPS && (3..steps.len() + 4 - MOST_STEPS).contains(&nth) {
                if nth == 3 {
                    path.push_str(" > ...");
                }
                continue;
            }
            if nth > 0 {
                path.push_str(" > ");
            }
            path.push_str(&self.step(*step));
        }
        path
    }

    /// Writes an element as a selector that tells it from its siblings.
    fn step(&self, at: u32) -> String {
        let dom = self.dom;
        let name = self.name(at);
        let attribute = |name| dom.attribute(at, name).filter(|value| is_plain(value));
        if let Some(id) = attribute(crate::scrape::document::known::ID) {
            return format!("{name}#{id}");
        }
        let class = dom.attribute(at, crate::scrape::document::known::CLASS);
        let class = class.and_then(|classes| classes.split_ascii_whitespace().find(|class| is_plain(class)));
        let class = class.map(|class| format!(".{class}")).unwrap_or_default();
        match self.number(at) {
            Some(nth) => format!("{name}{class}:nth-child({nth})"),
            None => format!("{name}{class}"),
        }
    }

    /// Returns the name of an element as selectors write it.
    fn name(&self, at: u32) -> String {
        let node = self.dom.node(at);
        let (prefix, name) = (self.dom.prefix(node.qualifier()), self.dom.name_text(node.name()));
        if self.dom.is_xml() && !prefix.is_empty() { format!("{prefix}|{name}") } else { name.to_owned() }
    }

    /// Returns the number of an element among its siblings, if another one has the same name.
    fn number(&self, at: u32) -> Option<usize> {
        /// With more siblings, counting all of them for each match takes too long.
        const MOST_SIBLINGS: usize = 20_000;
        let dom = self.dom;
        let is_element = |child: &u32| dom.node(*child).is_element();
        let (mut nth, mut before, mut same) = (0, true, 0);
        for child in dom.children(dom.node(at).parent()).filter(is_element).take(MOST_SIBLINGS) {
            nth += usize::from(before);
            before &= child != at;
            same += usize::from(dom.node(child).name() == dom.node(at).name());
            if !before && same > 1 {
                break;
            }
        }
        (same > 1 && !before).then_some(nth)
    }

    /// Returns the position of an element's tag, or of a text, if it is known.
    ///
    /// The document has no positions of tags, but of texts and of values of attributes. So the tag is searched
    /// backwards from the first of these that belongs to the element. Tags that the page does not contain, such as an
    /// implied `<tbody>`, are not found.
    pub(super) fn position(&self, at: u32) -> Option<Position> {
        let lines = self.lines.as_ref()?;
        let offset = self.offset(at)?;
        let line = lines.partition_point(|end| *end < offset);
        let begin = line.checked_sub(1).map_or(0, |before| lines[before] + 1);
        let column = self.dom.page.get(begin..offset)?.chars().count();
        Some((line as u64 + 1, column as u64 + 1))
    }

    fn offset(&self, at: u32) -> Option<usize> {
        /// How many elements may begin directly after each other.
        const MOST_OPEN: usize = 32;
        let mut open = Vec::new();
        let mut next = at;
        let mut known = loop {
            let node = self.dom.node(next);
            match node.kind() {
                Kind::Text => break self.in_page(node.start, node.length)?,
                Kind::Element => {}
                _ => return None,
            }
            open.push(next);
            let mut attributes = self.dom.attributes(next).iter();
            if let Some(first) = attributes.find(|attribute| attribute.length > 0) {
                break self.in_page(first.start, first.length)?;
            }
            if open.len() > MOST_OPEN {
                return None;
            }
            next = self.dom.first_child(next)?;
        };
        for element in open.into_iter().rev() {
            known = self.tag_before(known, element)?;
        }
        Some(known)
    }

    /// Returns where the tag of an element begins, if it is the last one before `end`.
    fn tag_before(&self, end: usize, at: u32) -> Option<usize> {
        let begin = memchr::memrchr(b'<', &self.dom.page.as_bytes()[..end])?;
        let written = &self.dom.page[begin + 1..end];
        let node = self.dom.node(at);
        let (prefix, name) = (self.dom.prefix(node.qualifier()), self.dom.name_text(node.name()));
        let written = match (self.dom.is_xml(), prefix) {
            (true, prefix) if !prefix.is_empty() => written.strip_prefix(prefix)?.strip_prefix(':')?,
            _ => written,
        };
        let (own, rest) = written.split_at_checked(name.len())?;
        let ends = rest.starts_with(|c: char| c.is_ascii_whitespace() || matches!(c, '>' | '/'));
        (own.eq_ignore_ascii_case(name) && ends).then_some(begin)
    }

    fn in_page(&self, start: u32, length: u32) -> Option<usize> {
        let start = start as usize;
        (length > 0 && start + length as usize <= self.dom.page.len()).then_some(start)
    }
}

/// Whether a class or id can be written in a selector without escapes.
fn is_plain(name: &str) -> bool {
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    begins && name.len() <= 60 && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

#[cfg(test)]
mod tests {
    use super::Places;
    use crate::scrape::document::known;
    use crate::scrape::parse::{Document, parse, parse_xml_into};

    #[test]
    fn a_place_is_the_path_and_the_line_of_the_tag() {
        let page = "<!doctype html>\n<title>T</title>\n<div id=main>\r\n <p>one</p><p class='x y'>two<b>é</b><i>three</i>\n\
                    <ul><li><a href=/x>l</a></ul><table><tr><td>c</table></div><div data-x>end</div>";
        let document = parse(page).expect("a page");
        let places = Places::new(&document);
        let dom = &document.dom;
        let found = |name| dom.elements(dom.whole()).filter(|at| dom.node(*at).is_html(name)).collect::<Vec<u32>>();
        let table = [
            (found(known::TITLE)[0], "html > head > title", Some((2, 1))),
            (found(known::DIV)[0], "html > body > div#main", Some((3, 1))),
            (found(known::P)[0], "html > body > div#main > p:nth-child(1)", Some((4, 2))),
            (found(known::P)[1], "html > body > div#main > p.x:nth-child(2)", Some((4, 12))),
            (found(known::I)[0], "html > body > div#main > p.x:nth-child(2) > i", Some((4, 38))),
            (found(known::LI)[0], "html > body > div#main > ul > li", Some((5, 5))),
            (found(known::UL)[0], "html > body > div#main > ul", Some((5, 1))),
            // The page has no such tag.
            (found(known::TBODY)[0], "html > body > div#main > table > tbody", None),
            (found(known::BODY)[0], "html > body", None),
            (found(known::TD)[0], "html > body > div#main > table > tbody > tr > td", Some((5, 41))),
            (found(known::DIV)[1], "html > body > div:nth-child(2)", Some((5, 60))),
        ];
        for (at, path, position) in table {
            assert_eq!(places.path(at), path);
            assert_eq!(places.position(at), position, "{path}");
        }
    }

    #[test]
    fn a_place_in_xml_has_prefixes() {
        let mut document = Document::new();
        let xml = "<?xml version=\"1.0\"?>\n<a xmlns:d=\"u\">\n  <d:b>x</d:b>\n</a>";
        parse_xml_into(&mut document, xml, encoding_rs::UTF_8).expect("well-formed");
        let places = Places::new(&document);
        let dom = &document.dom;
        let last = dom.elements(dom.whole()).last().expect("elements");
        assert_eq!((places.path(last), places.position(last)), ("a > d|b".to_owned(), Some((3, 3))));
    }

    #[test]
    fn a_deep_place_is_shortened_and_takes_no_stack() {
        let page = "<div>".repeat(50_000) + "<b>x</b>";
        let document = parse(&page).expect("a page");
        let dom = &document.dom;
        let last = dom.elements(dom.whole()).find(|at| dom.node(*at).is_html(known::B)).expect("it is there");
        let path = Places::new(&document).path(last);
        assert!(path.starts_with("html > body > div > ... > div"), "{path}");
        assert!(path.ends_with("div > b") && path.len() < 120, "{path}");
    }
}
