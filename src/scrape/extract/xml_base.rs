//! `xml:base`: the base of links below an element of XML (XML Base, 4.2).

use url::Url;

use crate::model::parse_url_in;
use crate::scrape::document::{AttributeNamespace, Dom, known};

/// The most memory for the bases of one document, in bytes. Each base extends the one around it, so a hostile document
/// could make them far longer than itself. Further `xml:base` do not count.
const MOST: usize = 1 << 20;

/// The bases of one document.
#[derive(Debug)]
pub(super) struct XmlBases {
    urls: Vec<Url>,
    /// The places at which another base begins to count, in document order, with the number of the base.
    changes: Vec<(u32, usize)>,
}

impl XmlBases {
    /// Finds the bases. The outermost one is `base`. Returns `None` if the document has no `xml:base`.
    pub(super) fn new(dom: &Dom, base: &Url) -> Option<Self> {
        if !dom.is_xml() {
            return None;
        }
        let mut found = Self { urls: vec![base.clone()], changes: Vec::new() };
        let mut length = 0;
        // The ends of the elements that are open and have a base, with the base around them.
        let mut open: Vec<(u32, usize)> = Vec::new();
        let mut current = 0;
        for at in dom.elements(dom.whole()) {
            while let Some((end, around)) = open.pop_if(|(end, _)| *end <= at) {
                current = around;
                found.changes.push((end, current));
            }
            let Some(written) = base_of(dom, at) else { continue };
            let Ok(url) = parse_url_in(written, Some(&found.urls[current]), dom.encoding()) else { continue };
            if url == found.urls[current] {
                continue;
            }
            length += url.as_str().len();
            if length > MOST {
                break;
            }
            open.push((dom.node(at).end(), current));
            current = found.urls.len();
            found.urls.push(url);
            found.changes.push((at, current));
        }
        while let Some((end, around)) = open.pop() {
            found.changes.push((end, around));
        }
        (found.urls.len() > 1).then_some(found)
    }

    /// Returns the base of the links of the element at `at`, or `None` if it is the base of the document.
    pub(super) fn of(&self, at: u32) -> Option<&Url> {
        let nth = self.changes.partition_point(|(place, _)| *place <= at).checked_sub(1)?;
        Some(self.changes[nth].1).filter(|number| *number > 0).map(|number| &self.urls[number])
    }
}

fn base_of(dom: &Dom, at: u32) -> Option<&str> {
    let is_base = |namespace, name| namespace == AttributeNamespace::Xml && name == known::BASE;
    let base = dom.attributes(at).iter().find(|it| is_base(it.namespace(), it.name()))?;
    Some(dom.value(base))
}
