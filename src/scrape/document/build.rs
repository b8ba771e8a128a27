//! Fills a document.

use encoding_rs::{Encoding, UTF_8};
use html5ever::tree_builder::QuirksMode;

use super::{Attribute, AttributeNamespace, Dom, Kind, Name, Names, Namespace, Node, Qualifier, Qualifiers, known};

/// The largest capacity that a document keeps for the next page: entries of a list, bytes of a text. One large page
/// must not occupy memory forever.
const KEPT_ENTRIES: usize = 1 << 17;
const KEPT_BYTES: usize = 4 << 20;

impl Dom {
    /// Makes an empty document.
    pub(crate) fn new() -> Self {
        let mut dom = Self {
            nodes: Vec::new(),
            attributes: Vec::new(),
            page: String::new(),
            side: String::new(),
            names: Names::new(),
            quirks: QuirksMode::NoQuirks,
            encoding: UTF_8,
            is_xml: false,
            qualifiers: Qualifiers::new(),
        };
        dom.clear(UTF_8);
        dom
    }

    /// Removes the page and leaves only the document node. `encoding` is the encoding of the next page.
    pub(in crate::scrape) fn clear(&mut self, encoding: &'static Encoding) {
        self.nodes.clear();
        self.nodes.shrink_to(KEPT_ENTRIES);
        self.attributes.clear();
        self.attributes.shrink_to(KEPT_ENTRIES);
        for text in [&mut self.page, &mut self.side] {
            text.clear();
            text.shrink_to(KEPT_BYTES);
        }
        self.names.clear();
        self.quirks = QuirksMode::NoQuirks;
        self.encoding = encoding;
        self.is_xml = false;
        self.qualifiers.clear();
        self.push(Kind::Document, 0, (0, 0));
        self.seal();
    }

    /// Returns the number of bytes that are kept for the next page.
    #[cfg(test)]
    pub(in crate::scrape) fn memory(&self) -> usize {
        self.nodes.capacity() * size_of::<Node>()
            + self.attributes.capacity() * size_of::<Attribute>()
            + self.page.capacity()
            + self.side.capacity()
    }

    /// Adds a node without a name. `extent` is the start and length of its text or of its attributes.
    #[inline]
    pub(in crate::scrape) fn push(&mut self, kind: Kind, parent: u32, extent: (u32, u32)) -> u32 {
        let (name, namespace) = (known::A, Namespace::Html);
        let (start, length) = extent;
        self.push_node(Node { name, parent, end: 0, start, length, kind, namespace, qualifier: Qualifier::NONE })
    }

    /// Adds an element. `attributes` is the start and length of its attributes.
    #[inline]
    pub(in crate::scrape) fn push_element(
        &mut self,
        name: Name,
        namespace: Namespace,
        parent: u32,
        attributes: (u32, u32),
    ) -> u32 {
        let (start, length, kind) = (attributes.0, attributes.1, Kind::Element);
        self.push_node(Node { name, parent, end: 0, start, length, kind, namespace, qualifier: Qualifier::NONE })
    }

    /// Adds an element of XML. `attributes` is the start and length of its attributes.
    pub(in crate::scrape) fn push_qualified(
        &mut self,
        name: Name,
        qualifier: Qualifier,
        parent: u32,
        attributes: (u32, u32),
    ) -> u32 {
        let namespace = Namespace::of(self.qualifiers.uri(qualifier));
        let (start, length, kind) = (attributes.0, attributes.1, Kind::Element);
        self.push_node(Node { name, parent, end: 0, start, length, kind, namespace, qualifier })
    }

    #[inline]
    fn push_node(&mut self, node: Node) -> u32 {
        let at = place(self.nodes.len());
        self.nodes.push(node);
        at
    }

    /// Adds a text that the page does not contain in one piece. Returns its start and length.
    pub(in crate::scrape) fn push_side(&mut self, text: &str) -> (u32, u32) {
        let start = place(self.page.len() + self.side.len());
        self.side.push_str(text);
        (start, place(text.len()))
    }

    /// Adds a doctype as a child of the document.
    pub(in crate::scrape) fn push_doctype(&mut self, parts: [(u32, u32); 3]) -> u32 {
        let first = place(self.attributes.len());
        self.attributes.extend(parts.map(|(start, length)| Attribute {
            name: known::NAME,
            start,
            length,
            namespace: AttributeNamespace::None,
            qualifier: Qualifier::NONE,
        }));
        self.push(Kind::Doctype, 0, (first, 3))
    }

    /// Computes the end of each node, after all nodes were added in document order.
    pub(in crate::scrape) fn seal(&mut self) {
        for at in (0..self.nodes.len()).rev() {
            let node = self.nodes[at];
            let end = node.end.max(place(at) + 1);
            self.nodes[at].end = end;
            if at > 0 {
                let parent = &mut self.nodes[node.parent as usize];
                parent.end = parent.end.max(end);
            }
        }
    }
}

/// Converts a length. A page with more than four billion nodes or bytes exceeds both `max_body` and the memory.
pub(in crate::scrape) fn place(length: usize) -> u32 {
    u32::try_from(length).expect("a document has fewer than 2^32 nodes and bytes")
}
